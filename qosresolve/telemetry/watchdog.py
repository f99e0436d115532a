"""Ends a process whose loop hangs: a supervisor starts a dead process again, never a hanging one."""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable

from qosresolve.telemetry.health import Health

EXIT_CODE = 70


def end_process(roles: list[str], limit_s: float) -> None:
    """Show where every thread hangs, and end the process without any clean-up."""
    sys.stderr.write(f"no progress for {limit_s:.0f} s: {', '.join(roles)}; ending the process\n")
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_CODE)


def watch(health: Health, limit_s: float, end: Callable[[list[str], float], None] = end_process) -> None:
    """Watch in a daemon thread, which calls `end` once and is done."""
    thread = threading.Thread(target=_watch, args=(health, limit_s, end), name="watchdog", daemon=True)
    thread.start()


def _watch(health: Health, limit_s: float, end: Callable[[list[str], float], None]) -> None:
    while not (roles := health.silent(limit_s)):
        time.sleep(min(1.0, limit_s / 4))
    end(roles, limit_s)
