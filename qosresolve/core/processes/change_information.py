"""Modify Customer QoS Report Information (eTOM 1.3.8.5, level 4).

What Co-ordinate's assignments change and what people change: assignee, description, priority, links, notes.
Identity, product, customer and status cannot be changed here.
"""

from qosresolve.core import targets
from qosresolve.core.calendar import is_open
from qosresolve.core.decision import Verdict, applied, no_op, refused
from qosresolve.core.facts import (
    Classified,
    Facts,
    InformationChanged,
    LinkSet,
    NoteAdded,
    SeverityPinned,
)
from qosresolve.core.inputs import Command
from qosresolve.core.policy import AssignmentRule, Policy
from qosresolve.core.record import changed
from qosresolve.core.report import Link, Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Classification, LinkKind, Severity, Status

PATCHABLE = ("description", "priority", "assignee", "customer_ticket", "work_around")
BY_POLICY = "policy"


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the assignment that the policy's rules give an open report without an assignee."""
    if not report.open or report.assignee:
        return ()
    rule = next((rule for rule in policy.assignment if _matches(rule, report, policy, now)), None)
    if rule is None:
        return ()
    return (InformationChanged(report.report_id, "assignee", rule.assignee, BY_POLICY),)


def _matches(rule: AssignmentRule, report: Report, policy: Policy, now: int) -> bool:
    names = {row.name for row in report.indicators}
    return (
        rule.tier in ("", report.tier)
        and rule.site in ("", report.site)
        and (not rule.indicator or rule.indicator in names)
        and (not rule.calendar or is_open(policy.calendars[rule.calendar], now))
    )


def patch(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Change one field or link."""
    link = next((kind for kind in LinkKind if kind == order.field), None)
    if link is None and order.field not in PATCHABLE:
        return refused(Rule.NOT_PATCHABLE)
    if not _fits(order.field, order.value):
        return refused(Rule.BAD_VALUE)
    if link is not None:
        return applied(
            *_linked(report, LinkSet(report.report_id, link, order.value, order.actor), policy, now)
        )
    return applied(InformationChanged(report.report_id, order.field, order.value, order.actor))


def _linked(report: Report, link: LinkSet, policy: Policy, now: int) -> Facts:
    """Set a link; the SLA it names may promise more time than the tier does."""
    if link.kind is not LinkKind.SLA or not report.open or not report.degraded:
        return (link,)
    others = tuple(item for item in report.links if item.kind is not link.kind)
    then = changed(report, links=(*others, Link(link.kind, link.reference)))
    return (link, *targets.relaxed(then, policy, now, "another SLA"))


def _fits(field: str, value: str) -> bool:
    if field == "priority":
        return value.isdecimal() and 1 <= int(value) <= 10
    if field == "work_around":
        return value in ("true", "false")
    return len(value) <= MAX_TEXT


def assign(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Give the report to somebody."""
    if not report.open:
        return refused(Rule.NOT_OPEN)
    if not order.value:
        return refused(Rule.BAD_VALUE)
    return applied(InformationChanged(report.report_id, "assignee", order.value, order.actor))


def set_severity(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Pin the severity by hand until it is released; a worse one may move the deadline nearer."""
    severity = next((severity for severity in Severity if severity == order.value), None)
    if not report.open:
        return refused(Rule.NOT_OPEN)
    if severity is None:
        return refused(Rule.BAD_VALUE)
    if not order.reason:
        return refused(Rule.REASON_REQUIRED)
    if severity is report.pinned:
        return no_op(Rule.NOTHING_CHANGES)
    return applied(*_pinned(report, order, policy, now, severity))


def release_severity(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Let the severity follow the indicators again."""
    if not report.open:
        return refused(Rule.NOT_OPEN)
    if report.pinned is None:
        return no_op(Rule.NOTHING_CHANGES)
    return applied(*_pinned(report, order, policy, now, None))


def _pinned(report: Report, order: Command, policy: Policy, now: int, severity: Severity | None) -> Facts:
    pinned = SeverityPinned(report.report_id, severity, now, order.actor, order.reason)
    if not policy.falls_retarget:
        return (pinned,)
    then = changed(report, pinned=severity, pinned_at=None if severity is None else now)
    return (pinned, *targets.relaxed(then, policy, now, "severity set by hand"))


def classify(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Decide how a cleared report counts in the figures: its status does not change."""
    wanted = next((word for word in Classification if word == order.value), None)
    if report.status is not Status.CLEARED:
        return refused(Rule.NOT_CLEARED)
    if wanted is None:
        return refused(Rule.BAD_VALUE)
    if not order.reason:
        return refused(Rule.REASON_REQUIRED)
    if wanted is report.classification:
        return no_op(Rule.NOTHING_CHANGES)
    return applied(Classified(report.report_id, wanted, order.reason, order.actor))


def note(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Append free text; also after the end, as an annotation."""
    if not order.value:
        return refused(Rule.BAD_VALUE)
    return applied(NoteAdded(report.report_id, order.actor, order.value))


MAX_TEXT = 1_000  # characters: the report has a hard cap, long text belongs into a note
