"""Open time of a customer's calendar: weekly working hours in a time zone, less holidays.

Scope: which instants are open, how much open time lies between two instants, and when a given amount
of open time has passed. Instants are milliseconds since the Unix epoch in UTC, durations are
milliseconds; both are plain integers. Every instant must fall within the years 1 to 9999.

Out of scope: reading a clock, loading calendars, working out which dates are holidays, and deciding
which promise a customer has. The only thing consulted is the time zone database, through `zoneinfo`.

A local span of opening hours means the set of real instants whose local wall clock lies in it. The walk
therefore goes along UTC, where time never jumps or repeats: each UTC day is cut where the zone changes
its offset, and within each piece the wall clock is the instant plus a constant. Gaps, folds and skipped
dates need no rule of their own.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count, pairwise
from zoneinfo import ZoneInfo

Span = tuple[int, int]

_SECOND = 1_000
_MINUTE = 60 * _SECOND
_DAY = 24 * 60 * _MINUTE
_DAY_MINUTES = 24 * 60
_WEEK_DAYS = 7
_FULL_DAY: tuple[Span, ...] = ((0, _DAY_MINUTES),)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()

# A run of closed days this long is taken for "never": about two years.
_PATIENCE_DAYS = 2 * 366

# Room for a few dozen calendars around the present, or about twenty years of a single one.
_CACHED_DAYS = 8_192


class NeverOpen(ValueError):  # noqa: N818 - the name says the condition; the base class says it is an error
    """The calendar stays closed for about two years on end, so no deadline can be given."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly opening hours in one time zone, less holidays.

    `weekly` holds seven days, Monday first; each day is a sorted run of open spans `[start, end)` in
    minutes of the local day, 0 to 1440, that do not overlap. `holidays` are local ISO dates closed all
    day. `horizon` is the last ISO date up to which holidays were expanded; it does not affect any result.
    """

    name: str
    zone: str
    weekly: tuple[tuple[Span, ...], ...]
    holidays: tuple[str, ...] = ()
    horizon: str = ""
    # Every day whole, without holidays. Worked out; the default lets whoever reads a calendar leave it out.
    always_open: bool = field(default=False, init=False, repr=False, compare=False)
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse hours or holidays that would otherwise be counted wrongly without a word."""
        if len(self.weekly) != _WEEK_DAYS:
            raise ValueError(f"calendar {self.name!r}: expected seven days, got {len(self.weekly)}")
        for spans in self.weekly:
            _check_spans(self.name, spans)
        for holiday in self.holidays:
            _check_holiday(self.name, holiday)
        # Asked for with every deadline, so these are found out once.
        whole = not self.holidays and all(spans == _FULL_DAY for spans in self.weekly)
        object.__setattr__(self, "always_open", whole)
        object.__setattr__(self, "_hash", hash((self.name, self.zone, self.weekly, self.holidays)))

    def __hash__(self) -> int:
        """Return the hash by which a calendar's days are found."""
        return self._hash


def due(calendar: Calendar, start: int, open_time: int) -> int:
    """Return the first instant `t >= start` with `open_time` ms of open time in `[start, t)`.

    No open time is due at once: the answer is `start`, open or not. A promise used up exactly at closing
    time is due at closing time, not at the next opening. A negative `open_time` raises `ValueError`.
    """
    if open_time < 0:
        raise ValueError(f"open time must not be negative, got {open_time}")
    if open_time == 0 or calendar.always_open:
        return start + open_time
    return _spend(_open_from(calendar, start), open_time)


def begin(calendar: Calendar, end: int, open_time: int) -> int:
    """Return the last instant `t <= end` with `open_time` ms of open time in `[t, end)`: `due`, backward."""
    if open_time < 0:
        raise ValueError(f"open time must not be negative, got {open_time}")
    if open_time == 0 or calendar.always_open:
        return end - open_time
    left = open_time
    for opens, closes in _open_before(calendar, end):
        if left <= closes - opens:
            return closes - left
        left -= closes - opens
    raise AssertionError("endless")  # pragma: no cover


def open_between(calendar: Calendar, start: int, end: int) -> int:
    """Return the open ms in `[start, end)`; an empty or reversed interval holds none."""
    if calendar.always_open:
        return max(0, end - start)
    return sum(closes - opens for opens, closes in _clipped(calendar, start, end))


def segments(calendar: Calendar, start: int, end: int) -> Iterator[Span]:
    """Iterate over the open stretches of `[start, end)` in order, as instants in ms, adjacent ones joined."""
    if calendar.always_open:
        return iter([(start, end)] if start < end else [])
    return _joined(_clipped(calendar, start, end))


