"""One partition a worker holds: its cases, its positions, and the deadlines that wait for their backlog.

Positions are the next offsets of all six inputs. They travel in every transaction, so a rewind of the group
is skipped and a loss of state is seen. Nothing in here talks to a broker.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from confluent_kafka import Message

from qosresolve.contracts.limits import EARLIEST, LATEST
from qosresolve.core.partition import PartitionState, Position
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.errors import FatalError, PoisonRecordError, QosResolveError
from qosresolve.kafka.cases import CaseStore, unreadable
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.note import CHECKING, TAKING, WRITING, at
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.outputs import Output, Writer
from qosresolve.kafka.staging import Control, Shared, Staging
from qosresolve.kafka.suspects import Suspect
from qosresolve.kafka.windows import Windows
from qosresolve.topics import DEADLINE, REPORT, WATCH, Names

TRIES = 10  # at a batch that the client cannot unpack; it asks for it again every half second
CAREFUL = 20_000  # records whose reports are written one by one after a death in the writing of a batch


@dataclass(slots=True)
class Waiting:
    """A deadline that is held until the other inputs reached the ends seen when it arrived."""

    message: Message
    since: float
    ends: Mapping[str, int] | None = None


@dataclass(slots=True)
class Counters:
    """What happened since the last look, for metrics."""

    skipped: int = 0
    backlog_timeouts: int = 0


class Partition:
    """A partition, from its assignment to its loss. `epoch` tells this assignment from any other."""

    def __init__(self, number: int, epoch: int, shared: Shared, staging: type[Staging] = Staging) -> None:
        self.number = number
        self.epoch = epoch
        self.ready = False
        self.state = PartitionState(number, (), "")
        cached = max(1, shared.cached_cases // shared.partitions)  # a worker may come to hold them all
        self.store = CaseStore(shared.contracts, cached, shared.suspects.note)
        self.brake = Brake(shared.dead_letter_limit)
        self.counters = Counters()
        self._shared = shared
        self._kind = staging
        self._writer = Writer(shared.names, shared.contracts)
        self._deadlines = shared.names.of(DEADLINE)
        self._reached: dict[str, int] = {}
        self._next: dict[str, int] = {}
        self._waiting: deque[Waiting] = deque()
        self._batch: list[Message] = []
        self._first_policy: tuple[str, int] | None = None
        self._note = shared.suspects.note
        self._ask = shared.contracts.ask if shared.contracts.asks else None
        self._taking = _places(number, TAKING, shared)
        self._checking = _places(number, CHECKING, shared)
        self._writing = at(number, 0, WRITING)
        self._suspects: dict[tuple[str, int], Suspect] = {}
        self._unreadable: tuple[object, int] = (None, 0)
        self._careful = CAREFUL if number in shared.suspects.careful else 0
        self._windows = Windows()
        self._staging = self._fresh()

    # -- restore

    def remembered(self, offset: int, value: bytes) -> PartitionState:
        """Return what a partition record says. Raises FatalError where it cannot be read."""
        self._shared.suspects.reading(self.number, offset)
        try:
            return self._shared.contracts.read_partition(value)
        except PoisonRecordError as error:
            raise FatalError(unreadable(f"partition {self.number}", error)) from error
        finally:
            self._note.clear()

    def start(self, state: PartitionState) -> None:
        """Begin at a restored or initial state."""
        self.state = state
        self._windows = Windows(state.windows)
        self._suspects = self._shared.suspects.of(self.number, self.positions)
        self.ready = True
        self.rewind()

    @property
    def names(self) -> Names:
        """Return the names of the topics it lies in."""
        return self._shared.names

    @property
    def positions(self) -> dict[str, int]:
        """Return the committed next offset of each input."""
        return {position.topic: position.next_offset for position in self.state.positions}

    # -- a batch

    def take(self, message: Message, now: float) -> None:
        """Stage one input, or hold it if it is a deadline; skip it when it lies below the positions."""
        topic, offset = message.topic() or "", message.offset() or 0
        if self._reached.get(topic, 0) <= offset:
            self._reached[topic] = offset + 1
        if offset < self._next.get(topic, 0):
            self.counters.skipped += 1
        elif topic == self._deadlines:
            self._waiting.append(Waiting(message, now))
            self._next[topic] = offset + 1
        else:
            self._stage(message, topic, offset)
            self._next[topic] = offset + 1

    def reach(self, topic: str, offset: int) -> None:
        """Note how far an input was read; the end of a partition counts, control records lie behind it."""
        self._reached[topic] = max(self._reached.get(topic, 0), offset)

    def stuck(self, place: Place, offset: int) -> bool:
        """Note that a batch could not be read; true once it was tried often enough to be no passing fault."""
        at_batch, tries = self._unreadable
        self._unreadable = (place, offset), tries + 1 if at_batch == (place, offset) else 1
        return self._unreadable[1] >= TRIES

    def _stage(self, message: Message, topic: str, offset: int) -> None:
        if self._careful or self._suspects:
            self._stage_warily(message, topic, offset)
        else:
            self._noted(message, self._taking[topic], offset)
        self._batch.append(message)

    def _noted(self, message: Message, place: int, offset: int, *, check_reports: bool = False) -> None:
        """Stage a record with its place noted: the note stays only where the process dies of it."""
        if self._ask is not None:
            self._ask(message.value())  # whoever dies waiting for a registry dies of no record
        self._note.set(place, offset)
        try:
            self._staging.stage(message, check_reports=check_reports)
        except (QosResolveError, UnknownPolicyError):
            self._note.clear()
            raise
        self._note.clear()

    def _stage_warily(
        self, message: Message, topic: str, offset: int, *, check_reports: bool = False
    ) -> None:
        """Bury a record that ended earlier processes; write reports one by one where none could be named."""
        suspect = self._suspects.get((topic, offset))
        if suspect is not None and self._shared.suspects.is_it(suspect, message) and suspect.guilty:
            self._staging.bury(message, suspect.error())
            return
        check = check_reports or self._careful > 0
        self._careful = max(0, self._careful - 1)
        self._noted(message, (self._checking if check else self._taking)[topic], offset, check_reports=check)

    @property
    def unasked(self) -> bool:
        """True when a deadline waits whose backlog is not known yet."""
        return any(waiting.ends is None for waiting in self._waiting)

    @property
    def backlog(self) -> tuple[str, ...]:
        """Return the inputs that a deadline waits for."""
        return tuple(topic for topic in self._shared.names.inputs if topic != self._deadlines)

    def asked(self, ends: Mapping[str, int]) -> None:
        """Give the ends of the other inputs to every deadline that arrived before they were asked for."""
        for waiting in self._waiting:
            if waiting.ends is None:
                waiting.ends = ends

    def settle(self, now: float) -> None:
        """Stage the deadlines, in order, whose backlog has been read or has been waited for long enough."""
        while self._waiting:
            first = self._waiting[0]
            caught_up = self._caught_up(first)
            if not caught_up and now - first.since < self._shared.backlog_wait_s:
                return
            self.counters.backlog_timeouts += not caught_up
            self._stage(first.message, self._deadlines, first.message.offset() or 0)
            self._waiting.popleft()

    def _caught_up(self, waiting: Waiting) -> bool:
        if waiting.ends is None:
            return False
        return all(self._reached.get(topic, 0) >= end for topic, end in waiting.ends.items())

    # -- a transaction

    @property
    def staged(self) -> bool:
        """True when there is something to commit."""
        return bool(self._staging.entries)

    def activate(self, policy: str, now: int) -> None:
        """Make a policy the active one with the next transaction: for a partition that has none yet."""
        self._first_policy = (policy, now)
        self._staging.activate(policy, now)

    def outputs(self) -> list[Output]:
        """Return every record of the staged batch, the partition record last."""
        self._note.set(self._writing, 0)
        try:
            outputs = self._outputs()
        except (QosResolveError, UnknownPolicyError):
            self._note.clear()
            raise
        self._note.clear()
        return outputs

    def _outputs(self) -> list[Output]:
        try:
            changes = self._staging.changes()
        except PoisonRecordError:
            changes = self._restaged()
        except (QosResolveError, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - not to be written: one input is to blame, not the batch
            changes = self._restaged()
        state = self._staged_state()
        record = self._writer.partition(state, self.next_offsets()[self._deadlines])
        return [*self._staging.outputs, *changes, record]

    def _restaged(self) -> list[Output]:
        """A report cannot be written: stage again, looking at each record, to find the one to bury."""
        self._staging = self._fresh()
        for message in self._batch:
            self._stage_warily(message, message.topic() or "", message.offset() or 0, check_reports=True)
        self._note.set(self._writing, 0)
        return self._staging.changes()

    def next_offsets(self) -> dict[str, int]:
        """Return the next offset of each input after this batch; a held deadline's is not passed."""
        offsets = {topic: self._next.get(topic, 0) for topic in self._shared.names.inputs}
        if self._waiting:
            offsets[self._deadlines] = self._waiting[0].message.offset() or 0
        return offsets

    def _staged_state(self) -> PartitionState:
        positions = tuple(Position(topic, offset) for topic, offset in self.next_offsets().items())
        times = (message.timestamp()[1] for message in self._batch)
        now = max((time for time in times if EARLIEST <= time < LATEST), default=0)
        now = max(now, self.state.updated_at)
        return replace(
            self.state,
            positions=positions,
            active_policy=self._staging.control.policy,
            windows=self._staging.control.windows.kept(now).known,
            updated_at=now,
        )

    def accept(self, outputs: list[Output]) -> Staging:
        """Merge a batch whose commit is confirmed; return it for the metrics."""
        done = self._staging
        self._keep(outputs)
        for case in done.cases.values():
            self.store.accept(case)
        self.state = self._staged_state()
        if self.state.windows is not self._windows.known:
            self._windows = Windows(self.state.windows)
        self.brake = done.brake
        self._shared.contracts.forget()
        if self._suspects:
            self._suspects = self._shared.suspects.of(self.number, self.positions)
        self._batch = []
        self._staging = self._fresh()
        return done

    def _keep(self, outputs: list[Output]) -> None:
        report, watch = self._shared.names.of(REPORT), self._shared.names.of(WATCH)
        for output in outputs:
            if output.partition != self.number:
                continue
            if output.topic == report:
                self.store.put_report((output.key or b"").decode(), output.value)
            elif output.topic == watch:
                self.store.put_watch((output.key or b"").decode(), output.value)

    def rewind(self) -> dict[str, int]:
        """Drop all that is not committed; return the offsets to read the six inputs from."""
        self._shared.contracts.forget()
        self._batch = []
        self._waiting.clear()
        self._reached = {}
        self._next = self.positions
        self._staging = self._fresh()
        return self.positions

    def _fresh(self) -> Staging:
        control = Control(self.state.active_policy, self._windows)
        staging = self._kind(self.number, self._shared, self.store.get, control, self.brake.copy())
        if self._first_policy and not self.state.active_policy:  # until it is committed, with every attempt
            staging.activate(*self._first_policy)
        return staging


def _places(number: int, phase: int, shared: Shared) -> dict[str, int]:
    return {topic: at(number, index, phase) for index, topic in enumerate(shared.names.inputs)}
