"""The product's surroundings, replaced: clients by stand-ins, clocks by virtual time, the log by a net.

Nothing of the product's own code is touched here; what turns protections off is `protections`.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from types import FunctionType
from typing import TYPE_CHECKING, Any

import structlog

from qosresolve.kafka import clients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

    from tests.simulation.client import Clients
    from tests.simulation.scheduler import Scheduler

Patch = tuple[object, str, object]


class VirtualTime:
    """What a module finds under the name `time`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def monotonic(self) -> float:
        """Return seconds that only pass."""
        return self._scheduler.now_ms() / 1000

    def clock_gettime(self, _which: int) -> float:
        """Return the same: a machine that sleeps is not simulated."""
        return self.monotonic()

    def time_ns(self) -> int:
        """Return the wall clock of the process that asks: it may be wrong."""
        running = self._scheduler.running
        return (self._scheduler.now_ms() + (running.clock_ms if running else 0)) * 1_000_000

    def time(self) -> float:
        """Return the same in seconds."""
        return self.time_ns() / 1e9

    def sleep(self, seconds: float) -> None:
        """Block in virtual time."""
        self._scheduler.wait(seconds)


class Stop:
    """What a role finds in the place of `threading.Event`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._set = False

    def set(self) -> None:
        """Ask to end."""
        self._set = True

    def is_set(self) -> bool:
        """Tell whether it was asked."""
        return self._set

    def wait(self, timeout: float) -> bool:
        """Wait in virtual time."""
        if not self._set:
            self._scheduler.wait(timeout)
        return self._set


def surroundings(
    scheduler: Scheduler, mine: Callable[[], Clients], hear: Callable[[str, MutableMapping[str, Any]], None]
) -> list[Patch]:
    """Return what is to be replaced; `mine` gives the clients of the running process."""
    return [
        *_clocks(VirtualTime(scheduler)),
        (clients, "Consumer", lambda *given, **named: mine().consumer(*given, **named)),
        (clients, "Producer", lambda *given, **named: mine().producer(*given, **named)),
        (clients, "AdminClient", lambda *given, **named: mine().admin(*given, **named)),
        (structlog, "get_logger", lambda **bound: Line(hear, bound)),
    ]


def _clocks(virtual: VirtualTime) -> Iterator[Patch]:
    """Yield what makes the product's modules see virtual time: their `time`, and defaults taken from it."""
    for name, module in sorted(sys.modules.items()):
        if not name.startswith("qosresolve.") or getattr(module, "time", None) is not time:
            continue
        yield module, "time", virtual
        for kind in vars(module).values():
            made = getattr(kind, "__init__", None) if isinstance(kind, type) else None
            if isinstance(made, FunctionType) and time.monotonic in (made.__defaults__ or ()):
                found = made.__defaults__ or ()
                steady = tuple(virtual.monotonic if item is time.monotonic else item for item in found)
                yield made, "__defaults__", steady


class Line:
    """A logger that hands every line to whoever looks for what must not be in it."""

    def __init__(self, hear: Callable[[str, MutableMapping[str, Any]], None], bound: dict[str, Any]) -> None:
        self._hear = hear
        self._bound = bound

    def _log(self, event: str, **values: object) -> None:
        self._hear(event, {**self._bound, **values})

    debug = info = warning = error = exception = critical = _log

    def bind(self, **values: object) -> Line:
        """Return one that says more."""
        return Line(self._hear, {**self._bound, **values})


@contextmanager
def patched(patches: list[Patch]) -> Iterator[None]:
    """Hold replacements for the length of a block; the last one of a name wins."""
    undo: list[Patch] = []
    try:
        for target, name, value in patches:
            undo.append((target, name, _held(target, name)))
            setattr(target, name, value)
        yield
    finally:
        for target, name, value in reversed(undo):
            setattr(target, name, value)


def _held(target: object, name: str) -> object:
    """Return what is there; of a class what itself holds, so that a static method stays one."""
    own = getattr(target, "__dict__", {})
    return own[name] if name in own else getattr(target, name)
