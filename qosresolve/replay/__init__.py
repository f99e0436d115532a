"""Reading back what was decided: the topics as they stand, and the proof that they follow the journal."""
