"""Which process answers which command: roles, reports and verbs, as data.

Each handler takes (report, command, policy, now) and returns a decision.
"""

from collections.abc import Callable

from qosresolve.core.case import Case
from qosresolve.core.decision import Verdict, applied, refused
from qosresolve.core.degradation import degraded
from qosresolve.core.inputs import Cause, Command
from qosresolve.core.policy import Policies, Policy
from qosresolve.core.processes import (
    analyse,
    cancel,
    change_information,
    change_status,
    clear,
    coordinate,
    escalate,
)
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.tracking import withdraw
from qosresolve.core.vocabulary import DegradationKind, Verb

Handler = Callable[[Report, Command, Policy, int], Verdict]


def commanded(case: Case, order: Command, cause: Cause, policies: Policies, now: int) -> Verdict:
    """Return what a command does, or the rule that refuses it."""
    if order.verb is Verb.OPEN:
        return _open(case, order, cause, policies, now)
    handler = HANDLERS.get(order.verb)
    if handler is None:
        return refused(Rule.UNKNOWN_WORD)
    report = case.report(order.report_id) if order.report_id else case.open or case.latest
    if report is None:
        return refused(Rule.NO_SUCH_REPORT)
    policy = policies.of(report)
    if not policy.may(order.verb, order.role):
        return refused(Rule.ROLE_NOT_ALLOWED)
    if order.expected_revision not in (None, report.information_revision):
        return refused(Rule.OUTDATED_REVISION)
    return handler(report, order, policy, now)


def _open(case: Case, order: Command, cause: Cause, policies: Policies, now: int) -> Verdict:
    """Create (1.3.8.4) hands a report over; with one open it is evidence on that one."""
    if not policies.active.may(order.verb, order.role):
        return refused(Rule.ROLE_NOT_ALLOWED)
    handed = order.degradation
    if handed is None or handed.product_id != case.product_id or handed.kind is DegradationKind.ABATE:
        return refused(Rule.BAD_VALUE)
    verdict = degraded(case, handed, cause, policies, now, order)
    rule = Rule.ALREADY_OPEN if case.open and not verdict.rule else verdict.rule
    return Verdict(verdict.outcome, rule, verdict.facts)


def _finding(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    if order.finding is None:
        return refused(Rule.BAD_VALUE)
    return analyse.found(report, order.finding, policy, now)


def _skip(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Skip one of our own activities, with a reason."""
    obligation = report.obligation(order.obligation_id)
    if obligation is not None and obligation.party:
        return refused(Rule.NOT_AN_ACTIVITY)
    return _withdraw(report, order, policy, now)


def _withdraw(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Take back one request, with a reason."""
    obligation = report.obligation(order.obligation_id)
    if obligation is None or not obligation.unfinished:
        return refused(Rule.NO_SUCH_OBLIGATION)
    if not order.reason:
        return refused(Rule.REASON_REQUIRED)
    return applied(*withdraw(report, obligation, policy, now, order.reason))


HANDLERS: dict[Verb, Handler] = {
    Verb.ACKNOWLEDGE: change_status.acknowledge,
    Verb.ACKNOWLEDGE_ESCALATION: escalate.acknowledge,
    Verb.ANSWER: coordinate.replied,
    Verb.ASSIGN: change_information.assign,
    Verb.CANCEL: cancel.cancel,
    Verb.CLASSIFY: change_information.classify,
    Verb.CLEAR: clear.forced,
    Verb.CLOSE: change_status.close,
    Verb.FINDING: _finding,
    Verb.HOLD: change_status.command,
    Verb.NOTE: change_information.note,
    Verb.PATCH: change_information.patch,
    Verb.REFUSE_RESOLUTION: change_status.refuse_resolution,
    Verb.RELEASE_SEVERITY: change_information.release_severity,
    Verb.RESTORE: clear.restore,
    Verb.RESUME: change_status.command,
    Verb.SET_SEVERITY: change_information.set_severity,
    Verb.SET_STATUS: change_status.command,
    Verb.SKIP_ACTIVITY: _skip,
    Verb.WITHDRAW: _withdraw,
}
