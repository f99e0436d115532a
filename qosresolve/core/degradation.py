"""What one degradation event does: to an open report, or to a product without one.

The hand-over from Create Customer QoS Report (1.3.8.4) happens here: a bad sample opens the report at once,
or when the watch says that it stayed bad for long enough, past a maintenance window or a false-event verdict.
"""

from qosresolve.core import indicators
from qosresolve.core.case import Case
from qosresolve.core.decision import Verdict, applied, no_op, noted, refused, settled
from qosresolve.core.facts import (
    DegradationAwaited,
    Facts,
    ReportOpened,
    SuccessorNamed,
)
from qosresolve.core.ids import report_id
from qosresolve.core.indicators import measured, sample_time, start_of
from qosresolve.core.inputs import Cause, Command, Degradation
from qosresolve.core.maintenance import caught_up
from qosresolve.core.policy import Policies, Policy, Times
from qosresolve.core.processes.change_status import relapse
from qosresolve.core.record import changed, record
from qosresolve.core.report import Indicator, Report
from qosresolve.core.rules import Rule
from qosresolve.core.tracking import tell
from qosresolve.core.vocabulary import RANK, DegradationKind, IndicatorState, Severity, Status
from qosresolve.core.watch import IN_MAINTENANCE, OPEN_AFTER, SILENCED, Waiting
from qosresolve.core.watching import Known, forgotten, heard, kept, known, silenced, speaks_again
from qosresolve.core.windows import Window, covering, end_of

MAX_DESCRIPTION = 500  # characters kept in the report, which has a hard cap

# Looking a member up costs ten times a name, and these are asked for every event.
_UNKNOWN, _ABATE = DegradationKind.UNKNOWN, DegradationKind.ABATE
_GOOD = IndicatorState.GOOD


@record
class _Start:
    """A bad sample that starts something: bad `since`, the clock counting from `counts`."""

    event: Degradation
    cause: Cause
    since: int
    counts: int
    order: Command | None = None


def degraded(
    case: Case, event: Degradation, cause: Cause, policies: Policies, now: int, order: Command | None = None
) -> Verdict:
    """Return what a degradation event does; `order` is the `open` command that carried it, if one did."""
    if event.kind is _UNKNOWN:
        return refused(Rule.UNKNOWN_WORD)
    report = case.open
    row = report.indicator(_key(event)) if report else None
    if report is not None and row is not None and row.state is not _GOOD:
        return _on_row(report, row, event, policies.of(report), now)
    policy = policies.of(report) if report else policies.active
    if event.kind is _ABATE:
        return _abated_without_raise(case, event, policy.times, now)
    knows = known(case, event)
    barred = _barred(case, knows, event, policy, now)
    if barred is not None:
        return barred
    waits = None if order else _waits(knows, event, policies.windows, policy, now)
    if waits is not None:
        rule = Rule.IN_MAINTENANCE if waits.why == IN_MAINTENANCE else Rule.AWAITING
        return noted(rule, *heard(knows), DegradationAwaited(waits))
    start = _Start(event, cause, *_since(knows.waiting, event, policies.windows, policy, now), order)
    begun = _begun(case, start, policies, now)
    return applied(*heard(knows), *forgotten(knows.waiting, "opened"), *begun)


def _key(event: Degradation) -> tuple[str, str]:
    return (event.indicator, event.object_id)


# -- with an open report


def _on_row(report: Report, row: Indicator, event: Degradation, policy: Policy, now: int) -> Verdict:
    """Take a sample of an indicator that is not good."""
    if indicators.outdated(row, event, now):
        return noted(Rule.OUT_OF_ORDER)
    takes = indicators.better if event.kind is _ABATE else indicators.worse
    taken = takes(row, event, policy, now)
    if report.maintained and taken.state is IndicatorState.DEGRADED:
        taken = changed(taken, state=IndicatorState.SUPPRESSED)
    told = measured(report.report_id, taken, event, policy, now)
    if taken.severity is row.severity and taken.state is not _GOOD:
        return settled(told) if taken.state is row.state else applied(told)
    table = tuple(taken if item is row else item for item in report.indicators)
    return applied(told, *indicators.eased(report, table, policy, now))


