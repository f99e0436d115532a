"""`run`: worker, timer, auditor and intake, each alone or several in one process."""
