"""What one degradation event does: to the indicator table of an open report, or to a product without one.

The hand-over from Create Customer QoS Report (1.3.8.4) happens here: the first bad sample opens the report.
Ordering is by (event time, source sequence); the process modules say what follows.
"""

from dataclasses import replace

from qosresolve.core.case import Case
from qosresolve.core.decision import Verdict, applied, no_op, noted, refused
from qosresolve.core.facts import (
    AbatementDropped,
    AbatementKept,
    Facts,
    IndicatorMeasured,
    ReportOpened,
    SuccessorNamed,
    SuppressionEnded,
)
from qosresolve.core.ids import report_id
from qosresolve.core.inputs import Cause, Command, Degradation
from qosresolve.core.policy import Policies, Policy, Times
from qosresolve.core.processes.change_status import relapse
from qosresolve.core.report import Indicator, Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import RANK, DegradationKind, IndicatorState, Severity, Status
from qosresolve.core.watch import EarlyAbatement, Suppression


def degraded(
    case: Case, event: Degradation, cause: Cause, policies: Policies, now: int, order: Command | None = None
) -> Verdict:
    """Return what a degradation event does; `order` is the `open` command that carried it, if one did."""
    if event.kind is DegradationKind.UNKNOWN:
        return refused(Rule.UNKNOWN_WORD)
    report = case.open
    if report is not None and (event.kind is not DegradationKind.ABATE or report.indicator(_key(event))):
        return _on_open(report, event, policies.of(report), now)
    if event.kind is DegradationKind.ABATE:
        return _abated_without_raise(case, event, policies.active.times, now)
    return _without_report(case, event, cause, policies, now, order)


def _key(event: Degradation) -> tuple[str, str]:
    return (event.indicator, event.object_id)


def sample_time(event: Degradation, now: int) -> int:
    """Return the instant a sample counts for: never later than the record's own time."""
    return min(event.observed_at, now)


def _clamped(event: Degradation, used: int, times: Times) -> int | None:
    """Return the source's own time where we moved it by more than the tolerance, else None."""
    return event.observed_at if abs(event.observed_at - used) > times.future_tolerance else None


# -- with an open report


def _on_open(report: Report, event: Degradation, policy: Policy, now: int) -> Verdict:
    row = report.indicator(_key(event))
    at = sample_time(event, now)
    if row is None:
        return applied(_measured(report.report_id, _new_row(event, now, policy.times), event, policy))
    if (at, event.sequence) < (row.sampled_at, row.sequence):
        return noted(Rule.OUT_OF_ORDER)
    if event.kind is DegradationKind.ABATE:
        return _abated(report, row, event, policy, now)
    return applied(_measured(report.report_id, _worse(row, event, at), event, policy))


def _measured(report: str, row: Indicator, event: Degradation, policy: Policy) -> IndicatorMeasured:
    return IndicatorMeasured(report, row, _clamped(event, row.sampled_at, policy.times))


def _new_row(event: Degradation, now: int, times: Times) -> Indicator:
    at = sample_time(event, now)
    start = at if now - at <= times.max_backdate else now
    return Indicator(
        event.indicator,
        event.object_id,
        event.object_kind,
        event.source,
        IndicatorState.DEGRADED,
        event.severity,
        started_at=start,
        rated_at=start,
        sampled_at=at,
        sequence=event.sequence,
        value=event.value,
        unit=event.unit,
        owner_party=event.owner_party,
    )


def _worse(row: Indicator, event: Degradation, at: int) -> Indicator:
    """A bad sample: voids a debounce; a row that was good starts anew."""
    again = row.state is IndicatorState.GOOD
    rises = RANK[event.severity] > RANK[row.severity]
    return replace(
        row,
        state=IndicatorState.DEGRADED,
        severity=event.severity,
        started_at=at if again else row.started_at,
        rated_at=at if again or rises else row.rated_at,
        sampled_at=at,
        sequence=event.sequence,
        good_since=None,
        clear_at=None,
        value=event.value,
    )


def _abated(report: Report, row: Indicator, event: Degradation, policy: Policy, now: int) -> Verdict:
    if row.state is IndicatorState.GOOD:
        return no_op(Rule.NOTHING_OPEN)
    at = sample_time(event, now)
    since = row.good_since if row.good_since is not None else at
    clear_at = since + policy.indicator(row.name).clear_after
    good = clear_at <= now
    better = replace(
        row,
        state=IndicatorState.GOOD if good else IndicatorState.DEBOUNCING,
        good_since=since,
        clear_at=None if good else clear_at,
        sampled_at=at,
        sequence=event.sequence,
        value=event.value,
    )
    return applied(_measured(report.report_id, better, event, policy))


# -- without an open report


