"""The two accounts of a record side by side: what the journal makes of it, and what lies on its topic.

A transaction writes an entry for every input, and each record that changed once, as its last entry left it.
So the values on the topic are some of the values that the journal gives, in their order, and the last of each
transaction is among them. Both topics are read at their own pace: what one says first waits for the other. It
is a difference when it still waits after both were read to a common point, the ends seen after it was read.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from qosresolve.contracts.headers import Alarm
from qosresolve.errors import PoisonRecordError, RetriableError
from qosresolve.replay.audit import Name
from qosresolve.replay.differences import Mismatch, Record, mismatch
from qosresolve.replay.live.store import Store

NEVER = sys.maxsize  # a step that was told as a difference already
KEPT = 16  # steps remembered of a record that differs and goes on


@dataclass(slots=True)
class Step:
    """A value that the journal gives a record, None once it is removed. `mark`: read before that mark."""

    record: Record | None
    mark: int


@dataclass(slots=True)
class Seen:
    """A record as it lies on its topic, None for a tombstone; `record` what it says, once somebody asked."""

    value: bytes | None
    alarm: Alarm | None
    offset: int
    mark: int
    record: Record | None = None
    read: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One record that differs; `offset` where it lies, -1 where it should lie and does not."""

    name: Name
    mismatch: Mismatch | None  # None: its bytes cannot be read
    offset: int


@dataclass(slots=True)
class Track:
    """One record while its two accounts are apart."""

    steps: list[Step] = field(default_factory=list)
    seen: deque[Seen] = field(default_factory=deque)


Matched = Callable[[Name, Record | None, Seen], None]


class Tracks:
    """All records of a partition: the last value on which both accounts agree, and what came since."""

    def __init__(self, store: Store, matched: Matched) -> None:
        self._store = store
        self._matched = matched
        self._open: dict[Name, Track] = {}

    def __len__(self) -> int:
        """Return the number of records whose accounts are apart."""
        return len(self._open)

    def current(self, name: Name) -> Record | None:
        """Return a record as the journal has it now."""
        track = self._open.get(name)
        return track.steps[-1].record if track is not None and track.steps else self._store.get(name)

    def told(self, name: Name, record: Record | None, mark: int) -> None:
        """Take the value that an entry gives a record."""
        track = self._open.setdefault(name, Track())
        track.steps.append(Step(record, mark))
        if track.steps[0].mark == NEVER:
            del track.steps[1:-KEPT]
        self._try(name, track)

    def lies(self, name: Name, seen: Seen) -> None:
        """Take a record of the report or watch topic."""
        track = self._open.setdefault(name, Track())
        track.seen.append(seen)
        self._try(name, track)

    def judge(self, mark: int) -> Iterator[Found]:
        """Yield what differs, now that both topics were read to what lay there at a mark.

        What is on the state topics only is judged at once. What is in the journal only waits for another
        mark: its record may have been compacted away, for one that lies behind this mark.

        Raises RetriableError; what was not yielded by then is judged the next time.
        """
        for name, track in list(self._open.items()):
            if _waits(track, mark):
                yield from self._judged(name, track, mark)

    def _judged(self, name: Name, track: Track, mark: int) -> Iterator[Found]:
        self._settle(name, track)
        while track.seen and track.seen[0].mark <= mark:
            yield self._unexplained(name, track)
            self._settle(name, track)
        if track.seen:
            return  # it may be what the next entries lead to
        stored = self._store.get(name)
        self._agreed(name, track, stored, mark - 1)
        led_back = any(step.record == stored for step in track.steps)  # by what was read since
        if track.steps and track.steps[0].mark < mark and not led_back:
            young = [step for step in track.steps if step.mark >= mark]
            told = track.steps[-len(young) - 1].record
            track.steps[:] = [Step(told, NEVER), *young]
            yield Found(name, mismatch(*name, told, stored), -1)

    def _unexplained(self, name: Name, track: Track) -> Found:
        seen = track.seen[0]
        stored = self._read(name, seen)
        readable = stored is not None or seen.value is None
        differs = mismatch(*name, self.current(name), stored) if readable else None
        track.seen.popleft()
        return Found(name, differs, seen.offset)

    def _agreed(self, name: Name, track: Track, stored: Record | None, mark: int) -> None:
        """Drop the steps that led back to what lies there: a watch may come and go in one transaction."""
        same = [at for at, step in enumerate(track.steps) if step.mark <= mark and step.record == stored]
        if same:
            del track.steps[: same[-1] + 1]
        self._close(name, track)

    def drop(self, name: Name) -> None:
        """Follow a record no further; what lies there last is what there is."""
        track = self._open.pop(name, None)
        if track is not None and track.seen:
            self._store.put(name, track.seen[-1].value)

    # -- matching

    def _try(self, name: Name, track: Track) -> None:
        """Match at once what can be; what cannot be read for now is left to the common point."""
        with suppress(RetriableError):
            self._settle(name, track)

    def _settle(self, name: Name, track: Track) -> None:
        """Match what lies on the topic with what the journal says, as far as it goes."""
        while track.seen:
            seen = track.seen[0]
            at = self._place(name, track.steps, seen)
            if at is None:
                return
            record = self._store.get(name) if at < 0 else track.steps[at].record
            del track.steps[: at + 1]
            track.seen.popleft()
            self._store.put(name, seen.value, record)
            self._matched(name, record, seen)
        self._close(name, track)

    def _place(self, name: Name, steps: list[Step], seen: Seen) -> int | None:
        """Return which step a record on the topic is, -1 for the value agreed on, None for none of them.

        A report never has a value twice, and most often it is the newest step: that is compared as bytes. A
        watch may, over its lives: the earliest is right.
        """
        if self._store.raw(name) == seen.value:
            return -1
        if seen.value is None:
            return next((at for at, step in enumerate(steps) if step.record is None), None)
        if name[1] and steps and not seen.read and self._store.same(steps[-1].record, seen.value):
            return len(steps) - 1
        record = self._read(name, seen)
        if record is None:
            return None
        if _equal(self._store.get(name), record):
            return -1
        return next((at for at, step in enumerate(steps) if _equal(step.record, record)), None)

    def _read(self, name: Name, seen: Seen) -> Record | None:
        """Return what a record on the topic says, None where nobody can tell. Raises RetriableError."""
        if not seen.read and seen.value is not None:
            with suppress(PoisonRecordError):
                seen.record = self._store.read(name, seen.value)
        seen.read = True
        return seen.record

    def _close(self, name: Name, track: Track) -> None:
        if not track.steps and not track.seen:
            self._open.pop(name, None)


def _equal(one: Record | None, other: Record) -> bool:
    return one is not None and one.revision == other.revision and one == other


def _waits(track: Track, mark: int) -> bool:
    """Tell whether something in here was read before a mark."""
    first = track.seen[0].mark if track.seen else NEVER
    return first <= mark or bool(track.steps and track.steps[0].mark < mark)
