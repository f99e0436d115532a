"""When keys are due: millions of them, at the price of a reference each. Pure bookkeeping; no clock.

What lies ahead is kept by span of some minutes, unordered. A span is put in order when its time comes, and
only if nothing before it is left: so neither a cold start nor a flood orders more than is about to be fired.

Nothing is ever looked for and removed. An entry counts while its key is still due at that instant; the rest
are dropped when they come up, or all together when there are too many of them.
"""

import heapq
from collections.abc import Callable, Iterable
from itertools import chain

Key = bytes
SPAN_MS = 300_000
SLACK = 1_024  # entries that may be worthless before it matters


class Schedule:
    """Keys by due time in ms. `due_of` tells when a key is due now, None when it is not to be fired."""

    def __init__(self, due_of: Callable[[Key], int | None]) -> None:
        self._due_of = due_of
        self._begin()

    def _begin(self) -> None:
        self._near: list[tuple[int, Key]] = []  # a heap: every span up to `_opened`
        self._later: dict[int, list[Key]] = {}
        self._spans: list[int] = []  # a heap of what is in `_later`
        self._opened = -1
        self._entries = 0

    def __len__(self) -> int:
        """Return the number of entries, the worthless ones included."""
        return self._entries

    def add(self, key: Key, due: int) -> None:
        """Take in a key that is due then. A key that is moved is added again."""
        self._entries += 1
        span = due // SPAN_MS
        if span <= self._opened:
            heapq.heappush(self._near, (due, key))
        elif span in self._later:
            self._later[span].append(key)
        else:
            self._later[span] = [key]
            heapq.heappush(self._spans, span)

    def first(self, now: int) -> tuple[int, Key] | None:
        """Return what is due first, None where nothing is due by now."""
        while True:
            self._open(now)
            if not self._near or self._near[0][0] > now:
                return None
            due, key = self._near[0]
            if self._due_of(key) == due:
                return due, key
            heapq.heappop(self._near)
            self._entries -= 1

    def some(self) -> tuple[int, Key] | None:
        """Return one of those that come soonest, without putting anything in order."""
        near = (entry for entry in self._near if self._due_of(entry[1]) == entry[0])
        later = ((span, key) for span in self._spans for key in self._later[span])
        found = ((due, key) for span, key in later if (due := self._due_in(span, key)) is not None)
        return next(chain(near, found), None)

    def _due_in(self, span: int, key: Key) -> int | None:
        due = self._due_of(key)
        return due if due is not None and due // SPAN_MS == span else None

    def _open(self, now: int) -> None:
        """Put spans in order that have begun, each only when it may hold what is due first."""
        while self._spans and self._spans[0] * SPAN_MS <= now:
            if self._near and self._near[0][0] < self._spans[0] * SPAN_MS:
                return
            self._opened = heapq.heappop(self._spans)
            for key in self._later.pop(self._opened):
                due = self._due_in(self._opened, key)
                if due is not None:
                    self._near.append((due, key))
                else:
                    self._entries -= 1
            heapq.heapify(self._near)

    @property
    def next_due(self) -> int | None:
        """Return an instant before which nothing is due; the exact one as soon as its span has begun."""
        near = [self._near[0][0]] if self._near else []
        later = [self._spans[0] * SPAN_MS] if self._spans else []
        return min(near + later, default=None)

    def tidy(self, alive: int, everything: Callable[[], Iterable[tuple[Key, int]]]) -> None:
        """Begin anew with `everything` that is alive, when more than a quarter is worthless beside it."""
        if self._entries > alive + alive // 4 + SLACK:
            self._begin()
            for key, due in everything():
                self.add(key, due)
