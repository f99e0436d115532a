"""How far a long reading is: as gauges, and as a log line every few seconds. Nothing in here reads."""

import time
from collections import deque
from collections.abc import Callable

import structlog

from qosresolve.telemetry.metrics import ReadingMetrics

TELL_S = 5.0
SAMPLES = 11  # a second apart: the rate is that of the last ten seconds


class Progress:
    """One reading after the other, each up to an end that is known when it begins."""

    def __init__(
        self, metrics: ReadingMetrics, role: str, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._what = what
        self._clock = clock
        self._log = structlog.get_logger(role=role)
        self._samples: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        self._expected = self._remaining = 0
        self._began_at = self._moved_at = self._told_at = 0.0
        self.reading = False

    def at(self, expected: int, remaining: int) -> None:
        """Say how much is left, of how much when it began. More left than before is another beginning."""
        now = self._clock()
        if not self.reading or remaining > self._remaining:
            self._begin(expected, now)
        elif remaining < self._remaining:
            self._moved_at = now
        self._remaining = remaining
        if not self._samples or now - self._samples[-1][0] >= 1:
            self._samples.append((now, remaining))
        self._metrics.remaining.set(remaining)
        self._metrics.rate.set(self.rate)
        self._metrics.eta.set(self.eta_s or 0)
        if now - self._told_at >= TELL_S:
            self._told_at = now
            self._tell()

    def _begin(self, expected: int, now: float) -> None:
        if not self.reading:
            self._log.info(f"{self._what} began", records=expected)
        self.reading = True
        self._expected = expected
        self._began_at = self._moved_at = self._told_at = now
        self._samples.clear()

    def _tell(self) -> None:
        eta = self.eta_s
        self._log.info(
            self._what,
            done=self._expected - self._remaining,
            expected=self._expected,
            per_second=round(self.rate),
            eta_s=None if eta is None else round(eta, 1),
        )

    def done(self) -> None:
        """Say that the end was reached."""
        if not self.reading:
            return
        self.reading = False
        for gauge in (self._metrics.remaining, self._metrics.rate, self._metrics.eta):
            gauge.set(0)
        seconds = self.seconds
        self._log.info(
            f"{self._what} done",
            records=self._expected,
            seconds=round(seconds, 3),
            per_second=round(self._expected / seconds) if seconds else 0,
        )

    @property
    def rate(self) -> float:
        """Return how many offsets a second are passed at present."""
        if not self._samples:
            return 0.0
        since, left = self._samples[0]
        seconds = self._clock() - since
        return (left - self._remaining) / seconds if seconds > 0 else 0.0

    @property
    def eta_s(self) -> float | None:
        """Return for how many seconds it will go on at this rate, None where it does not move."""
        rate = self.rate
        return self._remaining / rate if rate > 0 else None

    @property
    def seconds(self) -> float:
        """Return how long this reading has taken so far."""
        return self._clock() - self._began_at

    @property
    def stalled_s(self) -> float:
        """Return for how long nothing has moved, 0 while nothing is read."""
        return self._clock() - self._moved_at if self.reading else 0.0
