"""The brokers' time: a clock that nobody can set, and the round trips of what we sent. No broker in here.

The round trip that took least tells best how far the two are apart. Our wall clock is believed only until
the first one is back; where it is wrong, or is set while we run, that is told and nothing else. A step of it
may also mean that the machine stood still, and the other clock with it: so after one nothing is sure until
the next round trip.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

SAMPLES = 32  # round trips from which the brokers' time is taken
STEP_MS = 500  # more than this between two looks is a step, not a drift
_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Look:
    """An instant in ms: by our clock, and by one that nobody can set."""

    wall: int
    steady: int

    @property
    def between(self) -> int:
        """Return how far the two clocks are apart; a step of ours changes it."""
        return self.wall - self.steady


def steady_s() -> float:
    """Return seconds of a clock that only passes, and on Linux also while the machine sleeps."""
    return time.clock_gettime(_STEADY)


class BrokerClock:
    """The brokers' time. `wall` gives ms since the epoch, UTC; `steady` seconds that only ever pass."""

    def __init__(self, wall: Callable[[], int], steady: Callable[[], float] = steady_s) -> None:
        self._wall = wall
        self._steady = steady
        self._round_trips: deque[tuple[int, int]] = deque(maxlen=SAMPLES)
        self._between = self._read().between
        self.steps = 0  # of our own clock, since the start
        self.unsure_since: int | None = self._read().steady  # by the steady clock; None while sure

    def now(self) -> int:
        """Return the brokers' time, as far as is known."""
        return self._at(self.look())

    @property
    def skew(self) -> int:
        """Return the brokers' time less our own, 0 while unknown."""
        look = self.look()
        return self._at(look) - look.wall

    def look(self) -> Look:
        """Return the present instant, uncorrected; `returned` wants the one at which something was sent."""
        look = self._read()
        if abs(look.between - self._between) > STEP_MS:
            self.steps += 1
            self.unsure_since = look.steady
        self._between = look.between
        return look

    def returned(self, sent: Look, at: int) -> None:
        """Learn from a round trip: what was sent then has the broker's time `at`."""
        back = self.look()
        round_trip = back.steady - sent.steady
        ahead = at - sent.steady - round_trip // 2
        if self._round_trips:
            best, known = min(self._round_trips)
            if abs(ahead - known) > (best + round_trip) // 2 + STEP_MS:  # more than either can be wrong
                self._round_trips.clear()
        self._round_trips.append((round_trip, ahead))
        if self.unsure_since is not None and sent.steady >= self.unsure_since:
            self.unsure_since = None

    def _at(self, look: Look) -> int:
        return look.steady + min(self._round_trips)[1] if self._round_trips else look.wall

    def _read(self) -> Look:
        return Look(self._wall(), round(self._steady() * 1000))
