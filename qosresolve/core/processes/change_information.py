"""Modify Customer QoS Report Information (eTOM 1.3.8.5, level 4).

What Co-ordinate's assignments change and what people change: assignee, description, priority, links, notes.
Identity, product, customer and status cannot be changed here.
"""

from qosresolve.core.decision import Verdict, applied, refused
from qosresolve.core.facts import Facts, InformationChanged, NoteAdded
from qosresolve.core.inputs import Command
from qosresolve.core.policy import AssignmentRule, Policy
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule

PATCHABLE = ("description", "priority", "assignee", "customer_ticket", "work_around")
BY_POLICY = "policy"


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the assignment that the policy's rules give an open report without an assignee."""
    if not report.open or report.assignee:
        return ()
    rule = next((rule for rule in policy.assignment if _matches(rule, report)), None)
    if rule is None:
        return ()
    return (InformationChanged(report.report_id, "assignee", rule.assignee, BY_POLICY),)


def _matches(rule: AssignmentRule, report: Report) -> bool:
    names = {row.name for row in report.indicators}
    return (
        rule.tier in ("", report.tier)
        and rule.site in ("", report.site)
        and (not rule.indicator or rule.indicator in names)
    )


def patch(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Change one field; an outdated `expected_revision` is refused."""
    if order.expected_revision not in (None, report.information_revision):
        return refused(Rule.OUTDATED_REVISION)
    if order.field not in PATCHABLE:
        return refused(Rule.NOT_PATCHABLE)
    if not _fits(order.field, order.value):
        return refused(Rule.BAD_VALUE)
    return applied(InformationChanged(report.report_id, order.field, order.value, order.actor))


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


def note(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Append free text; also after the end, as an annotation."""
    if not order.value:
        return refused(Rule.BAD_VALUE)
    return applied(NoteAdded(report.report_id, order.actor, order.value))


MAX_TEXT = 1_000  # characters: the report has a hard cap, long text belongs into a note
