"""The real client against the mock cluster: what a transaction of one output and one offset comes to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from confluent_kafka import Consumer, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.kafka.outputs import Output
from qosresolve.kafka.transaction import Transactions
from qosresolve.settings import load
from qosresolve.telemetry.metrics import WorkerMetrics
from tests.kafka.harness import await_that
from tests.support.mock_cluster import TRANSACTION, MockCluster, mock_cluster

IN, OUT = "in", "out"
OUTPUT = Output(OUT, 0, b"key", b"value", [])
# A client that finds its coordinator in a hundredth of a second, not in half a one.
HASTY = {
    "reconnect.backoff.ms": "1",
    "topic.metadata.refresh.fast.interval.ms": "10",
    "enable.metrics.push": "false",
}
_slots = count()


def member() -> bytes:
    """Return the metadata of somebody who has joined the group; mock clusters take it from anybody."""
    with mock_cluster() as cluster:
        cluster.create(IN, 1)
        own = {"bootstrap.servers": cluster.bootstrap, "group.id": "group", "log_level": 0}
        consumer = Consumer(own | HASTY | {"auto.offset.reset": "earliest"})
        consumer.subscribe([IN])
        await_that(lambda: consumer.consume(1, 0.1) or consumer.assignment(), "assignment")
        found: bytes = consumer.consumer_group_metadata()
        consumer.close()
    return found


@dataclass
class Bench:
    """The real `Transactions` in a slot of their own, and what they did."""

    cluster: MockCluster
    group: bytes
    options: dict[str, str] = field(default_factory=dict)
    timeout_ms: int = 2_000
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    transactions: Transactions = field(init=False)

    def __post_init__(self) -> None:
        self.slot = str(next(_slots))
        self.start()

    def start(self) -> None:
        """Begin, as a process does."""
        overrides = [
            f"bootstrap_servers={self.cluster.bootstrap}",
            f"slot={self.slot}",
            f"transaction_timeout_ms={self.timeout_ms}",
            *(f"kafka.{name}={value}" for name, value in (HASTY | self.options).items()),
        ]
        self.cluster.coordinator(TRANSACTION, self.identity, 1)
        self.registry = CollectorRegistry()
        self.transactions = Transactions(load(overrides=overrides), WorkerMetrics(self.registry))
        self.cluster.listen()
        self.cluster.asked()

    def commit(self, outputs: Iterable[Output] = (OUTPUT,)) -> None:
        """Commit outputs and one offset."""
        self.transactions.commit(outputs, [TopicPartition(IN, 0, 5)], lambda: self.group)

    @property
    def identity(self) -> str:
        """Return the transactional id."""
        return f"qosresolve-{self.slot}"

    def broken(self) -> bool:
        """Tell whether the client has said that a connection broke; what it says waits for the next look."""
        assert self.transactions._producer is not None
        self.transactions._producer.poll(0)
        return bool(self.transactions._lines.ambiguous)

    def count(self, outcome: str) -> float:
        """Return how many transactions ended so."""
        labels = {"outcome": outcome}
        return self.registry.get_sample_value("qosresolve_transactions_total", labels) or 0

    def rebuilt(self) -> dict[str, float]:
        """Return how many producers were replaced, by reason."""
        return {
            sample.labels["reason"]: sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == "qosresolve_producer_rebuilds_total" and sample.value
        }
