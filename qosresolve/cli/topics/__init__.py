"""`topics`: make and check the topics of the one table."""
