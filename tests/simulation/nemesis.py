"""What goes wrong, and when: shifting mixes of faults, with spells in which nothing does.

Everything is drawn from one seed. What becomes of requests is `faults`' business; here is what is done to
processes, topics, groups, clocks and the schema registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.topics import REPORT, STATE
from tests.simulation import registry as schemas
from tests.simulation.faults import ALL, CALM, MIXES, Faults
from tests.simulation.log import Batch, Body
from tests.simulation.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.broker import Cluster
    from tests.simulation.fleet import Fleet, Slot
    from tests.simulation.registry import Registry
    from tests.simulation.scheduler import Scheduler

TRAPS = (
    "Produce",
    "AddPartitionsToTxn",
    "AddOffsetsToTxn",
    "TxnOffsetCommit",
    "EndTxn",
    "InitProducerId",
    "Fetch",
    "ListOffsets",
    "OffsetFetch",
    "JoinGroup",
    "LeaveGroup",
    "DescribeTopics",
)
PAUSES_MS = (300, 1_500, 4_000, 7_000, 12_000, 25_000)
STEPS_MS = (-600_000, -30_000, -3_000, -1_200, 700, 3_000, 30_000, 600_000)
FOREIGN = "foreign"


class Nemesis:
    """All faults."""

    def __init__(
        self,
        chance: Random,
        scheduler: Scheduler,
        cluster: Cluster,
        fleet: Fleet,
        registry: Registry,
        before_compaction: Callable[[], None],
    ) -> None:
        self.faults = Faults(chance, scheduler.now_ms, self._struck)
        self.blows = 0
        self.rewound: Callable[[], None] = lambda: None
        self._chance = chance
        self._scheduler = scheduler
        self._cluster = cluster
        self._fleet = fleet
        self._registry = registry
        self._before_compaction = before_compaction
        self._foreign = 0
        self._healed = False
        self._acts: tuple[tuple[int, Callable[[], None]], ...] = (
            (6, self._kill),
            (6, self._trap),
            (5, self._pause),
            (3, lambda: fleet.ask_to_end(self._slot())),
            (4, self._resize),
            (3, self._cut_off),
            (4, self._ambush),
            (1, self._outage),
            (4, self._compact),
            (3, self._foreign_transaction),
            (2, self._rewind),
            (3, self._set_clock),
            (2, self._registry_down),
        )
        self._weights = [weight for weight, _ in self._acts]

    # -- spells

    def begin(self) -> None:
        """Let the first spell begin."""
        self._spell()
        self._next_blow()

    def _spell(self) -> None:
        if self._healed:
            return
        mix = self.faults.mix = self._chance.choice(MIXES)
        self._scheduler.switching = mix.switching
        if mix is not CALM:
            self._trouble()
        self._note(f"{mix}")
        self._scheduler.later(self._chance.choice((2_000, 5_000, 10_000, 20_000)), self._spell)

    def _trouble(self) -> None:
        self._fleet.trouble_at = self._scheduler.now_ms()

    def _next_blow(self) -> None:
        if self._healed:
            return
        every_ms = self.faults.mix.every_ms
        if every_ms:
            self._trouble()
            self.blows += 1
            self._chance.choices(self._acts, self._weights)[0][1]()
        wait = every_ms or 1_000
        self._scheduler.later(round(wait * (0.2 + 1.6 * self._chance.random())), self._next_blow)

    def heal(self) -> None:
        """Nothing goes wrong any more; what was wrong is mended, but for the clocks."""
        self._healed = True
        self.faults.heal()
        self._scheduler.switching = CALM.switching
        self._registry.down = ""
        self._trouble()
        self._note("heal")
        for slot in self._fleet.slots:
            slot.wanted = True
            if slot.process is not None:
                slot.process.trap = ""
            self._fleet.start(slot)

    def _struck(self, what: str) -> None:
        self._trouble()
        self._note(what)

    def _note(self, what: str) -> None:
        self._scheduler.trace.note(self._scheduler.now_ms(), "nemesis", what)

    # -- blows

    def _slot(self) -> Slot:
        return self._chance.choice(self._fleet.slots)

    def _kill(self) -> None:
        self._fleet.kill(self._slot())

    def _trap(self) -> None:
        slot = self._slot()
        if slot.process is not None:
            slot.process.trap = self._chance.choice(TRAPS)

    def _pause(self) -> None:
        self._fleet.pause(self._slot(), self._chance.choice(PAUSES_MS))

    def _resize(self) -> None:
        """One joins, or leaves for a while; somebody always stays."""
        slot = self._slot()
        slot.wanted = not slot.wanted
        if slot.wanted or all(not other.wanted for other in self._fleet.slots if other.role is slot.role):
            slot.wanted = True
            self._fleet.start(slot)
        else:
            self._fleet.ask_to_end(slot)

    def _cut_off(self) -> None:
        slot = self._slot()
        if slot.process is not None:
            self.faults.silence(slot.process.name, self._chance.choice((800, 3_000, 9_000)))
            self._note(f"cut off {slot.process.name}")

    def _ambush(self) -> None:
        slot = self._slot()
        if slot.process is not None:
            self.faults.ambush(slot.process.name)

    def _outage(self) -> None:
        self.faults.silence(ALL, self._chance.choice((500, 2_500, 8_000)))
        self._note("outage")

    def _compact(self) -> None:
        self._before_compaction()
        for topic in STATE:
            number = self._chance.randrange(self._cluster.partitions(topic.name))
            self._cluster.compact(topic.name, number)
        self._note("compact")

    def _foreign_transaction(self) -> None:
        """Somebody else has a transaction open on the reports, and aborts it in the end."""
        self._foreign += 1
        name, number = (
            f"{FOREIGN}-{self._foreign}",
            self._chance.randrange(self._cluster.partitions(REPORT.name)),
        )
        producer = self._cluster.transactions.init(name, 10_000)
        place = (REPORT.name, number)
        self._cluster.transactions.add(name, producer, {place}, set())
        body = Body(b"foreign/1", b"never", None, self._scheduler.now_ms())
        self._cluster.produce(place, Batch((body,), *producer, 0, transactional=True))
        self._note(f"foreign transaction on {number}")

        def abort() -> None:
            try:
                self._cluster.transactions.end(name, producer, commit=False)
            except Refused as refused:  # it has timed out
                self._note(f"{name} {refused}")

        self._scheduler.later(self._chance.choice((300, 2_000, 6_000, 20_000)), abort)

    def _rewind(self) -> None:
        """An operator sets the group back."""
        self.rewind(self._chance.choice((0.0, 0.5, 0.9)))

    def rewind(self, to: float) -> None:
        """Set every offset of the group to this part of what it is."""
        settings = self._fleet.slots[0].settings
        offsets = self._cluster.groups.of(settings.group).offsets
        for place in sorted(offsets):
            offsets[place] = int(offsets[place] * to)
        self.rewound()
        self._note(f"rewind to {to}")

    def _set_clock(self) -> None:
        """The wall clock of a process is set, forth or back."""
        slot = self._slot()
        slot.clock_ms = self._chance.choice((0, *STEPS_MS))
        if slot.process is not None:
            slot.process.clock_ms = slot.clock_ms
        self._note(f"clock of {slot.name} {slot.clock_ms}")

    def _registry_down(self) -> None:
        self._registry.down = self._chance.choice((schemas.ALL, schemas.INPUTS))
        self._note("registry down")
        self._scheduler.later(self._chance.choice((200, 1_000, 4_000)), self._registry_up)

    def _registry_up(self) -> None:
        self._registry.down = ""
