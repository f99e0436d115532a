"""Instants as foreign systems write them, in ms since the epoch, UTC.

Known traps: milliseconds in fields that are named for microseconds (ONAP TCA samples), RFC 2822 (VES
`eventStartTimestamp`), RFC 3339 with or without a zone, a comma before the fraction, numbers in quotes.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from qosresolve.contracts.limits import EARLIEST, LATEST
from qosresolve.core.record import record
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Mark

_HUGE = 1e21


@record
class Instant:
    """`at` in ms; `marks` say what had to be guessed."""

    at: int
    marks: tuple[Mark, ...] = ()


def instant(value: Json, unit: str = "") -> Instant | None:
    """Return an instant from a number or text, None where it is none of this century.

    `unit` is what a number is said to be: s, ms, us or ns. Its magnitude decides; where the two differ, the
    instant is marked `timeUnitGuessed`. Without a unit nothing was guessed.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _counted(value, unit)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.replace(".", "", 1).isdecimal():
        return _counted(float(text), unit)
    return _written(text)


def _counted(value: float, unit: str) -> Instant | None:
    if not abs(value) < _HUGE:  # neither is a number that is none, nor one beyond what a float can hold
        return None
    for name, factor in zip(("s", "ms", "us", "ns"), (1000.0, 1.0, 1e-3, 1e-6), strict=True):
        at = value * factor
        if EARLIEST <= at < LATEST:
            return Instant(int(at), (Mark.TIME_UNIT_GUESSED,) if unit and unit != name else ())
    return None


def _written(text: str) -> Instant | None:
    moment = _iso(text) or _rfc2822(text)
    if moment is None:
        return None
    marks: tuple[Mark, ...] = ()
    if moment.tzinfo is None:
        moment, marks = moment.replace(tzinfo=UTC), (Mark.TIME_ZONE_ASSUMED,)
    try:
        at = int(moment.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None
    return Instant(at, marks) if EARLIEST <= at < LATEST else None


def _iso(text: str) -> datetime | None:
    if not text[:4].isdigit():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _rfc2822(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
