"""What lies between a client and the brokers: who is next, what is lost, and what time it is.

The model of Kafka asks a `Network` at every request. A simulator answers by its seed; `Calm` loses nothing.
"""

import heapq
import itertools
from collections.abc import Callable
from enum import Enum
from typing import Protocol


class Fate(Enum):
    """What becomes of one request."""

    DELIVERED = "delivered"
    REQUEST_LOST = "request lost"  # the broker never sees it, the caller times out
    ANSWER_LOST = "answer lost"  # the broker applies it, the caller times out
    LATE_COPY = "late copy"  # applied and answered now; a second copy reaches the broker later


class Network(Protocol):
    """One for all clients of a cluster. `client` is `process/kind`, `api` is Kafka's name of the request.

    Beside requests three things are asked for that happen in the background: `Fetch` (one a partition that
    has records; what is not DELIVERED comes with a later fetch), `Linger` (DELIVERED: what a producer has
    queued so far goes out now, before it is flushed) and `WriteTxnMarkers` (one a partition of a transaction
    that ends, its client is `broker`; what is not DELIVERED is written later).
    """

    def checkpoint(self, client: str, api: str) -> None:
        """Called as a request begins and before its call returns: others may run, or this process die."""

    def fate(self, client: str, api: str) -> Fate:
        """Say what becomes of a request."""

    def now_ms(self) -> int:
        """Return the brokers' time, in ms since the epoch."""

    def wait(self, seconds: float) -> None:
        """Return after so much virtual time."""

    def later(self, delay_ms: int, deliver: Callable[[], None]) -> None:
        """Call `deliver` about then; a network is free to do so earlier or later, but not at once."""


class Calm:
    """Nothing is lost, nobody else is next, and time passes by waiting only."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now = now_ms
        self._count = itertools.count()
        self._due: list[tuple[int, int, Callable[[], None]]] = []

    def checkpoint(self, client: str, api: str) -> None:
        """Go on."""

    def fate(self, client: str, api: str) -> Fate:  # noqa: ARG002 - all fare alike
        """Deliver."""
        return Fate.DELIVERED

    def now_ms(self) -> int:
        """Return the time."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Let time pass, and what falls due on the way happen at its time."""
        end = self._now + max(1, round(seconds * 1000))
        while self._due and self._due[0][0] <= end:
            at, _, deliver = heapq.heappop(self._due)
            self._now = max(self._now, at)
            deliver()
        self._now = end

    def later(self, delay_ms: int, deliver: Callable[[], None]) -> None:
        """Deliver exactly then."""
        heapq.heappush(self._due, (self._now + max(1, delay_ms), next(self._count), deliver))
