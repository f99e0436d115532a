"""How the reports of one partition stand, for the gauges: counted once, kept up since. Talks to no broker.

What the journal makes of a report is what counts. The reports that were there at the beginning are looked at
in slices between two polls, without decoding them; those that the journal tells of meanwhile come by
themselves. Alike reports share one glance, so what is kept of each is a place in a table and an instant.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qosresolve.contracts.glance import Glance, glance_of
from qosresolve.core.report import Report
from qosresolve.errors import PoisonRecordError
from qosresolve.replay.audit import Name
from qosresolve.replay.differences import Record

if TYPE_CHECKING:
    from qosresolve.replay.live.store import Store

SLICE = 200  # reports between two looks at the clock


class Population:
    """The reports of one partition."""

    def __init__(self, store: "Store") -> None:
        self.counts: Counter[Glance] = Counter()
        self._store = store
        self._of: dict[Name, tuple[Glance, int]] = {}
        self._same: dict[Glance, Glance] = {}
        self._begun = False
        self._left: list[Name] = []
        self._told: set[Name] = set()  # of which the journal told while the others were still left
        self._oldest: dict[str, int] | None = {}

    @property
    def complete(self) -> bool:
        """True once every report is counted."""
        return self._begun and not self._left

    @property
    def uncounted(self) -> int:
        """Return how many are left to look at."""
        return len(self._left)

    def begin(self, names: Iterable[Name]) -> None:
        """Take what was there at the beginning."""
        self._left = [name for name in names if name[1]]
        self._begun = True

    def advance(self, time_is_up: Callable[[], bool]) -> None:
        """Look at reports until time is up. Raises RetriableError: the rest is looked at later."""
        while self._left and not time_is_up():
            for name in self._left[-SLICE:]:
                if name not in self._told:
                    self.lies(name, self._store.raw(name))
            del self._left[-SLICE:]
        if not self._left:
            self._told.clear()

    def take(self, name: Name, record: Record | None) -> None:
        """Take what the journal makes of a report, None where it is forgotten."""
        if not name[1]:
            return
        if self._left:
            self._told.add(name)
        self._put(name, glance_of(record) if isinstance(record, Report) else None)

    def lies(self, name: Name, value: bytes | None) -> None:
        """Take a report as it lies on its topic; one that nobody can read is not counted."""
        if not name[1]:
            return
        try:
            self._put(name, None if value is None else self._store.glance(value))
        except PoisonRecordError:
            self._put(name, None)

    def _put(self, name: Name, now: tuple[Glance, int] | None) -> None:
        before = self._of.get(name)
        if before == now:
            return
        if before is not None:
            self._leaves(*before)
        if now is None:
            del self._of[name]
            return
        glance = self._same.setdefault(now[0], now[0])
        self._of[name] = glance, now[1]
        self.counts[glance] += 1
        if glance.open and self._oldest is not None:
            oldest = self._oldest.get(glance.tier)
            self._oldest[glance.tier] = now[1] if oldest is None else min(oldest, now[1])

    def _leaves(self, glance: Glance, opened_at: int) -> None:
        self.counts[glance] -= 1
        if not self.counts[glance]:
            del self.counts[glance], self._same[glance]
        if glance.open and self._oldest is not None and self._oldest.get(glance.tier) == opened_at:
            self._oldest = None  # looked for again when somebody asks

    def oldest(self) -> dict[str, int]:
        """Return when the oldest open report of each tier was opened, ms since the epoch."""
        if self._oldest is None:
            self._oldest = {}
            for glance, opened_at in self._of.values():
                if glance.open and opened_at < self._oldest.get(glance.tier, opened_at + 1):
                    self._oldest[glance.tier] = opened_at
        return self._oldest
