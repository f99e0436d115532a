"""The promise: which respond and restore targets a report has, and when they move.

The restore deadline is the earliest, over the indicators that are not good, of the instant its severity was
raised plus the target of that severity; it never moves later. Clock arithmetic is in `clocks`.
"""

from dataclasses import replace

from qosresolve.core.calendar import due, open_between
from qosresolve.core.clocks import Clock, targeted, verdict
from qosresolve.core.facts import ClockStopped, Facts, SeverityChanged, TargetSet
from qosresolve.core.policy import Policy
from qosresolve.core.report import Indicator, Report
from qosresolve.core.tracking import tell
from qosresolve.core.vocabulary import ClockName, ClockOutcome

CLOCKS = (ClockName.RESPOND, ClockName.RESTORE)


def clock_of(report: Report, name: ClockName) -> Clock:
    """Return one of the report's two clocks."""
    return report.respond if name is ClockName.RESPOND else report.restore


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the severity and re-targets that the indicator table asks for."""
    if not report.open or not report.degraded:
        return ()
    return _severity(report) + _retarget(report, policy, now)


def _severity(report: Report) -> Facts:
    worst = report.worst()
    if worst is None or worst is report.severity:
        return ()
    return (SeverityChanged(report.report_id, worst),)


def _retarget(report: Report, policy: Policy, now: int) -> Facts:
    facts: Facts = ()
    for name in CLOCKS:
        best = earliest(report, policy, name, now)
        current = clock_of(report, name)
        if best is not None and best.due_at is not None and _sooner(best.due_at, current):
            first = current.outcome is ClockOutcome.UNTARGETED
            facts += (_target_set(report, name, best, "opened" if first else "severity"),)
            facts += () if first else tell(report, f"{name} target moved")
    return facts


def _sooner(due_at: int, current: Clock) -> bool:
    if current.outcome is ClockOutcome.UNTARGETED:
        return current.stopped_at is None
    return current.running and current.due_at is not None and due_at < current.due_at


def earliest(report: Report, policy: Policy, name: ClockName, now: int) -> Clock | None:
    """Return the clock with the earliest deadline over the indicators that are not good."""
    clocks = [_clock_for(report, row, policy, name, now) for row in report.degraded]
    targeted_ones = [clock for clock in clocks if clock.due_at is not None]
    return min(targeted_ones, key=lambda clock: clock.due_at or 0, default=clocks[0] if clocks else None)


def _clock_for(report: Report, row: Indicator, policy: Policy, name: ClockName, now: int) -> Clock:
    tier = policy.tier(report.tier)
    target = tier.targets[row.severity]
    length = target.respond if name is ClockName.RESPOND else target.restore
    start = row.started_at if policy.retarget_from_start else row.rated_at
    levels = tuple(sorted((rule.percent, rule.level) for rule in tier.thresholds))
    current = clock_of(report, name)
    # A threshold stays raised unless the new target puts the elapsed share below it.
    fresh = targeted(policy.calendar_of(report), start, length, levels=levels)
    passed = {item.percent for item in current.thresholds if item.reached}
    kept = frozenset(
        item.percent for item in fresh.thresholds if item.percent in passed and item.due_at <= now
    )
    return targeted(policy.calendar_of(report), start, length, levels=levels, reached=kept)


def _target_set(report: Report, name: ClockName, clock: Clock, reason: str) -> TargetSet:
    return TargetSet(
        report.report_id, name, clock.started_at, clock.target, clock.due_at, clock.thresholds, reason
    )


def continued(report: Report, policy: Policy, at: int) -> tuple[Facts, int]:
    """Return the restore clock's facts after a relapse at an instant, and the restored time deducted.

    The customer's clock goes on where it stood when the product was restored: what was still to come by then
    comes as much open time after the relapse. What had passed stays where it was.
    """
    clock, restored = report.restore, report.restored_at
    if restored is None:
        return (), 0
    at = max(at, restored)
    if clock.due_at is None:
        return (), at - restored
    calendar = policy.calendar_of(report)

    def moved(instant: int) -> int:
        left = open_between(calendar, restored, instant)
        return due(calendar, at, left) if left else instant

    thresholds = tuple(replace(item, due_at=moved(item.due_at)) for item in clock.thresholds)
    goes_on = replace(clock, due_at=moved(clock.due_at), thresholds=thresholds)
    return (_target_set(report, ClockName.RESTORE, goes_on, "relapse"),), at - restored


def resumed(report: Report) -> Facts:
    """Return the restore clock's facts after a refused resolution: it goes on as if it had never stopped."""
    if report.restore.target is None:
        return ()
    return (_target_set(report, ClockName.RESTORE, report.restore, "resolution refused"),)


def responded(report: Report, at: int) -> Facts:
    """Return the end of the respond clock when an owner takes the report."""
    clock = report.respond
    if clock.stopped_at is not None or clock.outcome not in (ClockOutcome.RUNNING, ClockOutcome.UNTARGETED):
        return ()
    return (ClockStopped(report.report_id, ClockName.RESPOND, at, verdict(report.respond, at)),)


def stopped(report: Report, at: int, *, counted: bool) -> Facts:
    """Return the ends of both clocks when the product is restored (`counted`) or it was a false event."""
    facts: Facts = ()
    if report.restore.running:
        outcome = verdict(report.restore, at) if counted else ClockOutcome.NOT_APPLICABLE
        facts += (ClockStopped(report.report_id, ClockName.RESTORE, at, outcome),)
    if report.respond.running:
        missed = counted and verdict(report.respond, at) is ClockOutcome.MISSED
        outcome = ClockOutcome.MISSED if missed else ClockOutcome.NOT_APPLICABLE
        facts += (ClockStopped(report.report_id, ClockName.RESPOND, at, outcome),)
    return facts
