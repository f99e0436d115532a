"""One partition that an intake holds: how far it has read, what waits in it, and what was folded lately.

Positions travel in every transaction, as the worker's do. Nothing in here talks to a broker.
"""

from collections.abc import Iterable
from dataclasses import replace

from confluent_kafka import Message

from qosresolve.errors import FatalError, PoisonRecordError
from qosresolve.intake.folding import Folding
from qosresolve.intake.parking import Lot, Parked, Queue
from qosresolve.intake.state import ForeignPosition, IntakeState
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.intake.parked import waiting
from qosresolve.kafka.intake.shared import Shared
from qosresolve.kafka.intake.staging import Staging
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.outputs import Output
from qosresolve.topics import INTAKE

TRIES = 10  # at a batch that the client cannot unpack; it asks for it again every half second


class Partition:
    """A partition, from its assignment to its loss. `epoch` tells this assignment from any other."""

    def __init__(self, number: int, epoch: int, shared: Shared, staging: type[Staging] = Staging) -> None:
        self.number = number
        self.epoch = epoch
        self.ready = False
        self.state = IntakeState(number, ())
        self.lot = Lot()
        self.brake = Brake(shared.dead_letter_limit)
        self.skipped = 0
        self._shared = shared
        self._kind = staging
        self._folding = Folding(shared.fold_ms)
        self._due: set[Queue] = set()
        self._next: dict[Place, int] = {}
        self._unreadable: tuple[object, int] = (None, 0)
        self._staging = self._fresh()

    # -- restore

    def remember(self, state: bytes | None, parked: Iterable[bytes]) -> IntakeState | None:
        """Take what lies in the topics; return the state. Raises FatalError where it cannot be read."""
        contracts = self._shared.contracts
        try:
            records = ((contracts.read_as("parked", Parked, value), value) for value in parked)
            self.lot = Lot(waiting(item, value) for item, value in records)
            return None if state is None else contracts.read_as("intake", IntakeState, state)
        except PoisonRecordError as error:
            raise FatalError(
                f"what intake keeps of partition {self.number} cannot be read: {error}; see "
                "docs/runbooks/unreadable-state.md"
            ) from error

    def start(self, state: IntakeState) -> None:
        """Begin at a restored or initial state; the inventory may know more than when it was left."""
        self.state = state
        self._due = set(self.lot.queues)
        self.ready = True
        self.rewind()

    @property
    def positions(self) -> dict[Place, int]:
        """Return the committed next offset of each foreign partition."""
        return self.state.offsets

    # -- a batch

    def take(self, messages: Iterable[Message]) -> None:
        """Stage records in their order, but those that lie below the positions. Raises as `stage`."""
        ends, todo = dict(self._next), []
        for message in messages:
            place, offset = (message.topic() or "", message.partition() or 0), message.offset() or 0
            if offset < ends.get(place, 0):
                self.skipped += 1
                continue
            ends[place] = offset + 1
            todo.append(message)
        self._staging.stage(todo)
        self._next = ends

    def learned(self, names: Iterable[str]) -> None:
        """Note that the inventory says something new of some objects."""
        self._due |= self.lot.awaiting(names)

    def settle(self, overdue_before: int | None) -> None:
        """Let what waits go on where it can; give up what was parked before an instant."""
        for queue in sorted(self._due):
            self._staging.waiting.drain(queue)
        if overdue_before is not None:
            for queue in self.lot.overdue(overdue_before):
                self._staging.waiting.expire(queue, overdue_before)
        if not self.staged:  # nothing to commit, so nothing will say what is still to be done
            self._due = self._staging.waiting.due

    def stuck(self, place: Place, offset: int) -> bool:
        """Note that a batch could not be read; true once it was tried often enough to be no passing fault."""
        at_batch, tries = self._unreadable
        self._unreadable = (place, offset), tries + 1 if at_batch == (place, offset) else 1
        return self._unreadable[1] >= TRIES

    # -- a transaction

    @property
    def staged(self) -> bool:
        """True when there is something to commit."""
        return bool(self._staging.tally.records or self._staging.emitter.outputs)

    @property
    def next_offsets(self) -> dict[Place, int]:
        """Return the next offset of each foreign partition after this batch."""
        return self._next

    def outputs(self) -> list[Output]:
        """Return every record of the staged batch, that of the positions last."""
        names, key = self._shared.names, str(self.number).encode()
        value = self._shared.contracts.write_as("intake", self._staged_state())
        return [*self._staging.emitter.outputs, Output(names.of(INTAKE), self.number, key, value, [])]

    def _staged_state(self) -> IntakeState:
        positions = tuple(ForeignPosition(*place, offset) for place, offset in self._next.items())
        return replace(self.state, positions=positions, updated_at=self._shared.wall_ms())

    def accept(self) -> Staging:
        """Merge a batch whose commit is confirmed; return it for the metrics."""
        done = self._staging
        done.waiting.overlay.accept()
        self._folding.accept()
        self._due = done.waiting.due
        self.brake = done.brake
        self.state = self._staged_state()
        self._shared.contracts.forget()
        self._staging = self._fresh()
        return done

    def rewind(self) -> dict[Place, int]:
        """Drop all that is not committed; return the offsets to read from."""
        self._shared.contracts.forget()
        self._folding.drop()
        self._next = self.positions
        self._staging = self._fresh()
        return self.positions

    def _fresh(self) -> Staging:
        return self._kind(self.number, self._shared, self.lot, self._folding, self.brake.copy())
