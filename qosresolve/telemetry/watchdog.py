"""Ends a process whose loop hangs: a supervisor starts a dead process again, never a hanging one.

A thread looks whether every role has moved lately. A process that was itself stopped meanwhile (SIGSTOP, a
frozen virtual machine) cannot be told from a hanging one by the clock, so it gets one more period. Where not
even the thread runs, since somebody holds the interpreter's lock for ever, a timer of the interpreter's own
ends the process later; it needs no lock, but cannot choose the exit status, and forgives no stop.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from qosresolve.telemetry.health import Health

EXIT_CODE = 70
LAST_RESORT = 4  # periods; the exit status is then 1
_LOOKS = 4  # a period

End = Callable[[list[str], float], None]


def end_process(roles: list[str], limit_s: float) -> None:
    """Show where every thread hangs, and end the process without any clean-up."""
    sys.stderr.write(
        f"no progress for {limit_s:.0f} s: {', '.join(roles)}; ending the process, see "
        "docs/runbooks/no-progress.md\n"
    )
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_CODE)


def rearm(limit_s: float) -> None:
    """Let the interpreter end the process unless this is called again in time."""
    # The process's own stderr: what stands in for it for a while may not be a file.
    faulthandler.dump_traceback_later(LAST_RESORT * limit_s, exit=True, file=sys.__stderr__ or sys.stderr)


@contextmanager
def watch(health: Health, limit_s: float, end: End | None = None) -> Iterator[None]:
    """Watch, for the length of a block, in a daemon thread.

    `end` is called once, in place of all that ends the process.
    """
    over = threading.Event()
    if end is None:
        rearm(limit_s)
    thread = threading.Thread(target=_watch, args=(health, limit_s, end, over), name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2)
        if end is None:
            faulthandler.cancel_dump_traceback_later()


def _watch(health: Health, limit_s: float, end: End | None, over: threading.Event) -> None:
    looked = resumed = time.monotonic()
    while True:
        if end is None:
            rearm(limit_s)
        now = time.monotonic()
        if now - looked > limit_s / 2:  # nobody ran, not even this thread
            resumed = now
        looked = now
        roles = health.silent(limit_s)
        if roles and now - resumed > limit_s:
            return (end or end_process)(roles, limit_s)
        if over.wait(min(1.0, limit_s / _LOOKS)):
            return None
