"""The timer's alarms: one a report or watch, by due time. Pure bookkeeping; no broker, no clock.

An alarm is settled when its record comes again with a higher number, or is removed. Until then it may be
fired again, which is harmless.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

Key = tuple[str, str]  # product id, report id or empty for the watch


@dataclass(slots=True)
class Alarm:
    """One armed alarm; `due` in ms, UTC, `offset` where its deadline lies.

    `fired_at` is by a clock that only passes: due times follow a clock that is corrected.
    """

    key: Key
    number: int
    due: int
    fired_at: int | None = None
    offset: int = -1


class Alarms:
    """The alarms of one partition. The last record of a key is the truth, whatever its number."""

    def __init__(self) -> None:
        self._armed: dict[Key, Alarm] = {}
        self._heap: list[tuple[int, Key, int]] = []
        self._unsettled: dict[Key, Alarm] = {}

    def __len__(self) -> int:
        """Return the number of armed alarms."""
        return len(self._armed)

    def arm(self, key: Key, number: int, due: int) -> None:
        """Set or move an alarm; the same record read again leaves it as it is, fired or not."""
        old = self._armed.get(key)
        if old is not None and (old.number, old.due) == (number, due):
            return
        self._unsettled.pop(key, None)
        self._armed[key] = Alarm(key, number, due)
        heapq.heappush(self._heap, (due, key, number))

    def disarm(self, key: Key) -> None:
        """Forget an alarm: its record was removed, or has nothing due."""
        self._armed.pop(key, None)
        self._unsettled.pop(key, None)

    def due(self, now: int, limit: int) -> Iterator[Alarm]:
        """Yield, once each, the alarms due by an instant, oldest first, at most `limit`."""
        while self._heap and limit and self._heap[0][0] <= now:
            due, key, number = heapq.heappop(self._heap)
            alarm = self._armed.get(key)
            if alarm is not None and (alarm.due, alarm.number) == (due, number) and alarm.fired_at is None:
                limit -= 1
                yield alarm

    def fired(self, alarm: Alarm, instant: int) -> None:
        """Note that a deadline was sent."""
        alarm.fired_at, alarm.offset = instant, -1
        self._unsettled[alarm.key] = alarm

    def overlooked(self, now: int, fired_by: int, consumed: int) -> list[Alarm]:
        """Return what is due, was fired by then, was consumed (or never delivered), and is not settled."""
        return [
            alarm
            for alarm in self._unsettled.values()
            if alarm.due <= now
            and alarm.fired_at is not None
            and alarm.fired_at <= fired_by
            and alarm.offset < consumed
        ]

    @property
    def oldest_due(self) -> int | None:
        """Return the earliest due time of anything armed and not settled."""
        waiting = min((alarm.due for alarm in self._unsettled.values()), default=None)
        coming = self._heap[0][0] if self._heap else None
        known = [due for due in (waiting, coming) if due is not None]
        return min(known, default=None)

    @property
    def next_due(self) -> int | None:
        """Return when the next alarm is to be fired; it may be one that was moved since."""
        return self._heap[0][0] if self._heap else None
