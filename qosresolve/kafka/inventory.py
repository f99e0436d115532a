"""The inventory's topic, followed from its start, as strictly as a worker restores.

What a relation means is `intake.inventory`'s business, writing `inventory_writing`'s.
"""

import time
from collections.abc import Iterable

from confluent_kafka import Message
from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.errors import ConfigError
from qosresolve.intake.inventory import Inventory
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.offsets import Place, patiently
from qosresolve.kafka.reading import Sweep, partitions_of, raise_if_stuck
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import ReadingMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import INVENTORY, Names

TRANSACTION_MS = (
    120_000  # a million relations take a tenth of it; a load that was killed blocks readers so long
)
CALL_S = 10.0
WAIT_S = 0.05  # of one step, while there is still something to read


def topic_of(settings: Settings) -> str:
    """Return the full name of the topic."""
    return Names(settings.prefix).of(INVENTORY)


def places(settings: Settings, operation: Operation = Operation.READ) -> list[Place]:
    """Return its partitions, commonly one. Raises ConfigError where there is none, or we may not see it."""
    name = topic_of(settings)
    count = partitions_of(clients.admin(settings), name, operation)
    if count == 0:
        raise ConfigError(
            f"there is no topic {name}",
            setting="prefix",
            remedy="set the prefix of the topics, or make them with `qosresolve topics create`",
        )
    return [(name, number) for number in range(count)]


class InventoryFeed:
    """The inventory as the topic has it, read in slices: `ready` once it is read to the end seen at first.

    Every method may raise: RetriableError while brokers or a registry do not answer, ConfigError without
    the topic or the right to read it, FatalError for a reading that stands still or a record that cannot be
    used.
    """

    def __init__(
        self, settings: Settings, contracts: Contracts, metrics: ReadingMetrics | None = None
    ) -> None:
        self._settings = settings
        self.inventory = Inventory(contracts)
        self.ready = False
        metrics = metrics or ReadingMetrics(CollectorRegistry(), "qosresolve_inventory", "the inventory")
        self._progress = Progress(metrics, "intake", "reading the inventory")
        where = places(settings)
        self._consumer = clients.reader(settings)
        try:
            admin = clients.admin(settings)
            self._sweep = patiently(lambda: Sweep(self._consumer, admin, where))
        except BaseException:
            self._consumer.close()
            raise

    def poll(self, budget_s: float) -> set[str]:
        """Read for a bounded time; return the objects of which anything changed.

        Empty until it is ready, and in the call in which it gets so: then all may have changed. From there on
        what is there is taken without waiting.
        """
        end = time.monotonic() + budget_s
        if not self.ready:
            self._advance(end)
            return set()
        changed: set[str] = set()
        while records := self._sweep.step(0):
            changed |= self._taken(records)
            if time.monotonic() >= end:
                break
        return changed

    def _advance(self, end: float) -> None:
        """Read on towards the first end, at least one step."""
        while True:
            self._taken(self._sweep.step(min(WAIT_S, max(end - time.monotonic(), 0))))
            pending = self._sweep.pending
            self._progress.at(self._sweep.expected, self._sweep.remaining)
            raise_if_stuck(self._progress, pending, self._settings)
            if not pending:
                self._progress.done()
                self.ready = True
            if self.ready or time.monotonic() >= end:
                return

    def _taken(self, records: Iterable[Message]) -> set[str]:
        changed: set[str] = set()
        for message in records:
            changed.update(
                self.inventory.put((message.key() or b"").decode(errors="replace"), message.value())
            )
        return changed

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()
