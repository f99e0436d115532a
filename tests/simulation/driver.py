"""One run: a cluster, the processes on it, the neighbours, and what goes wrong, all from one seed.

Chaos for so many steps, then healing, draining, a cold restore, and at the very end something that must stop
the workers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from qosresolve.kafka import reading, timer, topics_admin
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings
from qosresolve.topics import TOPICS
from tests.simulation import commits, conditions, drain, ending, memory
from tests.simulation.alarms import Firing
from tests.simulation.broker import Cluster
from tests.simulation.conditions import GROUP, START_MS
from tests.simulation.fleet import Fleet, Slot
from tests.simulation.generations import Generations
from tests.simulation.ledger import Ledger
from tests.simulation.lines import Lines
from tests.simulation.nemesis import STEPS_MS, Nemesis
from tests.simulation.patches import Patch, patched, surroundings
from tests.simulation.registry import Registry, contracts
from tests.simulation.scheduler import FOREVER, Process, Scheduler
from tests.simulation.trace import Trace
from tests.simulation.violation import ViolationError, expect
from tests.simulation.workload import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.log import Batch

LOOK_MS = 100
WATCH_MS = 1_000


@dataclass(frozen=True, slots=True)
class Options:
    """What one run is given beside its seed."""

    steps: int = 20_000
    patches: Callable[[], list[Patch]] = list  # what is turned off
    ending: str = ""  # which of the endings; empty: the seed chooses
    changes: dict[str, object] = field(default_factory=dict)  # of the settings
    show: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run."""

    seed: int
    steps: int
    digest: str
    sent: int
    entries: int
    blows: int
    ending: str
    virtual_s: float
    violation: ViolationError | None = None
    trace: tuple[str, ...] = ()


