"""Letters put together by what is wrong with them: stage, topic, and the error without what differs. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from qosresolve.replay.dead.book import OPEN
from qosresolve.replay.dead.letters import Id, Letter

KIND = 120  # characters of an error that tell its kind

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_HEX = re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}\b")
_DIGITS = re.compile(r"(?<![A-Za-z_])[0-9]+")


@dataclass(slots=True)
class Group:
    """Letters of one reason: how many there are by standing, when the first and last were buried."""

    stage: str
    topic: str
    kind: str
    first: int
    last: int
    example: Id
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """Return how many nobody has decided about."""
        return self.counts.get(OPEN, 0)

    @property
    def total(self) -> int:
        """Return how many there are."""
        return sum(self.counts.values())

    def add(self, letter: Letter, standing: str) -> None:
        """Count one; the example is the newest that is open, else the newest."""
        if letter.at >= self.last and (standing == OPEN or not self.open):
            self.example = letter.id
        self.first, self.last = min(self.first, letter.at), max(self.last, letter.at)
        self.counts[standing] = self.counts.get(standing, 0) + 1


def kind_of(letter: Letter) -> str:
    """Return an error without numbers, quotations and hashes; a fault in the rules keeps its place."""
    if letter.stage == "step":
        return letter.error[:KIND]
    text = _QUOTED.sub("'…'", letter.error)
    return _DIGITS.sub("#", _HEX.sub("#", text))[:KIND]


def grouped(letters: Iterable[tuple[Letter, str]]) -> list[Group]:
    """Return letters, each with its standing, by reason: the largest open group first."""
    groups: dict[tuple[str, str, str], Group] = {}
    for letter, standing in letters:
        key = letter.stage, letter.spot.topic, kind_of(letter)
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(*key, first=letter.at, last=letter.at, example=letter.id)
        group.add(letter, standing)
    return sorted(groups.values(), key=lambda group: (-group.open, -group.total, -group.last))
