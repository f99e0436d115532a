"""`doctor`: what is not well, what it means, and what mends it."""
