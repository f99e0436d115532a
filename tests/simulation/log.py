"""One partition's log: records and transaction markers at their offsets, and what a reader may see of them.

Offsets never change. Markers take offsets too, and compaction leaves gaps, so the next record of a reader is
looked up, never counted.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from confluent_kafka import KafkaError

from tests.simulation.refusal import Refused

Headers = list[tuple[str, bytes | None]] | None
KEPT_BATCHES = 5  # of each producer, to know a repeated one by


class State(Enum):
    """What a record is to a reader of committed records."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    OPEN = "open"
    MARKER = "marker"


@dataclass(slots=True)
class Span:
    """One transaction's records in one log; its end settles all of them."""

    producer_id: int
    epoch: int
    first: int
    outcome: State = State.OPEN


@dataclass(frozen=True, slots=True)
class Body:
    """What a producer sends."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    created: int


@dataclass(slots=True, eq=False)
class Record:
    """One record, or one marker: `commit` is None for records."""

    offset: int
    body: Body
    timestamp: int
    producer_id: int = -1
    epoch: int = -1
    span: Span | None = None
    commit: bool | None = None

    @property
    def state(self) -> State:
        """Return what it is now."""
        if self.commit is not None:
            return State.MARKER
        return State.COMMITTED if self.span is None else self.span.outcome


@dataclass(frozen=True, slots=True)
class Batch:
    """What one producer sends to one partition at once. Without a producer id it is not guarded at all."""

    bodies: tuple[Body, ...]
    producer_id: int = -1
    epoch: int = -1
    sequence: int = 0
    transactional: bool = False


@dataclass(slots=True)
class _Known:
    """What a log remembers of a producer."""

    epoch: int
    next_sequence: int = 0
    batches: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=KEPT_BATCHES))


class Log:
    """A partition. `moved` is called after every change that a waiting reader may want to see."""

    def __init__(self, config: dict[str, str], moved: Callable[[], None] = lambda: None) -> None:
        self.append_time = config.get("message.timestamp.type") == "LogAppendTime"
        self.max_bytes = int(config.get("max.message.bytes", "1048588"))
        self.delete_retention_ms = int(config.get("delete.retention.ms", "86400000"))
        self.records: list[Record] = []
        self.start = 0
        self.end = 0
        self._moved = moved
        self._offsets: list[int] = []
        self._open: dict[int, Span] = {}
        self._known: dict[int, _Known] = {}
        self._unverified: dict[int, tuple[int, int]] = {}

    @property
    def last_stable(self) -> int:
        """Return the first offset of the oldest open transaction, or the end."""
        return min(span.first for span in self._open.values()) if self._open else self.end

    # -- writing

    def unverified(self, batch: Batch) -> bool:
        """Tell whether the coordinator has to be asked if a transaction awaits a batch.

        The lowest sequence of one epoch that came before any answer is remembered: none may come before it.
        """
        if batch.producer_id in self._open:
            return False
        epoch, lowest = self._unverified.get(batch.producer_id, (batch.epoch, batch.sequence))
        if epoch < batch.epoch:
            epoch, lowest = batch.epoch, batch.sequence
        self._unverified[batch.producer_id] = epoch, min(lowest, batch.sequence)
        return True

    def append(self, batch: Batch, now: int) -> int:
        """Append a batch; return its first offset. A repeated one is not appended again. Raises Refused."""
        self._check_size(batch)
        repeated = self._check_producer(batch)
        if repeated is not None:
            return repeated
        first = self.end
        span = self._span(batch) if batch.transactional else None
        for body in batch.bodies:
            at = now if self.append_time else body.created
            self._put(Record(self.end, body, at, batch.producer_id, batch.epoch, span))
        self._moved()
        return first

    def _put(self, record: Record) -> None:
        self.records.append(record)
        self._offsets.append(record.offset)
        self.end = record.offset + 1

    def _check_size(self, batch: Batch) -> None:
        for body in batch.bodies:
            if len(body.key or b"") + len(body.value or b"") > self.max_bytes:
                raise Refused(KafkaError.MSG_SIZE_TOO_LARGE)

    def _check_producer(self, batch: Batch) -> int | None:
        if batch.producer_id < 0:
            return None
        known = self._known.setdefault(batch.producer_id, _Known(batch.epoch, batch.sequence))
        if batch.epoch < known.epoch:
            raise Refused(KafkaError.INVALID_PRODUCER_EPOCH)
        if batch.epoch > known.epoch:
            known.epoch, known.next_sequence = batch.epoch, 0
            known.batches.clear()
        for sequence, offset in known.batches:
            if sequence == batch.sequence:
                return offset
        _, lowest = self._unverified.get(batch.producer_id, (0, batch.sequence))
        if batch.sequence != known.next_sequence or batch.sequence > lowest:
            raise Refused(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
        known.batches.append((batch.sequence, self.end))
        known.next_sequence += len(batch.bodies)
        return None

    def _span(self, batch: Batch) -> Span:
        span = self._open.get(batch.producer_id)
        if span is None:
            self._unverified.pop(batch.producer_id, None)
            span = self._open[batch.producer_id] = Span(batch.producer_id, batch.epoch, self.end)
        return span

    def mark(self, producer_id: int, epoch: int, now: int, *, commit: bool) -> None:
        """Write the marker that ends a producer's transaction here. It raises what epoch is the oldest."""
        known = self._known.setdefault(producer_id, _Known(epoch))
        if epoch > known.epoch:
            known.epoch, known.next_sequence = epoch, 0
            known.batches.clear()
        self._unverified.pop(producer_id, None)
        span = self._open.pop(producer_id, None)
        if span is not None:
            span.outcome = State.COMMITTED if commit else State.ABORTED
        self._put(Record(self.end, _MARKER, now, producer_id, epoch, None, commit))
        self._moved()

    # -- reading

    def read(self, position: int, most: int, *, committed: bool) -> tuple[list[Record], int]:
        """Return records from a position on, and the position after them. Raises Refused out of range."""
        limit = self.last_stable if committed else self.end
        if not self.start <= position <= self.end:
            raise Refused(KafkaError.OFFSET_OUT_OF_RANGE)
        found: list[Record] = []
        for record in self._from(position):
            if record.offset >= limit or len(found) >= most:
                break
            position = record.offset + 1
            hidden = record.commit is not None or (committed and record.state is State.ABORTED)
            if not hidden:
                found.append(record)
        return found, position

    def _from(self, position: int) -> Iterator[Record]:
        at = position - self._offsets[0] if self._offsets else 0
        if not (0 <= at < len(self._offsets) and self._offsets[at] == position):  # gaps lie before it
            at = bisect_left(self._offsets, position)
        records = self.records
        for index in range(at, len(records)):
            yield records[index]

    def after(self, timestamp: int) -> Record | None:
        """Return the first record that is not older than an instant."""
        data = (record for record in self.records if record.commit is None)
        return next((record for record in data if record.timestamp >= timestamp), None)

    # -- what is taken away

    def delete_before(self, offset: int) -> None:
        """Delete records up to an offset, as retention or an operator does. Raises Refused."""
        if not 0 <= offset <= self.end:
            raise Refused(KafkaError.OFFSET_OUT_OF_RANGE)
        if offset > self.start:
            self.start = offset
            self._keep(record for record in self.records if record.offset >= offset)

    def truncate(self, end: int) -> None:
        """Lose everything from an offset on, as an unclean election does."""
        self._keep(record for record in self.records if record.offset < end)
        self._open = {name: span for name, span in self._open.items() if span.first < end}
        self.end = min(self.end, end)
        self.start = min(self.start, self.end)
        self._moved()

    def compact(self, now: int) -> None:
        """Keep the last record of each key, and nothing of aborted transactions.

        As the cleaner does it when the last batch lies in the active segment: that one and what lies from
        the last stable offset on stay as they are. Markers stay too: nobody sees them.
        """
        limit = min(self.last_stable, self._active())
        last: dict[bytes | None, int] = {}
        for record in self.records:
            if record.offset < limit and record.state is State.COMMITTED:
                last[record.body.key] = record.offset
        self._keep(
            record
            for record in self.records
            if record.offset >= limit
            or record.commit is not None
            or (last.get(record.body.key) == record.offset and self._kept(record, now))
        )

    def _kept(self, record: Record, now: int) -> bool:
        if record.state is not State.COMMITTED:
            return False
        return record.body.value is not None or record.timestamp + self.delete_retention_ms > now

    def _active(self) -> int:
        """Return where the last batch begins: one transaction's records with its marker, or one record."""
        at = len(self.records) - 1
        if at < 0:
            return self.end
        last = self.records[at]
        while at > 0 and last.commit is not None and self.records[at - 1].producer_id == last.producer_id:
            at -= 1
        return self.records[at].offset

    def _keep(self, kept: Iterable[Record]) -> None:
        self.records = list(kept)
        self._offsets = [record.offset for record in self.records]
        self._moved()


_MARKER = Body(None, None, None, 0)
