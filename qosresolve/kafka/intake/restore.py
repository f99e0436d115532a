"""Restore: positions and parked observations of newly assigned partitions, as strict as the worker's.

A consumer without a group reads committed records up to the READ_UNCOMMITTED end taken after the assignment.
The inventory is `kafka.inventory`'s business; no partition starts before both are read.
"""

import time
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import Consumer, Message
from confluent_kafka.admin import AdminClient

from qosresolve.intake.state import IntakeState
from qosresolve.kafka import clients
from qosresolve.kafka.intake.partition import Partition
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.reading import Sweep, raise_if_stuck
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import ReadingMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import INTAKE, INTAKE_STATE, Names

BUDGET_S = 0.5  # for one slice
Restored = list[tuple[Partition, IntakeState | None]]


class Restorer:
    """Restores partitions, a set at a time, in slices between polls of the main consumer."""

    def __init__(
        self, settings: Settings, metrics: ReadingMetrics, current: Callable[[Partition], bool]
    ) -> None:
        self._settings = settings
        self._current = current
        self._names = Names(settings.prefix)
        self._admin: AdminClient = clients.admin(settings)
        self._consumer: Consumer = clients.reader(settings)
        self._sweep: Sweep | None = None
        self._progress = Progress(metrics, "intake", "restore")
        self._targets: dict[int, Partition] = {}
        self._states: dict[int, bytes] = {}
        self._parked: dict[int, dict[bytes, bytes]] = {}
        self._log = structlog.get_logger(role="intake")

    @property
    def idle(self) -> bool:
        """True when nothing is being restored."""
        return self._sweep is None

    def begin(self, partitions: list[Partition]) -> None:
        """Start on a set of partitions."""
        self._targets = {partition.number: partition for partition in partitions}
        self._states, self._parked = {}, {number: {} for number in self._targets}
        self._sweep = Sweep(
            self._consumer, self._admin, [place for number in self._targets for place in self._places(number)]
        )
        self._log.info("restoring", partitions=sorted(self._targets))

    def _places(self, number: int) -> list[Place]:
        return [(self._names.of(topic), number) for topic in INTAKE_STATE]

    def advance(self) -> Restored:
        """Read for a bounded time; return the partitions when all are read, with their states."""
        if self._sweep is None:
            return []
        self._leave(self._sweep)
        end = time.monotonic() + BUDGET_S
        while self._sweep.pending and time.monotonic() < end:
            self._apply(self._sweep.step(0.05))
        self._tell(self._sweep)
        return [] if self._sweep.pending else self._finish()

    def _leave(self, sweep: Sweep) -> None:
        """Read no more of what was taken from us meanwhile: others wait for their turn."""
        gone = [number for number, partition in self._targets.items() if not self._current(partition)]
        if gone:
            sweep.leave(place for number in gone for place in self._places(number))
        for number in gone:
            del self._targets[number]

    def _apply(self, messages: Iterable[Message]) -> None:
        """Keep the last record of each key; nothing is decoded."""
        positions = self._names.of(INTAKE)
        for message in messages:
            number, value = message.partition() or 0, message.value()
            if number not in self._targets:
                continue
            if message.topic() == positions:
                if value is not None:
                    self._states[number] = value
            elif value is None:
                self._parked[number].pop(message.key() or b"", None)
            else:
                self._parked[number][message.key() or b""] = value

    def _tell(self, sweep: Sweep) -> None:
        progress = self._progress
        progress.at(sweep.expected, sweep.remaining)
        raise_if_stuck(progress, sweep.pending, self._settings)
        if not sweep.pending:
            progress.done()

    def _finish(self) -> Restored:
        """Decode what was read, all or none: while a registry is down, it is asked again."""
        kept = [partition for partition in self._targets.values() if self._current(partition)]
        found = [
            (partition, partition.remember(self._states.get(at), self._parked[at].values()))
            for partition in kept
            for at in (partition.number,)
        ]
        self._consumer.unassign()
        self._sweep = None
        self._states, self._parked = {}, {}
        return found

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()
