"""Was anything applied since that comes after a buried record? Told from journal entries. Pure.

Redriven now, a record is taken after all that was taken meanwhile. That changes the order where an entry of
the same key was caused by a record that lay behind it: of the same product and topic, and for a degradation
of the same indicator, for an answer of the same obligation. Where the two lay in different partitions no
offset says which came first, so instants do.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from qosresolve.contracts.limits import CONTROL
from qosresolve.core.facts import DeadLettered, Entry, Fact
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Input
from qosresolve.replay.dead.letters import Id, Letter, Spot

SHOWN = 3  # later entries that are kept of a letter; the rest is counted

Key = tuple[str, ...]


@dataclass(slots=True)
class Question:
    """A letter whose record may have been overtaken: `first` is where it lay the very first time."""

    letter: Letter
    first: Spot
    at: int
    key: Key
    found: list[Entry] = field(default_factory=list)
    count: int = 0

    def ask(self, entry: Entry, spot: Spot, keys: frozenset[Key]) -> None:
        """Take one entry of the product: `spot` is where its record lay first, `keys` what it touched."""
        if spot == self.first or spot.topic != self.first.topic or (self.key and self.key not in keys):
            return
        if spot.partition == self.first.partition:
            behind = spot.offset > self.first.offset
        else:
            behind = entry.now > self.at
        if behind:
            self.count += 1
            self.found = [*self.found, entry][-SHOWN:]


class Overtaken:
    """Questions about letters, put to the journal while it is read."""

    def __init__(self, origin: Callable[[Spot], Spot]) -> None:
        self._origin = origin
        self._of: dict[str, list[Question]] = defaultdict(list)
        self._of_control: dict[int, list[Question]] = defaultdict(list)
        self._by_id: dict[Id, Question] = {}

    def add(self, letter: Letter, body: Input | None) -> None:
        """Ask about a letter; without a body it is known by its key alone."""
        question = Question(letter, self._origin(letter.spot), _instant(letter, body), _key(body))
        self._by_id[letter.id] = question
        if is_control(body):
            self._of_control[letter.spot.partition].append(question)
        else:
            self._of[body.product_id if body else letter.product].append(question)

    def take(self, entry: Entry) -> None:
        """Put every question of its product to an entry that did something."""
        control = entry.outcome == "control"
        questions = self._of_control[entry.cause.partition] if control else self._of.get(entry.product_id)
        if not questions or not _did(entry.facts):
            return
        spot = self._origin(Spot(entry.cause.topic, entry.cause.partition, entry.cause.offset))
        keys = frozenset(key for fact in entry.facts for key in _touched(fact))
        for question in questions:
            question.ask(entry, spot, keys)

    def of(self, letter: Letter) -> Question:
        """Return what was found about a letter."""
        return self._by_id[letter.id]


def is_control(body: Input | None) -> bool:
    """Tell whether an input is for its partition, not for a product."""
    return isinstance(body, Command) and body.verb in CONTROL


def _did(facts: Iterable[Fact]) -> bool:
    return any(not isinstance(fact, DeadLettered) for fact in facts)


def _key(body: Input | None) -> Key:
    match body:
        case Degradation():
            return body.indicator, body.object_id
        case Answer():
            return (body.obligation_id,)
        case _:
            return ()


def _touched(fact: Fact) -> Iterable[Key]:
    """Yield the indicators and the obligation that a fact is about."""
    of = getattr(fact, "indicator", None)  # a row, or its name
    if isinstance(of, str):
        yield of, getattr(fact, "object_id", "")
    elif of is not None:
        yield of.name, of.object_id
    waiting = getattr(fact, "waiting", None)
    sample = waiting.event if waiting is not None else getattr(fact, "abatement", None)
    if sample is not None:
        yield sample.indicator, sample.object_id
    obligation = getattr(fact, "obligation_id", "")
    if obligation:
        yield (obligation,)


def _instant(letter: Letter, body: Input | None) -> int:
    """Return when a record was written at the latest: what it says itself, or when it was buried."""
    match body:
        case Degradation():
            return min(letter.at, body.observed_at)
        case Command():
            return min(letter.at, body.issued_at)
        case Answer():
            return min(letter.at, body.at)
        case Deadline():
            return min(letter.at, body.due)
        case _:
            return letter.at
