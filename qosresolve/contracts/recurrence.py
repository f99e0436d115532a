"""Recurrence rules (RFC 5545 RRULE): read, checked, and walked as local wall time.

An occurrence begins at the time of day of the start, so what repeats within a day is refused. Which instants
the walls are is the business of `windows`.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

LONGEST = 500  # characters of a rule
# The Gregorian calendar repeats every 400 years. A rule that matches nothing is walked to the last year that
# a datetime holds; from here that is not far.
_SHIFT = 400 * 19
_FREQUENCIES = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY, "YEARLY": YEARLY}
_DAYS = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_NUMBERS = {  # part: dateutil's name, least, greatest
    "BYMONTH": ("bymonth", 1, 12),
    "BYMONTHDAY": ("bymonthday", -31, 31),
    "BYSETPOS": ("bysetpos", -366, 366),
}
_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", *_NUMBERS, "WKST")
_DAY = re.compile(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", re.ASCII)


class BadWindowError(ValueError):
    """A maintenance window that cannot be taken; the text says what is wrong and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}; {remedy}")


def walk(rule: str, start: datetime, zone: ZoneInfo, end: datetime) -> Iterator[datetime]:
    """Return the local walls, whole seconds without a zone, at which a rule begins, up to `end`.

    `start` is the first of them. Raises BadWindowError for a rule that is none, or does not match its start.
    """
    parts = _read(rule)
    last = min(end, _until(parts["UNTIL"], zone)) if "UNTIL" in parts else end
    found = _walls(rrule(dtstart=start.replace(year=start.year + _SHIFT), **_arguments(parts)))
    first = next(found, None)
    if first != start:
        hint = f"the next is {first:%a %Y-%m-%d}" if first else "this rule matches no day at all"
        problem = f"the recurrence does not match the start, {start:%a %Y-%m-%d}: {hint}"
        raise BadWindowError(problem, "begin on a day that it matches")
    if start > last:
        raise BadWindowError("the recurrence ends before the start", "write a later UNTIL")
    yield start
    yield from takewhile(lambda wall: wall <= last, found)


def _walls(far: rrule) -> Iterator[datetime]:
    return (wall.replace(year=wall.year - _SHIFT) for wall in far)


def _read(rule: str) -> dict[str, str]:
    """Return a rule's parts by name."""
    if len(rule) > LONGEST:
        raise BadWindowError(f"a recurrence of {len(rule)} characters", f"write at most {LONGEST}")
    parts: dict[str, str] = {}
    for piece in rule.upper().removeprefix("RRULE:").split(";"):
        name, _, value = piece.partition("=")
        if name not in _PARTS or not value:
            known = ", ".join(_PARTS)
            raise BadWindowError(f"{piece!r} in the recurrence", f"write NAME=VALUE;... with {known}")
        if name in parts:
            raise BadWindowError(f"{name} twice in the recurrence", "write it once")
        parts[name] = value
    _fit(parts)
    return parts


def _fit(parts: dict[str, str]) -> None:
    """Refuse parts that RFC 5545 does not let stand together."""
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        known = ", ".join(_FREQUENCIES)
        raise BadWindowError(f"FREQ={frequency} in the recurrence", f"write FREQ= one of {known}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadWindowError("COUNT and UNTIL in one recurrence", "write one of them")
    if "BYMONTHDAY" in parts and frequency == "WEEKLY":
        raise BadWindowError("BYMONTHDAY in a weekly recurrence", "write FREQ=MONTHLY, or BYDAY")
    if "BYSETPOS" in parts and not {"BYDAY", "BYMONTH", "BYMONTHDAY"} & parts.keys():
        raise BadWindowError("BYSETPOS alone", "write what it chooses from: BYDAY, BYMONTHDAY or BYMONTH")


def _arguments(parts: dict[str, str]) -> dict[str, Any]:
    """Return the parts in dateutil's words; UNTIL is left out."""
    frequency = parts["FREQ"]
    found: dict[str, Any] = {"freq": _FREQUENCIES[frequency]}
    found["interval"] = _number("INTERVAL", parts.get("INTERVAL", "1"), 1, 1_000)
    if "COUNT" in parts:
        found["count"] = _number("COUNT", parts["COUNT"], 1, 100_000)
    if "WKST" in parts:
        found["wkst"] = _day("WKST", parts["WKST"], numbered=False)
    if "BYDAY" in parts:
        numbered = frequency in ("MONTHLY", "YEARLY")
        found["byweekday"] = [_day("BYDAY", item, numbered=numbered) for item in parts["BYDAY"].split(",")]
    for name, (argument, least, greatest) in _NUMBERS.items():
        if name in parts:
            found[argument] = [_number(name, item, least, greatest) for item in parts[name].split(",")]
    return found


def _number(name: str, text: str, least: int, greatest: int) -> int:
    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,6}", text, re.ASCII) else 0
    if number == 0 or not least <= number <= greatest:
        wanted = f"{least} to {greatest}" + (" but 0" if least < 0 else "")
        raise BadWindowError(f"{name}={text} in the recurrence", f"write a number from {wanted}")
    return number


def _day(name: str, text: str, *, numbered: bool) -> weekday:
    found = _DAY.fullmatch(text)
    if found is None or (found[1] and not numbered):
        also = ", and numbers such as 2TU or -1SU only with MONTHLY and YEARLY" if name == "BYDAY" else ""
        raise BadWindowError(f"{name} with {text!r} in the recurrence", f"write {', '.join(_DAYS)}{also}")
    return weekday(_DAYS[found[2]], int(found[1]) if found[1] else None)


def _until(text: str, zone: ZoneInfo) -> datetime:
    """Return the last wall that UNTIL allows: a day's end, a wall, or an instant (Z) as the zone has it."""
    found = _UNTIL.fullmatch(text)
    try:
        if found is None:
            raise ValueError  # noqa: TRY301 - one refusal for all that is no such time
        if found[2] is None:
            return datetime.strptime(f"{text}+0000", "%Y%m%d%z").replace(tzinfo=None) + timedelta(
                days=1, seconds=-1
            )
        stated = datetime.strptime(f"{found[1]}{found[2]}+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        remedy = "write 20261231, 20261231T235959 (local) or 20261231T225959Z"
        raise BadWindowError(f"UNTIL={text} in the recurrence", remedy) from None
    try:
        return (stated.astimezone(zone) if found[3] else stated).replace(tzinfo=None)
    except OverflowError:  # 99991231T235959Z means for ever, and is later still east of Greenwich
        return datetime.max if stated.year > 1 else datetime.min  # noqa: DTZ901 - a wall has no zone
