"""Who goes on when: processes as greenlets in virtual time, every choice drawn from one seed.

A process runs until it calls a broker; there it may be made to wait while others go on, be stopped for longer
than any time-out, or be killed. What the calls do is the broker's business, which faults befall them the
`Faults`'.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import greenlet

from tests.simulation.network import Fate

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.trace import Trace

FOREVER = 1 << 60
STEP_MS = (0, 0, 0, 0, 1, 1, 2, 5)  # what a call to the broker takes


class KilledError(BaseException):
    """The process got SIGKILL. No `except Exception` of the product sees it."""


class DeadlockError(AssertionError):
    """Nobody can go on and nothing is going to happen: a fault of the simulation."""


class FateTeller(Protocol):
    """Says what becomes of a request."""

    def __call__(self, client: str, api: str) -> Fate:
        """Return the fate of one request."""


@dataclass(eq=False)
class Process:
    """One life of one role: from its start to its end, however that comes."""

    name: str
    body: Callable[[], None]
    wakes: int = 0
    paused_until: int = 0
    condemned: bool = False
    trap: str = ""  # the call at which it is to be killed
    failure: BaseException | None = None
    clock_ms: int = 0  # how far its wall clock is ahead
    moved_at: int = 0  # when it last went through its loop
    greenlet: greenlet.greenlet = field(init=False)

    def __post_init__(self) -> None:
        self.greenlet = greenlet.greenlet(self._run)

    def _run(self) -> None:
        try:
            self.body()
        except BaseException as error:  # noqa: BLE001 - the driver judges it
            self.failure = error

    @property
    def alive(self) -> bool:
        """False once its code has come to an end."""
        return not self.greenlet.dead


class Scheduler:
    """Virtual time and the processes in it; it is the network that the model of Kafka asks."""

    def __init__(self, chance: Random, start_ms: int, trace: Trace) -> None:
        self.trace = trace
        self.steps = 0
        self.limit = FOREVER
        self.switching = 0.2  # how likely another process goes on after a call
        self.fate_of: FateTeller | None = None
        self.processes: list[Process] = []
        self._chance = chance
        self._random = chance.random
        self._now = start_ms
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._noted = 0
        self._running: Process | None = None
        self._hub = greenlet.getcurrent()

    # -- the network, as the model of Kafka sees it

    def checkpoint(self, client: str, api: str) -> None:
        """A call begins or returns: one step. The caller may be held up here, or come to its end."""
        process = self._running
        if process is None:
            return  # the world outside of the processes is not subject to faults
        if process.condemned:
            raise KilledError
        self.steps += 1
        self._now += self._chance.choice(STEP_MS)
        self.trace.note(self._now, client, api)
        if process.trap and process.trap == api:
            process.condemned = True
            raise KilledError
        if (
            self._random() < self.switching
            or (self._events and self._events[0][0] <= self._now)
            or self.steps >= self.limit
            or process.paused_until > self._now
        ):
            self._leave(process)

    def fate(self, client: str, api: str) -> Fate:
        """Return what becomes of a request."""
        if self._running is None or self.fate_of is None:
            return Fate.DELIVERED
        return self.fate_of(client, api)

    def now_ms(self) -> int:
        """Return the brokers' time."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Block the caller in virtual time."""
        process = self._running
        if process is None:
            raise DeadlockError("the world itself cannot wait")
        process.wakes = self._now + max(0, round(seconds * 1000))
        self._leave(process)

    def later(self, delay_ms: int, deliver: Callable[[], None]) -> None:
        """Let something happen after a time, in nobody's name."""
        self._noted += 1
        heapq.heappush(self._events, (self._now + max(0, delay_ms), self._noted, deliver))

    def _leave(self, process: Process) -> None:
        self._hub.switch()
        if process.condemned:
            raise KilledError

    # -- the hub

    @property
    def running(self) -> Process | None:
        """Return the process whose code runs, None for the world outside."""
        return self._running

    def start(self, process: Process) -> None:
        """Let a process begin with the next choice."""
        process.wakes = process.moved_at = self._now
        self.processes.append(process)

    def kill(self, process: Process) -> None:
        """End a process where it stands: its code is unwound, its calls have no effect any more."""
        process.condemned = True
        self.processes.remove(process)
        if process.greenlet:  # else it never began
            self._switch_to(process, KilledError())
            if process.greenlet:
                raise DeadlockError(f"{process.name} goes on after it was killed")

    def run(self, until: Callable[[], bool], ended: Callable[[Process], None]) -> None:
        """Let things happen until a condition holds or the steps are used up; `ended` hears of each end."""
        while self.steps < self.limit and not until():
            if self._happened():
                continue
            ready = [item for item in self.processes if max(item.wakes, item.paused_until) <= self._now]
            if not ready:
                self._now = self._next()
                continue
            process = ready[int(self._random() * len(ready))]
            self._switch_to(process)
            if not process.alive:
                self.processes.remove(process)
                ended(process)

    def _happened(self) -> bool:
        if not self._events or self._events[0][0] > self._now:
            return False
        heapq.heappop(self._events)[2]()
        return True

    def _next(self) -> int:
        waking = [max(item.wakes, item.paused_until) for item in self.processes]
        coming = [*waking, self._events[0][0]] if self._events else waking
        if not coming:
            raise DeadlockError("nothing is left to happen")
        return min(coming)

    def _switch_to(self, process: Process, error: BaseException | None = None) -> None:
        self._running, before = process, self._running
        try:
            if error is None:
                process.greenlet.switch()
            else:
                process.greenlet.throw(error)
        finally:
            self._running = before

    def close(self) -> None:
        """End whatever still stands."""
        self.fate_of = None
        for process in list(self.processes):
            self.kill(process)
