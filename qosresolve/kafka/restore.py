"""Restore: the cases and positions of newly assigned partitions, from the compacted topics.

A separate consumer without a group reads committed records up to the READ_UNCOMMITTED end taken after the
assignment, while the main consumer keeps polling, paused. What the positions say of the inputs is checked
before a partition starts.
"""

import time
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import Consumer, Message
from confluent_kafka.admin import AdminClient

from qosresolve.contracts.records import Contracts
from qosresolve.core.partition import PartitionState
from qosresolve.kafka import clients, memory
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.reading import Sweep, raise_if_stuck
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import WorkerMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import REPORT, STATE, WATCH, Names

BUDGET_S = 0.5  # for one slice


class Restorer:
    """Restores partitions, a set at a time, in slices between polls of the main consumer."""

    def __init__(
        self,
        settings: Settings,
        contracts: Contracts,
        metrics: WorkerMetrics,
        current: Callable[[Partition], bool],
    ) -> None:
        self._settings = settings
        self._contracts = contracts
        self._metrics = metrics
        self._current = current
        self._names = Names(settings.prefix)
        self._admin: AdminClient = clients.admin(settings)
        self._consumer: Consumer = clients.reader(settings)
        self._sweep: Sweep | None = None
        self._progress = Progress(metrics.restore, "worker", "restore")
        self._targets: dict[int, Partition] = {}
        self._records: dict[int, tuple[int, bytes]] = {}  # the partition records: offset and bytes
        self._log = structlog.get_logger(role="worker")

    @property
    def idle(self) -> bool:
        """True when nothing is being restored."""
        return self._sweep is None

    def begin(self, partitions: list[Partition]) -> None:
        """Start on a set of partitions."""
        self._targets = {partition.number: partition for partition in partitions}
        self._records = {}
        self._sweep = Sweep(
            self._consumer, self._admin, [place for number in self._targets for place in self._places(number)]
        )
        self._log.info("restoring", partitions=sorted(self._targets))

    def _places(self, number: int) -> list[Place]:
        return [(self._names.of(topic), number) for topic in STATE]

    def advance(self) -> list[tuple[Partition, PartitionState | None]]:
        """Read for a bounded time; return the partitions when all are read, with their states."""
        if self._sweep is None:
            return []
        self._leave(self._sweep)
        end = time.monotonic() + BUDGET_S
        while self._sweep.pending and time.monotonic() < end:
            self._apply(self._sweep.step(0.05))
        self._tell(self._sweep)
        return [] if self._sweep.pending else self._finish(self._sweep)

    def _leave(self, sweep: Sweep) -> None:
        """Read no more of what was taken from us meanwhile: others wait for their turn."""
        gone = [number for number, partition in self._targets.items() if not self._current(partition)]
        if gone:
            sweep.leave(place for number in gone for place in self._places(number))
        for number in gone:
            del self._targets[number]

    def _apply(self, messages: Iterable[Message]) -> None:
        """Index by key; nothing is decoded."""
        targets, reports, watches = self._targets, self._names.of(REPORT), self._names.of(WATCH)
        for message in messages:
            partition = targets.get(message.partition() or 0)
            if partition is None:
                continue
            topic, value = message.topic(), message.value()
            if topic == reports:
                partition.store.put_report((message.key() or b"").decode(errors="replace"), value)
            elif topic == watches:
                partition.store.put_watch((message.key() or b"").decode(errors="replace"), value)
            elif value is not None:
                self._records[partition.number] = message.offset() or 0, value

    def _tell(self, sweep: Sweep) -> None:
        progress = self._progress
        progress.at(sweep.expected, sweep.remaining)
        raise_if_stuck(progress, sweep.pending, self._settings)
        if not sweep.pending:
            progress.done()

    def _finish(self, sweep: Sweep) -> list[tuple[Partition, PartitionState | None]]:
        """Decode what the partitions remember, all or none: while a registry is down, it is asked again."""
        kept = [partition for partition in self._targets.values() if self._current(partition)]
        found = [(partition, self._remembered(partition)) for partition in kept]
        self._metrics.restored.inc(sweep.total)
        self._consumer.unassign()
        memory.give_back()
        self._sweep = None
        return found

    def _remembered(self, partition: Partition) -> PartitionState | None:
        record = self._records.get(partition.number)
        return None if record is None else partition.remembered(*record)

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()
