"""Ends a process whose loop hangs: a supervisor starts a dead process again, never a hanging one."""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable

from qosresolve.telemetry.health import Health

EXIT_CODE = 70


class WatchedHealth(Health):
    """Health that knows, from a role's beginning on, how long it has been silent."""

    def __init__(self) -> None:
        super().__init__()
        self._moved: dict[str, float] = {}

    def begin(self, role: str) -> None:
        """Watch a role from now on, before its first beat."""
        self._moved[role] = time.monotonic()

    def beat(self, role: str, *, ready: bool) -> None:
        """Say that a role's loop went round."""
        self._moved[role] = time.monotonic()
        super().beat(role, ready=ready)

    def end(self, role: str) -> None:
        """Watch a role no longer."""
        self._moved.pop(role, None)

    def silent(self, limit_s: float) -> list[str]:
        """Return the roles that have not beaten for longer than that."""
        oldest = time.monotonic() - limit_s
        return sorted(role for role, moved in list(self._moved.items()) if moved < oldest)


def end_process(roles: list[str], limit_s: float) -> None:
    """Show where every thread hangs, and end the process without any clean-up."""
    sys.stderr.write(f"no progress for {limit_s:.0f} s: {', '.join(roles)}; ending the process\n")
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_CODE)


def watch(
    health: WatchedHealth, limit_s: float, end: Callable[[list[str], float], None] = end_process
) -> None:
    """Watch in a daemon thread, which calls `end` once and is done."""
    thread = threading.Thread(target=_watch, args=(health, limit_s, end), name="watchdog", daemon=True)
    thread.start()


def _watch(health: WatchedHealth, limit_s: float, end: Callable[[list[str], float], None]) -> None:
    while not (roles := health.silent(limit_s)):
        time.sleep(min(1.0, limit_s / 4))
    end(roles, limit_s)
