"""Instants and durations as people write and read them."""

from datetime import UTC, datetime

from qosresolve.errors import ConfigError

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
