"""The processes as a supervisor has them: slots, their lives, why each ended, and what starts them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from qosresolve.errors import FatalError, FencedError, QosResolveError, RetriableError
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.telemetry.health import Health
from tests.simulation import client
from tests.simulation.patches import Stop
from tests.simulation.scheduler import KilledError, Process
from tests.simulation.violation import ViolationError

if TYPE_CHECKING:
    from random import Random

    from qosresolve.contracts.records import Contracts
    from qosresolve.settings import Settings
    from tests.simulation.broker import Cluster
    from tests.simulation.client import Clients
    from tests.simulation.scheduler import Scheduler

AFTERMATH_MS = 90_000  # so long after a fault a process may still end because of it
GRACE_MS = 20_000  # within which a process that was asked to end has to
RESTART_MS = (500, 1_000, 3_000)

# What a process may end with while brokers do not answer, or its slot was taken over.
TROUBLE = (
    "cannot start transactions",
    "gave up after",
    "producers replaced within a minute",
    "no progress for",
    "was not acknowledged",
    "no broker answers",
    "no broker says",
    "cannot list offsets",
    "cannot describe the inputs",
    "the producer cannot go on",
    "the consumer cannot go on",
    "consumer cannot go on",
    "was taken over",
    "schema registry",
)


class Watched(Health):
    """Tells the supervisor that a loop goes round."""

    def __init__(self, scheduler: Scheduler, process: Process) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._process = process

    def beat(self, role: str, *, ready: bool) -> None:
        """Note it."""
        self._process.moved_at = self._scheduler.now_ms()
        super().beat(role, ready=ready)


@dataclass(eq=False)
class Slot:
    """One place for a process; at most one lives there at a time."""

    name: str
    role: type[Worker | Timer]
    settings: Settings
    wanted: bool = True
    lives: int = 0
    process: Process | None = None
    made: Worker | Timer | None = None
    stop: Stop | None = None
    stopping_since: int | None = None
    clock_ms: int = 0


@dataclass(eq=False)
class Fleet:
    """All slots."""

    scheduler: Scheduler
    cluster: Cluster
    chance: Random
    contracts: Contracts
    watchdog_ms: int
    slots: list[Slot] = field(default_factory=list)
    trouble_at: int = 0  # when the last fault was
    allowed: tuple[str, ...] = ()  # more that a process may end with
    stops: list[str] = field(default_factory=list)  # with what processes ended
    starts: dict[str, int] = field(default_factory=dict)  # when each life began
    _clients: dict[str, Clients] = field(default_factory=dict)

    # -- what the product's code asks for

    def clients(self) -> Clients:
        """Return the clients of the process that runs."""
        running = self.scheduler.running
        if running is None:
            raise AssertionError("a client outside of any process")
        return self._clients[running.name]

    def connect(self, name: str) -> None:
        """Give a process its clients."""
        self._clients[name] = client.bind(self.cluster, self.scheduler, name)

    # -- lives

    def start(self, slot: Slot) -> None:
        """Begin a new life in a slot, unless one lives there."""
        if slot.process is not None or not slot.wanted:
            return
        slot.lives += 1
        stop = Stop(self.scheduler)
        process = Process(f"{slot.name}.{slot.lives}", lambda: self._live(slot, stop))
        process.clock_ms = slot.clock_ms
        slot.process, slot.made, slot.stop, slot.stopping_since = process, None, stop, None
        self.starts[process.name] = self.scheduler.now_ms()
        self.connect(process.name)
        self.note(f"start {process.name}")
        self.scheduler.start(process)

    def _live(self, slot: Slot, stop: Stop) -> None:
        process = self.scheduler.running
        if process is None:
            raise AssertionError("a process outside of itself")
        made = slot.role(
            slot.settings,
            self.contracts,
            registry=CollectorRegistry(),
            health=Watched(self.scheduler, process),
            stop=stop,  # type: ignore[arg-type] # its stand-in
        )
        slot.made = made
        made.run()

    def kill(self, slot: Slot) -> None:
        """SIGKILL."""
        process = slot.process
        if process is None:
            return
        self.note(f"kill {process.name}")
        self.scheduler.kill(process)
        self._gone(slot, process)

    def ask_to_end(self, slot: Slot) -> None:
        """SIGTERM."""
        if slot.process is not None and slot.stop is not None and slot.stopping_since is None:
            self.note(f"stop {slot.process.name}")
            slot.stop.set()
            slot.stopping_since = self.scheduler.now_ms()

    def pause(self, slot: Slot, milliseconds: int) -> None:
        """SIGSTOP, and SIGCONT after a time."""
        process = slot.process
        if process is None or process.paused_until > self.scheduler.now_ms():
            return
        self.note(f"pause {process.name} {milliseconds}")
        process.paused_until = self.scheduler.now_ms() + milliseconds
        self.cluster.freeze(process.name)
        self.scheduler.later(milliseconds, lambda: self.cluster.thaw(process.name))

    def _gone(self, slot: Slot, process: Process) -> None:
        self.cluster.kill(process.name)
        del self._clients[process.name]
        slot.process = slot.made = slot.stop = slot.stopping_since = None
        lives = slot.lives
        self.scheduler.later(self.chance.choice(RESTART_MS), lambda: self._again(slot, lives))

    def _again(self, slot: Slot, lives: int) -> None:
        """Start again, unless somebody else did meanwhile."""
        if slot.lives == lives:
            self.start(slot)

    def note(self, what: str) -> None:
        """Note what was done to a process."""
        self.scheduler.trace.note(self.scheduler.now_ms(), "fleet", what)

    # -- ends

    def ended(self, process: Process) -> None:
        """Judge why a process ended by itself, and start it again."""
        slot = next((slot for slot in self.slots if slot.process is process), None)
        if slot is None:
            if process.failure is not None:
                raise process.failure
            return
        self.note(f"end {process.name} {process.failure!r}")
        if process.failure is not None:
            self.judge(process.name, process.failure)
        elif slot.stopping_since is None:
            raise ViolationError("D4", f"{process.name} ended without being asked to")
        self._gone(slot, process)

    def judge(self, name: str, failure: BaseException) -> None:
        """Raise unless a process ended for a reason that the runbooks know."""
        if isinstance(failure, KilledError):
            return
        if isinstance(failure, ViolationError):
            raise failure
        text = str(failure)
        self.stops.append(f"{name}: {type(failure).__name__}: {text}")
        if not isinstance(failure, QosResolveError):
            raise ViolationError("D4", f"{name} ended with {failure!r}") from failure
        if any(words in text for words in self.allowed):
            return
        lately = self.scheduler.now_ms() - self.trouble_at < AFTERMATH_MS
        known = isinstance(failure, FencedError | FatalError | RetriableError)
        if not (known and lately and any(words in text for words in TROUBLE)):
            raise ViolationError("D4", f"{name} ended with {type(failure).__name__}: {text}") from failure

    # -- what a supervisor looks at

    def watch(self) -> None:
        """End what hangs, as its own watchdog would (19); see that what was asked to end does (18)."""
        now = self.scheduler.now_ms()
        for slot in self.slots:
            process = slot.process
            if process is None:
                continue
            paused = process.paused_until > now
            if now - process.moved_at > self.watchdog_ms and not paused:
                self.note(f"watchdog {process.name}")
                if now - max(self.trouble_at, process.paused_until) > AFTERMATH_MS:
                    raise ViolationError("19", f"{process.name} hangs, and nothing is wrong")
                self.kill(slot)
            elif slot.stopping_since is not None and not paused:
                self._in_time(slot, process, now)

    def _in_time(self, slot: Slot, process: Process, now: int) -> None:
        since = max(slot.stopping_since or now, process.paused_until)
        if now - since > GRACE_MS:
            if now - self.trouble_at > AFTERMATH_MS:
                raise ViolationError("18", f"{process.name} does not end, {now - since} ms after SIGTERM")
            self.kill(slot)
