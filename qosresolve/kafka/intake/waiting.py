"""What waits, in one batch: parked, let go on when the inventory knows more, read again, or given up.

Everything works on an overlay of the lot; each change is a record, or a tombstone, of the parked topic.
"""

from qosresolve.contracts import headers as head
from qosresolve.core.record import changed
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.parking import Lot, Overlay, Parked, Queue, Reason, Waiting, queue_of, written
from qosresolve.intake.reading import Observation, Reading, Unmatched
from qosresolve.kafka.dead_letters import origin_of
from qosresolve.kafka.incoming import Pairs
from qosresolve.kafka.intake import parked as records
from qosresolve.kafka.intake.emitting import Emitter
from qosresolve.kafka.intake.foreign import AUTO
from qosresolve.kafka.intake.parked import foreign_headers, kept, packed, unpacked
from qosresolve.kafka.intake.shared import Came, Errors, Shared, passed_on
from qosresolve.kafka.intake.tally import Tally
from qosresolve.kafka.outputs import Headers, Output
from qosresolve.topics import PARKED


class WaitingRoom:
    """The parked observations of a partition as one batch leaves them."""

    def __init__(self, number: int, shared: Shared, lot: Lot, emitter: Emitter, tally: Tally) -> None:
        self.overlay = Overlay(lot)
        self.due: set[Queue] = set()  # queues in which something may go on after this batch
        self._number = number
        self._shared = shared
        self._emitter = emitter
        self._tally = tally
        self._topic = shared.names.of(PARKED)

    def park(
        self, came: Came, part: int, said: Observation | Unmatched, reason: Reason, after: str = ""
    ) -> None:
        """Let a part of a record wait. Raises PoisonRecordError where too many do already."""
        if self.overlay.size >= self._shared.parked_limit:
            raise PoisonRecordError(
                f"{self._shared.parked_limit} observations of this partition wait for the inventory already",
                stage="parked",
                remedy="load the inventory, then redrive; see docs/runbooks/parked.md",
            )
        observation = written(said)
        records.refuse_large(observation)
        whole = origin_of(came.message)
        origin = kept(whole, came.parts)
        self._put(
            Parked(
                topic=origin.topic,
                partition=origin.partition,
                offset=origin.offset,
                part=part,
                order=self.overlay.order(),
                reason=reason,
                parked_at=self._shared.wall_ms(),
                recorded_at=came.at,
                after=after,
                format=came.format,
                objects=said.objects if isinstance(said, Observation) else said.identifiers,
                observation=observation,
                size=len(whole.value or b""),
                key=origin.key,
                headers=foreign_headers(origin),
                original=origin.value,
            )
        )
        self._tally.parked[reason] += 1

    def _put(self, parked: Parked) -> None:
        value, item = packed(self._shared.contracts, parked)
        self.overlay.put(item)
        if parked.reason == Reason.FANNING_OUT:
            self.due.add(item.queue)
        self._note(item, value)

    def _end(self, item: Waiting) -> None:
        self.overlay.remove(item)
        self._note(item, None)

    def _note(self, item: Waiting, value: bytes | None) -> None:
        self._emitter.outputs.append(Output(self._topic, self._number, item.key.encode(), value, []))

    def drain(self, queue: Queue) -> None:
        """Let a queue go on, in order, as far as the inventory knows its objects and there is room."""
        for item in list(self.overlay.of(queue)):
            if self._emitter.room <= 0:
                self.due.add(queue)
                return
            if not self._go_on(item):
                return

    def _go_on(self, item: Waiting) -> bool:
        """Emit what waits; return whether its wait is over."""
        relations = self._shared.relations(item.objects)  # none for what awaits none
        if not relations and not item.after:
            return False
        parked = unpacked(self._shared.contracts, item)
        errors: Errors = []
        left_at = None
        if relations:
            left_at = self._emitter.fan_out(parked.seen(), relations, item.after, _passed(parked), errors)
        self._end(item)
        for error in errors[:1]:
            self._emitter.bury(records.origin_of(parked), error)
        if left_at is not None:
            self._put(changed(parked, reason=Reason.FANNING_OUT, after=left_at))
            return False
        self._tally.unparked += 1
        return True

    def expire(self, queue: Queue, before: int) -> None:
        """Give up what was parked before an instant; what waited behind it may go on."""
        for item in list(self.overlay.of(queue)):
            if item.parked_at >= before or self._emitter.room <= 0:
                return
            self._emitter.room -= 1
            parked = unpacked(self._shared.contracts, item)
            error = _waited_too_long(parked, self._shared.parked_ms)
            self._give_up(item, parked, error)
            self._tally.given_up += 1
            self.due.add(queue)

    def _give_up(self, item: Waiting, parked: Parked, error: PoisonRecordError) -> None:
        self._end(item)
        self._emitter.bury(records.origin_of(parked), error)

    def retry(self, key: str, value: bytes) -> None:
        """Read a parked original again with today's rules, in the place of what was read from it then."""
        item = self.overlay.find(key)
        if item is None:
            self._tally.retried["gone"] += 1  # it went on meanwhile, or was given up
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
            reading = self._shared.read(self._shared.formats.get(parked.topic, AUTO), pairs, value)
        except PoisonRecordError as error:
            self._give_up(item, parked, error)
            self._tally.retried["unreadable"] += 1
            return
        self._end(item)
        self.due.add(item.queue)  # what waited behind it may go on
        if parked.reason == Reason.UNKNOWN_REQUEST:
            self._answered(parked, reading)
        elif parked.part < len(reading.observations):
            self._again(item, parked, reading.observations[parked.part])
        else:
            self._tally.retried["ignored"] += 1

    def _answered(self, parked: Parked, reading: Reading) -> None:
        """Write the answers that are understood now; a worker knows again those that it has."""
        passed = _passed(parked)
        for reply in reading.replies:
            self._emitter.answer(reply, passed)
        if reading.unmatched:
            self._put(parked)
        self._tally.retried["parked" if reading.unmatched else "emitted"] += 1

    def _again(self, item: Waiting, parked: Parked, seen: Observation) -> None:
        if seen.observed_at <= 0:
            seen = changed(seen, observed_at=parked.recorded_at or parked.parked_at)
        queue = queue_of(seen)
        blocked = any(other.order < item.order for other in self.overlay.of(queue))
        relations = () if blocked else self._shared.relations(seen.objects)
        errors: Errors = []
        left_at: str | None = item.after
        if relations:
            left_at = self._emitter.fan_out(seen, relations, item.after, _passed(parked), errors)
        for error in errors[:1]:
            self._emitter.bury(records.origin_of(parked), error)
        if left_at is None:
            self._tally.retried["emitted"] += 1
            return
        reason = Reason.FANNING_OUT if relations else Reason.UNKNOWN_OBJECT
        again = changed(parked, objects=seen.objects, observation=written(seen), after=left_at)
        self._put(changed(again, reason=Reason.BEHIND_OTHERS if blocked else reason))
        self._tally.retried["parked"] += 1


def _passed(parked: Parked) -> Headers:
    """Return the headers of an event that comes of what was parked."""
    trace = head.traceparent([(header.name, header.value) for header in parked.headers])
    return passed_on(f"{parked.topic}/{parked.partition}/{parked.offset}", trace)


def _waited_too_long(parked: Parked, limit_ms: int) -> PoisonRecordError:
    names = " or ".join(parked.objects[:3])
    hours = f"{limit_ms / 3_600_000:.3g} h"
    what, remedy = f"no product became known for its object within {hours}", "load the inventory with it"
    if parked.reason == Reason.UNKNOWN_REQUEST:
        what, remedy = f"no request of ours is known by its identifiers, for {hours}", "find whose it is"
    return PoisonRecordError(
        f"{what}: {names}", stage="parked", remedy=f"{remedy}, then redrive; see docs/runbooks/parked.md"
    )
