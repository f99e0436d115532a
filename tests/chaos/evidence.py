"""What the topics hold when a run is over, taken once: from the brokers, or from the file it was kept in.

Committed records only, as a neighbour reads them; beside them where each log and its stable part end, the
group's offsets, and every offset that was ever committed, as Kafka's own topic has it.
"""

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
from confluent_kafka import IsolationLevel, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from qosresolve.kafka import clients
from qosresolve.kafka.reading import read_all
from qosresolve.settings import Settings
from qosresolve.topics import TOPICS, Names, Topic

OFFSETS = "__consumer_offsets"
Place = tuple[str, int]


class Record(msgspec.Struct, array_like=True, frozen=True):
    """One record; `timestamp` in ms, the broker's on inputs."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    def header(self, name: str) -> bytes | None:
        """Return the last header of a name."""
        return next((value for key, value in reversed(self.headers) if key == name), None)


class Commit(msgspec.Struct, array_like=True, frozen=True):
    """One committed offset, in the order in which the group's coordinator has them."""

    topic: str
    partition: int
    offset: int
    timestamp: int


class End(msgspec.Struct, array_like=True, frozen=True):
    """Where a partition ends, and where its last stable offset is."""

    topic: str
    partition: int
    last: int
    stable: int


class Evidence(msgspec.Struct, frozen=True):
    """Everything; `records` by the topics' full names, `quiet_at` in ms: until then alarms were fired."""

    prefix: str
    partitions: int
    group: str
    quiet_at: int
    records: dict[str, list[Record]]
    commits: list[Commit]
    committed: list[Commit]
    ends: list[End]

    @property
    def names(self) -> Names:
        """Return the topics' names."""
        return Names(self.prefix)

    def of(self, topic: Topic) -> list[Record]:
        """Return a topic's records, partition by partition in order."""
        return self.records.get(self.names.of(topic), [])

    def parts(self, topic: Topic) -> dict[int, list[Record]]:
        """Return a topic's records in order, by partition."""
        found: dict[int, list[Record]] = {number: [] for number in range(self.partitions)}
        for record in self.of(topic):
            found[record.partition].append(record)
        return found

    def keep(self, path: Path) -> None:
        """Write it to a file."""
        path.write_bytes(msgspec.msgpack.encode(self))


def kept(path: Path) -> Evidence:
    """Read it from the file it was kept in."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Evidence)


def take(settings: Settings, quiet_at: int) -> Evidence:
    """Read every topic of a run. Nobody may write meanwhile; until `quiet_at` the timers ran."""
    names = Names(settings.prefix)
    counts = _counts(clients.admin(settings))
    records = {names.of(topic): _records(settings, counts, names.of(topic)) for topic in TOPICS}
    return Evidence(
        settings.prefix,
        settings.partitions,
        settings.group,
        quiet_at,
        records,
        list(_commits(settings, counts[OFFSETS])),
        _committed(settings),
        ends_of(settings),
    )


def _counts(admin: AdminClient) -> dict[str, int]:
    return {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=10).topics.items()}


def _records(settings: Settings, counts: dict[str, int], name: str) -> list[Record]:
    places = [(name, number) for number in range(counts[name])]
    found = [record_of(message) for message in read_all(settings, places)]
    return sorted(found, key=lambda record: (record.partition, record.offset))


def record_of(message: Message) -> Record:
    """Return a delivered message as a record."""
    headers = cast("list[tuple[str, Any]]", message.headers() or [])
    return Record(
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        [(name, value.encode() if isinstance(value, str) else value) for name, value in headers],
    )


def _committed(settings: Settings) -> list[Commit]:
    consumer = clients.reader(settings)
    try:
        places = [
            TopicPartition(topic, number)
            for topic in Names(settings.prefix).inputs
            for number in range(settings.partitions)
        ]
        found = consumer.committed(places, timeout=30)
    finally:
        consumer.close()
    return [Commit(at.topic, at.partition, at.offset, 0) for at in found]


def _commits(settings: Settings, count: int) -> Iterator[Commit]:
    """Yield the group's commits from Kafka's own topic; all of a group lie in one partition of it."""
    for message in read_all(settings, [(OFFSETS, number) for number in range(count)]):
        key, value = message.key() or b"", message.value()
        if value is None or struct.unpack_from(">h", key)[0] > 1:  # 2 and above: about the group itself
            continue
        group, rest = _text(key[2:])
        topic, rest = _text(rest)
        if group == settings.group:
            number, offset = struct.unpack(">i", rest)[0], struct.unpack_from(">q", value, 2)[0]
            yield Commit(topic, number, offset, message.timestamp()[1])


def _text(data: bytes) -> tuple[str, bytes]:
    length = struct.unpack_from(">h", data)[0]
    return data[2 : 2 + length].decode(), data[2 + length :]


def ends_of(settings: Settings) -> list[End]:
    """Return where every partition of every topic ends, and how far it is stable. Raises KafkaException."""
    admin, names = clients.admin(settings), Names(settings.prefix)
    counts = _counts(admin)
    places: list[Place] = [
        (names.of(topic), number) for topic in TOPICS for number in range(counts[names.of(topic)])
    ]
    found: dict[Place, list[int]] = defaultdict(list)
    for level in (IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED):
        wanted = {TopicPartition(*place): OffsetSpec.latest() for place in places}  # type: ignore[no-untyped-call]
        futures = admin.list_offsets(wanted, isolation_level=level, request_timeout=30)
        for at, future in futures.items():
            found[at.topic, at.partition].append(future.result().offset)
    return [End(topic, number, last, stable) for (topic, number), (last, stable) in found.items()]


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be: `kind` says what sort of wrong it is, `text` where and how."""

    kind: str
    text: str
