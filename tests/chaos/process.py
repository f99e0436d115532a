"""One process under test: `qosresolve run ROLE...`, and points at which it dies when it is told to.

Called as `python -m tests.chaos.process NAME HISTORY ORDER ROLE...`; settings come from the environment, as
an operator would give them.
"""

import sys
from pathlib import Path

from qosresolve.cli.main import main as qosresolve
from tests.chaos import points
from tests.chaos.history import History


def main(name: str, history: str, order: str, *roles: str) -> None:
    """Run roles until they end; the exit status is theirs."""
    points.install(points.Orders(Path(order), History(Path(history)), name), roles[0])
    sys.argv = ["qosresolve", "run", *roles]
    qosresolve()


if __name__ == "__main__":
    main(*sys.argv[1:])
