"""Which record was being taken when the process died, so that one record cannot make a crash loop.

A fault in C code, a kill for want of memory, or a hang that the watchdog ends cannot be caught. So the loop
notes the place of each record in a small file, which the kernel keeps when the process dies. The next process
finds the note: a record that ends a child too, or under which the process died `DEATHS` times, is buried
without being read. The file is a hint: whoever loses it, or another worker that takes over, counts anew.
"""

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import structlog
from confluent_kafka import Message

from qosresolve.errors import ConfigError, PoisonRecordError
from qosresolve.kafka.note import CHECKING, PLACE, READING, SIZE, WRITING, Note, at, parts
from qosresolve.kafka.suspect_file import default_path, mapped
from qosresolve.settings import Settings
from qosresolve.topics import PARTITION, Names

DEATHS = 3  # at one record, without getting past it
RUNBOOK = "docs/runbooks/crashing-record.md"
SURVIVED, PROVEN = 1, 2  # what a child came to

_ANY = Names("")
_MAGIC = int.from_bytes(b"QOSSUSP1", "little")
_FIRST, _COLUMNS, _MOST = 8, 5, 32  # where the rows begin; place and phase, offset, deaths, digest, verdict


@dataclass(slots=True)
class Suspect:
    """A record at which the process died. `digest` is the record's, 0 while nobody has read it."""

    topic: int
    partition: int
    offset: int
    phase: int
    deaths: int = 0
    digest: int = 0
    verdict: int = 0

    @property
    def guilty(self) -> bool:
        """True when it is not to be read again; a state that cannot be read is not the record's fault."""
        return self.verdict == PROVEN or (self.deaths >= DEATHS and self.phase != READING)

    def error(self) -> PoisonRecordError:
        """Return why it is buried."""
        proof = "and a child that only read it" if self.verdict == PROVEN else "each time it was taken"
        return PoisonRecordError(
            f"it ended the process {self.deaths} times, {proof}: not read again",
            stage="crash",
            remedy=f"see {RUNBOOK}: mend the reader, then redrive",
        )


