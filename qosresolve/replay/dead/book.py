"""Every letter with what was decided about it, in one reading of the dead-letter topic.

Bytes and headers are read a second time, of those alone that are wanted: a flood has no bound.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
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


def read_book(settings: Settings, progress: Progress | None = None) -> Book:
    """Return all that lies on the dead-letter topic, letters without their bytes and headers.

    Raises ConfigError where there is no such topic.
    """
    book = Book()
    for message in read_all(settings, places(settings, DEAD_LETTERS), progress=progress):
        found = read(message)
        book.add(_slim(found) if isinstance(found, Letter) else found)
    return book


def whole(settings: Settings, letters: Sequence[Letter], progress: Progress | None = None) -> list[Letter]:
    """Return letters again, with their bytes and headers.

    Raises ConfigError where that is more than fits into memory, or one has gone with the topic's retention.
    """
    _bounded(sum(letter.size for letter in letters))
    found: dict[Id, Letter] = {}
    for letter in _found(settings, {letter.id for letter in letters}, _since(letters), progress):
        found[letter.id] = letter
    missing = [str(letter.id) for letter in letters if letter.id not in found]
    if missing:
        raise ConfigError(f"gone with the topic's retention meanwhile: {', '.join(missing)}", setting="ID")
    return [found[letter.id] for letter in letters]


def _found(
    settings: Settings, wanted: AbstractSet[Id], since: int | None, progress: Progress | None
) -> Iterator[Letter]:
    """Yield these letters; what lies before the first of them is not read."""
    everywhere, kept = places(settings, DEAD_LETTERS), 0
    where = [everywhere[number] for number in sorted({each.partition for each in wanted})]
    for message in read_all(settings, where, progress=progress, since=since):
        if (message.partition(), message.offset()) in wanted:
            letter = read(message)
            if isinstance(letter, Letter):
                kept += size_of(letter.key, letter.value, letter.headers)
                _bounded(kept)
                yield letter


def _since(letters: Sequence[Letter]) -> int | None:
    first = min((letter.at for letter in letters), default=0)
    return first if first > 0 else None  # somebody else's may have no time


def _slim(letter: Letter) -> Letter:
    return changed(letter, value=None, headers=(), error=intern(letter.error))


def _bounded(kept: int) -> None:
    if kept > MOST_BYTES:
        raise ConfigError(
            f"what was chosen takes more than {MOST_BYTES >> 20} MiB",
            remedy="go on in parts: --topic, --error, --product, --since and --until choose fewer",
        )
