"""Cancel Customer QoS Report (eTOM 1.3.8.5, level 4).

Only for a false performance event, with a reason code. Takes back what was asked of others and silences the
indicator and source until its abatement or the policy's expiry.
"""

from qosresolve.core import targets, tracking
from qosresolve.core.decision import Verdict, applied, refused
from qosresolve.core.facts import Facts, FalseEventDeclared, ReportEnded, SuppressionSet
from qosresolve.core.inputs import Command
from qosresolve.core.policy import Policy
from qosresolve.core.processes.change_status import move
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Status
from qosresolve.core.watch import Suppression


def cancel(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Answer `cancel`: the reason must be one of the policy's codes for a false event."""
    if not report.open:
        return refused(Rule.NOT_OPEN)
    if not order.reason:
        return refused(Rule.REASON_REQUIRED)
    if order.reason not in policy.cancel_reasons:
        return refused(Rule.REASON_UNKNOWN)
    return applied(
        FalseEventDeclared(report.report_id, order.reason, order.actor),
        move(report, Status.CANCELLED, now, reason=order.reason, actor=order.actor),
        *targets.stopped(report, policy, now, counted=False),
        *_compensate(report, policy, now),
        *_silence(report, policy, now),
        ReportEnded(report.report_id, now + policy.times.forget_after),
    )


def _compensate(report: Report, policy: Policy, now: int) -> Facts:
    facts: Facts = ()
    for item in report.obligations:
        facts += tracking.withdraw(report, item, policy, now, "falseEvent")
    return facts


def _silence(report: Report, policy: Policy, now: int) -> Facts:
    until = now + policy.times.suppress_for
    return tuple(
        SuppressionSet(
            Suppression(row.name, row.object_id, row.source, row.severity, until, report.report_id)
        )
        for row in report.degraded
    )
