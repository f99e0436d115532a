"""`dead-letters`: what could not be taken, and having it taken after all."""
