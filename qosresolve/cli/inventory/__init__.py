"""`qosresolve inventory`: which products lie on which services and resources."""
