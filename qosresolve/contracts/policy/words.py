"""The small texts of a policy file: durations, spans of the day, days of the week.

Durations in ms, spans in minutes of the local day. Bad text raises `ValueError`, whose two arguments are the
problem and the remedy.
"""

import re

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_DURATION = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit, _ in _UNITS))
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?- ?([0-9]{1,2}):([0-9]{2})")
_DAY_MINUTES = 24 * 60
MAX_DURATION = 3_650 * 86_400_000

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NONE = "none"


def parse_duration(text: str) -> int:
    """Return the ms of `500ms`, `30s`, `15m`, `4h`, `2d` or `1h30m`; units go from large to small."""
    found = _DURATION.fullmatch(text)
    if not text or not found:
        raise ValueError(f'"{text}" is not a duration', "write e.g. 30s, 15m, 4h or 2d")
    total = sum(int(count or 0) * ms for count, (_, ms) in zip(found.groups(), _UNITS, strict=True))
    if total > MAX_DURATION:
        raise ValueError(f'"{text}" is more than ten years', "write at most 3650d")
    return total


def format_duration(duration: int | None) -> str:
    """Return a duration as a policy file would say it; None is an explicit none."""
    if duration is None:
        return NONE
    text, left = "", duration
    for unit, ms in _UNITS:
        count, left = divmod(left, ms)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_span(text: str) -> tuple[int, int]:
    """Return the minutes of `08:00-18:00`; the end may be 24:00."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}" is not a span of the day', 'write e.g. "08:00-18:00", [] when closed')
    hours, minutes, end_hours, end_minutes = map(int, found.groups())
    start, end = hours * 60 + minutes, end_hours * 60 + end_minutes
    if minutes > 59 or end_minutes > 59 or end > _DAY_MINUTES:
        raise ValueError(f'"{text}" is no time of day', "write times from 00:00 to 24:00")
    if start >= end:
        remedy = 'split it at midnight: "22:00-24:00" on one day, "00:00-06:00" on the next'
        raise ValueError(f'"{text}" ends before it starts', remedy)
    return start, end


def parse_days(text: str) -> range:
    """Return the days of `mon`, `mon-fri` or `daily`, counted from Monday as 0."""
    first, dash, last = ("mon", "-", "sun") if text == "daily" else text.partition("-")
    last = last if dash else first
    if first not in DAYS or last not in DAYS:
        raise ValueError(f'"{text}" names no days', "write e.g. mon-fri, sat or daily")
    days = range(DAYS.index(first), DAYS.index(last) + 1)
    if not days:
        raise ValueError(f'"{text}" runs backward', "write two entries, one to sun and one from mon")
    return days
