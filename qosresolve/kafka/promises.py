"""What a committed batch means for the promises to customers: opened, broken, called for, kept in which time.

Looked at are the few facts that tell of it, never every event; a report is asked for only then. Times carry
an exemplar: the report, and the trace of the input that decided it where it has one.
"""

from collections.abc import Iterable

from qosresolve.contracts import headers as head
from qosresolve.core.facts import (
    ClockStopped,
    Entry,
    EscalationRaised,
    Fact,
    FalseEventDeclared,
    ReportOpened,
    Restored,
    TargetBreached,
)
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import ClockName, ClockOutcome
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.staging import Staging
from qosresolve.telemetry.business import PromiseMetrics, Tiers

TOLD: frozenset[type[Fact]] = frozenset(
    {ReportOpened, TargetBreached, EscalationRaised, ClockStopped, Restored}
)


class Promises:
    """Counts what was decided about promises; `journal` is the topic whose records carry the traces."""

    def __init__(self, metrics: PromiseMetrics, journal: str) -> None:
        self._metrics = metrics
        self._journal = journal
        self._tiers = Tiers()

    def know(self, tiers: Iterable[str]) -> None:
        """Tell the policy's tiers apart, their series at 0: what is counted first would be no increase."""
        names = tuple(tiers)
        self._tiers = Tiers(names)
        for name in names:
            self._metrics.opened.labels(name)
            self._metrics.acknowledge.labels(name)
            self._metrics.restore.labels(name)
            for clock in (ClockName.RESPOND, ClockName.RESTORE):
                self._metrics.breaches.labels(name, clock.value)

    def committed(self, partition: Partition, staging: Staging, places: Iterable[int]) -> None:
        """Count one partition's part of a committed batch; `places` are those of its entries that tell."""
        written = [output.headers for output in staging.outputs if output.topic == self._journal]
        for place in places:
            entry = staging.entries[place]
            self._count(partition, entry, head.traceparent(list(written[place])))

    def _count(self, partition: Partition, entry: Entry, trace: str | None) -> None:
        ended = False  # what ends the promise also ends the respond clock of a report that nobody took
        for fact in entry.facts:
            if isinstance(fact, ReportOpened):
                self._metrics.opened.labels(self._tiers.label(fact.tier)).inc()
            elif isinstance(fact, EscalationRaised):
                self._metrics.escalations.labels(fact.jeopardy.value, str(fact.level)).inc()
            elif isinstance(fact, FalseEventDeclared):
                ended = True
            elif isinstance(fact, TargetBreached | ClockStopped | Restored):
                report = partition.store.get(entry.product_id).report(fact.report_id)
                if report is not None:
                    self._promise(fact, report, trace, ended=ended)
                ended = ended or isinstance(fact, Restored)

    def _promise(
        self,
        fact: TargetBreached | ClockStopped | Restored,
        report: Report,
        trace: str | None,
        *,
        ended: bool,
    ) -> None:
        tier, exemplar = self._tiers.label(report.tier), _exemplar(report, trace)
        if isinstance(fact, Restored):
            if not report.reopened:  # what it came to with its relapses, `reports stats` tells
                self._metrics.restore.labels(tier).observe(_seconds(report.started_at, fact.at), exemplar)
        elif isinstance(fact, TargetBreached) or _found_late(fact, report):
            self._metrics.breaches.labels(tier, fact.clock.value).inc()
        if isinstance(fact, ClockStopped) and not ended and _taken(fact):
            self._metrics.acknowledge.labels(tier).observe(_seconds(report.opened_at, fact.at), exemplar)


def _found_late(fact: ClockStopped, report: Report) -> bool:
    """Tell of a promise that broke and was found out only as its clock ended: nobody had looked by then."""
    clock = report.respond if fact.clock is ClockName.RESPOND else report.restore
    return fact.outcome is ClockOutcome.MISSED and clock.breached_at is None


def _taken(fact: ClockStopped) -> bool:
    return fact.clock is ClockName.RESPOND and fact.outcome is not ClockOutcome.NOT_APPLICABLE


def _seconds(since: int, until: int) -> float:
    return max(0, until - since) / 1000


def _exemplar(report: Report, trace: str | None) -> dict[str, str]:
    """Return what leads from a time to its report: at most 128 characters are allowed."""
    found = {"report_id": report.report_id}
    return found if trace is None else found | {"trace_id": trace.split("-")[1]}
