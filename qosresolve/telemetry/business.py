"""Metrics of the promises to customers: what a worker counts, and what an auditor knows of the reports.

A tier is told by its name where the policy has it. Any other is what a sender wrote, and stays untold.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

OTHER, NONE = "other", "none"

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Targets are quarters of an hour to days; what is beyond two weeks is not late but forgotten.
_LIVES = (
    _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    30 * _MINUTE,
    _HOUR,
    2 * _HOUR,
    4 * _HOUR,
    8 * _HOUR,
    12 * _HOUR,
    _DAY,
    2 * _DAY,
    4 * _DAY,
    7 * _DAY,
    14 * _DAY,
)


class Tiers:
    """Which tiers are told apart: those of the policy; an empty name is `none`, all others are `other`."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = frozenset(known)

    def label(self, tier: str) -> str:
        """Return what a tier is called in a label."""
        if not tier:
            return NONE
        return tier if tier in self._known else OTHER


class PromiseMetrics:
    """What a worker counts of its decisions; a transaction that is not committed counts nothing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.opened = Counter(
            "qosresolve_reports_opened_total", "Reports opened, by tier", ["tier"], registry=registry
        )
        self.breaches = Counter(
            "qosresolve_breaches_total",
            "Promises broken, by tier and clock: respond, restore",
            ["tier", "clock"],
            registry=registry,
        )
        self.escalations = Counter(
            "qosresolve_escalations_total",
            "Calls raised, by how near the promise is to breaking (none, atRisk, breached) and level (0-10)",
            ["jeopardy", "level"],
            registry=registry,
        )
        self.acknowledge = Histogram(
            "qosresolve_time_to_acknowledge_seconds",
            "From the opening of a report until an owner took it, by tier; exemplar: the report",
            ["tier"],
            buckets=_LIVES,
            registry=registry,
        )
        self.restore = Histogram(
            "qosresolve_time_to_restore_seconds",
            "From the first bad sample of a report until it was restored for the first time, by tier; "
            "exemplar: the report",
            ["tier"],
            buckets=_LIVES,
            registry=registry,
        )


class ReportMetrics:
    """How the reports stand of the partitions that an auditor follows, told every two seconds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.reports = Gauge(
            "qosresolve_reports",
            "Reports held, by status and tier; open ones are acknowledged, inProgress, pending or held",
            ["status", "tier"],
            registry=registry,
        )
        self.in_jeopardy = Gauge(
            "qosresolve_reports_in_jeopardy",
            "Open reports whose promise is at risk and not broken, by tier",
            ["tier"],
            registry=registry,
        )
        self.breached = Gauge(
            "qosresolve_reports_breached",
            "Open reports whose promise is broken and that are not restored, by tier",
            ["tier"],
            registry=registry,
        )
        self.unanswered = Gauge(
            "qosresolve_reports_unanswered",
            "Reports in jeopardy or breached whose call nobody has acknowledged, by tier",
            ["tier"],
            registry=registry,
        )
        self.oldest = Gauge(
            "qosresolve_oldest_open_report_seconds",
            "Age of the oldest open report, by tier; 0 where none is open",
            ["tier"],
            registry=registry,
        )
        self.engagements = Gauge(
            "qosresolve_engagements",
            "Work asked of others, of the reports held, by kind (supplier, serviceTrouble...) and state",
            ["kind", "state"],
            registry=registry,
        )
        # A partition of which not every report was looked at counts nothing: half a figure misleads.
        self.uncounted = Gauge(
            "qosresolve_reports_uncounted",
            "Reports that an auditor has still to look at before it counts their partitions",
            registry=registry,
        )
