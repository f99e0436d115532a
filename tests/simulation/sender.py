"""The records of a producer: queued, made into batches with sequences, sent, acknowledged or refused.

What is produced waits in a queue; it goes out with a flush, a poll, or when the network says that it has
lingered long enough. Transactions are the producer's.
"""

import logging
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Protocol

from confluent_kafka import OFFSET_INVALID, KafkaError, Message
from confluent_kafka.admin._metadata import ClusterMetadata

from qosresolve.kafka.murmur import murmur2
from tests.simulation.broker import Cluster
from tests.simulation.link import Link, number, text
from tests.simulation.log import Batch, Body, Headers
from tests.simulation.network import Fate, Network
from tests.simulation.processes import Process
from tests.simulation.refusal import NoAnswer, Refused, failure
from tests.simulation.transactions import Place

QUEUE = 100_000
LINGER = 64  # records after which the network is asked whether what is queued goes out
Given = Mapping[str, str | bytes | None] | Iterable[tuple[str, str | bytes | None]] | None


class Delivered(Protocol):
    """A delivery report."""

    def __call__(self, error: KafkaError | None, message: Message, /) -> object:
        """Take it."""


@dataclass(frozen=True, slots=True)
class Queued:
    """One record on its way."""

    place: Place
    body: Body
    delivered: Delivered | None


@dataclass(frozen=True, slots=True)
class Sending:
    """A batch that was sent once at least: repeated, it keeps its sequence."""

    place: Place
    batch: Batch
    records: list[Queued]


