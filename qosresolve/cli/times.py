"""Instants and durations as people write and read them."""

import re
from datetime import UTC, datetime

from qosresolve.errors import ConfigError

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SIZES = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def now_ms() -> int:
    """Return the wall clock's time in ms since the epoch, UTC."""
    return int(datetime.now(UTC).timestamp() * 1_000)


def instant(text: str, *, option: str = "--at") -> int:
    """Return the ms since the epoch of `2026-03-01T10:00:00Z`, with any offset, or of plain ms."""
    if text.isdigit():
        return int(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is not an instant", setting=option, remedy="write e.g. 2026-03-01T10:00:00Z"
        ) from None
    if found.tzinfo is None:
        raise ConfigError(f"{text!r} has no zone", setting=option, remedy=f"write {text}Z for UTC")
    return int(found.timestamp() * 1_000)


def moment(text: str, now: int, *, option: str) -> int:
    """Return the ms since the epoch of `90m`, `1h`, `7d` or `2w` ago, of a date in UTC, or of an instant."""
    ago = _AGO.fullmatch(text)
    if ago:
        return now - int(ago[1]) * _SIZES[ago[2]]
    return instant(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text, option=option)


def shown(at: int | None) -> str:
    """Return an instant in UTC to the millisecond, `-` for none."""
    if at is None:
        return "-"
    try:
        return datetime.fromtimestamp(at / 1_000, UTC).isoformat(sep=" ", timespec="milliseconds")[:-6] + "Z"
    except (OverflowError, ValueError, OSError):
        return f"{at} ms"


def left(duration: int | None) -> str:
    """Return the two largest units of a duration in ms, `-` in front when it has gone by."""
    if duration is None:
        return "-"
    seconds = abs(duration) // 1_000
    parts: list[str] = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return ("-" if duration < 0 else "") + (" ".join(parts[:2]) or "0s")
