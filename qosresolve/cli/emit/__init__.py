"""`emit`: one record of an input topic by hand, or many from a file."""