class Sender:
    """An idempotent producer without transactions."""

    def __init__(
        self,
        cluster: Cluster,
        network: Network,
        process: Process,
        config: dict[str, Any],
        logger: logging.Logger | None = None,
    ) -> None:
        self._link = Link(cluster, network, process, "producer", logger)
        self._cluster = cluster
        self._network = network
        self._most = number(config, "message.max.bytes", 1_000_000)
        self._patience_ms = number(config, "message.timeout.ms", 300_000)
        self._guarded = text(config, "enable.idempotence", "False").lower() == "true"
        self._murmur = text(config, "partitioner", "consistent_random").startswith("murmur2")
        self._transactional = False
        self._producer = (-1, -1)
        self._queue: list[Queued] = []
        self._sending: list[Sending] = []
        self._sequences: dict[Place, int] = {}
        self._purged = False  # what was sent may or may not be in the log: the sequences are worth nothing
        self._reports: list[tuple[Delivered, KafkaError | None, Message]] = []
        self._spread = count()

    def __len__(self) -> int:
        """Return what waits: records and delivery reports."""
        return len(self._queue) + sum(len(item.records) for item in self._sending) + len(self._reports)

    # -- records

    def produce(
        self,
        topic: str,
        value: str | bytes | None = None,
        key: str | bytes | None = None,
        partition: int = -1,
        on_delivery: Delivered | None = None,
        *,
        callback: Delivered | None = None,
        timestamp: int = 0,
        headers: Given = None,
    ) -> None:
        """Queue a record."""
        self._check_open()
        raw = _bytes(key)
        body = Body(raw, _bytes(value), _headers(headers), timestamp or self._network.now_ms())
        if len(raw or b"") + len(body.value or b"") > self._most:
            raise failure(KafkaError.MSG_SIZE_TOO_LARGE, "Unable to produce message")
        if len(self._queue) >= QUEUE:
            raise BufferError("Local: Queue full")
        place = (topic, partition if partition >= 0 else self._partition(topic, raw))
        self._queue.append(Queued(place, body, on_delivery or callback))
        if len(self._queue) % LINGER == 0:
            self._linger()

    def _partition(self, topic: str, key: bytes | None) -> int:
        partitions = self._cluster.partitions(topic) or 1
        if key is None or (not key and not self._murmur):
            return next(self._spread) % partitions
        return ((murmur2(key) & 0x7FFFFFFF) if self._murmur else zlib.crc32(key)) % partitions

    def _linger(self) -> None:
        """Send what is queued, if it has been so for long enough; what fails is met by the next call."""
        if self._network.fate(self._link.name, "Linger") is Fate.DELIVERED:
            try:
                self._send(0)
            except NoAnswer:
                return

    def poll(self, timeout: float = -1) -> int:
        """Send what is queued, serve delivery reports and log lines."""
        if self._queue or self._sending:
            with suppress(NoAnswer):
                self._send(timeout)
            self._give_up()
        elif timeout > 0 and not self._reports:
            self._network.wait(timeout)
        self._link.log()
        return self._serve()

    def flush(self, timeout: float = -1) -> int:
        """Send everything; return how much is left."""
        if self._queue or self._sending:
            with suppress(NoAnswer):
                self._send(timeout)
        self._serve()
        return len(self)

    def purge(self, in_queue: bool = True, in_flight: bool = True, blocking: bool = True) -> None:  # noqa: ARG002
        """Forget what was not acknowledged."""
        if in_flight:
            self._purged |= bool(self._sending)
            for item in self._sending:
                self._fail(item.records, KafkaError(KafkaError._PURGE_INFLIGHT))
            self._sending = []
        if in_queue:
            self._fail(self._queue, KafkaError(KafkaError._PURGE_QUEUE))
            self._queue = []

    def _send(self, timeout: float) -> None:
        """Send everything that is queued; raises NoAnswer when the time is over."""
        end = self._link.end_of(timeout)
        if not self._prepare(end):
            return
        self._pack()
        while self._sending:
            item = self._sending[0]
            produce = partial(self._cluster.produce, item.place, item.batch)
            try:
                first, at = self._link.ask("Produce", produce, self._link.left(end))
            except Refused as refused:
                self._sending.pop(0)
                self._fail(item.records, self._refuse(refused.code, item.place))
            else:
                self._sending.pop(0)
                self._acknowledged(item, first, at)

    def _give_up(self) -> None:
        """Fail what could not be delivered in time; whether it lies there is not known."""
        if self._transactional or not self._sending:
            return
        if self._sending[0].records[0].body.created + self._patience_ms <= self._network.now_ms():
            self._purged = True
            for item in self._sending:
                self._fail(item.records, KafkaError(KafkaError._MSG_TIMED_OUT))
            self._sending = []

    def _pack(self) -> None:
        """Make batches of what is queued, one a partition."""
        if not self._queue:
            return
        rows: dict[Place, list[Queued]] = {}
        for record in self._queue:
            rows.setdefault(record.place, []).append(record)
        self._queue = []
        for place, records in rows.items():
            sequence = self._sequences.get(place, 0)
            self._sequences[place] = sequence + len(records)
            bodies = tuple(record.body for record in records)
            batch = Batch(bodies, *self._producer, sequence, transactional=self._transactional)
            self._sending.append(Sending(place, batch, records))

    def _acknowledged(self, item: Sending, first: int, at: int) -> None:
        for offset, record in enumerate(item.records, first):
            if record.delivered is not None:
                stamp = (2, at) if at >= 0 else (1, record.body.created)
                self._reports.append((record.delivered, None, _sent(record, offset, stamp)))

    def _fail(self, records: list[Queued], error: KafkaError) -> None:
        for record in records:
            if record.delivered is not None:
                stamp = (1, record.body.created)
                self._reports.append((record.delivered, error, _sent(record, OFFSET_INVALID, stamp)))

    def _report(self) -> int:
        reports, self._reports = self._reports, []
        for delivered, error, message in reports:
            delivered(error, message)
        return len(reports)

    # -- what transactions change

    def _check_open(self) -> None:
        """Raise what `produce` raises when it may not be called."""

    def _prepare(self, end: float) -> bool:  # noqa: ARG002
        """Make ready for sending what is packed; return False where it cannot be sent."""
        if self._purged:
            self._producer, self._sequences, self._purged = (-1, -1), {}, False
        if self._guarded and self._producer[0] < 0:
            self._producer = (self._cluster.new_id(), 0)
        return True

    def _refuse(self, code: int, place: Place) -> KafkaError:  # noqa: ARG002
        """Return what a broker's no to records is to the application."""
        return KafkaError(code)

    def _serve(self) -> int:
        """Serve delivery reports."""
        return self._report()

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> ClusterMetadata:  # noqa: ARG002
        """Return the topics."""
        return self._link.metadata(timeout)


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _headers(headers: Given) -> Headers:
    if headers is None:
        return None
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(name, _bytes(value)) for name, value in pairs] or None


def _sent(record: Queued, offset: int, stamp: tuple[int, int]) -> Message:
    topic, partition = record.place
    return Message(
        topic=topic,
        partition=partition,
        offset=offset,
        key=record.body.key,
        value=record.body.value,
        timestamp=stamp,
    )
