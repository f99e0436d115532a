"""Spans of time `[start, end)` in ms since the epoch, and open time that skips them."""

from collections.abc import Iterable

from qosresolve.core.calendar import Calendar, due, open_between

Span = tuple[int, int]


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same time as sorted spans that neither overlap nor touch; empty ones are dropped."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def due_around(calendar: Calendar, start: int, open_time: int, pauses: tuple[Span, ...]) -> int:
    """Return the first instant with `open_time` ms of open time since `start`, pauses not counted.

    `pauses` are united. A promise used up exactly when a pause begins is due then, not after it.
    """
    at, left = start, open_time
    for begins, ends in pauses:
        if ends <= at:
            continue
        before = open_between(calendar, at, begins)
        if left <= before:
            break
        left -= before
        at = max(at, ends)
    return due(calendar, at, left)


def open_around(calendar: Calendar, start: int, end: int, pauses: tuple[Span, ...]) -> int:
    """Return the open ms in `[start, end)`, pauses not counted."""
    paused = sum(
        open_between(calendar, max(a, start), min(b, end)) for a, b in pauses if a < end and b > start
    )
    return open_between(calendar, start, end) - paused
