"""`qosresolve parked`: foreign events that wait for the inventory."""
