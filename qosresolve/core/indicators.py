"""What one degradation event does: to the indicator table of an open report, or to a product without one.

The hand-over from Create Customer QoS Report (1.3.8.4) happens here: the first bad sample opens the report.
Ordering is by (event time, source sequence); the process modules say what follows.
"""

from qosresolve.core.case import Case
from qosresolve.core.change import changed
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
from qosresolve.core.tracking import tell
from qosresolve.core.vocabulary import RANK, DegradationKind, IndicatorState, Severity, Status
from qosresolve.core.watch import EarlyAbatement, Suppression


def degraded(
    case: Case, event: Degradation, cause: Cause, policies: Policies, now: int, order: Command | None = None
) -> Verdict:
    """Return what a degradation event does; `order` is the `open` command that carried it, if one did."""
    if event.kind is DegradationKind.UNKNOWN:
        return refused(Rule.UNKNOWN_WORD)
    report = case.open
    row = report.indicator(_key(event)) if report else None
    if report is not None and row is not None and row.state is not IndicatorState.GOOD:
        return _on_row(report, row, event, policies.of(report), now)
    if event.kind is DegradationKind.ABATE:
        return _abated_without_raise(case, event, policies.active.times, now)
    barred = _barred(case, event, policies.of(report) if report else policies.active, now)
    if barred is not None:
        return barred
    if report is not None:
        facts = _on_open(report, row, event, policies.of(report), now)
    elif case.latest is not None and _relapses(case.latest, event, policies, now):
        facts = _relapsed(case.latest, event, policies.of(case.latest), now)
    else:
        facts = _opened(case.latest, event, cause, policies.active, now, order)
    return applied(*_heard(case, event), *facts)


def _key(event: Degradation) -> tuple[str, str]:
    return (event.indicator, event.object_id)


def sample_time(event: Degradation, now: int) -> int:
    """Return the instant a sample counts for: never later than the record's own time."""
    return min(event.observed_at, now)


def _clamped(event: Degradation, used: int, times: Times) -> int | None:
    """Return the source's own time where we moved it by more than the tolerance, else None."""
    return event.observed_at if abs(event.observed_at - used) > times.future_tolerance else None


# -- with an open report


def _on_row(report: Report, row: Indicator, event: Degradation, policy: Policy, now: int) -> Verdict:
    """Take a sample of an indicator that is not good."""
    if _outdated(row, event, now):
        return noted(Rule.OUT_OF_ORDER)
    better = event.kind is DegradationKind.ABATE
    sampled = _better(row, event, policy, now) if better else _worse(row, event, policy.times, now)
    return applied(_measured(report.report_id, sampled, event, policy, now))


def _outdated(row: Indicator, event: Degradation, now: int) -> bool:
    return (sample_time(event, now), event.sequence) < (row.sampled_at, row.sequence)


def _on_open(report: Report, row: Indicator | None, event: Degradation, policy: Policy, now: int) -> Facts:
    """Add an indicator to an open report; where that was restored already, it relapses."""
    if report.restored_at is not None:
        return _relapsed(report, event, policy, now)
    measured = _measured(report.report_id, _bad_row(row, event, policy.times, now), event, policy, now)
    return (measured, *tell(report, f"degraded: {event.indicator}"))


def _relapsed(report: Report, event: Degradation, policy: Policy, now: int) -> Facts:
    row = _bad_row(report.indicator(_key(event)), event, policy.times, now)
    again = relapse(report, policy, row.started_at, now)
    return (*again, _measured(report.report_id, row, event, policy, now))


def _measured(report: str, row: Indicator, event: Degradation, policy: Policy, now: int) -> IndicatorMeasured:
    started = row.started_at if row.started_at == now else row.sampled_at
    return IndicatorMeasured(report, row, _clamped(event, started, policy.times))


def _start(event: Degradation, times: Times, now: int) -> int:
    """Return when a degradation counts from: a sample older than the maximum backdate, from now."""
    at = sample_time(event, now)
    return at if now - at <= times.max_backdate else now


def _bad_row(row: Indicator | None, event: Degradation, times: Times, now: int) -> Indicator:
    return _new_row(event, times, now) if row is None else _worse(row, event, times, now)


def _new_row(event: Degradation, times: Times, now: int) -> Indicator:
    at, start = sample_time(event, now), _start(event, times, now)
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


