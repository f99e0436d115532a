"""Fold: a case is the fold of its journal entries.

`fold(case, entry)` is the only way a case changes, live, in a replay and in an audit. One small function a
kind of fact, in the table at the end; none of them reads a policy, a calendar or a clock.
"""

from collections.abc import Callable
from typing import Any, get_args

from qosresolve.core import fold_obligations as work
from qosresolve.core import fold_report as on
from qosresolve.core.case import Case
from qosresolve.core.facts import (
    AbatementDropped,
    AbatementKept,
    AlarmSettled,
    DegradationAwaited,
    DegradationDropped,
    Entry,
    Fact,
    IndicatorMeasured,
    InformationChanged,
    LinkSet,
    NoteAdded,
    ReportForgotten,
    ReportOpened,
    ReportRepaired,
    ShellFact,
    StatusChanged,
    SuppressionEnded,
    SuppressionSet,
)
from qosresolve.core.ids import FINGERPRINT_BYTES
from qosresolve.core.record import changed, copier
from qosresolve.core.report import RING_SIZE, Report
from qosresolve.core.watch import Watch

_RING_BYTES = RING_SIZE * FINGERPRINT_BYTES
_sampled = copier(Report, "indicators", "updated_at", "revision", "seen")
_touched = copier(Report, "updated_at", "revision", "information_revision", "seen")


def fold(case: Case, entry: Entry) -> Case:
    """Return the case after an entry of its journal."""
    facts = entry.facts
    if not facts:
        return case
    if len(facts) == 1 and type(facts[0]) is IndicatorMeasured:
        return _measured(case, facts[0], entry)
    for fact in facts:
        case = evolve(case, fact)
    return stamp(case, entry)


def _measured(case: Case, fact: IndicatorMeasured, entry: Entry) -> Case:
    """Return what `evolve` and `stamp` make of an entry that is one sample, as most are: in one copy."""
    reports = case.reports
    for at, report in enumerate(reports):
        if report.report_id == fact.report_id:
            after = _sampled(
                report,
                on.table_with(report.indicators, fact.indicator),
                entry.now,
                report.revision + 1,
                _remember(report.seen, entry.fingerprint),
            )
            reports = (*reports[:at], after, *reports[at + 1 :])
    return Case(case.product_id, _needed(case.watch), reports)


def evolve(case: Case, fact: Fact) -> Case:
    """Return the case after one fact, without the entry's stamp."""
    change = _TABLE.get(type(fact))
    if change is not None and _touches(fact):
        return _with_report(case, change, fact)
    if type(fact) in _WATCH_TABLE:
        return Case(case.product_id, _watched(case, fact), case.reports)
    if isinstance(fact, ReportOpened):
        return changed(case, reports=(*case.reports, on.opened(fact)))
    if isinstance(fact, ReportForgotten):
        kept = tuple(report for report in case.reports if report.report_id != fact.report_id)
        return changed(case, reports=kept)
    if isinstance(fact, ReportRepaired):
        return changed(case, reports=_repaired(case.reports, fact))
    return case  # the shell's facts are about no case


def _repaired(reports: tuple[Report, ...], fact: ReportRepaired) -> tuple[Report, ...]:
    """Whatever was held, the report is what the fact says; one that was lost goes where it was opened."""
    if fact.report is None:
        return tuple(report for report in reports if report.report_id != fact.report_id)
    if all(report.report_id != fact.report_id for report in reports):
        return tuple(sorted((*reports, fact.report), key=lambda report: (report.opened_at, report.report_id)))
    return tuple([fact.report if report.report_id == fact.report_id else report for report in reports])


def stamp(case: Case, entry: Entry) -> Case:
    """Return the case with revision, time and re-send shield of everything the entry touched."""
    touched = {_touches(fact) for fact in entry.facts}
    raised = {fact.report_id for fact in entry.facts if type(fact) in _RAISING}  # type: ignore[union-attr]
    reports = [
        _stamped(report, entry, raised) if report.report_id in touched else report for report in case.reports
    ]
    watch = case.watch
    if watch is not None and "" in touched:
        watch = changed(
            watch,
            updated_at=entry.now,
            revision=watch.revision + 1,
            seen=_remember(watch.seen, entry.fingerprint),
        )
    return Case(case.product_id, _needed(watch), tuple(reports))


def _needed(watch: Watch | None) -> Watch | None:
    return watch if watch is not None and watch.needed else None


def _touches(fact: Fact) -> str | None:
    """Return the id of the report that a fact is about, nothing for the watch, None for neither."""
    if type(fact) in _SHELL_FACTS:
        return None
    return getattr(fact, "report_id", "")


def _stamped(report: Report, entry: Entry, raised: set[str]) -> Report:
    return _touched(
        report,
        entry.now,
        report.revision + 1,
        report.information_revision + (report.report_id in raised),
        _remember(report.seen, entry.fingerprint),
    )


def _remember(ring: bytes, fingerprint: bytes) -> bytes:
    return (ring + fingerprint)[-_RING_BYTES:] if fingerprint else ring


def _with_report(case: Case, change: Callable[[Report, Any], Report], fact: Any) -> Case:
    report_id = fact.report_id
    reports = [change(report, fact) if report.report_id == report_id else report for report in case.reports]
    return Case(case.product_id, case.watch, tuple(reports))


def _watched(case: Case, fact: Any) -> Watch:
    watch = case.watch or Watch(case.product_id, updated_at=0, revision=0)
    return _WATCH_TABLE[type(fact)](watch, fact)


def _awaited(watch: Watch, fact: DegradationAwaited) -> Watch:
    others = tuple(item for item in watch.waiting if not _same(item.event, fact.waiting.event))
    return changed(watch, waiting=(*others, fact.waiting))


def _suppressed(watch: Watch, fact: SuppressionSet) -> Watch:
    others = tuple(item for item in watch.suppressions if not _same(item, fact.suppression))
    return changed(watch, suppressions=(*others, fact.suppression))


def _same(item: Any, fact: Any) -> bool:
    return (item.indicator, item.object_id, item.source) == (fact.indicator, fact.object_id, fact.source)


_WATCH_TABLE: dict[type[Any], Callable[[Watch, Any], Watch]] = {
    AbatementKept: lambda watch, fact: changed(watch, abatements=(*watch.abatements, fact.abatement)),
    AbatementDropped: lambda watch, fact: changed(
        watch, abatements=tuple(item for item in watch.abatements if not _same(item, fact))
    ),
    SuppressionSet: _suppressed,
    SuppressionEnded: lambda watch, fact: changed(
        watch, suppressions=tuple(item for item in watch.suppressions if not _same(item, fact))
    ),
    DegradationAwaited: _awaited,
    DegradationDropped: lambda watch, fact: changed(
        watch, waiting=tuple(item for item in watch.waiting if not _same(item.event, fact))
    ),
    AlarmSettled: lambda watch, fact: changed(watch, alarm=fact.alarm),
}
_SHELL_FACTS = frozenset(get_args(ShellFact))
_RAISING = frozenset({StatusChanged, InformationChanged, LinkSet, NoteAdded, ReportRepaired})
_TABLE: dict[type[Any], Callable[[Report, Any], Report]] = {**on.TABLE, **work.TABLE}
