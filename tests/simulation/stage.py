"""A cluster on which requests fare, and processes die, as a test says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from tests.simulation.broker import Cluster
from tests.simulation.client import Clients, bind
from tests.simulation.consumer import Consumer
from tests.simulation.log import State
from tests.simulation.network import Calm, Fate
from tests.simulation.producer import Producer

TOPIC = "t"
AT = TopicPartition(TOPIC, 0, 1)
MEMBER: dict[str, object] = {
    "group.id": "g",
    "session.timeout.ms": 6_000,
    "max.poll.interval.ms": 10_000,
    "isolation.level": "read_committed",
    "auto.offset.reset": "earliest",
}


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class Troubled(Calm):
    """A network on which the next requests of a kind fare as a test says, and a process dies at a request."""

    fates: dict[str, list[Fate]] = field(default_factory=dict)
    killing: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def fate(self, client: str, api: str) -> Fate:
        """Return what was ordered."""
        waiting = self.fates.get(api) or self.fates.get(f"{client} {api}")
        return waiting.pop(0) if waiting else Fate.DELIVERED

    def checkpoint(self, client: str, api: str) -> None:  # noqa: ARG002 - every client's
        """Kill who asks for it."""
        if api == self.killing:
            raise KilledError


@dataclass
class Stage:
    """A cluster with one topic of two partitions."""

    network: Troubled = field(default_factory=Troubled)

    def __post_init__(self) -> None:
        self.cluster = Cluster(self.network)
        self.cluster.create_topic(TOPIC, 2)
        self.clients = self.process("p")

    def process(self, name: str) -> Clients:
        """Return the clients of a process."""
        return bind(self.cluster, self.network, name)

    def producer(self, clients: Clients | None = None, **more: Any) -> Producer:  # noqa: ANN401
        """Return a transactional producer that may begin."""
        made = (clients or self.clients).producer
        producer = made({"transactional.id": "x", "transaction.timeout.ms": 5_000}, **more)
        producer.init_transactions(10)
        return producer

    def values(self, partition: int = 0) -> list[tuple[bytes | None, State]]:
        """Return what lies in the log."""
        records = self.cluster.log(TOPIC, partition).records
        return [(record.body.value, record.state) for record in records if record.commit is None]

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and act."""
        end = self.network.now_ms() + seconds * 1000
        while self.network.now_ms() < end:
            self.network.wait(0.1)
            self.cluster.expire(self.network.now_ms())


@dataclass
class Member:
    """A member of the group and what it was told."""

    consumer: Consumer
    heard: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def of(cls, clients: Clients, **more: object) -> "Member":
        """Join."""
        member = cls(
            clients.consumer(MEMBER | {name.replace("_", "."): value for name, value in more.items()})
        )
        member.consumer.subscribe(
            [TOPIC],
            on_assign=lambda _, given: member.heard.append(("assigned", len(given))),
            on_revoke=lambda _, given: member.heard.append(("revoked", len(given))),
            on_lost=lambda _, given: member.heard.append(("lost", len(given))),
        )
        return member

    def poll(self, seconds: float = 0.2) -> list[Message]:
        """Poll; return what came."""
        return self.consumer.consume(10, seconds)

    @property
    def share(self) -> int:
        """Return how many partitions are read."""
        return len(self.consumer.assignment())


def written(producer: Producer, value: bytes) -> None:
    """Begin, and bring one record to the log."""
    producer.begin_transaction()
    producer.produce(TOPIC, value, partition=0)
    producer.flush(5)


def refusal(call: Callable[[], object]) -> KafkaError:
    """Return the error that a call raises."""
    with pytest.raises(KafkaException) as raised:
        call()
    error: KafkaError = raised.value.args[0]
    return error
