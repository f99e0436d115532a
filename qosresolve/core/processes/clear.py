"""Clear Customer QoS Report Status (eTOM 1.3.8.5, level 4).

Restored is not cleared: when every indicator is good the clocks stop; the report is cleared when running work
has ended, at the latest after the policy's wait. Setting `cleared` is the message to Close (1.1.1.7.6).
"""

from qosresolve.core import indicators, targets
from qosresolve.core.decision import Verdict, applied, no_op, refused
from qosresolve.core.facts import (
    ClearDelayed,
    CloseReminded,
    Facts,
    IndicatorMeasured,
    ReportEnded,
    ReportForgotten,
    ResolutionRecorded,
    Restored,
)
from qosresolve.core.inputs import Command
from qosresolve.core.obligation import Obligation
from qosresolve.core.plan import counts
from qosresolve.core.policy import Policy
from qosresolve.core.processes.change_status import move
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ObligationState, Status


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the restoration and the clearing that the report's state allows."""
    if not report.open:
        return ()
    if report.restored_at is None:
        return _restored(report, policy, now)
    return () if _still_open(report) else _clear(report, now, policy, reason="restored")


def _restored(report: Report, policy: Policy, now: int) -> Facts:
    if not report.indicators or report.degraded:
        return ()
    at = max(row.good_since or now for row in report.indicators)
    return _stop(report, policy, at, now)


def _stop(report: Report, policy: Policy, at: int, now: int) -> Facts:
    restored = Restored(report.report_id, at, now + policy.times.clear_wait)
    return (restored, *targets.stopped(report, policy, at, counted=True))


def _still_open(report: Report) -> tuple[Obligation, ...]:
    """Return the work that clearing still waits for."""
    return tuple(item for item in report.obligations if counts(item) and item.unfinished)


def _clear(report: Report, now: int, policy: Policy, *, reason: str, actor: str = "") -> Facts:
    facts: Facts = ()
    if report.status is Status.ACKNOWLEDGED:
        facts += (move(report, Status.IN_PROGRESS, now, reason=reason, actor=actor),)
        report = changed(report, status=Status.IN_PROGRESS)
    left = tuple(item.node for item in _still_open(report))
    remind_at = now + policy.times.close_reminder
    return (
        *facts,
        move(report, Status.CLEARED, now, reason=reason, actor=actor),
        ResolutionRecorded(report.report_id, resolution_code(report), left, remind_at),
    )


def resolution_code(report: Report) -> str:
    """Return cause, party and permanence of how it ended, as `kind/party/permanent`."""
    cause = report.root_causes[-1] if report.root_causes else None
    kind = cause.kind if cause else "noCauseFound"
    party = cause.party if cause and cause.party else "own"
    return f"{kind}/{party}/{'workAround' if report.work_around else 'permanent'}"


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return debounces that ended well, the clearing by rule, the reminder to Close and the forgetting."""
    aged = indicators.due(report, policy, now) if report.open else ()
    return aged + _clear_by_rule(report, policy, now) + _after_the_end(report, policy, now)


def _clear_by_rule(report: Report, policy: Policy, now: int) -> Facts:
    """At the end of the wait only nodes that block clearing are still waited for."""
    if not report.open or report.clear_by is None or report.clear_by > now:
        return ()
    blocking = tuple(item.node for item in _still_open(report) if policy.node(item.node).blocks_clear)
    if blocking:
        return (ClearDelayed(report.report_id, now + policy.times.clear_wait, blocking),)
    return _clear(report, now, policy, reason="restored; waited for open work")


def _after_the_end(report: Report, policy: Policy, now: int) -> Facts:
    if report.forget_at is not None and report.forget_at <= now:
        return _forget(report, policy, now)
    if report.close_reminder_at is not None and report.close_reminder_at <= now:
        return (CloseReminded(report.report_id, now, now + policy.times.close_reminder),)
    return ()


def _forget(report: Report, policy: Policy, now: int) -> Facts:
    """A report is not forgotten before its compensation is done."""
    if any(item.running or item.state is ObligationState.WITHDRAWING for item in report.obligations):
        return (ReportEnded(report.report_id, now + policy.times.forget_after),)
    return (ReportForgotten(report.report_id),)


def forced(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """An operator's word clears, with a reason."""
    if not report.open:
        return refused(Rule.NOT_OPEN)
    if not order.reason:
        return refused(Rule.REASON_REQUIRED)
    stopped = () if report.restored_at is not None else _stop(report, policy, now, now)
    cleared = _clear(report, now, policy, reason=order.reason, actor=order.actor)
    return applied(*_declared_good(report, now), *stopped, *cleared)


def restore(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """An operator states when the product was restored, between its start and now."""
    if not report.open:
        return refused(Rule.NOT_OPEN)
    at = order.at if order.at is not None else now
    if not report.started_at <= at <= now:
        return refused(Rule.BAD_VALUE)
    good = _declared_good(report, at)
    return applied(*good) if good else no_op(Rule.NOTHING_CHANGES)


def _declared_good(report: Report, at: int) -> Facts:
    """Return the indicator table as an operator's word makes it."""
    return tuple(
        IndicatorMeasured(report.report_id, indicators.good_by_word(row, at)) for row in report.degraded
    )
