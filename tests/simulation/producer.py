"""The stand-in for confluent_kafka's Producer: idempotent, and transactional when it is given an id.

What is produced waits in a queue; it goes out with a flush, a poll, a commit, or when the network says that
it has lingered long enough.
"""

import logging
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from itertools import count
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin._metadata import ClusterMetadata

from qosresolve.kafka.murmur import murmur2
from tests.simulation.broker import Cluster
from tests.simulation.link import Link, number, text
from tests.simulation.log import Batch, Body, Headers
from tests.simulation.membership import GroupMetadata
from tests.simulation.network import Fate, Network
from tests.simulation.processes import Process
from tests.simulation.refusal import NoAnswer, Refused, failure
from tests.simulation.transactions import Place

Delivered = Callable[[KafkaError | None, Message], None]
T = TypeVar("T")
QUEUE = 100_000
BACKOFF_S = 0.02
LINGER = 64  # records after which the network is asked whether what is queued goes out

_FENCING = (KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)


class Phase(Enum):
    """Where a transactional producer stands."""

    NEW = auto()
    READY = auto()
    OPEN = auto()
    FAILED = auto()  # nothing but an abort is possible
    FATAL = auto()


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


class Producer:
    """A producer of the model."""

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
        self._id = text(config, "transactional.id", "")
        self._timeout_ms = number(config, "transaction.timeout.ms", 60_000)
        self._most = number(config, "message.max.bytes", 1_000_000)
        self._guarded = bool(self._id) or text(config, "enable.idempotence", "False").lower() == "true"
        self._murmur = text(config, "partitioner", "consistent_random").startswith("murmur2")
        self._producer = (-1, -1)
        self._phase = Phase.NEW
        self._error = KafkaError(KafkaError.NO_ERROR)
        self._queue: list[Queued] = []
        self._sending: list[Sending] = []
        self._sequences: dict[Place, int] = {}
        self._failed: set[Place] = set()  # where records of this epoch were refused
        self._added: set[Place] = set()
        self._offsets_sent = False
        self._untold = False  # a fatal error comes out of the next poll or flush as well, once
        self._purged = False  # what was sent may or may not be in the log: a new epoch is needed
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
        headers: Mapping[str, str | bytes | None] | Iterable[tuple[str, str | bytes | None]] | None = None,
    ) -> None:
        """Queue a record."""
        if self._id and self._phase is not Phase.OPEN:
            raise failure(KafkaError._FATAL if self._phase is Phase.FATAL else KafkaError._STATE)
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
        self._pack()
        if self._id and not self._add_partitions(end):
            return
        while self._sending:
            item = self._sending[0]
            produce = partial(self._cluster.produce, item.place, item.batch)
            try:
                first, at = self._link.ask("Produce", produce, self._left(end))
            except Refused as refused:
                self._sending.pop(0)
                self._refused(refused.code, item.records, item.place)
            else:
                self._sending.pop(0)
                self._acknowledged(item, first, at)

    def _pack(self) -> None:
        """Make batches of what is queued, one a partition."""
        if not self._queue:
            return
        if self._guarded and self._producer[0] < 0:
            self._producer = (self._cluster.new_id(), 0)
        rows: dict[Place, list[Queued]] = {}
        for record in self._queue:
            rows.setdefault(record.place, []).append(record)
        self._queue = []
        for place, records in rows.items():
            sequence = self._sequences.get(place, 0)
            self._sequences[place] = sequence + len(records)
            bodies = tuple(record.body for record in records)
            batch = Batch(bodies, *self._producer, sequence, transactional=bool(self._id))
            self._sending.append(Sending(place, batch, records))

    def _add_partitions(self, end: float) -> bool:
        fresh = {item.place for item in self._sending} - self._added
        if not fresh:
            return True
        try:
            self._unhurried("AddPartitionsToTxn", self._adding(fresh, set()), end)
        except Refused as refused:
            self._refused(refused.code, [])
            for item in self._sending:
                self._fail(item.records, self._error)
            self._sending = []
            return False
        self._added |= fresh
        return True

    def _adding(self, places: set[Place], groups: set[str]) -> Callable[[], None]:
        name, producer = self._id, self._producer

        def add() -> None:
            for topic, partition in places:
                self._cluster.log(topic, partition)
            self._cluster.transactions.add(name, producer, places, groups)

        return add

    def _unhurried(self, api: str, apply: Callable[[], T], end: float) -> T:
        """Ask until the transaction before has come to its end."""
        while True:
            try:
                return self._link.ask(api, apply, self._left(end))
            except Refused as refused:
                if refused.code != KafkaError.CONCURRENT_TRANSACTIONS:
                    raise
                self._link.pause(BACKOFF_S, end)

    def _acknowledged(self, item: Sending, first: int, at: int) -> None:
        for offset, record in enumerate(item.records, first):
            if record.delivered is not None:
                stamp = (2, at) if at >= 0 else (1, record.body.created)
                self._reports.append((record.delivered, None, _sent(record, offset, stamp)))

    def _fail(self, records: list[Queued], error: KafkaError) -> None:
        for record in records:
            if record.delivered is not None:
                stamp = (1, record.body.created)
                self._reports.append((record.delivered, error, _sent(record, -1001, stamp)))

    def _serve(self) -> int:
        """Serve delivery reports; a fatal error comes out here, whatever else has raised it."""
        served = self._report()
        if self._untold:
            self._untold = False
            raise self._as_exception()
        return served

    def _report(self) -> int:
        reports, self._reports = self._reports, []
        for delivered, error, message in reports:
            delivered(error, message)
        return len(reports)

    # -- transactions

    def init_transactions(self, timeout: float = -1) -> None:
        """Take over the transactional id: end what is open under it, fence who held it."""
        end = self._link.end_of(timeout)
        try:
            self._init(end)
        except NoAnswer:
            raise failure(KafkaError._TIMED_OUT, "Failed to initialize producer ID", retriable=True) from None
        self._phase = Phase.READY

    def _init(self, end: float) -> None:
        init = partial(self._cluster.transactions.init, self._id, self._timeout_ms)
        self._producer = self._unhurried("InitProducerId", init, end)
        self._sequences = {}
        self._failed = set()

    def begin_transaction(self) -> None:
        """Begin; nothing is sent."""
        if self._phase is not Phase.READY:
            raise self._not_open()
        self._phase = Phase.OPEN
        self._added = set()
        self._offsets_sent = False

    def send_offsets_to_transaction(
        self, positions: list[TopicPartition], group_metadata: bytes, timeout: float = -1
    ) -> None:
        """Make offsets part of the transaction."""
        self._require_open()
        end = self._link.end_of(timeout)
        offsets = {(at.topic, at.partition): at.offset for at in positions if at.offset >= 0}
        if self._queue:
            self._linger()
            self._require_open()
        if not offsets:
            return
        by = GroupMetadata.read(group_metadata)
        hold = partial(self._cluster.hold, self._producer, by, offsets)
        try:
            self._unhurried("AddOffsetsToTxn", self._adding(set(), {by.group}), end)
            self._offsets_sent = True
            self._link.ask("TxnOffsetCommit", hold, self._left(end))
        except Refused as refused:
            self._refused(refused.code, [])
            raise self._as_exception() from None
        except NoAnswer:
            raise failure(KafkaError._TIMED_OUT, "Failed to send offsets", retriable=True) from None

    def commit_transaction(self, timeout: float = -1) -> None:
        """Send what is left, then commit."""
        self._require_open()
        end = self._link.end_of(timeout)
        try:
            if self._queue or self._sending:
                self._send(timeout)
            self._report()
            self._require_open()
            self._end(end, commit=True)
        except NoAnswer:
            raise failure(
                KafkaError._TIMED_OUT, "Transactional operation timed out", retriable=True
            ) from None

    def abort_transaction(self, timeout: float = -1) -> None:
        """Drop what was not sent, abort what was."""
        if self._phase not in (Phase.OPEN, Phase.FAILED):
            raise self._not_open()
        end = self._link.end_of(timeout)
        self.purge()
        self._report()
        try:
            self._end(end, commit=False)
            if self._purged:
                self._init(end)
                self._purged = False
        except NoAnswer:
            raise failure(
                KafkaError._TIMED_OUT, "Transactional operation timed out", retriable=True
            ) from None

    def _end(self, end: float, *, commit: bool) -> None:
        if self._added or self._offsets_sent:
            ending = partial(self._cluster.transactions.end, self._id, self._producer, commit=commit)
            try:
                self._unhurried("EndTxn", ending, end)
            except Refused as refused:
                self._refused(refused.code, [])
                raise self._as_exception() from None
        self._phase = Phase.READY

    # -- errors

    def _refused(self, code: int, records: list[Queued], place: Place | None = None) -> None:
        """Take a broker's no: it is fatal, or needs an abort, and the next call says so.

        A sequence that is not the expected one is fatal, unless records before it failed.
        """
        unexpected = code == KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER and place not in self._failed
        if code in _FENCING:
            error = KafkaError(KafkaError._FENCED, "Producer fenced by newer instance", fatal=True)
        elif unexpected or code == KafkaError.INVALID_TXN_STATE:
            error = KafkaError(code, None, fatal=True)
        else:
            error = KafkaError(code, None, txn_requires_abort=True)
        if place is not None:
            self._failed.add(place)
        self._fail(records, error)
        if self._id and self._phase is not Phase.FATAL:
            self._error = error
            self._phase = Phase.FATAL if error.fatal() else Phase.FAILED
            self._untold = error.fatal()

    def _require_open(self) -> None:
        if self._phase is not Phase.OPEN:
            raise self._not_open()

    def _not_open(self) -> KafkaException:
        if self._phase in (Phase.FATAL, Phase.FAILED):
            return self._as_exception()
        return failure(KafkaError._STATE, f"Operation not valid in state {self._phase.name}")

    def _as_exception(self) -> KafkaException:
        return KafkaException(self._error)

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> ClusterMetadata:  # noqa: ARG002
        """Return the topics."""
        return self._link.metadata(timeout)

    def _left(self, end: float) -> float:
        return max(0.0, (end - self._network.now_ms()) / 1000)


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _headers(
    headers: Mapping[str, str | bytes | None] | Iterable[tuple[str, str | bytes | None]] | None,
) -> Headers:
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
