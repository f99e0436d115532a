"""`replay`: recorded inputs once more through today's code, and what would be decided otherwise."""
