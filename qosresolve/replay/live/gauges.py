"""The business gauges: what the reports of all partitions that are followed come to, every two seconds.

A partition counts once all of its reports are counted, and no longer than it is held.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from prometheus_client import Gauge

from qosresolve.contracts.glance import Glance
from qosresolve.core.vocabulary import Jeopardy
from qosresolve.replay.live.population import Population
from qosresolve.telemetry.business import ReportMetrics, Tiers

EVERY_S = 2.0

Labels = tuple[str, ...]


class Gauges:
    """Sets the gauges of `ReportMetrics`; `tiers` are those that the policy has."""

    def __init__(
        self, metrics: ReportMetrics, tiers: Iterable[str], steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._steady = steady
        self._tiers = Tiers(tiers)
        self._told_at = float("-inf")
        self._shown: dict[int, set[Labels]] = {}  # by gauge: labels that have a series

    def tell(self, held: Collection[Population], now: int) -> None:
        """Tell how the reports stand, at most every two seconds; `now` in ms is the brokers' time."""
        steady = self._steady()
        if steady - self._told_at < EVERY_S:
            return
        self._told_at = steady
        self._metrics.uncounted.set(sum(item.uncounted for item in held))
        counted = [item for item in held if item.complete]
        glances: Counter[Glance] = Counter()
        for item in counted:
            glances.update(item.counts)
        self._standing(glances)
        self._ages(counted, now)

    def _standing(self, glances: Mapping[Glance, int]) -> None:
        reports: Counter[Labels] = Counter()
        called: dict[str, Counter[Labels]] = {kind: Counter() for kind in (*Jeopardy, "unanswered")}
        work: Counter[Labels] = Counter()
        for glance, count in glances.items():
            tier = self._tiers.label(glance.tier)
            reports[glance.status, tier] += count
            if glance.open:
                called[glance.jeopardy][(tier,)] += count
                called["unanswered"][(tier,)] += count * glance.unanswered
            for labels, number in glance.work:
                work[labels] += number * count
        self._show(self._metrics.reports, reports)
        every: dict[Labels, int] = dict.fromkeys([(tier,) for _, tier in reports], 0)  # none is a figure too
        self._show(self._metrics.in_jeopardy, {**every, **called[Jeopardy.AT_RISK]})
        self._show(self._metrics.breached, {**every, **called[Jeopardy.BREACHED]})
        self._show(self._metrics.unanswered, {**every, **called["unanswered"]})
        self._show(self._metrics.engagements, work)

    def _ages(self, counted: Collection[Population], now: int) -> None:
        oldest: dict[Labels, int] = {}
        for item in counted:
            for tier, opened_at in item.oldest().items():
                labels = (self._tiers.label(tier),)
                oldest[labels] = min(opened_at, oldest.get(labels, opened_at))
        self._show(self._metrics.oldest, {labels: max(0, now - at) / 1000 for labels, at in oldest.items()})

    def _show(self, gauge: Gauge, values: Mapping[Labels, float]) -> None:
        """Set the series of a gauge; one that has no value any more is 0."""
        shown = self._shown.setdefault(id(gauge), set())
        for labels in shown - values.keys():
            gauge.labels(*labels).set(0)
        for labels, value in values.items():
            gauge.labels(*labels).set(value)
        shown.update(values)
