"""The timer's alarms: one a report or watch, by due time. Pure bookkeeping; no broker, no clock.

An alarm is settled when its record comes again with a higher number, or is removed. Until then it may be
fired again, which is harmless; every time it waits twice as long, so that one nobody settles is no flood.

A million of them are held at some 200 bytes each: a key, one integer, a place in the schedule. Only what was
fired and is not settled has an object of its own, and waits in the order of its firing: of each queue only
the first is ever looked at.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from qosresolve.kafka.schedule import SLACK, Key, Schedule

IN_FLIGHT, FAILED = -2, -1  # where a deadline lies that lies nowhere (yet)
DOUBLINGS = 7  # of the wait before an alarm is fired again
_DUE_BITS = 44  # ms until the year 2527
_DUE = (1 << _DUE_BITS) - 1


def key_of(product: bytes, report: bytes = b"") -> Key:
    """Return the key of a report's alarm, or of the watch's: product id, slash, report id or nothing."""
    return product + b"/" + report


@dataclass(slots=True)
class Alarm:
    """One alarm that is fired; `due` in ms, UTC, `offset` where its deadline lies.

    `fired_at` is in ms by a clock that only passes: due times follow a clock that is corrected.
    """

    key: Key
    number: int
    due: int
    times: int = 0
    fired_at: int = 0
    offset: int = IN_FLIGHT

    def again(self, instant: int) -> "Alarm":
        """Return the next firing of the same alarm, at an instant."""
        return Alarm(self.key, self.number, self.due, self.times + 1, instant)

    @property
    def names(self) -> tuple[str, str]:
        """Return product id and report id, the latter empty for the watch."""
        product, _, report = self.key.decode(errors="replace").rpartition("/")
        return product, report


@dataclass(slots=True)
class Unsettled:
    """What was fired and is not settled, by how often it was, in order of firing; and what failed."""

    by_key: dict[Key, Alarm] = field(default_factory=dict)
    queues: tuple[deque[Alarm], ...] = field(
        default_factory=lambda: tuple(deque[Alarm]() for _ in range(DOUBLINGS + 1))
    )
    failed: deque[Alarm] = field(default_factory=deque)
    oldest: list[tuple[int, Key]] = field(default_factory=list)  # a heap

    def add(self, alarm: Alarm) -> None:
        """Take in an alarm that was just fired, for the first time or again."""
        if alarm.key not in self.by_key:
            heapq.heappush(self.oldest, (alarm.due, alarm.key))
        self.by_key[alarm.key] = alarm
        self.queues[min(alarm.times - 1, DOUBLINGS)].append(alarm)
        if len(self.oldest) > 2 * len(self.by_key) + SLACK:
            self.oldest = [(known.due, key) for key, known in self.by_key.items()]
            heapq.heapify(self.oldest)

    def remove(self, key: Key) -> None:
        """Forget an alarm; its places in the queues are worthless now."""
        self.by_key.pop(key, None)

    def has(self, alarm: Alarm) -> bool:
        """Tell whether this very firing is the last one of its key."""
        return self.by_key.get(alarm.key) is alarm

    @property
    def oldest_due(self) -> int | None:
        """Return the earliest due time."""
        while self.oldest:
            due, key = self.oldest[0]
            alarm = self.by_key.get(key)
            if alarm is not None and alarm.due == due:
                return due
            heapq.heappop(self.oldest)
        return None


class Alarms:
    """The alarms of one partition. The last record of a key is the truth, whatever its number."""

    def __init__(self) -> None:
        self._armed: dict[Key, int] = {}  # number and due time
        self._schedule = Schedule(self._due_of)
        self._unsettled = Unsettled()

    def __len__(self) -> int:
        """Return the number of armed alarms, fired or not."""
        return len(self._armed)

    def arm(self, key: Key, number: int, due: int) -> None:
        """Set or move an alarm; the same record read again leaves it as it is, fired or not.

        Raises ValueError for what can be no alarm.
        """
        if number < 0 or not 0 <= due <= _DUE:
            raise ValueError(f"alarm {number} is due at {due}")
        packed = number << _DUE_BITS | due
        old = self._armed.get(key)
        if old == packed:
            return
        if old is not None:
            del self._armed[key]  # else the dictionary would keep the old key beside the one in the schedule
            self._unsettled.remove(key)
        self._armed[key] = packed
        self._schedule.add(key, due)
        if old is not None:
            self._tidy()

    def disarm(self, key: Key) -> None:
        """Forget an alarm: its record was removed, or has nothing due."""
        if self._armed.pop(key, None) is not None:
            self._unsettled.remove(key)
            self._tidy()

    def _due_of(self, key: Key) -> int | None:
        packed = self._armed.get(key)
        return None if packed is None or key in self._unsettled.by_key else packed & _DUE

    def _tidy(self) -> None:
        self._schedule.tidy(len(self._armed) - len(self._unsettled.by_key), self._to_fire)

    def _to_fire(self) -> Iterator[tuple[Key, int]]:
        fired = self._unsettled.by_key
        return ((key, packed & _DUE) for key, packed in self._armed.items() if key not in fired)

    def due(self, now: int, limit: int) -> Iterator[Alarm]:
        """Yield, once each, the alarms due by an instant, oldest first, at most `limit`.

        Say `fired` of each before asking for the next; stop where one could not be sent.
        """
        for _ in range(limit):
            alarm = self.one(now)
            if alarm is None:
                return
            yield alarm

    def one(self, now: int | None) -> Alarm | None:
        """Return what is due first by an instant; without one, any of those that are due soonest."""
        found = self._schedule.first(now) if now is not None else self._schedule.some()
        return None if found is None else Alarm(found[1], self._armed[found[1]] >> _DUE_BITS, found[0])

    @staticmethod
    def delivered(firing: Alarm, offset: int) -> None:
        """Note where a deadline lies."""
        firing.offset = offset

    def fired(self, firing: Alarm) -> None:
        """Note that a deadline was sent: `again` of what `due`, `overlooked` or `one` gave."""
        self._unsettled.add(firing)

    def failed(self, alarm: Alarm, instant: int) -> None:
        """Note that a deadline could not be delivered: after the wait it is fired again."""
        alarm.offset, alarm.fired_at, alarm.times = FAILED, instant, alarm.times - 1
        if self._unsettled.has(alarm):
            self._unsettled.failed.append(alarm)

    def early(self, alarm: Alarm) -> None:
        """Note that a deadline came too early to be settled: it is fired anew at its time."""
        if self._unsettled.has(alarm):
            self._unsettled.remove(alarm.key)
            self._schedule.add(alarm.key, alarm.due)

    def overlooked(self, instant: int, wait: int, consumed: int, limit: int) -> Iterator[Alarm]:
        """Yield what waited long enough, was consumed (or failed) and is not settled, at most `limit`.

        Say `fired` of each before asking for the next; stop where one could not be sent.
        """
        unsettled = self._unsettled
        waits = [(queue, wait << times) for times, queue in enumerate(unsettled.queues)]
        for queue, patience in [(unsettled.failed, wait), *waits]:
            while limit > 0 and queue:
                alarm = queue[0]
                if not unsettled.has(alarm) or (alarm.offset == FAILED and queue is not unsettled.failed):
                    queue.popleft()  # settled, or it waits elsewhere
                elif alarm.fired_at + patience > instant or not FAILED <= alarm.offset < consumed:
                    break  # and nothing behind it is ready: it was fired later, and lies further up
                else:
                    limit -= 1
                    yield alarm

    @property
    def oldest_due(self) -> int | None:
        """Return the earliest due time of anything armed and not settled."""
        known = (self._unsettled.oldest_due, self._schedule.next_due)
        return min((due for due in known if due is not None), default=None)

    @property
    def next_due(self) -> int | None:
        """Return when to look next; it may be for an alarm that was moved since."""
        return self._schedule.next_due