def _begun(case: Case, start: _Start, policies: Policies, now: int) -> Facts:
    """Begin with a bad sample: on the open report, on one that relapses, or on a new one."""
    report, latest = case.open, case.latest
    if report is not None and report.restored_at is None:
        return _joined(report, start, policies.of(report), policies.windows, now)
    if report is not None:
        return _relapsed(report, start, policies.of(report), now)
    if latest is not None and _relapses(latest, start, policies):
        return _relapsed(latest, start, policies.of(latest), now)
    return _opened(latest, start, policies.active, now)


def _joined(report: Report, start: _Start, policy: Policy, windows: tuple[Window, ...], now: int) -> Facts:
    """Add an indicator to an open report, or one that was good and is bad again.

    What no window covers ends the standstill of a report in maintenance.
    """
    row = _row(start, policy, now)
    joins = measured(report.report_id, row, start.event, policy, now)
    others = tuple(item for item in report.indicators if item.key != row.key)
    then = changed(report, indicators=(*others, row))
    over = caught_up(then, policy, windows, now) if report.maintained else ()
    return (joins, *over, *tell(report, f"degraded: {start.event.indicator}"))


def _relapsed(report: Report, start: _Start, policy: Policy, now: int) -> Facts:
    again = relapse(report, policy, start.counts, now)
    return (*again, measured(report.report_id, _row(start, policy, now), start.event, policy, now))


def _relapses(latest: Report, start: _Start, policies: Policies) -> bool:
    if latest.status is not Status.CLEARED or latest.restored_at is None:
        return False
    return start.since - latest.restored_at <= policies.of(latest).times.relapse_window


def _row(start: _Start, policy: Policy, now: int) -> Indicator:
    return indicators.new_row(start.event, policy, now, since=start.since, start=start.counts)


def _opened(latest: Report | None, start: _Start, policy: Policy, now: int) -> Facts:
    event, cause, order = start.event, start.cause, start.order
    new_id = report_id(event.product_id, cause.topic, cause.partition, cause.offset)
    row = _row(start, policy, now)
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
    return (*named, opened, measured(new_id, row, event, policy, now))


# -- what opens nothing


def _abated_without_raise(case: Case, event: Degradation, times: Times, now: int) -> Verdict:
    knows, at = known(case, event), sample_time(event, now)
    verdict, waiting, earlier = knows.suppression, knows.waiting, knows.abatement
    if waiting is not None and at < sample_time(waiting.event, now):
        return noted(Rule.OUT_OF_ORDER)
    if verdict is not None or waiting is not None:
        speaks = (speaks_again(verdict, "abated"),) if verdict else ()
        keeps = kept(knows, event, times, now) if waiting else ()  # against raises that come out of order
        return applied(*speaks, *forgotten(waiting, "abated"), *keeps)
    if _held_row(case, event) is not None or (earlier is not None and earlier.at >= at):
        return no_op(Rule.NOTHING_OPEN)
    keeps = kept(knows, event, times, now)
    return applied(*keeps, rule=Rule.NOTHING_OPEN) if keeps else no_op(Rule.NOTHING_OPEN)


def _held_row(case: Case, event: Degradation) -> Indicator | None:
    """Return the indicator's row in the newest report that has one."""
    rows = (report.indicator(_key(event)) for report in reversed(case.reports))
    return next((row for row in rows if row is not None), None)


