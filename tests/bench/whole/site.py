"""A broker, and on it one round's topics: the product's own, the events, and where the peers write."""

import gc
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer
from confluent_kafka.cimpl import NewTopic

from qosresolve.kafka import clients, topics_admin
from qosresolve.settings import Settings, load
from qosresolve.topics import DEGRADATION, Names
from tests.bench.whole.data import PARTITIONS, Event
from tests.support.kafka_server import KafkaServer

VARIABLE = "QOSRESOLVE_BENCH_BOOTSTRAP"
# A test broker's JVM is told to start quickly; this one has to work for minutes.
OPTIONS = ("-XX:TieredStopAtLevel=4",)
FLUSH_S = 120.0
ANSWER_S = 60.0


@contextmanager
def broker(given: str | None) -> Iterator[str]:
    """Yield the address of a broker: the one that is given, or one of our own."""
    address = given or os.environ.get(VARIABLE)
    if address:
        yield address
        return
    with KafkaServer(options=OPTIONS) as server:
        yield server.bootstrap
        gc.collect()  # clients that are still about would complain of its end


@dataclass
class Site:
    """The topics of one round, all under one prefix that nobody else has."""

    bootstrap: str
    settings: Settings = field(init=False)
    _made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        prefix = f"bench{secrets.token_hex(4)}."
        self.settings = load(
            overrides=[
                f"bootstrap_servers={self.bootstrap}",
                f"prefix={prefix}",
                f"group={prefix}qosresolve",
                f"transactional_id_prefix={prefix}",
                "slot=0",
                f"partitions={PARTITIONS}",
                "replication_factor=1",
            ]
        )
        topics_admin.create(self.settings)

    @property
    def input(self) -> str:
        """Return the topic that everybody reads."""
        return Names(self.settings.prefix).of(DEGRADATION)

    def topic(self, name: str) -> str:
        """Return a topic of this round for a peer's output, which is created on first use."""
        full = f"{self.settings.prefix}bench.{name}"
        if full not in self._made:
            admin = clients.admin(self.settings)  # held: nobody answers for one that is gone
            for future in admin.create_topics([NewTopic(full, PARTITIONS, 1)]).values():
                future.result(ANSWER_S)
            self._made.append(full)
        return full

    def fill(self, events: Iterable[Event], by_ms: int) -> None:
        """Send all events, each to its partition, and wait until the broker has them."""
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "log_level": 3,
                "enable.idempotence": True,
                "linger.ms": 20,
                "compression.type": "lz4",
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        failed: list[str] = []

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failed.append(str(error))

        for event in events:
            value, key = event.moved(by_ms), event.product.encode()
            while True:
                try:
                    producer.produce(self.input, value, key, event.partition, on_delivery=delivered)
                except BufferError:
                    producer.poll(0.1)
                else:
                    break
        left = producer.flush(FLUSH_S)
        if failed or left:
            raise RuntimeError(f"{len(failed) + left} events were not written: {failed[:1]}")

    def remove(self) -> None:
        """Delete every topic of this round."""
        admin = clients.admin(self.settings)
        ours = [name for name in clients.metadata(admin) if self.settings.prefix in name]  # changelogs too
        for future in admin.delete_topics(ours).values():
            future.result(ANSWER_S)