def _worse(row: Indicator, event: Degradation, times: Times, now: int) -> Indicator:
    """Take a bad sample: it voids a debounce; a row that was good starts anew."""
    start = _start(event, times, now)
    again = row.state is IndicatorState.GOOD
    rises = RANK[event.severity] > RANK[row.severity]
    return changed(
        row,
        state=IndicatorState.DEGRADED,
        severity=event.severity,
        started_at=start if again else row.started_at,
        rated_at=start if again or rises else row.rated_at,
        sampled_at=sample_time(event, now),
        sequence=event.sequence,
        good_since=None,
        clear_at=None,
        value=event.value,
    )


def _better(row: Indicator, event: Degradation, policy: Policy, now: int) -> Indicator:
    """Take a good sample: it is believed once the debounce has run."""
    at = sample_time(event, now)
    since = row.good_since if row.good_since is not None else at
    clear_at = since + policy.indicator(row.name).clear_after
    good = clear_at <= now
    return changed(
        row,
        state=IndicatorState.GOOD if good else IndicatorState.DEBOUNCING,
        good_since=since,
        clear_at=None if good else clear_at,
        sampled_at=at,
        sequence=event.sequence,
        value=event.value,
    )


# -- of an indicator that is not known to be bad


def _abated_without_raise(case: Case, event: Degradation, times: Times, now: int) -> Verdict:
    silenced = _suppression(case, event)
    if silenced is not None:
        return applied(_speaks_again(silenced, "abated"))
    at = sample_time(event, now)
    kept = _early_abatement(case, event)
    late = now - at > times.lateness_window
    if late or _held_row(case, event) is not None or (kept is not None and kept.at >= at):
        return no_op(Rule.NOTHING_OPEN)
    abatement = EarlyAbatement(
        event.indicator, event.object_id, event.source, at, event.sequence, now + times.lateness_window
    )
    dropped = (_dropped(kept, "replaced"),) if kept else ()
    return applied(*dropped, AbatementKept(abatement), rule=Rule.NOTHING_OPEN)


def _held_row(case: Case, event: Degradation) -> Indicator | None:
    """Return the indicator's row in the newest report that has one."""
    rows = (report.indicator(_key(event)) for report in reversed(case.reports))
    return next((row for row in rows if row is not None), None)


def _barred(case: Case, event: Degradation, policy: Policy, now: int) -> Verdict | None:
    """Return why a bad sample starts nothing, or None.

    An abatement that came first stays until its window ends, so that a raise sent twice is barred twice.
    """
    silenced, kept, row = _suppression(case, event), _early_abatement(case, event), _held_row(case, event)
    if silenced is not None and RANK[event.severity] <= RANK[Severity(silenced.severity)]:
        return noted(Rule.SUPPRESSED)
    if kept is not None and kept.at >= sample_time(event, now):
        return noted(Rule.ABATED_BEFORE_RAISE)
    if row is not None and _outdated(row, event, now):
        return noted(Rule.OUT_OF_ORDER)
    if RANK[event.severity] < RANK[policy.indicator(event.indicator).opens_at]:
        return noted(Rule.BELOW_SEVERITY)
    return None


def _heard(case: Case, event: Degradation) -> Facts:
    """Return what a sample that is not barred makes the watch forget."""
    silenced, kept = _suppression(case, event), _early_abatement(case, event)
    facts: Facts = (_speaks_again(silenced, "severity raised"),) if silenced else ()
    return (*facts, _dropped(kept, "matched")) if kept else facts


def _relapses(latest: Report, event: Degradation, policies: Policies, now: int) -> bool:
    if latest.status is not Status.CLEARED or latest.restored_at is None:
        return False
    return sample_time(event, now) - latest.restored_at <= policies.of(latest).times.relapse_window


def _opened(
    latest: Report | None,
    event: Degradation,
    cause: Cause,
    policy: Policy,
    now: int,
    order: Command | None,
) -> Facts:
    new_id = report_id(event.product_id, cause.topic, cause.partition, cause.offset)
    row = _new_row(event, policy.times, now)
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
        customer_ticket=order.value[:MAX_DESCRIPTION] if order else "",
    )
    return (*named, opened, _measured(new_id, row, event, policy, now))


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
