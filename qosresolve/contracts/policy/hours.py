"""A typical week of calendars: when none of them is open, how long one stays closed, whether two ever meet.

A week of winter 2026 without holidays stands for all weeks: good enough to advise, never to decide.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from qosresolve.contracts.policy.words import DAYS
from qosresolve.core.calendar import Calendar, Span, segments
from qosresolve.core.spans import united

_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_WEEK = 7 * 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGIN = (_MONDAY - _EPOCH) // timedelta(milliseconds=1)


def closed_spans(calendars: Iterable[Calendar]) -> Iterator[Span]:
    """Yield the spans of a typical week, as instants, in which none of the calendars is open.

    A span that runs over the week's end is told once, whole.
    """
    both_weeks = (_BEGIN, _BEGIN + 2 * _WEEK)
    opened = united(span for calendar in calendars for span in segments(calendar, *both_weeks))
    for (_, closes), (opens, _) in pairwise(opened):
        if closes < _BEGIN + _WEEK:
            yield closes, opens


def longest_closed(calendar: Calendar) -> int:
    """Return how long, in ms, a calendar stays closed at most in a typical week."""
    return max((end - start for start, end in closed_spans([calendar])), default=0)


def meet(one: Calendar, other: Calendar) -> bool:
    """Tell whether there is a moment in a typical week at which both are open."""
    theirs = list(segments(other, _BEGIN, _BEGIN + 2 * _WEEK))
    return any(
        start < closes and opens < end
        for start, end in segments(one, _BEGIN, _BEGIN + 2 * _WEEK)
        for opens, closes in theirs
    )


def told_hour(at: int, zone: str) -> str:
    """Return an instant as the hour of a week: `sat 12:00`."""
    local = (_EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))
    return f"{DAYS[local.weekday()]} {local:%H:%M}"