def is_open(calendar: Calendar, at: int) -> bool:
    """Return whether the instant `at` (ms) is open."""
    return calendar.always_open or any(
        opens <= at < closes for opens, closes in _day_segments(calendar, at // _DAY)
    )


def next_open(calendar: Calendar, at: int) -> int:
    """Return the first open instant (ms) not before `at`, which is `at` itself when open."""
    if calendar.always_open:
        return at
    opens, _ = next(_open_from(calendar, at))
    return opens


def _spend(stretches: Iterator[Span], open_time: int) -> int:
    """Return the instant at which `open_time` ms of the endless open stretches have passed."""
    left = open_time
    while True:
        opens, closes = next(stretches)
        if left <= closes - opens:
            return opens + left
        left -= closes - opens


def _open_from(calendar: Calendar, start: int) -> Iterator[Span]:
    """Yield open stretches from `start` on without end, or raise once nothing has opened for too long."""
    closed_days = 0
    for day in count(start // _DAY):
        found = _day_segments(calendar, day)
        closed_days = 0 if found else closed_days + 1
        if closed_days > _PATIENCE_DAYS:
            raise NeverOpen(f"calendar {calendar.name!r} has no open hours for {_PATIENCE_DAYS} days")
        for opens, closes in found:
            if closes > start:
                yield max(opens, start), closes


def _open_before(calendar: Calendar, end: int) -> Iterator[Span]:
    """Yield open stretches from `end` back without end, or raise once nothing was open for too long."""
    closed_days = 0
    for day in count((end - 1) // _DAY, -1):
        found = _day_segments(calendar, day)
        closed_days = 0 if found else closed_days + 1
        if closed_days > _PATIENCE_DAYS:
            raise NeverOpen(f"calendar {calendar.name!r} has no open hours for {_PATIENCE_DAYS} days")
        for opens, closes in reversed(found):
            if opens < end:
                yield opens, min(closes, end)


def _clipped(calendar: Calendar, start: int, end: int) -> Iterator[Span]:
    """Yield the open stretches of `[start, end)` in order, cut at UTC midnights."""
    for day in range(start // _DAY, (end - 1) // _DAY + 1):
        for day_opens, day_closes in _day_segments(calendar, day):
            opens, closes = max(day_opens, start), min(day_closes, end)
            if opens < closes:
                yield opens, closes


def _joined(stretches: Iterable[Span]) -> Iterator[Span]:
    """Join each stretch to the one before it when they touch."""
    held: Span | None = None
    for opens, closes in stretches:
        if held is not None and held[1] == opens:
            held = (held[0], closes)
            continue
        if held is not None:
            yield held
        held = (opens, closes)
    if held is not None:
        yield held


@lru_cache(maxsize=_CACHED_DAYS)
def _day_segments(calendar: Calendar, day: int) -> tuple[Span, ...]:
    """Return the open stretches of the UTC day numbered `day` since the epoch, in order."""
    return tuple(
        stretch
        for begin, end, offset in _pieces(ZoneInfo(calendar.zone), day)
        for stretch in _open_in_piece(calendar, begin, end, offset)
    )


def _open_in_piece(calendar: Calendar, begin: int, end: int, offset: int) -> Iterator[Span]:
    """Yield the open stretches of `[begin, end)`, throughout which local time is UTC plus `offset` ms."""
    for local_day in range((begin + offset) // _DAY, (end - 1 + offset) // _DAY + 1):
        midnight = local_day * _DAY - offset
        for first, last in _hours(calendar, local_day):
            opens = max(begin, midnight + first * _MINUTE)
            closes = min(end, midnight + last * _MINUTE)
            if opens < closes:
                yield opens, closes


def _hours(calendar: Calendar, local_day: int) -> tuple[Span, ...]:
    """Return the open spans, in minutes, of the local date `local_day` days after 1970-01-01."""
    on = date.fromordinal(_EPOCH_ORDINAL + local_day)
    return () if on.isoformat() in calendar.holidays else calendar.weekly[on.weekday()]


def _pieces(zone: ZoneInfo, day: int) -> Iterator[tuple[int, int, int]]:
    """Yield `(begin, end, offset)` in ms for each part of a UTC day that keeps one offset."""
    begin, end = day * _DAY, (day + 1) * _DAY
    cuts = [begin, end]
    # Looking at both ends is enough: the closest two changes of offset in the whole time zone database
    # are almost a week apart, so one day never holds a change and its reversal.
    if _offset(zone, begin) != _offset(zone, end):
        cuts.insert(1, _change(zone, begin, end))
    for left, right in pairwise(cuts):
        yield left, right, _offset(zone, left)


def _change(zone: ZoneInfo, begin: int, end: int) -> int:
    """Return the first instant in `(begin, end]` whose offset differs from the one at `begin`."""
    before = _offset(zone, begin)
    # Zones change their offset on whole seconds.
    moments = range(begin, end, _SECOND)
    found = bisect_left(moments, 1, key=lambda at: int(_offset(zone, at) != before))
    return begin + found * _SECOND


def _offset(zone: ZoneInfo, at: int) -> int:
    """Return how many ms local time is ahead of UTC at the instant `at`."""
    local = (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)
    return (local.utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _check_spans(name: str, spans: tuple[Span, ...]) -> None:
    """Raise `ValueError` unless the spans are within the day, sorted and free of overlap."""
    bounds = [0, *(minute for span in spans for minute in span), _DAY_MINUTES]
    if any(left > right for left, right in pairwise(bounds)):
        raise ValueError(f"calendar {name!r}: spans must be sorted within 0..1440, got {spans}")


def _check_holiday(name: str, holiday: str) -> None:
    """Raise `ValueError` unless the holiday is spelt `YYYY-MM-DD`, the form dates are compared in."""
    if date.fromisoformat(holiday).isoformat() != holiday:
        raise ValueError(f"calendar {name!r}: holiday must read YYYY-MM-DD, got {holiday!r}")
