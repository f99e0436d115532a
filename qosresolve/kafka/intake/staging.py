"""One batch of one partition of intake on its way into a transaction.

Every part of every payload ends as exactly one of: events, an answer, folded, ignored, parked, or a dead letter.
What is parked works on an overlay; nothing counts before the transaction is confirmed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.contracts import limits
from qosresolve.contracts.limits import EARLIEST, LATEST
from qosresolve.contracts.records import Contracts
from qosresolve.core.record import changed, record
from qosresolve.errors import PoisonRecordError, QosResolveError
from qosresolve.intake import events
from qosresolve.intake.folding import Folding
from qosresolve.intake.inventory import Relation
from qosresolve.intake.parking import Lot, Overlay, Parked, Queue, Reason, Waiting, write_observation
from qosresolve.intake.reading import Mark, Observation, Reading, Reply
from qosresolve.intake.skew import Clocks
from qosresolve.kafka.dead_letters import Brake, Origin, letter, origin_of
from qosresolve.kafka.incoming import Pairs, headers_of
from qosresolve.kafka.intake import parked as records
from qosresolve.kafka.intake.parked import RETRY, foreign_headers, kept, packed, queue_of, unpacked
from qosresolve.kafka.intake.tally import Buried, Tally
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import Headers, Output
from qosresolve.topics import BY_RECORD, DEGRADATION, FOREIGN, PARKED, Names

ROOM = 4  # events of one batch, in times of the records that it may have: more are parked and go on later
FROM = "foreign"  # header of an event: where the payload lay

Read = Callable[[str, Pairs, bytes], Reading]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all partitions of an intake share."""

    partitions: int
    names: Names
    contracts: Contracts
    formats: Mapping[str, str]  # by full name of the topic
    read: Read
    relations: Callable[[Sequence[str]], tuple[Relation, ...]]
    clocks: Clocks
    wall_ms: Callable[[], int]
    fold_ms: int
    parked_ms: int
    parked_limit: int
    batch_records: int
    dead_letter_limit: int


@record
class Came:
    """One record that is being taken: when the broker had it, what to pass on, and how many parts it has."""

    message: Message
    at: int
    headers: Headers
    parts: int
    format: str
    errors: list[PoisonRecordError]  # of its parts


