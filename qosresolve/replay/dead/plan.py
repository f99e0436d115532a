"""What is to be done with each chosen letter, or why not: decided before anything is sent.

Pure but for the trial, which is asked for through a function.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from qosresolve.kafka.dead_letters import size_of
from qosresolve.kafka.staging import FORWARDED_BYTES
from qosresolve.replay.dead.book import OPEN, Book
from qosresolve.replay.dead.later import Question
from qosresolve.replay.dead.letters import DISCARDED, REDRIVEN, UNKNOWN, Letter, Resolution, Spot
from qosresolve.replay.dead.trial import Decoded, Tried, target_of
from qosresolve.topics import FOREIGN, Names

ATTEMPTS = 3  # redrives of one record, unless told otherwise


class Verdict(StrEnum):
    """What a letter's row comes to; all but the first leave it where it is."""

    REDRIVE = "redrive"
    RESOLVED = "resolved"
    ATTEMPTS = "attempts"
    REFERENCE = "reference"
    STRANGER = "stranger"
    TOO_LARGE = "too-large"
    FOREIGN = "foreign"
    LATER = "later-applied"
    FAILS = "would-fail"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a person allowed: how many attempts, topics of others, and what is refused otherwise."""

    attempts: int = ATTEMPTS
    force: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One letter, what is to be done with it and why; `partition` is where it goes, `first` where it lay."""

    letter: Letter
    verdict: Verdict
    why: str
    remedy: str
    partition: int
    first: Spot
    attempt: int
    question: Question | None = None
    tried: Tried | None = None
    known: Resolution | None = None  # of before, where it is discarded and forced

    @property
    def goes(self) -> bool:
        """True where it is to be redriven."""
        return self.verdict is Verdict.REDRIVE


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a letter stays where it is, and what would change that."""

    verdict: Verdict
    why: str
    remedy: str


class Planner:
    """Decides about letters in order: what is stepped is what would be redriven, as it would be."""

    def __init__(
        self, book: Book, names: Names, partitions: int, rules: Rules, trial: Callable[[Decoded], Tried]
    ) -> None:
        self._book = book
        self._names = names
        self._partitions = partitions
        self._rules = rules
        self._trial = trial

    def row(self, read: Decoded, question: Question) -> Row:
        """Return the next letter's row; to be asked in the order in which they are to be sent."""
        letter, tried = read.letter, None
        refusal = self._by_itself(letter) or self._overtaken(question)
        if refusal is None:
            tried = self._trial(read)
            refusal = self._by_trial(letter, tried)
        number = target_of(letter, read.body, self._partitions)
        verdict, why, remedy = Verdict.REDRIVE, "", ""
        if refusal is not None:
            verdict, why, remedy = refusal.verdict, refusal.why, refusal.remedy
        known = self._book.resolutions.get(letter.id)
        attempt = letter.attempt + 1
        return Row(letter, verdict, why, remedy, number, question.first, attempt, question, tried, known)

    def _by_itself(self, letter: Letter) -> Refusal | None:
        """Refuse what nobody can force."""
        known = self._book.resolutions.get(letter.id)
        if known is not None and not (known.what == DISCARDED and self._rules.force):
            remedy = _AGAIN if known.what == REDRIVEN else "say --force to redrive what was discarded"
            why = f"{known.what} by {known.by or 'somebody'} already: {known.reason or 'no reason given'}"
            return Refusal(Verdict.RESOLVED, why, remedy)
        return _by_shape(letter) or self._by_rules(letter)

    def _by_rules(self, letter: Letter) -> Refusal | None:
        if letter.attempt >= self._rules.attempts:
            why = f"redriven {letter.attempt} times already, and died each time"
            return Refusal(Verdict.ATTEMPTS, why, "mend what it dies of; then raise --attempts")
        ours = (*self._names.inputs, self._names.of(FOREIGN))  # that one intake alone reads
        if letter.spot.topic not in ours and not self._rules.foreign:
            why = f"{letter.spot.topic} is a topic of others: whoever reads it would see the record twice"
            return Refusal(Verdict.FOREIGN, why, "say --foreign where that does no harm")
        return None

    def _overtaken(self, question: Question) -> Refusal | None:
        if self._rules.force or not question.count:
            return None
        causes = ", ".join(
            f"{each.cause.topic}/{each.cause.partition}/{each.cause.offset}" for each in question.found
        )
        more = f", {question.count} in all" if question.count > len(question.found) else ""
        why = f"later records of its key were applied already: {causes}{more}"
        return Refusal(Verdict.LATER, why, "discard it where they say all; or --force, which takes it now")

    def _by_trial(self, letter: Letter, tried: Tried) -> Refusal | None:
        if self._rules.force:
            return None
        if tried.fails:
            return Refusal(Verdict.FAILS, f"it would fail again: {tried.error}", tried.remedy)
        others = letter.spot.topic not in self._names.inputs  # nobody can try these here
        if tried.untried and (letter.stage == "crash" or not others):
            return Refusal(Verdict.UNTRIED, tried.untried, "say --force to redrive it untried")
        return None


def _by_shape(letter: Letter) -> Refusal | None:
    """Refuse what cannot be sent as it lies there."""
    if letter.stage == UNKNOWN:
        return Refusal(Verdict.STRANGER, letter.error, "find out who writes there; then discard it")
    if letter.reference:
        why = f"its bytes do not lie here ({letter.left_out}): {letter.spot} had them"
        return Refusal(Verdict.REFERENCE, why, _ANEW)
    size = size_of(letter.key, letter.value, letter.headers)
    if size > FORWARDED_BYTES:
        why = f"{size} bytes, more than the {FORWARDED_BYTES} that any topic takes"
        return Refusal(Verdict.TOO_LARGE, why, _ANEW)
    return None


_ANEW = "have its sender send it anew, smaller; then discard it"
_AGAIN = "what died again has a letter of its own; look with `qosresolve dead-letters list --each`"


def discards(book: Book, letters: Iterable[Letter]) -> tuple[list[Letter], list[Letter]]:
    """Return which letters can be discarded, and which were decided about already."""
    open_: list[Letter] = []
    done: list[Letter] = []
    for letter in letters:
        (open_ if book.standing(letter) == OPEN else done).append(letter)
    return open_, done
