"""`run`: the worker, the timer and the auditor, each alone or several in one process."""
