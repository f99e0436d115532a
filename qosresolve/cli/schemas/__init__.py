"""`schemas`: what a schema registry holds of ours, and bringing it there."""
