"""`policy`: check, publish and activate the operator's policy."""
