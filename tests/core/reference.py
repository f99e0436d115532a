"""Open time, minute by minute: slow, obvious, and sharing no line with the code under test.

Every whole minute of UTC is asked whether the local wall clock shows an open time, and whether a hold covers
it. The cases are drawn mostly from around changes of offset, where mistakes live.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from qosresolve.core.calendar import Calendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Spans = tuple[tuple[int, int], ...]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FULL_DAY: Spans = ((0, 1440),)


def utc(text: str) -> int:
    """Milliseconds since the epoch of an ISO instant such as `2024-03-31T01:00Z`."""
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "UTC",
    "Asia/Beirut",
    "America/St_Johns",
    "Antarctica/Troll",
    "Pacific/Chatham",
]
FIRST = utc("2010-01-01T00:00Z")
LAST = utc("2031-01-01T00:00Z")


def wall(zone: str, at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, ZoneInfo(zone))


def first_change(zone: str, begin: int, step: int) -> int:
    """The first instant after `begin`, in whole steps, at which the offset is another one."""
    before = wall(zone, begin).utcoffset()
    while wall(zone, begin).utcoffset() == before:
        begin += step
    return begin


@lru_cache
def changes(zone: str) -> tuple[int, ...]:
    """The instants, to the minute, at which a zone changes its offset."""
    days = pairwise(range(FIRST, LAST + 1, DAY))
    changed = [begin for begin, end in days if wall(zone, begin).utcoffset() != wall(zone, end).utcoffset()]
    return tuple(first_change(zone, first_change(zone, begin, HOUR) - HOUR, MINUTE) for begin in changed)


@st.composite
def starts(draw: st.DrawFn, zone: str) -> int:
    """A whole minute, as a rule a day or less before a change of offset."""
    anywhere = st.integers(FIRST // MINUTE, LAST // MINUTE).map(lambda minute: minute * MINUTE)
    if not changes(zone) or draw(st.integers(0, 9)) == 0:
        return draw(anywhere)
    return draw(st.sampled_from(changes(zone))) - draw(st.integers(0, 24 * 60)) * MINUTE


def spans() -> st.SearchStrategy[Spans]:
    """Opening hours whose bounds crowd around midnight and the small hours, where zones change."""
    bound = st.integers(0, 8).map(lambda half: half * 30) | st.sampled_from([1380, 1410, 1440])
    bounds = st.lists(bound | st.integers(0, 1440), unique=True, max_size=6).map(sorted)
    return st.just(FULL_DAY) | bounds.map(lambda ends: tuple(zip(ends[::2], ends[1::2], strict=False)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, int]:
    """A calendar that opens at some time, and a whole minute from which to ask it."""
    zone = draw(st.sampled_from(ZONES))
    start = draw(starts(zone))
    weekly = draw(st.tuples(*[spans()] * 7).filter(any))
    nearby = [wall(zone, start + day * DAY).date().isoformat() for day in range(-1, 4)]
    holidays = draw(st.lists(st.sampled_from(nearby), unique=True, max_size=2))
    return Calendar("case", zone, weekly, tuple(holidays)), start


def minutes(longest: int) -> st.SearchStrategy[int]:
    return st.integers(0, longest).map(lambda count: count * MINUTE)


def wall_is_open(calendar: Calendar, at: int) -> bool:
    """The rule itself: does the local wall clock show an open time?"""
    local = wall(calendar.zone, at)
    if local.date().isoformat() in calendar.holidays:
        return False
    minute = local.hour * 60 + local.minute
    return any(first <= minute < last for first, last in calendar.weekly[local.weekday()])


def open_minutes(calendar: Calendar, start: int, end: int) -> Iterator[int]:
    return (at for at in range(start, end, MINUTE) if wall_is_open(calendar, at))


def gathered(opened_minutes: Iterator[int]) -> list[tuple[int, int]]:
    """Runs of open minutes."""
    runs: list[tuple[int, int]] = []
    for at in opened_minutes:
        begin = runs.pop()[0] if runs and runs[-1][1] == at else at
        runs.append((begin, at + MINUTE))
    return runs


# -- clocks that stand still


def used_up(opened: Iterable[int], wanted: int, holds: Iterable[tuple[int, int]]) -> int | None:
    """The end of the `wanted`th open minute that no hold covers, None where that is not in sight.

    `opened` are the open minutes from the clock's start on, in order.
    """
    standing = list(holds)
    left = wanted
    for at in opened:
        if not any(begins <= at < ends for begins, ends in standing):
            left -= 1
            if left == 0:
                return at + MINUTE
    return None


@st.composite
def hold_sets(draw: st.DrawFn, start: int, reach: int) -> list[tuple[int, int]]:
    """Holds of whole minutes: some empty, touching, overlapping, over before the start, or after `reach`."""
    holds: list[tuple[int, int]] = []
    for _ in range(draw(st.integers(0, 5))):
        edges = [start, start + reach, *(edge for hold in holds for edge in hold)]
        fresh = st.integers(-120, reach // MINUTE + 120).map(lambda minute: start + minute * MINUTE)
        begins = draw(fresh | st.sampled_from(edges))
        lasts = draw(st.sampled_from([0, 1, 30, 60, 600]) | st.integers(0, 1_500))
        holds.append((begins, begins + lasts * MINUTE))
    return holds
