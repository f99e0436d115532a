"""`run`: the worker, the timer, or both in one process."""
