"""The walk over a calendar, piece by piece, as a person would count it on a sheet of paper. Pure.

It counts forward from the start to an instant that is given, and asks nobody when the deadline is: whether
the count comes out right there is the proof.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from qosresolve.core.calendar import Calendar, open_between, segments
from qosresolve.core.spans import Span, united
from qosresolve.replay.explain.model import Kind, Stretch
from qosresolve.replay.explain.words import lasting, offset_at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS_NAMED = 6


def walked(
    calendar: Calendar,
    start: int,
    end: int,
    pauses: tuple[Span, ...] = (),
    why: Mapping[Span, str] | None = None,
) -> tuple[Stretch, ...]:
    """Return the stretches of `[start, end)`; `why` names pauses."""
    made: list[Stretch] = []
    at, used = start, 0
    for since, until in united((max(since, start), min(until, end)) for since, until in pauses):
        for piece in _pieces(calendar, at, since, used):
            made.append(piece)
            used = piece.used
        left_out = open_between(calendar, since, until)
        note = "; ".join(text for span, text in (why or {}).items() if span[0] < until and span[1] > since)
        made.append(Stretch(Kind.HELD, since, until, 0, used, left_out, note))
        at = until
    made.extend(_pieces(calendar, at, end, used))
    return tuple(made)


def _pieces(calendar: Calendar, start: int, end: int, used: int) -> Iterator[Stretch]:
    at = start
    for opens, closes in segments(calendar, start, end):
        if at < opens:
            yield Stretch(Kind.CLOSED, at, opens, 0, used, note=_closed_note(calendar, at, opens))
        used += closes - opens
        yield Stretch(
            Kind.OPEN, opens, closes, closes - opens, used, note=_shift(calendar.zone, opens, closes)
        )
        at = closes
    if at < end:
        yield Stretch(Kind.CLOSED, at, end, 0, used, note=_closed_note(calendar, at, end))


def counted(stretches: tuple[Stretch, ...]) -> int:
    """Return the open ms of a walk."""
    return stretches[-1].used if stretches else 0


def total(stretches: tuple[Stretch, ...], target: int, *, most: int = 8) -> str:
    """Return the sum of a walk: `2 h + 30 min = 2 h 30 min of 4 h`."""
    parts = [lasting(piece.counted) for piece in stretches if piece.counted]
    shown = parts if len(parts) <= most else [*parts[: most - 2], "...", parts[-1]]
    whole = lasting(counted(stretches))
    return f"{' + '.join(shown) + ' = ' if len(parts) > 1 else ''}{whole} of {lasting(target)}"


def wrong(stretches: tuple[Stretch, ...], target: int, due: int, found: int) -> str:
    """Return what is wrong with a walk to a due time, nothing where it comes out right."""
    short = target - counted(stretches)
    if short:
        more = f"{lasting(short)} short of" if short > 0 else f"{lasting(-short)} beyond"
        return f"{lasting(counted(stretches))} are open by then, {more} {lasting(target)}"
    return "" if found == due else "the target was used up before: closed or held time at the end was counted"


def _closed_note(calendar: Calendar, since: int, until: int) -> str:
    """Return holidays and days without hours, and changes of clocks, that lie in closed time."""
    days = list(_days(calendar.zone, since, until))
    named = [
        f"holiday {day}" if day.isoformat() in calendar.holidays else f"no hours {day:%a}"
        for day in days
        if calendar.weekly[day.weekday()] == () or day.isoformat() in calendar.holidays
    ]
    more = [f"and {len(named) - _DAYS_NAMED} days more"] if len(named) > _DAYS_NAMED else []
    shift = _shift(calendar.zone, since, until)
    return ", ".join([*named[:_DAYS_NAMED], *more, *([shift] if shift else [])])


def _days(zone: str, since: int, until: int) -> Iterator[date]:
    first, last = (_local(at, zone).date() for at in (since, until - 1))
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _shift(zone: str, since: int, until: int) -> str:
    before, after = offset_at(since, zone), offset_at(until, zone)
    return "" if before == after else f"clocks change {before} to {after}"


def _local(at: int, zone: str) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))


def bar(stretches: tuple[Stretch, ...], width: int = 60) -> str:
    """Return a walk as a line of characters: `#` open, `.` closed, `=` held."""
    if not stretches:
        return ""
    first, last = stretches[0].since, stretches[-1].until
    marks = {Kind.OPEN: "#", Kind.CLOSED: ".", Kind.HELD: "="}
    cells = []
    for cell in range(width):
        begins = first + (last - first) * cell // width
        ends = max(begins + 1, first + (last - first) * (cell + 1) // width)
        most = max(stretches, key=lambda piece: min(piece.until, ends) - max(piece.since, begins))
        cells.append(marks[most.kind])
    return "".join(cells)
