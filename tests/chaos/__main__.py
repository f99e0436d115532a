"""`python -m tests.chaos`: what `make chaos` and `make chaos-short` call."""

import argparse
import signal
import sys
import time

from rich.console import Console

from tests.chaos.profiles import PROFILES
from tests.chaos.run import run
from tests.chaos.site import Wanted
from tests.chaos.supervisor import ROOT

FOLDER = ROOT / ".cache" / "chaos"


def _wanted() -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=35, help="how long faults are dealt")
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=3)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="short")
    parser.add_argument("--pause", type=float, default=None, help="seconds between faults, on average")
    parser.add_argument("--products", type=int, default=40)
    parser.add_argument("--only", default="", help="kinds of faults that have this in their name")
    given = parser.parse_args()
    return Wanted(
        given.seed,
        given.minutes,
        given.nodes,
        given.profile,
        pause_s=given.pause,
        products=given.products,
        only=given.only,
    )


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run once; 0 when nothing was lost, doubled, reordered or torn."""
    signal.signal(signal.SIGTERM, _interrupt)
    wanted, console = _wanted(), Console()
    stamp = time.strftime("%Y%m%d-%H%M%S")
    folder = FOLDER / f"{stamp}-seed{wanted.seed}-nodes{wanted.nodes}"
    console.print(f"history and logs: {folder}", soft_wrap=True)
    return run(wanted, folder, console)


if __name__ == "__main__":
    sys.exit(main())
