"""Durations and instants as an explanation writes them: to the minute, finer only where there is more."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = 60_000


def lasting(duration: int) -> str:
    """Return `2 h 30 min` of ms, `-` in front of what is negative."""
    hours, rest = divmod(abs(duration), 60 * _MINUTE)
    minutes, rest = divmod(rest, _MINUTE)
    seconds, rest = divmod(rest, 1_000)
    units = ((hours, "h"), (minutes, "min"), (seconds, "s"), (rest, "ms"))
    return ("-" if duration < 0 else "") + (" ".join(f"{n} {unit}" for n, unit in units if n) or "0 min")


def local(at: int, zone: str) -> str:
    """Return `Mon 2026-03-02 16:00 +01:00`."""
    when = _at(at, zone)
    return f"{when:%a %Y-%m-%d} {_time(when)} {_offset(when)}"


def utc(at: int) -> str:
    """Return `2026-03-02 15:00Z`."""
    when = _at(at, "UTC")
    return f"{when:%Y-%m-%d} {_time(when)}Z"


def instant(at: int, zone: str) -> str:
    """Return an instant as the customer and as the log reads it: `Mon 2026-03-02 16:00 +01:00 (15:00Z)`."""
    here, there = _at(at, zone), _at(at, "UTC")
    if not here.utcoffset():
        return f"{here:%a %Y-%m-%d} {_time(here)}Z"
    same_day = here.date() == there.date()
    return f"{local(at, zone)} ({'' if same_day else f'{there:%Y-%m-%d} '}{_time(there)}Z)"


def span(since: int, until: int, zone: str) -> str:
    """Return a span in local time; offset and date are said twice only where they differ."""
    first, last = _at(since, zone), _at(until, zone)
    day = "" if first.date() == last.date() else f"{last:%a %Y-%m-%d} "
    offset = "" if first.utcoffset() == last.utcoffset() else f" {_offset(first)}"
    return f"{first:%a %Y-%m-%d} {_time(first)}{offset} - {day}{_time(last)} {_offset(last)}"


def utc_span(since: int, until: int) -> str:
    """Return a span in UTC."""
    first, last = _at(since, "UTC"), _at(until, "UTC")
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"{first:%Y-%m-%d} {_time(first)} - {day}{_time(last)}Z"


def offset_at(at: int, zone: str) -> str:
    """Return how far local time is from UTC, as `+01:00`."""
    return _offset(_at(at, zone))


def _at(at: int, zone: str) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))


def _time(when: datetime) -> str:
    if when.microsecond:
        return f"{when:%H:%M:%S}.{when.microsecond // 1_000:03}"
    return f"{when:%H:%M:%S}" if when.second else f"{when:%H:%M}"


def _offset(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")[23:]