class Suspects:
    """The note of this process, and the records that ended those before it."""

    def __init__(self, names: Names = _ANY, words: memoryview | None = None) -> None:
        self.note = Note(words)
        self.careful: frozenset[int] = frozenset()  # partitions whose reports are looked at one by one
        self.newest: Suspect | None = None  # where the last process died
        self._topics = (*names.inputs, names.of(PARTITION))
        self._words = self.note.words
        self._rows = self._read()
        self._file: tuple[int, Path] | None = None
        self._count()

    def keep(self, descriptor: int, path: Path) -> None:
        """Take over the file that this lies in."""
        self._file = (descriptor, path)

    def close(self) -> None:
        """Let go of the file; one that says nothing is removed."""
        if self._file is None:
            return
        (descriptor, path), self._file = self._file, None
        if not self._rows and not self._words[PLACE]:
            path.unlink(missing_ok=True)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    # -- at the start

    def _count(self) -> None:
        """Make what the last process left behind a death at a record, or in the writing of a batch."""
        topic, partition, phase = parts(self._words[PLACE])
        if phase == WRITING:
            self.careful = frozenset((partition,))
        elif phase and topic < len(self._topics):
            offset = self._words[PLACE + 1]
            row = self._find(topic, partition, offset) or Suspect(topic, partition, offset, phase)
            self._rows = [*(item for item in self._rows if item is not row), row][-_MOST:]
            row.deaths += 1
            row.phase = phase
            self.newest = row
        self.careful |= {row.partition for row in self._rows if row.phase == CHECKING}
        self._write()
        self.note.clear()

    @property
    def unread(self) -> list[Suspect]:
        """Return those that a child has still to read."""
        return [row for row in self._rows if not row.verdict and row.phase != READING]

    @property
    def known(self) -> list[Suspect]:
        """Return all of them, the newest last."""
        return list(self._rows)

    def reading(self, partition: int, offset: int) -> None:
        """Note that the record is read that says where a partition's inputs were."""
        self.note.set(at(partition, len(self._topics) - 1, READING), offset)

    def topic(self, suspect: Suspect) -> str:
        """Return the full name of the topic that a suspect lies in."""
        return self._topics[suspect.topic]

    def judge(self, suspect: Suspect, digest: int, verdict: int) -> None:
        """Note what a child came to."""
        suspect.digest, suspect.verdict = digest, verdict
        self._write()

    def drop(self, *suspects: Suspect) -> None:
        """Forget some: they were got past, or are not there any more."""
        self._rows = [row for row in self._rows if row not in suspects]
        self._write()

    # -- in the loop

    def of(self, partition: int, positions: Mapping[str, int]) -> dict[tuple[str, int], Suspect]:
        """Return a partition's suspects by topic and offset; those that were got past are forgotten."""
        mine = [row for row in self._rows if row.partition == partition]
        past = [row for row in mine if row.offset < positions.get(self.topic(row), row.offset + 1)]
        if past:
            self.drop(*past)
        return {(self.topic(row), row.offset): row for row in mine if row not in past}

    def is_it(self, suspect: Suspect, message: Message) -> bool:
        """Tell whether a record is the one that was meant; forget the suspect where it is another."""
        digest = digest_of(message)
        if not suspect.digest:  # nobody could read it before: from now on it is known
            suspect.digest = digest
            self._write()
            return False
        if suspect.digest != digest:
            self.drop(suspect)
        return suspect.digest == digest

    # -- the file

    def _find(self, topic: int, partition: int, offset: int) -> Suspect | None:
        where = (topic, partition, offset)
        return next((row for row in self._rows if (row.topic, row.partition, row.offset) == where), None)

    def _read(self) -> list[Suspect]:
        words = self._words
        if words[0] != _MAGIC:  # new, or another version's
            words[:] = memoryview(bytes(SIZE)).cast("q")
            words[0] = _MAGIC
        rows = []
        for start in range(_FIRST, _FIRST + _MOST * _COLUMNS, _COLUMNS):
            place, offset, deaths, digest, verdict = words[start : start + _COLUMNS]
            topic, partition, phase = parts(place)
            if phase and deaths > 0 and topic < len(self._topics):
                rows.append(Suspect(topic, partition, offset, phase, deaths, digest, verdict))
        return rows

    def _write(self) -> None:
        rows = self._rows + [None] * (_MOST - len(self._rows))
        for number, row in enumerate(rows):
            start = _FIRST + number * _COLUMNS
            self._words[start] = 0  # half a row is none
            if row is not None:
                held = (row.offset, row.deaths, row.digest, row.verdict)
                for column, word in enumerate(held, start + 1):
                    self._words[column] = word
                self._words[start] = at(row.partition, row.topic, row.phase)


def digest_of(message: Message) -> int:
    """Return what tells a record from another that lies at the same place of a topic made anew."""
    digest = blake2b(b"%d" % message.timestamp()[1], digest_size=8)
    for part in (message.key(), message.value()):
        digest.update(b"-" if part is None else b"%d:" % len(part))
        digest.update(part or b"")
    return int.from_bytes(digest.digest(), "little", signed=True) or 1


# -- where it lies


def opened(settings: Settings) -> Suspects:
    """Return the suspects of this slot. Raises ConfigError where the settings name a file that cannot be."""
    names = Names(settings.prefix)
    if settings.suspect_file == "" or settings.broker == "embedded":
        return Suspects(names)
    path = Path(settings.suspect_file) if settings.suspect_file else default_path(settings)
    try:
        descriptor, words = mapped(path)
    except BlockingIOError:
        _without(path, "another process of this slot has it")
    except OSError as error:
        if settings.suspect_file:
            raise ConfigError(
                f"cannot keep notes in {path}: {error}",
                setting="suspect_file",
                remedy="name a file in a directory of our own that can be written, or set it empty",
            ) from error
        _without(path, str(error))
    else:
        suspects = Suspects(names, words)
        suspects.keep(descriptor, path)
        return suspects
    return Suspects(names)


def _without(path: Path, why: str) -> None:
    structlog.get_logger(role="worker").warning(
        "no suspect file: a record that ends the process will not be found out", path=str(path), why=why
    )
