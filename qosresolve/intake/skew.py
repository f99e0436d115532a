"""Clocks of sources: how far what they say of the time is from the time of the records. Pure.

A record that comes late looks like a clock that is behind, so one of them proves nothing: a source is off
when each of its last samples is off by more than the limit, in one direction.
"""

from collections import OrderedDict

SAMPLES = 20
ENOUGH = 3  # fewer prove nothing
SOURCES = 1_000


class Clocks:
    """The delays of some sources, the least lately heard is let go."""

    def __init__(self, limit_ms: int, sources: int = SOURCES) -> None:
        self._limit_ms = limit_ms
        self._sources = sources
        self._delays: OrderedDict[str, list[int]] = OrderedDict()

    def off(self, source: str, observed_at: int, at: int) -> bool:
        """Note one sample, both instants in ms; tell whether the clock of its source is off."""
        delays = self._delays.get(source)
        if delays is None:
            delays = self._delays[source] = []
            if len(self._delays) > self._sources:
                self._delays.popitem(last=False)
        else:
            self._delays.move_to_end(source)
            if len(delays) >= SAMPLES:
                del delays[0]
        delay = at - observed_at
        delays.append(delay)
        if -self._limit_ms <= delay <= self._limit_ms:
            return False  # nearly always
        return len(delays) >= ENOUGH and abs(_least(delays)) > self._limit_ms

    def skews(self) -> dict[str, int]:
        """Return by how many ms the clock of each source is behind, negative where it is ahead."""
        return {source: _least(delays) for source, delays in self._delays.items()}

    def wrong(self) -> dict[str, int]:
        """Return the sources whose clock is off, and by how many ms, the worst first."""
        skews = ((source, _least(delays)) for source, delays in self._delays.items() if len(delays) >= ENOUGH)
        found = [(source, skew) for source, skew in skews if abs(skew) > self._limit_ms]
        return dict(sorted(found, key=lambda item: -abs(item[1])))


def _least(delays: list[int]) -> int:
    """Return the delay nearest to none; none where they go in both directions."""
    least, most = min(delays), max(delays)
    return 0 if least <= 0 <= most else least if least > 0 else most
