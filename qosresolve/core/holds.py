"""Holds: when a clock of the promise stands still, and when it goes on.

A reason stops a clock only where the policy lists it. Holds that overlap unite: a clock goes on when the last
of them ends, and its deadline moves by the open time that it stood still. No hold takes a breach back.
"""

from qosresolve.core import targets
from qosresolve.core.clocks import Hold
from qosresolve.core.facts import Facts, HoldEnded, HoldStarted
from qosresolve.core.policy import Policy
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule

STATUS = "status"  # id of the hold that `pending` or `held` brings


def begun(report: Report, policy: Policy, reasons: tuple[str, ...], since: int) -> Facts:
    """Return the hold that the first listed of some reasons brings with a status, if any is listed."""
    reason = next((reason for reason in reasons if reason in policy.holds), None)
    if reason is None or report.hold(STATUS) is not None:
        return ()
    rule = policy.holds[reason]
    until = None if rule.at_most is None else since + rule.at_most
    return (HoldStarted(report.report_id, Hold(STATUS, reason, rule.clocks, since, until)),)


def ended(report: Report, policy: Policy, hold_id: str, at: int, reason: str) -> Facts:
    """Return the end of a hold, with the new deadlines of the clocks that no other hold stops."""
    hold = report.hold(hold_id)
    if hold is None:
        return ()
    at = max(at if hold.until is None else min(at, hold.until), hold.since)
    others = {name for item in report.holds if item.active and item is not hold for name in item.clocks}
    free = tuple(name for name in hold.clocks if name not in others)
    over = HoldEnded(report.report_id, hold_id, at, reason)
    return (over, *targets.resumed(report, policy, free, {hold_id: at}, "resumed"))


def backdated(report: Report, policy: Policy, since: int, now: int) -> Rule:
    """Return the rule that forbids a hold to begin at an instant, `Rule.NONE` where none does."""
    if not report.started_at <= since <= now:
        return Rule.BAD_VALUE
    if now - since > policy.times.hold_backdate:
        return Rule.TOO_FAR_BACK
    if any(hold.ended_at is not None and hold.ended_at > since for hold in report.holds):
        return Rule.BEFORE_LAST_RESUME
    return Rule.NONE
