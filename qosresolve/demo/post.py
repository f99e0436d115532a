"""How the simulated neighbours write: canonical records, each to its product's partition."""

import time
from typing import Protocol

from confluent_kafka import KafkaError, Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Answer, Command, Degradation
from qosresolve.errors import RetriableError
from qosresolve.intake.inventory import Relation
from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.settings import Settings
from qosresolve.topics import BY_RECORD, DEGRADATION, FOREIGN, INVENTORY, Names, Topic

FLUSH_S = 10.0


class Outbox(Protocol):
    """What a neighbour needs in order to speak."""

    def send(self, body: Degradation | Command) -> None:
        """Send an event or a command."""

    def answer(self, topic: Topic, answer: Answer) -> None:
        """Send an answer on the party's own topic."""

    def garbage(self, product_id: str, value: bytes) -> None:
        """Send bytes that are no degradation event."""


class Network(Outbox, Protocol):
    """What monitoring needs beside that: systems of others, and those who know what lies on them."""

    def foreign(self, source: str, value: bytes) -> None:
        """Send what another system writes in its own format; a source's payloads stay in order."""

    def relation(self, relation: Relation) -> None:
        """Tell the inventory which product lies on an object."""


class Post:
    """The outbox of the whole world, on Kafka."""

    def __init__(self, settings: Settings, contracts: Contracts) -> None:
        self._names = Names(settings.prefix)
        self._partitions = settings.partitions
        self._contracts = contracts
        self._producer = clients.plain_producer(settings)
        self._failures: list[str] = []

    def send(self, body: Degradation | Command) -> None:
        """Send an event or a command."""
        record, value = self._contracts.write_input(body)
        self._produce(BY_RECORD[record], body.product_id, value)

    def answer(self, topic: Topic, answer: Answer) -> None:
        """Send an answer on the party's own topic."""
        self._produce(topic, answer.product_id, self._contracts.write_answer(topic.record, answer))

    def garbage(self, product_id: str, value: bytes) -> None:
        """Send bytes that are no degradation event."""
        self._produce(DEGRADATION, product_id, value)

    def foreign(self, source: str, value: bytes) -> None:
        """Send what another system writes in its own format; a source's payloads stay in order."""
        self._produce(FOREIGN, source, value)

    def relation(self, relation: Relation) -> None:
        """Tell the inventory which product lies on an object."""
        value = self._contracts.write_as("inventory", relation)
        name = self._names.of(INVENTORY)
        self._producer.produce(name, value, relation.key.encode(), 0, on_delivery=self._delivered)

    def _produce(self, topic: Topic, product_id: str, value: bytes) -> None:
        partition = partition_of(product_id, self._partitions)
        name = self._names.of(topic)
        self._producer.produce(name, value, product_id.encode(), partition, on_delivery=self._delivered)
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failures.append(error.str())

    def close(self) -> None:
        """Wait until everything is acknowledged. Raises RetriableError if something was not."""
        left = self._producer.flush(FLUSH_S)
        if left or self._failures:
            raise RetriableError(f"the world's records were not acknowledged: {self._failures or left}")


def wall_ms() -> int:
    """Return the present instant in ms since the epoch, UTC."""
    return time.time_ns() // 1_000_000