def _abated_without_raise(case: Case, event: Degradation, times: Times, now: int) -> Verdict:
    silenced = _suppression(case, event)
    if silenced is not None:
        return applied(_speaks_again(silenced, "abated"))
    at = sample_time(event, now)
    kept = _early_abatement(case, event)
    latest = case.latest
    known = latest is not None and latest.indicator(_key(event)) is not None
    if known or now - at > times.lateness_window or (kept is not None and kept.at >= at):
        return no_op(Rule.NOTHING_OPEN)
    abatement = EarlyAbatement(
        event.indicator, event.object_id, event.source, at, event.sequence, now + times.lateness_window
    )
    dropped = (_dropped(kept, "replaced"),) if kept else ()
    return applied(*dropped, AbatementKept(abatement), rule=Rule.NOTHING_OPEN)


def _without_report(
    case: Case, event: Degradation, cause: Cause, policies: Policies, now: int, order: Command | None
) -> Verdict:
    policy = policies.active
    silenced, kept = _suppression(case, event), _early_abatement(case, event)
    if silenced is not None and RANK[event.severity] <= RANK[Severity(silenced.severity)]:
        return noted(Rule.SUPPRESSED)
    facts: Facts = (_speaks_again(silenced, "severity raised"),) if silenced else ()
    facts += (_dropped(kept, "matched"),) if kept else ()
    if kept is not None and kept.at >= sample_time(event, now):
        return applied(*facts, rule=Rule.ABATED_BEFORE_RAISE)
    if RANK[event.severity] < RANK[policy.indicator(event.indicator).opens_at]:
        return noted(Rule.BELOW_SEVERITY)
    latest = case.latest
    if latest is not None and _relapses(latest, event, policies, now):
        return _relapse(latest, event, policies.of(latest), now, facts)
    return applied(*facts, *_opened(latest, event, cause, policy, now, order))


def _relapses(latest: Report, event: Degradation, policies: Policies, now: int) -> bool:
    if latest.status is not Status.CLEARED or latest.restored_at is None:
        return False
    return sample_time(event, now) - latest.restored_at <= policies.of(latest).times.relapse_window


def _relapse(latest: Report, event: Degradation, policy: Policy, now: int, facts: Facts) -> Verdict:
    at = sample_time(event, now)
    row = latest.indicator(_key(event))
    if row is not None and (at, event.sequence) < (row.sampled_at, row.sequence):
        return noted(Rule.OUT_OF_ORDER)
    again = _worse(row, event, at) if row else _new_row(event, now, policy.times)
    measured = _measured(latest.report_id, again, event, policy)
    return applied(*facts, *relapse(latest, policy, at, now), measured)


def _opened(
    latest: Report | None,
    event: Degradation,
    cause: Cause,
    policy: Policy,
    now: int,
    order: Command | None,
) -> Facts:
    new_id = report_id(event.product_id, cause.topic, cause.partition, cause.offset)
    row = _new_row(event, now, policy.times)
    named = (SuccessorNamed(latest.report_id, new_id),) if latest and not latest.successor else ()
    opened = ReportOpened(
        report_id=new_id,
        product_id=event.product_id,
        customer_id=event.customer_id,
        tier=event.tier or policy.default_tier,
        site=event.site,
        offering=event.offering,
        policy=policy.hash,
        severity=event.severity,
        opened_at=now,
        started_at=row.started_at,
        predecessor=latest.report_id if latest else "",
        cause_key=event.cause_key,
        description=event.description[:MAX_DESCRIPTION],
        priority=policy.tier(event.tier).priority,
        customer_ticket=order.value if order else "",
    )
    return (*named, opened, _measured(new_id, row, event, policy))


def _suppression(case: Case, event: Degradation) -> Suppression | None:
    items = case.watch.suppressions if case.watch else ()
    return next((item for item in items if _about(item, event)), None)


def _early_abatement(case: Case, event: Degradation) -> EarlyAbatement | None:
    items = case.watch.abatements if case.watch else ()
    return next((item for item in items if _about(item, event)), None)


def _about(item: EarlyAbatement | Suppression, event: Degradation) -> bool:
    return (item.indicator, item.object_id, item.source) == (event.indicator, event.object_id, event.source)


def _speaks_again(item: Suppression, reason: str) -> SuppressionEnded:
    return SuppressionEnded(item.indicator, item.object_id, item.source, reason)


def _dropped(item: EarlyAbatement, reason: str) -> AbatementDropped:
    return AbatementDropped(item.indicator, item.object_id, item.source, reason)


def expired(case: Case, now: int) -> Facts:
    """Return what runs out in the watch by an instant."""
    if case.watch is None:
        return ()
    abatements = tuple(_dropped(item, "expired") for item in case.watch.abatements if item.until <= now)
    ended = tuple(_speaks_again(item, "expired") for item in case.watch.suppressions if item.until <= now)
    return abatements + ended


MAX_DESCRIPTION = 500  # characters kept in the report, which has a hard cap
