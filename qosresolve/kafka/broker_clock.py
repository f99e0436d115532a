"""The brokers' time, from our own clock and the round trips of what we sent. No broker, no clock of its own.

The round trip that took least tells the skew best. A step of our clock makes all of them worthless: they are
forgotten, and the skew is learned anew.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

SAMPLES = 32  # round trips from which the skew is taken
STEP_MS = 500  # more than this between two looks is a step, not a drift


@dataclass(frozen=True, slots=True)
class Look:
    """An instant: by our clock in ms, and by one that nobody can set."""

    wall: int
    steady: int

    @property
    def between(self) -> int:
        """Return how far the two clocks are apart; a step of ours changes it."""
        return self.wall - self.steady


class BrokerClock:
    """Our clock, corrected. `wall` gives ms since the epoch, UTC; `steady` seconds that only ever pass."""

    def __init__(self, wall: Callable[[], int], steady: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._steady = steady
        self._round_trips: deque[tuple[int, int]] = deque(maxlen=SAMPLES)
        self._between = self._read().between

    def now(self) -> int:
        """Return the brokers' time, as far as the round trips tell."""
        return self.look().wall + self.skew

    @property
    def skew(self) -> int:
        """Return the brokers' time less our own, 0 while unknown."""
        return min(self._round_trips)[1] if self._round_trips else 0

    def look(self) -> Look:
        """Return the present instant, uncorrected; `returned` wants the one at which something was sent."""
        look = self._read()
        if abs(look.between - self._between) > STEP_MS:
            self._round_trips.clear()
        self._between = look.between
        return look

    def returned(self, sent: Look, at: int) -> None:
        """Learn from a round trip: what was sent then has the broker's time `at`."""
        back = self.look()
        if abs(back.between - sent.between) <= STEP_MS:
            round_trip = back.steady - sent.steady
            self._round_trips.append((round_trip, at - sent.wall - round_trip // 2))

    def _read(self) -> Look:
        return Look(self._wall(), round(self._steady() * 1000))
