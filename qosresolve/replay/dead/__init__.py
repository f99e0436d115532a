"""Dead letters: what lies there, why, whether it would do now, and sending it again exactly once."""
