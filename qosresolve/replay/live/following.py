"""How far one partition is read, and the next point up to which it has to be before anything is concluded.

A point is where all its topics ended when it was asked for, open transactions included. What was read before
that is complete once the reading has passed it: a transaction's records lie in several topics, but all of
them lay there before the first could be read.
"""

from collections.abc import Mapping
from enum import Enum, auto

from qosresolve.kafka.offsets import Place
from qosresolve.replay.live.partition import PartitionAudit
from qosresolve.topics import JOURNAL, PARTITION, REPORT, WATCH, Names

BASE = (REPORT, WATCH, PARTITION)
SHORT_S = 5.0  # the log cleaner gets nowhere in so little time


class Phase(Enum):
    """What is being read."""

    FRESH = auto()  # nothing is known yet
    BASE = auto()  # the state, from its beginning
    OVERLAP = auto()  # the journal, from where it stood before the state was read
    LIVE = auto()  # all of it, as it comes


class Following:
    """One partition of the auditor, from its assignment to its loss."""

    def __init__(self, audit: PartitionAudit, names: Names) -> None:
        self.audit = audit
        self.number = audit.number
        self.phase = Phase.FRESH
        self.journal: Place = (names.of(JOURNAL), self.number)
        self.base: list[Place] = [(names.of(topic), self.number) for topic in BASE]
        self.reads_journal = False
        self.aimed_at = 0.0
        self.read_to = 0.0  # all that lay there at this instant was read
        self._start = 0
        self._mark: int | None = None
        self._targets: dict[Place, int] = {}
        self._reached: dict[Place, int] = {}

    @property
    def live(self) -> bool:
        """True when all that lay there at the beginning was read."""
        return self.phase is Phase.LIVE

    @property
    def places(self) -> list[Place]:
        """Return everything that is read at present."""
        return [*self.base, self.journal] if self.reads_journal else self.base

    # -- reading

    def reach(self, place: Place, offset: int) -> None:
        """Note the next offset of a topic."""
        self._reached[place] = max(self._reached.get(place, 0), offset)

    @property
    def pending(self) -> list[Place]:
        """Return what was not read to the point yet."""
        return [place for place, end in self._targets.items() if self._reached.get(place, 0) < end]

    @property
    def expected(self) -> int:
        """Return the offsets of the point, summed."""
        return sum(self._targets.values())

    @property
    def remaining(self) -> int:
        """Return how many offsets are left up to the point."""
        return sum(self._targets[place] - self._reached.get(place, 0) for place in self.pending)

    # -- points

    def start_at(self, stable: int) -> None:
        """Say where the journal stood, decided, before the state's ends are asked for."""
        self._start = stable

    def wants_point(self, now: float, every_s: float) -> bool:
        """Tell whether it is time to ask where its topics end."""
        if self.live:
            return self._mark is None and now - self.aimed_at >= every_s
        return not self._targets

    def aim(self, found: Mapping[Place, int], now: float) -> None:
        """Take where the topics end, asked after everything that was read so far."""
        self.aimed_at = now
        if self.phase in (Phase.FRESH, Phase.BASE):
            self.phase = Phase.BASE
            self._targets = {place: found[place] for place in self.base}
        elif self.phase is Phase.OVERLAP:
            self._targets = {self.journal: found[self.journal]}
        else:
            self._mark = self.audit.mark()
            self._targets = {place: found[place] for place in self.places}

    def begin_journal(self) -> int:
        """Return the offset from which the journal is read."""
        self.reads_journal = True
        self.reach(self.journal, self._start)
        return self._start

    def settle(self, now: float) -> bool:
        """Conclude what the point allows once it is reached; tell whether it is live from now on.

        Raises RetriableError: try again.
        """
        if not self._targets or self.pending:
            return False
        before = self.live
        self.read_to = self.aimed_at
        if self.phase is Phase.BASE:
            self._base_read(now)
        elif self.phase is Phase.OVERLAP:
            self.audit.end_overlap()
            self.phase = Phase.LIVE
        elif self._mark is not None:
            self.audit.passed(self._mark)
            self._mark = None
        self._targets = {}
        return self.live and not before

    def _base_read(self, now: float) -> None:
        """Begin, unless it took long.

        The worker went on meanwhile. Of what it wrote anew the old record may have been compacted away before
        it was read: then the new one is in what came since, and that is read first.
        """
        if now - self.aimed_at < SHORT_S:
            self.audit.begin()
            self.phase = Phase.OVERLAP
