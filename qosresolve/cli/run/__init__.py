"""`run`: worker, timer, auditor, intake and notify, each alone or several in one process."""