class Staging:
    """What one batch of one partition would write."""

    def __init__(self, number: int, shared: Shared, lot: Lot, folding: Folding, brake: Brake) -> None:
        self.number = number
        self.outputs: list[Output] = []
        self.tally = Tally()
        self.parking = Overlay(lot)
        self.due: set[Queue] = set()  # queues in which something may go on after this batch
        self.brake = brake
        self._shared = shared
        self._folding = folding
        self._room = shared.batch_records * ROOM
        self._degradation = shared.names.of(DEGRADATION)
        self._parked = shared.names.of(PARKED)
        self._own = shared.names.of(FOREIGN)

    # -- records

    def stage(self, message: Message) -> None:
        """Take one record; what cannot be understood becomes a dead letter.

        Raises what is no fault of the record: RetriableError, ConfigError, FatalError and MemoryError. The
        batch is then taken again.
        """
        self.tally.records += 1
        try:
            self._take(message)
        except PoisonRecordError as error:
            self._bury(origin_of(message), error)
        except (QosResolveError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop what others send
            self._bury(origin_of(message), _fault(error))
            self.brake.count(dead=True)
            return
        self.brake.count(dead=False)  # others may send as much garbage as they like

    def _take(self, message: Message) -> None:
        value, topic = message.value(), message.topic() or ""
        if value is None:
            raise PoisonRecordError("a record without a value", stage="intake", remedy="send no tombstones")
        pairs = headers_of(message)
        if pairs and topic == self._own:
            key = next((held for name, held in pairs if name == RETRY), None)
            if key is not None:
                self._retry(key if isinstance(key, str) else key.decode(errors="replace"), value)
                return
        reading = self._shared.read(self._shared.formats[topic], pairs, value)
        self.tally.read[reading.format] += 1
        came = self._came(message, pairs, reading)
        self._say(came, reading)

    def _came(self, message: Message, pairs: Pairs, reading: Reading) -> Came:
        at = message.timestamp()[1]
        place = f"{message.topic()}/{message.partition()}/{message.offset()}"
        passed = _headers(place, head.traceparent(pairs) if pairs else None)
        known = at if EARLIEST <= at < LATEST else 0
        return Came(message, known, passed, len(reading.observations) or 1, reading.format, [])

    def _say(self, came: Came, reading: Reading) -> None:
        """Take every part; those that cannot be taken are one dead letter, beside those that can."""
        for part, seen in enumerate(reading.observations):
            with _noting(came.errors):
                self._observe(came, part, seen)
        for reply in reading.replies:
            with _noting(came.errors):
                self._answer(came, reply)
        for ignored in reading.ignored:
            self.tally.ignored[ignored.reason] += 1
        if came.errors:
            raise came.errors[0]

    # -- observations

    def _observe(self, came: Came, part: int, seen: Observation) -> None:
        if not seen.objects:
            raise PoisonRecordError(
                "an observation that names no object", stage="intake", remedy="name a service or resource"
            )
        seen = self._timed(seen, came.at)
        if self._folding.folds(seen, came.at):
            self.tally.folded += 1
        elif self.parking.of(queue_of(seen)):
            self._park(came, part, seen, Reason.BEHIND_OTHERS)
        else:
            relations = self._shared.relations(seen.objects)
            if not relations:
                self._park(came, part, seen, Reason.UNKNOWN_OBJECT)
                return
            left_at = self._fan_out(seen, relations, "", came.headers, came.errors)
            if left_at is not None:
                self._park(came, part, seen, Reason.FANNING_OUT, left_at)

    def _timed(self, seen: Observation, at: int) -> Observation:
        """Return an observation with a time, and a mark where its source's clock is off."""
        if seen.observed_at <= 0:
            return changed(seen, observed_at=at or self._shared.wall_ms())
        if at and self._shared.clocks.off(seen.source, seen.observed_at, at):
            self.tally.clock_off += 1
            return changed(seen, marks=(*seen.marks, Mark.CLOCK_OFF))
        return seen

    def _fan_out(
        self,
        seen: Observation,
        relations: Sequence[Relation],
        after: str,
        headers: Headers,
        errors: list[PoisonRecordError],
    ) -> str | None:
        """Emit one event for each product beyond `after`, as far as there is room.

        Return None when that was all, else the product up to which events are out. What cannot be emitted is
        added to the errors, and the rest is.
        """
        todo = [item for item in relations if item.product_id > after] if after else relations
        most = min(self._shared.batch_records, self._room)
        common = events.shared(seen, relations)
        for relation in todo[:most]:
            try:
                self._emit(seen, relation, common, headers)
            except PoisonRecordError as error:
                errors.append(error)
        self._room -= min(most, len(todo))
        if len(todo) <= most:
            return None
        return todo[most - 1].product_id if most > 0 else after

    def _emit(self, seen: Observation, relation: Relation, common: events.Shared, headers: Headers) -> None:
        event = events.degradation(seen, relation, common)
        limits.check("degradation", event)
        _, value = self._shared.contracts.write_input(event)
        product = event.product_id
        number = partition_of(product, self._shared.partitions)
        self.outputs.append(Output(self._degradation, number, product.encode(), value, headers))
        self.tally.emitted += 1

    def _answer(self, came: Came, reply: Reply) -> None:
        limits.check(reply.channel, reply.answer)
        try:
            value = self._shared.contracts.write_answer(reply.channel, reply.answer)
        except ValueError as error:
            raise PoisonRecordError(
                f"an answer that {reply.channel} cannot hold: {error}",
                stage="intake",
                remedy="see docs/intake.md",
            ) from error
        product = reply.answer.product_id
        number = partition_of(product, self._shared.partitions)
        topic = self._shared.names.of(BY_RECORD[reply.channel])
        self.outputs.append(Output(topic, number, product.encode(), value, came.headers))
        self.tally.replies[reply.channel] += 1

    # -- parking

    def _park(self, came: Came, part: int, seen: Observation, reason: Reason, after: str = "") -> None:
        if self.parking.size >= self._shared.parked_limit:
            raise PoisonRecordError(
                f"{self._shared.parked_limit} observations of this partition wait for the inventory already",
                stage="parked",
                remedy="load the inventory, then redrive; see docs/runbooks/parked.md",
            )
        whole = origin_of(came.message)
        origin = kept(whole, came.parts)
        self._put(
            Parked(
                topic=origin.topic,
                partition=origin.partition,
                offset=origin.offset,
                part=part,
                order=self.parking.order(),
                reason=reason,
                parked_at=self._shared.wall_ms(),
                recorded_at=came.at,
                after=after,
                format=came.format,
                objects=seen.objects,
                observation=write_observation(seen),
                size=len(whole.value or b""),
                key=origin.key,
                headers=foreign_headers(origin),
                original=origin.value,
            )
        )
        self.tally.parked[reason] += 1

    def _put(self, parked: Parked) -> None:
        value, item = packed(self._shared.contracts, parked)
        self.parking.put(item)
        if parked.reason == Reason.FANNING_OUT:
            self.due.add(item.queue)
        self._note(item, value)

    def _end(self, item: Waiting) -> None:
        self.parking.remove(item)
        self._note(item, None)

    def _note(self, item: Waiting, value: bytes | None) -> None:
        self.outputs.append(Output(self._parked, self.number, item.key.encode(), value, ()))

    def drain(self, queue: Queue) -> None:
        """Let a queue go on, in order, as far as the inventory knows its objects and there is room."""
        for item in list(self.parking.of(queue)):
            if self._room <= 0:
                self.due.add(queue)
                return
            if not self._go_on(item):
                return

    def _go_on(self, item: Waiting) -> bool:
        """Emit what waits; return whether its wait is over."""
        relations = self._shared.relations(item.objects)
        if not relations and not item.after:
            return False
        parked = unpacked(self._shared.contracts, item)
        errors: list[PoisonRecordError] = []
        left_at = None
        if relations:
            left_at = self._fan_out(parked.seen(), relations, item.after, _passed(parked), errors)
        self._end(item)
        for error in errors[:1]:
            self._bury(records.origin_of(parked), error)
        if left_at is not None:
            self._put(changed(parked, reason=Reason.FANNING_OUT, after=left_at))
            return False
        self.tally.unparked += 1
        return True

    def expire(self, queue: Queue, before: int) -> None:
        """Give up what was parked before an instant; what waited behind it may go on."""
        for item in list(self.parking.of(queue)):
            if item.parked_at >= before or self._room <= 0:
                return
            self._room -= 1
            parked = unpacked(self._shared.contracts, item)
            waited = f"{self._shared.parked_ms / 3_600_000:.3g} h"
            error = PoisonRecordError(
                f"no product became known for its object within {waited}: {' or '.join(item.objects[:3])}",
                stage="parked",
                remedy="load the inventory with the object, then redrive; see docs/runbooks/parked.md",
            )
            self._give_up(item, parked, error)
            self.tally.given_up += 1
            self.due.add(queue)

    def _give_up(self, item: Waiting, parked: Parked, error: PoisonRecordError) -> None:
        self._end(item)
        self._bury(records.origin_of(parked), error)

    # -- retry

    def _retry(self, key: str, value: bytes) -> None:
        """Read a parked original again with today's rules, in the place of what was read from it then."""
        item = self.parking.find(key)
        if item is None:
            self.tally.retried["gone"] += 1  # it went on meanwhile, or was given up
            return
        parked = unpacked(self._shared.contracts, item)
        if parked.original != value:
            raise PoisonRecordError(
                f"not the bytes that are parked as {key}",
                stage="intake",
                remedy="use `qosresolve parked retry`",
            )
        pairs: Pairs = [(header.name, header.value) for header in parked.headers]
        try:
            reading = self._shared.read(self._shared.formats.get(parked.topic, "auto"), pairs, value)
        except PoisonRecordError as error:
            self._give_up(item, parked, error)
            self.tally.retried["unreadable"] += 1
            return
        self._end(item)
        self.due.add(item.queue)  # what waited behind it may go on
        if parked.part >= len(reading.observations):
            self.tally.retried["ignored"] += 1
            return
        self._again(item, parked, reading.observations[parked.part])

    def _again(self, item: Waiting, parked: Parked, seen: Observation) -> None:
        if seen.observed_at <= 0:
            seen = changed(seen, observed_at=parked.recorded_at or parked.parked_at)
        queue = queue_of(seen)
        blocked = any(other.order < item.order for other in self.parking.of(queue))
        relations = () if blocked else self._shared.relations(seen.objects)
        errors: list[PoisonRecordError] = []
        left_at: str | None = item.after
        if relations:
            left_at = self._fan_out(seen, relations, item.after, _passed(parked), errors)
        for error in errors[:1]:
            self._bury(records.origin_of(parked), error)
        if left_at is None:
            self.tally.retried["emitted"] += 1
            return
        reason = Reason.FANNING_OUT if relations else Reason.UNKNOWN_OBJECT
        again = changed(parked, objects=seen.objects, observation=write_observation(seen), after=left_at)
        self._put(changed(again, reason=Reason.BEHIND_OTHERS if blocked else reason))
        self.tally.retried["parked"] += 1

    # -- dead letters

    def _bury(self, came: Origin, error: PoisonRecordError) -> None:
        self.outputs.append(letter(self._shared.names, came, error, self.number))
        self.tally.buried.append(Buried(came.topic, came.partition, came.offset, error.stage, str(error)))


@contextmanager
def _noting(errors: list[PoisonRecordError]) -> Iterator[None]:
    """Note what is wrong with one part: the others are taken all the same."""
    try:
        yield
    except PoisonRecordError as error:
        errors.append(error)


def _headers(place: str, trace: str | None) -> Headers:
    """Return what an event carries: where its payload lay, and the trace that it belongs to."""
    came = (FROM, place.encode())
    return [came, ("traceparent", trace.encode())] if trace else [came]


def _passed(parked: Parked) -> Headers:
    """Return the headers of an event that comes of what was parked."""
    trace = head.traceparent([(header.name, header.value) for header in parked.headers])
    return _headers(f"{parked.topic}/{parked.partition}/{parked.offset}", trace)


def _fault(error: Exception) -> PoisonRecordError:
    """Return where intake failed; values are left out, they may quote the payload."""
    frames = extract_tb(error.__traceback__)
    at = " < ".join(f"{Path(frame.filename).stem}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return PoisonRecordError(
        f"{type(error).__name__} at {at}", stage="step", remedy="a fault in qosresolve: mend it, then redrive"
    )