class Simulation:
    """One run."""

    def __init__(self, seed: int, options: Options) -> None:
        self.seed = seed
        self.options = options
        self.trace = Trace(options.show)
        chance = self.chance("settings")
        self.partitions = chance.choice((2, 3, 4))
        self.scheduler = Scheduler(self.chance("scheduler"), START_MS, self.trace)
        self.cluster = Cluster(self.scheduler)
        self.registry = Registry()
        self.settings = conditions.settings(chance, self.partitions, self.options.changes)
        self.fleet = Fleet(
            self.scheduler, self.cluster, self.chance("fleet"), contracts(self.registry), watchdog_ms=40_000
        )
        for name, role, count in (
            ("worker", Worker, chance.choice((2, 3))),
            ("timer", Timer, chance.choice((1, 2))),
        ):
            for number in range(count):
                slot = Slot(f"{name}-{number}", role, self._slotted(number))
                slot.clock_ms = chance.choice((0, 0, *STEPS_MS))
                self.fleet.slots.append(slot)
        waits = self.settings.backlog_wait_ms > 60_000
        self.ledgers = [Ledger(self.cluster, number, waits=waits) for number in range(self.partitions)]
        self.known = [commits.Known() for _ in self.ledgers]
        self.firing = [Firing(self.cluster, number, self._began) for number in range(self.partitions)]
        self.world = World(
            self.chance("world"), self.scheduler, self.cluster, self.partitions, chance.choice((3, 6, 12))
        )
        self.nemesis = Nemesis(
            self.chance("nemesis"),
            self.scheduler,
            self.cluster,
            self.fleet,
            self.registry,
            self.look_at_alarms,
        )
        self.nemesis.rewound = self._rewound
        self.lines = Lines(lambda what: self.trace.note(self.scheduler.now_ms(), "log", what))
        self.chunk = chance.choice((3, 20, 500))
        self.tempo_ms = chance.choice((40, 100, 250))
        self.compared: set[int] = set()
        self.ended_by = ""
        self._producers: dict[int, str] = {}
        self._group: dict[tuple[str, int], int] = {}
        self._generations: Generations | None = None

    def chance(self, what: str) -> Random:
        """Return a source of its own for one purpose: more draws here change nothing there."""
        return Random(f"{self.seed}/{what}")

    def _slotted(self, number: int) -> Settings:
        return self.settings.model_copy(update={"slot": str(number)})

    # -- watching

    def _began(self, producer_id: int) -> int | None:
        """Return when the timer began to which a producer belongs, None for others."""
        name = self._producers.get(producer_id, "")
        return self.fleet.starts.get(name) if name.startswith("timer") else None

    def _produce(self, place: tuple[str, int], batch: Batch) -> tuple[int, int]:
        """Note whose producer it is, then append."""
        running = self.scheduler.running
        if running is not None and batch.producer_id >= 0:
            self._producers.setdefault(batch.producer_id, running.name)
        return Cluster.produce(self.cluster, place, batch)

    def look_at_alarms(self) -> None:
        """Take in what timers fired and what they fired it for."""
        for firing in self.firing:
            firing.look(self.scheduler.now_ms())

    def look(self) -> None:
        """Check everything that can be checked now."""
        self.look_at_alarms()
        committed = self.cluster.committed_offsets(GROUP)
        for ledger, known in zip(self.ledgers, self.known, strict=True):
            if ledger.settled:
                commits.check(ledger, known, self.partitions, poison=self.world.poison)
                commits.group_offsets(ledger, committed, GROUP)
        for place, offset in committed.items():
            before = self._group.get(place, -1)
            expect(
                "5", offset >= before, f"the group's offset of {place} went from {before} back to {offset}"
            )
        self._group = committed
        for slot in self.fleet.slots:
            if isinstance(slot.made, Worker):
                settled = [ledger for ledger in self.ledgers if ledger.settled]
                self.compared.update(memory.memory_is_stored(slot.name, slot.made, settled))

    def _rewound(self) -> None:
        self._group = {}

    def _every(self, milliseconds: int, act: Callable[[], None]) -> None:
        def again() -> None:
            act()
            self.scheduler.later(milliseconds, again)

        self.scheduler.later(milliseconds, again)

    def _work(self) -> None:
        self.world.act()
        wait = self.tempo_ms * (0.2 + 1.6 * self.world_chance.random())
        self.scheduler.later(round(wait), self._work)

    # -- running

    def run(self) -> Result:
        """Run it all; a violation is part of the result."""
        violation: ViolationError | None = None
        with patched(self._patches()):
            try:
                self._phases()
            except ViolationError as found:
                violation = found
            finally:
                self.scheduler.close()
        return Result(
            self.seed,
            self.scheduler.steps,
            self.trace.digest,
            self.world.sent,
            sum(ledger.entries for ledger in self.ledgers),
            self.nemesis.blows,
            self.ended_by,
            (self.scheduler.now_ms() - START_MS) / 1000,
            violation,
            tuple(self.trace.last),
        )

    def _patches(self) -> list[Patch]:
        around = surroundings(self.scheduler, self.fleet.clients, self.lines.hear)
        return [
            *around,
            (self.cluster, "produce", self._produce),
            *conditions.remembered(),
            (reading, "CHUNK", self.chunk),
            (timer, "CHUNK", self.chunk),
            *self.options.patches(),
        ]

    def _phases(self) -> None:
        self._set_up()
        self.world_chance = self.chance("tempo")
        self._every(LOOK_MS, self.look)
        self._every(WATCH_MS, self.fleet.watch)
        for slot in self.fleet.slots:
            self.fleet.start(slot)
        self.scheduler.fate_of = self.nemesis.faults.fate
        self.nemesis.begin()
        self._work()
        self.scheduler.limit = self.options.steps
        self.scheduler.run(lambda: False, self.fleet.ended)
        self.scheduler.limit = FOREVER
        self.nemesis.heal()
        self.world.active = False
        drain.drained(self)
        drain.stopped(self)
        drain.cold_restore(self)
        self.ended_by = ending.end(self, self.options.ending)

    def _set_up(self) -> None:
        """Create the topics, as `topics create` does."""
        name = "setup-0"
        self.fleet.connect(name)
        self.scheduler.start(Process(name, self._create))
        self.scheduler.run(lambda: not self.scheduler.processes, self.fleet.ended)
        for topic in TOPICS:
            expect("D4", topic.name in self.cluster.topics, f"{topic.name} was not created")
        self._generations = Generations(self.cluster.groups.of(GROUP))
        self.world.policies = tuple(conditions.other_policies())

    def _create(self) -> None:
        topics_admin.create(self.settings)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let things happen until a condition holds, at most so long; tell whether it does."""
        end = self.scheduler.now_ms() + round(seconds * 1000)
        self.scheduler.run(lambda: self.scheduler.now_ms() >= end or condition(), self.fleet.ended)
        return condition()


def run(seed: int, options: Options | None = None) -> Result:
    """Run one seed."""
    return Simulation(seed, options or Options()).run()
