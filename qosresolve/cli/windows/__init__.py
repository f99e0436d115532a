"""`qosresolve windows`: when degradations are expected."""
