"""`repair`: one report set to what its journal says."""