def _barred(case: Case, knows: Known, event: Degradation, policy: Policy, now: int) -> Verdict | None:
    """Return why a bad sample starts nothing, or None.

    An abatement that came first stays until its window ends, so that a raise sent twice is barred twice.
    """
    row, verdict = _held_row(case, event), knows.suppression
    if knows.waiting is not None and _older(event, knows.waiting.event, now):
        return noted(Rule.OUT_OF_ORDER)
    if verdict is not None and RANK[event.severity] <= RANK[Severity(verdict.severity)]:
        return noted(Rule.SUPPRESSED, DegradationAwaited(silenced(knows, event, verdict, now)))
    if knows.abatement is not None and knows.abatement.at >= sample_time(event, now):
        return noted(Rule.ABATED_BEFORE_RAISE)
    if row is not None and indicators.outdated(row, event, now):
        return noted(Rule.OUT_OF_ORDER)
    if RANK[event.severity] < RANK[policy.indicator(event.indicator).opens_at]:
        return noted(Rule.BELOW_SEVERITY, *forgotten(knows.waiting, "below the severity that opens"))
    return None


def _older(event: Degradation, than: Degradation, now: int) -> bool:
    return (sample_time(event, now), event.sequence) < (sample_time(than, now), than.sequence)


def _waits(
    knows: Known, event: Degradation, windows: tuple[Window, ...], policy: Policy, now: int
) -> Waiting | None:
    """Return what is to be remembered of a bad sample that must not open anything yet, or None."""
    waiting, at = knows.waiting, sample_time(event, now)
    since = waiting.since if waiting and waiting.why != SILENCED else at
    ends = _window_end(event, windows, policy, at)
    if ends is not None and ends > now:
        return Waiting(event, since, ends, IN_MAINTENANCE)
    until = since + policy.indicator(event.indicator).open_after
    return Waiting(event, since, until, OPEN_AFTER) if until > now else None


def _window_end(event: Degradation, windows: tuple[Window, ...], policy: Policy, at: int) -> int | None:
    """Return when the maintenance ends in which an indicator was bad at an instant, or None."""
    scope = (event.product_id, event.site, policy.tier_name(event.tier), event.object_id)
    return end_of(covering(window for window in windows if window.covers(*scope)), at) if windows else None


def _since(
    waiting: Waiting | None, event: Degradation, windows: tuple[Window, ...], policy: Policy, now: int
) -> tuple[int, int]:
    """Return since when what begins now is bad, and from when its clock counts."""
    if waiting is not None and waiting.why == SILENCED and waiting.until > now:
        waiting = None  # a raised severity breaks the verdict's silence: bad from this sample on
    since = waiting.since if waiting else sample_time(event, now)
    waited = waiting is not None and waiting.why == OPEN_AFTER
    ends = waiting.until if waiting and not waited else _window_end(event, windows, policy, since)
    verdict = waiting is not None and waiting.why == SILENCED
    if ends is None or (policy.window_counts and not verdict):
        return since, since if waited else start_of(changed(event, observed_at=since), policy.times, now)
    return since, min(ends, now)


# -- what time does to the watch


def opens(case: Case, cause: Cause, policies: Policies, now: int) -> Facts:
    """Return what the next indicator that has waited for long enough does: it opens, or waits on.

    Of two sources that told the same the newest sample goes first.
    """
    due = [item for item in case.watch.waiting if item.until <= now] if case.watch else []
    if not due:
        return ()
    item = min(due, key=lambda one: (one.until, *_key(one.event), -sample_time(one.event, now)))
    report = case.open
    policy = policies.of(report) if report else policies.active
    row = report.indicator(_key(item.event)) if report else None
    if report is not None and row is not None and row.state is not _GOOD:
        told = _on_row(report, row, item.event, policy, now)  # by another source, or by hand
        return (*forgotten(item, "opened"), *told.facts)
    ends = _window_end(item.event, policies.windows, policy, now)
    if ends is not None:
        return (DegradationAwaited(changed(item, until=ends, why=IN_MAINTENANCE)),)
    until = item.since + policy.indicator(item.event.indicator).open_after
    if item.why == IN_MAINTENANCE and until > now:
        return (DegradationAwaited(changed(item, until=until, why=OPEN_AFTER)),)
    start = _Start(item.event, cause, *_since(item, item.event, policies.windows, policy, now))
    return (*forgotten(item, "opened"), *_begun(case, start, policies, now))
