"""Maintenance windows: how a command carries one, and which spans of time it stands for.

A recurrence is walked as local wall time in the window's zone: what begins at 02:00 begins at 02:00 over a
change of clocks. Every occurrence lasts as long as the first, in real time. What lies in a window's scope,
and what that means, is the core's business.
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from qosresolve.contracts.limits import EARLIEST, LATEST, MAX_ID
from qosresolve.contracts.recurrence import BadWindowError, walk
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.spans import Span, united
from qosresolve.core.windows import Window

__all__ = ["DAY", "BadWindowError", "expand", "read_body", "write_body", "zone_of"]

DAY = 86_400_000
AHEAD = 3 * 366 * DAY  # no occurrence is expanded that begins later than this after the window was entered
BEHIND = 5 * 366 * DAY  # a recurrence is walked from its start: it began no earlier than this
LONGEST = 366 * DAY  # one occurrence

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAID = tuple(
    field for field in fields(MaintenanceWindow) if field.name not in ("entered_at", "lifted_at")
)  # those are the broker's


# -- in a command


def write_body(window: MaintenanceWindow) -> str:
    """Return what a command's `value` says of a window: JSON, without what is left at its default."""
    said = {field.name: (getattr(window, field.name), field.default) for field in _SAID}
    return msgspec.json.encode({name: it for name, (it, default) in said.items() if it != default}).decode()


def read_body(value: str, entered_at: int) -> MaintenanceWindow:
    """Return the window that a command's `value` says. Raises BadWindowError."""
    names = [field.name for field in _SAID]
    remedy = f"send a JSON object with {', '.join(names)}"
    try:
        said = msgspec.json.decode(value, type=dict[str, object])
        strange = sorted(said.keys() - set(names))
        if strange:
            raise BadWindowError(f"a window has no field {', '.join(strange)}"[:200], remedy)
        return msgspec.convert(said | {"entered_at": entered_at}, MaintenanceWindow)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadWindowError(f"the value is no window: {error}", remedy) from None


# -- as spans


@lru_cache(maxsize=4_096)
def expand(window: MaintenanceWindow) -> Window:
    """Return a window as decisions see it: what ends after it was entered, at most one occurrence a day.

    Raises BadWindowError for one that never holds, or that cannot be understood.
    """
    for name in ("window_id", "product_id", "site", "tier", "service_id", "reason"):
        _check_text(name, getattr(window, name))
    if not window.window_id:
        raise BadWindowError("a window without an id", "name it, e.g. CHG-4711")
    _check_times(window)
    spans = united(span for span in _spans(window) if span[1] > window.entered_at)
    if not spans:
        raise BadWindowError("the window is over already", "enter one that ends later")
    return Window(
        window.window_id,
        window.entered_at,
        spans,
        window.product_id,
        window.site,
        window.tier,
        window.service_id,
        window.reason,
        window.lifted_at,
    )


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone. Raises BadWindowError."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        remedy = "write an IANA name such as Europe/Berlin or UTC"
        raise BadWindowError(f"{name[:60]!r} is not a time zone", remedy) from None


def _check_text(name: str, text: str) -> None:
    if len(text.encode()) > MAX_ID or any(character < " " for character in text):
        raise BadWindowError(f"{name} is too long or has control characters", f"at most {MAX_ID} bytes")


def _check_times(window: MaintenanceWindow) -> None:
    start, end = window.starts_at, window.ends_at
    if not EARLIEST <= start < LATEST or not EARLIEST <= end < LATEST:
        raise BadWindowError("a time that is not of this century", "write ms since the epoch, UTC")
    if end <= start:
        raise BadWindowError("the window ends before it begins", "mend its start or its end")
    if end - start > LONGEST:
        raise BadWindowError(f"{(end - start) // DAY} days at a time", f"at most {LONGEST // DAY}")
    if start > window.entered_at + AHEAD:
        raise BadWindowError(f"the window begins in more than {AHEAD // DAY} days", "enter it later")


def _spans(window: MaintenanceWindow) -> Iterator[Span]:
    zone, lasts = zone_of(window.zone), window.ends_at - window.starts_at
    if not window.recurrence:
        yield window.starts_at, window.ends_at
        return
    if window.starts_at < window.entered_at - BEHIND:
        problem = f"a recurrence that began more than {BEHIND // DAY} days ago"
        raise BadWindowError(problem, "write a later start that it matches")
    start, rest = _wall(window.starts_at, zone), window.starts_at % 1_000
    for wall in walk(window.recurrence, start, zone, _wall(window.entered_at + AHEAD, zone)):
        # The start is what it is. Of later walls that a change of clocks repeats the first is meant; those
        # that it leaves out count from the offset before it (RFC 5545, 3.3.5).
        begins = window.starts_at if wall == start else _instant(wall, zone) + rest
        yield begins, begins + lasts


def _wall(at: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(seconds=at // 1_000)).astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(wall: datetime, zone: ZoneInfo) -> int:
    return (wall.replace(tzinfo=zone) - _EPOCH) // timedelta(milliseconds=1)
