"""Restore: the cases and positions of newly assigned partitions, from the compacted topics.

A separate consumer without a group reads committed records up to the READ_UNCOMMITTED end taken after the
assignment, while the main consumer keeps polling, paused. What the positions say of the inputs is checked
before a partition starts.
"""

import time
from collections.abc import Callable

import structlog
from confluent_kafka import Consumer, Message
from confluent_kafka.admin import AdminClient

from qosresolve.contracts.records import Contracts
from qosresolve.core.partition import PartitionState
from qosresolve.errors import FatalError
from qosresolve.kafka import clients
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.reading import Sweep, stalled
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import WorkerMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import PARTITION, REPORT, STATE, WATCH, Names

BUDGET_S = 0.2


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
        self._states: dict[int, PartitionState] = {}
        self._log = structlog.get_logger(role="worker")

    @property
    def idle(self) -> bool:
        """True when nothing is being restored."""
        return self._sweep is None

    def begin(self, partitions: list[Partition]) -> None:
        """Start on a set of partitions."""
        self._targets = {partition.number: partition for partition in partitions}
        self._states = {}
        places = [(self._names.of(topic), number) for topic in STATE for number in self._targets]
        self._sweep = Sweep(self._consumer, self._admin, places)
        self._log.info("restoring", partitions=sorted(self._targets))

    def advance(self) -> list[tuple[Partition, PartitionState | None]]:
        """Read for a bounded time; return the partitions when all are read, with their states."""
        if self._sweep is None:
            return []
        end = time.monotonic() + BUDGET_S
        while self._sweep.pending and time.monotonic() < end:
            for message in self._sweep.step(0.05):
                self._apply(message)
        self._tell(self._sweep)
        return [] if self._sweep.pending else self._finish(self._sweep)

    def _apply(self, message: Message) -> None:
        partition = self._targets[message.partition() or 0]
        if not self._current(partition):
            return
        key, value = (message.key() or b"").decode(), message.value()
        if message.topic() == self._names.of(REPORT):
            partition.store.put_report(key, value)
        elif message.topic() == self._names.of(WATCH):
            partition.store.put_watch(key, value)
        elif value is not None and message.topic() == self._names.of(PARTITION):
            self._states[partition.number] = self._contracts.read_partition(value)

    def _tell(self, sweep: Sweep) -> None:
        progress = self._progress
        progress.at(sweep.expected, sweep.remaining)
        if not sweep.pending:
            progress.done()
        elif progress.stalled_s * 1000 > self._settings.restore_stall_ms:
            raise FatalError(stalled(sweep.pending, progress.stalled_s))

    def _finish(self, sweep: Sweep) -> list[tuple[Partition, PartitionState | None]]:
        self._metrics.restored.inc(sweep.total)
        self._consumer.unassign()
        self._sweep = None
        kept = [partition for partition in self._targets.values() if self._current(partition)]
        return [(partition, self._states.get(partition.number)) for partition in kept]

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()
