"""`acls`: which rights of Kafka's each role needs."""
