"""Deadlines that fell due and that nobody settles: the timer or the worker does not do its work.

Alarms are read from headers, as the timer reads them. The brokers' time is our clock, less the least by which
any entry was behind it when it was read: so a clock that runs ahead finds nothing overdue.
"""

import time
from collections.abc import Callable, Iterator

from qosresolve.contracts.headers import Alarm
from qosresolve.kafka.broker_clock import STEP_MS, Look
from qosresolve.kafka.schedule import Key, Schedule


class EntryClock:
    """The brokers' time as the journal tells it; our own as long as it tells nothing."""

    def __init__(
        self,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._least: int | None = None
        self._between = self._read().between

    def heard(self, at: int) -> None:
        """Take the broker time of an entry that was just read."""
        behind = self._look().wall - at
        self._least = behind if self._least is None else min(self._least, behind)

    def now(self) -> int:
        """Return the brokers' time in ms, at most the real one by as much as an entry takes to be read."""
        return self._look().wall - (self._least or 0)

    def _look(self) -> Look:
        """A step of our clock makes what was learned worthless."""
        look = self._read()
        if abs(look.between - self._between) > STEP_MS:
            self._least = None
        self._between = look.between
        return look

    def _read(self) -> Look:
        return Look(self._wall(), round(self._steady() * 1000))


class Overdue:
    """The alarms of one partition, and which of them are overdue by more than is allowed."""

    def __init__(self) -> None:
        self._armed: dict[Key, Alarm] = {}
        self._schedule = Schedule(self._ahead)
        self._due: dict[Key, Alarm] = {}  # what fell due and is not settled
        self._told: set[Key] = set()
        self.oldest: int | None = None  # due time in ms of what fell due first

    def arm(self, key: Key, alarm: Alarm | None) -> None:
        """Take the alarm of a record, None where it has none or is removed."""
        if self._armed.get(key) == alarm:
            return
        self._due.pop(key, None)
        self._told.discard(key)
        if alarm is None:
            del self._armed[key]
        else:
            self._armed[key] = alarm
            self._schedule.add(key, alarm.due)
        self._schedule.tidy(len(self._armed) - len(self._due), self._coming)

    def _ahead(self, key: Key) -> int | None:
        alarm = self._armed.get(key)
        return None if alarm is None or key in self._due else alarm.due

    def _coming(self) -> Iterator[tuple[Key, int]]:
        return ((key, alarm.due) for key, alarm in self._armed.items() if key not in self._due)

    def look(self, now: int, allowed_ms: int) -> int:
        """Return how many became overdue since the last look."""
        while (first := self._schedule.first(now)) is not None:
            key = first[1]
            self._due[key] = self._armed[key]
        self.oldest = min((alarm.due for alarm in self._due.values()), default=None)
        overdue = {key for key, alarm in self._due.items() if alarm.due <= now - allowed_ms}
        fresh = len(overdue - self._told)
        self._told = overdue
        return fresh

    @property
    def count(self) -> int:
        """Return how many are overdue by more than is allowed."""
        return len(self._told)
