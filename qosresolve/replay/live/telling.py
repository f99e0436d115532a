"""What the auditor's metrics say: looked together once a second, over all partitions."""

import time
from collections.abc import Callable, Collection

from qosresolve.kafka.policies import tiers
from qosresolve.replay.live.findings import Told
from qosresolve.replay.live.following import Following
from qosresolve.replay.live.gauges import Gauges
from qosresolve.replay.live.overdue import EntryClock
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import AuditorMetrics

TELL_S = 1.0
STALE_S = 10.0  # what was read longer ago may have been settled since


class Telling:
    """Sets the gauges, and looks for deadlines that nobody settles."""

    def __init__(
        self,
        settings: Settings,
        metrics: AuditorMetrics,
        told: Told,
        clock: EntryClock,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed_ms = settings.audit_overdue_ms
        self._metrics = metrics
        self._told = told
        self._clock = clock
        self._steady = steady
        self._told_at = float("-inf")
        self._gauges = Gauges(metrics.reports, tiers(settings), steady)

    def tell(self, held: Collection[Following]) -> None:
        """Tell how things are; at most once a second, but for the clock, which hears every entry at once."""
        self._count(held)
        now = self._steady()
        if now - self._told_at < TELL_S:
            return
        self._told_at = now
        self._look(held)
        self._gauges.tell([item.audit.population for item in held], self._clock.now())
        self._overdue([item for item in held if item.live and now - item.read_to < STALE_S])
        self._told.pause(now)

    def _count(self, held: Collection[Following]) -> None:
        for item in held:
            counts = item.audit.counts
            if counts.newest is not None:
                self._clock.heard(counts.newest)
            if counts.entries:
                self._metrics.entries.inc(counts.entries)
            if counts.records:
                self._metrics.records.inc(counts.records)
            counts.entries = counts.records = 0
            counts.newest = None

    def _look(self, held: Collection[Following]) -> None:
        audits = [item.audit for item in held]
        live = [item for item in held if item.live]
        self._metrics.partitions.labels("live").set(len(live))
        self._metrics.partitions.labels("restoring").set(len(audits) - len(live))
        self._metrics.differing.set(sum(audit.standing.count for audit in audits))
        self._metrics.unarmed.set(sum(len(audit.standing.unarmed) for audit in audits))
        self._metrics.unproved.set(sum(len(audit.unproved) for audit in audits))
        self._metrics.lag_records.set(sum(item.remaining for item in held))
        waits = [self._steady() - item.aimed_at for item in live if item.pending]
        self._metrics.lag_seconds.set(max(waits, default=0.0))

    def _overdue(self, current: Collection[Following]) -> None:
        now = self._clock.now()
        oldest = now
        for item in current:
            overdue = item.audit.overdue
            before = overdue.count
            fresh = overdue.look(now, self._allowed_ms)
            oldest = min(oldest, now if overdue.oldest is None else overdue.oldest)
            if fresh:
                self._told.count("overdue", fresh)
            if fresh and not before:
                self._told.overdue(item.number, fresh, (now - (overdue.oldest or now)) / 1000)
        self._metrics.oldest_overdue.set((now - oldest) / 1000)
