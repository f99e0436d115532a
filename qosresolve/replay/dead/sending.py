"""Redriving and discarding, exactly once: a record and the resolution of its letter in one transaction.

One at a time may do it: who comes later fences who came before, and looks again at what is resolved. So a
letter is never redriven twice, wherever one of them was interrupted.
"""

from collections.abc import Callable, Sequence

from confluent_kafka import KafkaError, KafkaException, Message

from qosresolve.core.record import record
from qosresolve.errors import FatalError, FencedError, RetriableError
from qosresolve.kafka.acls import DEAD_LETTERS_SLOT, Role
from qosresolve.kafka.dead_letters import size_of
from qosresolve.kafka.denied import denial, explained
from qosresolve.kafka.failures import Failure, classify
from qosresolve.kafka.outputs import Headers, Output
from qosresolve.kafka.sole_writer import SoleWriter
from qosresolve.replay.dead.letters import DISCARDED, REDRIVEN, Letter, Spot, again, resolved
from qosresolve.replay.dead.plan import Row
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTERS, Names

MOST_RECORDS, MOST_BYTES = 500, 16 * 1024 * 1024  # of one transaction
TRANSACTION_MS = 20_000  # so long may one that was killed hold up the worker; the next command ends it
_PAGE = "docs/dead-letters.md"


@record
class Done:
    """A letter that was decided about, and where it was sent, if it was."""

    letter: Letter
    to: Spot | None = None


@record
class Decision:
    """Who decides and why."""

    by: str
    reason: str


class Resolving(SoleWriter):
    """The one who may decide about letters now. Enter it, look at what is resolved, then send."""

    def __init__(self, settings: Settings) -> None:
        own = {"slot": DEAD_LETTERS_SLOT, "transaction_timeout_ms": TRANSACTION_MS}
        self._settings = settings.model_copy(update=own)
        self._topic = Names(settings.prefix).of(DEAD_LETTERS)
        super().__init__(self._settings)

    def redrive(self, rows: Sequence[Row], decision: Decision, told: Callable[[Done], None]) -> None:
        """Send each row's record again, in order; `told` hears of each once its transaction is committed.

        Raises FencedError where another command began meanwhile; RetriableError, DeniedError, FatalError.
        What was told stays sent, whatever is raised.
        """
        for part in _parts(rows):
            records = [self._record(row) for row in part]
            letters = [row.letter for row in part]
            self._commit(letters, records, REDRIVEN, decision, told)

    def discard(self, letters: Sequence[Letter], decision: Decision, told: Callable[[Done], None]) -> None:
        """Say of each letter that it stays where it is. Raises as `redrive`."""
        for at in range(0, len(letters), MOST_RECORDS):
            self._commit(letters[at : at + MOST_RECORDS], None, DISCARDED, decision, told)

    def _record(self, row: Row) -> Output:
        letter = row.letter
        headers = again(letter, self._topic, row.attempt, row.first)
        return Output(letter.spot.topic, row.partition, letter.key, letter.value, headers)

    def _commit(
        self,
        letters: Sequence[Letter],
        records: Sequence[Output] | None,
        what: str,
        decision: Decision,
        told: Callable[[Done], None],
    ) -> None:
        def sent() -> list[Done]:
            spots = [None] * len(letters) if records is None else self._sent(records)
            done = [Done(letter, spot) for letter, spot in zip(letters, spots, strict=True)]
            self._sent([self._resolution(each, what, decision) for each in done])
            return done

        for each in self.transact(sent):
            told(each)

    def _resolution(self, done: Done, what: str, decision: Decision) -> Output:
        headers: Headers = resolved(done.letter.id, what, decision.by, decision.reason, done.to)
        return Output(self._topic, done.letter.id.partition, done.letter.key, None, headers)

    def _sent(self, records: Sequence[Output]) -> list[Spot]:
        """Produce in order; return where each lies, once all are acknowledged. Raises KafkaException."""
        spots: dict[int, Spot] = {}
        failures: list[KafkaError] = []

        def noting(number: int) -> Callable[[KafkaError | None, Message], None]:
            def delivered(error: KafkaError | None, message: Message) -> None:
                if error is not None:
                    failures.append(error)
                else:
                    place = message.topic() or "", message.partition() or 0, message.offset() or 0
                    spots[number] = Spot(*place)

            return delivered

        for number, each in enumerate(records):
            self.send(each, noting(number))
        left = self.flush(TRANSACTION_MS / 1_000 / 2)
        if failures:
            raise KafkaException(failures[0])
        if left:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - the client's own constant
        return [spots[number] for number in range(len(records))]

    def meaning(self, error: KafkaError, *, committing: bool) -> Exception:
        """Return what an error comes to for who decides about letters."""
        kind = classify(error, committing=committing)
        if kind is Failure.FENCED:
            return FencedError(
                f"another `qosresolve dead-letters` began meanwhile ({error.str()}): what is not told "
                f"was not sent\n  remedy: {_LOOK}"
            )
        refused = denial(error)
        if refused is not None:
            return explained(refused, self._settings, Role.DEAD_LETTERS)
        if kind is Failure.FATAL:
            return FatalError(f"the producer cannot go on: {error.str()}; see {_PAGE}")
        if committing and kind is not Failure.ABORTABLE:
            return RetriableError(
                f"nobody can tell whether the last of them were sent: {error.str()}\n  remedy: {_LOOK}"
            )
        return RetriableError(f"what is not told was not sent: {error.str()}\n  remedy: run it again")


def end_interrupted(settings: Settings) -> None:
    """End what a command that was killed left open, so that nobody waits for it. Raises as `Resolving`."""
    with Resolving(settings):
        pass


_LOOK = "run it again: it looks at what is resolved first, and sends nothing twice"


def _parts(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows in parts, each of one transaction."""
    parts: list[list[Row]] = []
    room = 0
    for row in rows:
        size = size_of(row.letter.key, row.letter.value, row.letter.headers)
        if not parts or len(parts[-1]) >= MOST_RECORDS or size > room:
            parts.append([])
            room = MOST_BYTES
        parts[-1].append(row)
        room -= size
    return parts
