"""One surface for two Kafkas: the real one and the model, for programs that are run on both.

A program says what it saw in a trace. What differs from run to run (ids, times, who of two members is first)
does not belong into it.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic

from tests.simulation.client import Clients

PATIENCE_S = 30.0
Row = tuple[int, bytes | None, bytes | None]
Trace = list[object]


class Host(Protocol):
    """What differs between the two."""

    clients: Clients
    bootstrap: str
    prefix: str

    def sleep(self, seconds: float) -> None:
        """Let time pass."""

    def compacted(self, surface: "Surface", topic: str, rows: int) -> None:
        """Return once the cleaner has left so many rows for a reader."""

    def hold(self, api: str) -> None:
        """Let the next such request be asked twice: the second copy arrives, the first is kept back."""

    def release(self) -> None:
        """Deliver what was kept back, and wait for the broker's answer."""

    def silence(self) -> None:
        """Let no answer come from now on."""

    def heal(self) -> None:
        """Let all go on."""


@dataclass
class Surface:
    """What a program is given."""

    host: Host
    opened: list[Any] = field(default_factory=list)
    _admin: Any = None

    def name(self, name: str) -> str:
        """Return a name that nobody else uses."""
        return self.host.prefix + name

    def topic(self, name: str = "t", partitions: int = 1, **config: str) -> str:
        """Create a topic; underscores in settings stand for dots."""
        settings = {key.replace("_", "."): value for key, value in config.items()}
        admin = self.admin()
        new = NewTopic(self.name(name), partitions, 1, config=settings)
        admin.create_topics([new])[self.name(name)].result()
        self.until(lambda: self.name(name) in admin.list_topics(timeout=10).topics, "the topic")
        return self.name(name)

    # -- clients

    def consumer(self, **config: object) -> Any:  # noqa: ANN401 - the real one or its stand-in
        """Return a consumer that reads committed records, tells ends, and never resets."""
        settings = {
            "bootstrap.servers": self.host.bootstrap,
            "group.id": self.name("group"),
            "isolation.level": "read_committed",
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
            "log_level": 0,
        }
        return self._open(self.host.clients.consumer, settings, config)

    def reader(self, topic: str, offset: int = 0, partitions: int = 1, **config: object) -> Any:  # noqa: ANN401
        """Return a consumer that is assigned all of a topic."""
        consumer = self.consumer(**config)
        consumer.list_topics(timeout=10)
        consumer.assign([TopicPartition(topic, number, offset) for number in range(partitions)])
        return consumer

    def producer(self, **config: object) -> Any:  # noqa: ANN401
        """Return an idempotent producer."""
        settings = {
            "bootstrap.servers": self.host.bootstrap,
            "enable.idempotence": True,
            "retry.backoff.ms": 10,
            "linger.ms": 0,
            "log_level": 0,
        }
        producer = self._open(self.host.clients.producer, settings, config)
        producer.list_topics(timeout=10)  # else the first record waits half a second for its leader
        return producer

    def transactional(self, name: str = "x", **config: object) -> Any:  # noqa: ANN401
        """Return a transactional producer that may begin."""
        producer = self.producer(**{"transactional.id": self.name(name)}, **config)
        producer.init_transactions(20)
        return producer

    def admin(self) -> Any:  # noqa: ANN401
        """Return the admin client."""
        if self._admin is None:
            made: Any = self.host.clients.admin
            self._admin = made({"bootstrap.servers": self.host.bootstrap, "log_level": 0})
        return self._admin

    def _open(self, made: Any, settings: dict[str, Any], config: dict[str, object]) -> Any:  # noqa: ANN401
        client = made(settings | {key.replace("_", "."): value for key, value in config.items()} | _LEVEL)
        self.opened.append(client)
        return client

    def close(self) -> None:
        """Close what the program left open."""
        for client in self.opened:
            if hasattr(client, "consume"):
                client.close()
            elif hasattr(client, "purge"):
                client.purge()

    # -- waiting and reading

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something, or fail saying what did not come."""
        end = time.monotonic() + PATIENCE_S
        for _ in range(100_000):
            if condition():
                return
            self.host.sleep(0.01)
            if time.monotonic() > end:
                break
        raise AssertionError(f"there was no {what}")

    def ends(self, topic: str, partition: int = 0) -> tuple[int, int, int]:
        """Return start, READ_COMMITTED end and READ_UNCOMMITTED end."""
        admin, at = self.admin(), TopicPartition(topic, partition)
        admin.list_topics(timeout=10)

        def offset(spec: OffsetSpec, level: IsolationLevel) -> int:
            found = admin.list_offsets({at: spec}, isolation_level=level, request_timeout=10)
            return int(found[at].result().offset)

        earliest, latest = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
        return (
            offset(earliest, IsolationLevel.READ_UNCOMMITTED),
            offset(latest, IsolationLevel.READ_COMMITTED),
            offset(latest, IsolationLevel.READ_UNCOMMITTED),
        )

    def settled(self, topic: str, partition: int = 0) -> None:
        """Wait until no transaction is open on a partition."""
        self.until(lambda: len(set(self.ends(topic, partition)[1:])) == 1, "end of the transaction")

    def rows(self, topic: str, level: str = "read_committed", partition: int = 0) -> list[Row]:
        """Return what a fresh reader sees of a partition."""
        start = self.ends(topic, partition)[0]
        consumer = self.consumer(isolation_level=level)
        consumer.list_topics(timeout=10)
        consumer.assign([TopicPartition(topic, partition, start)])
        found, _ = self.read(consumer)
        consumer.close()
        return found

    def read(self, consumer: Any, ends: int = 1) -> tuple[list[Row], int]:  # noqa: ANN401
        """Read until so many ends of partitions were told; return the rows and the last end's offset."""
        rows: list[Row] = []
        told = at = 0

        def more() -> bool:
            nonlocal told, at
            for message in consumer.consume(100, 0.02):
                error = message.error()
                if error is None:
                    rows.append((message.offset(), message.key(), message.value()))
                elif error.code() == KafkaError._PARTITION_EOF:
                    told, at = told + 1, message.offset()
                else:
                    raise KafkaException(error)
            return told >= ends

        self.until(more, "end of the partition")
        return rows, at


_LEVEL = {"log_level": 0}


def attempt(call: Callable[[], object]) -> object:
    """Return how a call ended: done, or the error's name with its flags."""
    try:
        call()
    except KafkaException as failed:
        return told(failed.args[0])
    except (RuntimeError, BufferError) as failed:
        return str(failed)
    return "done"


def told(error: KafkaError) -> tuple[str, ...]:
    """Return an error's name, and those of its flags that are set."""
    flags = {
        "fatal": error.fatal(),
        "retriable": error.retriable(),
        "abort": error.txn_requires_abort(),
    }
    return (error.name(), *(name for name, value in flags.items() if value))


def errors(messages: Iterable[Message]) -> list[tuple[str, ...]]:
    """Return the errors among messages, the ends of partitions left out."""
    found = [message.error() for message in messages]
    return [told(error) for error in found if error is not None and error.code() != KafkaError._PARTITION_EOF]
