"""What each process of a replay does first: as the command itself, and as quiet."""

import zoneinfo

from qosresolve.cli.run import garbage
from qosresolve.telemetry import log


def begin() -> None:
    """Set up a process: time zones of the pinned package, a lazy garbage collector, errors only."""
    zoneinfo.reset_tzpath(())
    log.configure("json", "error")
    garbage.settle()
