"""One batch of one partition of intake on its way into a transaction.

Every part of every payload ends as exactly one of: events, an answer, folded, ignored, parked, or a dead
letter. Nothing of it counts before the transaction is confirmed.
"""

from collections.abc import Sequence
from pathlib import Path
from traceback import extract_tb

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.contracts.limits import EARLIEST, LATEST
from qosresolve.core.record import changed
from qosresolve.errors import PoisonRecordError, QosResolveError
from qosresolve.intake.folding import Folding
from qosresolve.intake.parking import Lot, Reason, queue_of
from qosresolve.intake.reading import Mark, Observation, Reading, Refused
from qosresolve.kafka.dead_letters import Brake, origin_of
from qosresolve.kafka.incoming import Pairs, headers_of
from qosresolve.kafka.intake.emitting import Emitter
from qosresolve.kafka.intake.parked import RETRY
from qosresolve.kafka.intake.shared import Came, Shared, passed_on
from qosresolve.kafka.intake.tally import Tally
from qosresolve.kafka.intake.waiting import WaitingRoom
from qosresolve.topics import FOREIGN

AHEAD = 100  # records that are read before the first of them is taken

_Found = tuple[Pairs, Reading | str]  # headers, and what a record says; or the key of what to read again


class Staging:
    """What one batch of one partition would write."""

    def __init__(self, number: int, shared: Shared, lot: Lot, folding: Folding, brake: Brake) -> None:
        self.tally = Tally()
        self.emitter = Emitter(number, shared, self.tally)
        self.waiting = WaitingRoom(number, shared, lot, self.emitter, self.tally)
        self.brake = brake
        self._shared = shared
        self._folding = folding
        self._own = shared.names.of(FOREIGN)

    # -- records

    def stage(self, messages: Sequence[Message]) -> None:
        """Take records in their order; what cannot be understood becomes a dead letter.

        Some are read before the first of them is taken: what reads and what writes do not fit into a
        processor's caches together, and by turns each record costs half as much again.

        Raises what is no fault of a record: RetriableError, ConfigError, FatalError and MemoryError. The
        batch is then taken again.
        """
        for at in range(0, len(messages), AHEAD):
            some = messages[at : at + AHEAD]
            for message, found in zip(some, [self._read(message) for message in some], strict=True):
                self._stage(message, found)

    def _stage(self, message: Message, found: _Found | Exception) -> None:
        self.tally.records += 1
        error = found if isinstance(found, Exception) else self._take(message, *found)
        if error is None:
            self.brake.count(dead=False)
        elif isinstance(error, PoisonRecordError):
            self.emitter.bury(origin_of(message), error)
            self.brake.count(dead=False)  # others may send as much garbage as they like
        elif isinstance(error, QosResolveError):
            raise error
        else:
            self.emitter.bury(origin_of(message), _fault(error))
            self.brake.count(dead=True)

    def _read(self, message: Message) -> _Found | Exception:
        """Return what a record says, or why that cannot be told; nothing is changed."""
        try:
            value, topic = message.value(), message.topic() or ""
            if value is None:
                return PoisonRecordError(
                    "a record without a value", stage="intake", remedy="send no tombstones"
                )
            pairs = headers_of(message)
            if pairs and topic == self._own:
                key = next((held for name, held in pairs if name == RETRY), None)
                if key is not None:
                    return pairs, key if isinstance(key, str) else key.decode(errors="replace")
            return pairs, self._shared.read(self._shared.formats[topic], pairs, value)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop what others send
            return error

    def _take(self, message: Message, pairs: Pairs, found: Reading | str) -> Exception | None:
        """Take what a record says, or the retry of what is parked under a key; return why that failed."""
        try:
            if isinstance(found, str):
                self.waiting.retry(found, message.value() or b"")
            else:
                self.tally.read[found.format] += 1
                self._say(self._came(message, pairs, found), found)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - the same
            return error
        return None

    def _came(self, message: Message, pairs: Pairs, reading: Reading) -> Came:
        at = message.timestamp()[1]
        place = f"{message.topic()}/{message.partition()}/{message.offset()}"
        passed = passed_on(place, head.traceparent(pairs) if pairs else None)
        known = at if EARLIEST <= at < LATEST else 0
        self.tally.newest = max(self.tally.newest, known)
        parts = len(reading.observations) + len(reading.unmatched)
        return Came(message, known, passed, parts, reading.format, [])

    def _say(self, came: Came, reading: Reading) -> None:
        """Take every part; those that cannot be taken are one dead letter, beside those that can.

        It tells the first reason: the record is the same for all of them.
        """
        for part, seen in enumerate(reading.observations):
            try:
                self._observe(came, part, seen)
            except PoisonRecordError as error:
                came.errors.append(error)
        if reading.replies or reading.unmatched or reading.ignored or reading.refused:
            self._say_more(came, reading)
        if came.errors:
            raise came.errors[0]

    def _say_more(self, came: Came, reading: Reading) -> None:
        """Take what is no observation."""
        for reply in reading.replies:
            try:
                self.emitter.answer(reply, came.headers)
            except PoisonRecordError as error:
                came.errors.append(error)
        for part, unmatched in enumerate(reading.unmatched, len(reading.observations)):
            try:
                self.waiting.park(came, part, unmatched, Reason.UNKNOWN_REQUEST)
            except PoisonRecordError as error:
                came.errors.append(error)
        for ignored in reading.ignored:
            self.tally.ignored[ignored.reason] += 1
        came.errors.extend(map(_refusal, reading.refused))

    # -- observations

    def _observe(self, came: Came, part: int, seen: Observation) -> None:
        if not seen.objects:
            raise PoisonRecordError(
                "an observation that names no object", stage="intake", remedy="name a service or resource"
            )
        seen = self._timed(seen, came.at)
        if self._folding.folds(seen, came.at):
            self.tally.folded += 1
        elif self.waiting.overlay.of(queue_of(seen)):
            self.waiting.park(came, part, seen, Reason.BEHIND_OTHERS)
        else:
            relations = self._shared.relations(seen.objects)
            if not relations:
                self.waiting.park(came, part, seen, Reason.UNKNOWN_OBJECT)
                return
            left_at = self.emitter.fan_out(seen, relations, "", came.headers, came.errors)
            if left_at is not None:
                self.waiting.park(came, part, seen, Reason.FANNING_OUT, left_at)

    def _timed(self, seen: Observation, at: int) -> Observation:
        """Return an observation with a time, and a mark where its source's clock is off."""
        if seen.observed_at <= 0:
            return changed(seen, observed_at=at or self._shared.wall_ms())
        if at and self._shared.clocks.off(seen.source, seen.observed_at, at):
            self.tally.clock_off += 1
            return changed(seen, marks=(*seen.marks, Mark.CLOCK_OFF))
        return seen


def _refusal(part: Refused) -> PoisonRecordError:
    return PoisonRecordError(f"{part.what}: {part.reason}", stage="intake", remedy=part.remedy)


def _fault(error: Exception) -> PoisonRecordError:
    """Return where intake failed; values are left out, they may quote the payload."""
    frames = extract_tb(error.__traceback__)
    at = " < ".join(f"{Path(frame.filename).stem}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return PoisonRecordError(
        f"{type(error).__name__} at {at}", stage="step", remedy="a fault in qosresolve: mend it, then redrive"
    )
