"""Every letter with what was decided about it, in one reading of the dead-letter topic.

Values and headers are kept only of those that are wanted, and only so many bytes: a flood has no bound.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from sys import intern

from qosresolve.core.record import changed
from qosresolve.errors import ConfigError
from qosresolve.kafka.dead_letters import size_of
from qosresolve.kafka.reading import read_all
from qosresolve.replay.dead.letters import Id, Letter, Resolution, Spot, read
from qosresolve.replay.reports import places
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTERS, INPUTS, Names

OPEN = "open"
LONGEST = 1_000  # redrives of one record, far beyond any cap on attempts
MOST_BYTES = 256 * 1024 * 1024  # of letters in memory
Progress = Callable[[int, int], None]  # offsets read, offsets expected
Takes = Callable[[Letter], bool]


@dataclass
class Book:
    """Letters and resolutions as they were read."""

    letters: dict[Id, Letter] = field(default_factory=dict)
    resolutions: dict[Id, Resolution] = field(default_factory=dict)
    _sent: dict[Spot, Id] = field(default_factory=dict)

    def add(self, found: Letter | Resolution) -> None:
        """Take the next record; of two resolutions the later one holds."""
        if isinstance(found, Letter):
            self.letters[found.id] = found
            return
        self.resolutions[found.of] = found
        if found.to is not None:
            self._sent[found.to] = found.of

    def standing(self, letter: Letter) -> str:
        """Return `open`, `redriven` or `discarded`."""
        known = self.resolutions.get(letter.id)
        return OPEN if known is None else known.what

    def origin(self, spot: Spot) -> Spot:
        """Return where the record at a place lay the very first time, before anybody redrove it."""
        for _ in range(LONGEST):
            before = self.letters.get(self._sent[spot]) if spot in self._sent else None
            if before is None:
                break
            spot = before.spot
        return spot

    def in_order(self, letters: list[Letter], names: Names) -> list[Letter]:
        """Return letters as their records first lay: by topic, partition, offset."""
        ranks = {name: rank for rank, name in enumerate(names.inputs)}

        def rank(letter: Letter) -> tuple[int, Spot]:
            first = self.origin(letter.spot)
            return ranks.get(first.topic, len(INPUTS)), first

        return sorted(letters, key=rank)


def read_book(settings: Settings, keep: Takes | None = None, progress: Progress | None = None) -> Book:
    """Return all that lies on the dead-letter topic, whole for what `keep` takes.

    Raises ConfigError where that is more than fits into memory, or there is no such topic.
    """
    book, kept = Book(), 0
    for found in _found(settings, progress):
        if isinstance(found, Letter):
            if keep is not None and keep(found):
                kept += size_of(found.key, found.value, found.headers)
                _bounded(kept)
                book.add(found)
            else:
                book.add(_slim(found))
        else:
            book.add(found)
    return book


def _found(settings: Settings, progress: Progress | None) -> Iterator[Letter | Resolution]:
    for message in read_all(settings, places(settings, DEAD_LETTERS), progress=progress):
        yield read(message)


def _slim(letter: Letter) -> Letter:
    return changed(letter, value=None, headers=(), error=intern(letter.error))


def _bounded(kept: int) -> None:
    if kept > MOST_BYTES:
        raise ConfigError(
            f"what was chosen takes more than {MOST_BYTES >> 20} MiB",
            remedy="go on in parts: --topic, --reason, --product, --since and --until choose fewer",
        )
