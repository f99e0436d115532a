"""The promise: which respond and restore targets a report has, and when they move.

The restore deadline is the earliest, over the indicators that are not good, of the instant its severity was
raised plus the target of that severity, holds not counted; worsening never moves it later. Clock arithmetic
is in `clocks`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from qosresolve.core.clocks import Clock, Pause, spans_of, targeted, verdict, with_pause
from qosresolve.core.facts import ClockStopped, Facts, HoldEnded, SeverityChanged, TargetSet
from qosresolve.core.policy import Policy
from qosresolve.core.record import changed
from qosresolve.core.report import Indicator, Report
from qosresolve.core.spans import due_around
from qosresolve.core.tracking import tell
from qosresolve.core.vocabulary import RANK, ClockName, ClockOutcome

CLOCKS = (ClockName.RESPOND, ClockName.RESTORE)
_RESPOND, _UNTARGETED = ClockName.RESPOND, ClockOutcome.UNTARGETED  # a member costs ten times a name


def clock_of(report: Report, name: ClockName) -> Clock:
    """Return one of the report's two clocks."""
    return report.respond if name is _RESPOND else report.restore


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
        current = clock_of(report, name)
        if not current.running and current.outcome is not _UNTARGETED:
            continue
        best = _earliest(report, policy, name, now)
        if best is not None and _sooner(report, policy, best.due_at, current, now):
            first = current.outcome is _UNTARGETED
            clock = _clock_for(report, policy, name, now, best)
            facts += (_target_set(report, name, clock, "opened" if first else "severity"),)
            facts += () if first else tell(report, f"{name} target moved")
    return facts


def _sooner(report: Report, policy: Policy, due_at: int, current: Clock, now: int) -> bool:
    if current.outcome is _UNTARGETED:
        return current.stopped_at is None
    if not current.running or current.due_at is None:
        return False
    if current.held_since is not None:
        current = _restarted(report, policy, current, _pauses(current, now))
    return current.due_at is not None and due_at < current.due_at


def relaxed(report: Report, policy: Policy, now: int, reason: str, *, cautious: bool = False) -> Facts:
    """Return the later deadlines of a report that is promised less: of clocks that run and are in time.

    Cautious: an indicator that got worse counts from its start, since worsening never moved a deadline later.
    """
    facts: Facts = ()
    for name in CLOCKS:
        best = _earliest(report, policy, name, now, from_start=cautious)
        current = clock_of(report, name)
        moves = current.running and current.breached_at is None and current.held_since is None
        if best is None or not moves or current.due_at is None:
            continue
        if now < current.due_at < best.due_at:
            facts += (_target_set(report, name, _clock_for(report, policy, name, now, best), reason),)
    return facts


class _Promise(NamedTuple):
    """What one indicator asks of a clock: open time since a start, and when that is used up."""

    due_at: int
    started_at: int
    length: int


def _earliest(
    report: Report, policy: Policy, name: ClockName, now: int, *, from_start: bool = False
) -> _Promise | None:
    """Return the promise that is due first over the indicators that are not good, None without any."""
    counts_from = _started_at if from_start or policy.retarget_from_start else _rated_at
    pauses = spans_of(_pauses(clock_of(report, name), now))
    calendar = policy.calendar_of(report)
    best: _Promise | None = None
    for row in report.degraded:
        target = policy.target(report, row.name, report.pinned or row.rated)
        length = target.respond if name is _RESPOND else target.restore
        if length is None:
            continue
        start = counts_from(report, row)
        due_at = due_around(calendar, start, length, pauses)
        if best is None or due_at < best.due_at:
            best = _Promise(due_at, start, length)
    return best


def _clock_for(report: Report, policy: Policy, name: ClockName, now: int, promise: _Promise) -> Clock:
    levels = tuple(sorted((rule.percent, rule.level) for rule in policy.tier(report.tier).thresholds))
    current = clock_of(report, name)
    calendar, paused = policy.calendar_of(report), _pauses(current, now)
    fresh = targeted(calendar, promise.started_at, promise.length, levels=levels, paused=paused)
    # A threshold stays raised unless the new target puts the elapsed share below it.
    passed = {item.percent for item in current.thresholds if item.reached}
    kept = tuple(
        changed(item, reached=True) if item.percent in passed and item.due_at <= now else item
        for item in fresh.thresholds
    )
    return changed(fresh, thresholds=kept, paused=current.paused, held_since=current.held_since)


def _rated_at(report: Report, row: Indicator) -> int:
    """Return when the severity that counts for a row began; a milder one set by hand began with the row's."""
    raised = report.pinned is not None and RANK[report.pinned] > RANK[row.rated]
    return max(row.rated_at, report.pinned_at or 0) if raised else row.rated_at


def _started_at(_: Report, row: Indicator) -> int:
    return row.started_at


def _pauses(clock: Clock, now: int) -> tuple[Pause, ...]:
    """Return the pauses of a clock as if a hold that is on ended now."""
    return clock.paused if clock.held_since is None else with_pause(clock.paused, clock.held_since, now)


def _restarted(report: Report, policy: Policy, clock: Clock, paused: tuple[Pause, ...]) -> Clock:
    """Return a running clock with other pauses: same start and target; what was reached stays reached."""
    levels = tuple((item.percent, item.level) for item in clock.thresholds)
    reached = frozenset(item.percent for item in clock.thresholds if item.reached)
    calendar = policy.calendar_of(report)
    again = targeted(calendar, clock.started_at, clock.target, levels=levels, reached=reached, paused=paused)
    return changed(again, breached_at=clock.breached_at)


def _target_set(report: Report, name: ClockName, clock: Clock, reason: str) -> TargetSet:
    return TargetSet(
        report.report_id,
        name,
        clock.started_at,
        clock.target,
        clock.due_at,
        clock.thresholds,
        reason,
        clock.held_since,
        clock.paused,
    )


def resumed(
    report: Report, policy: Policy, names: tuple[ClockName, ...], ends: Mapping[str, int], reason: str
) -> Facts:
    """Return the new deadlines of clocks whose last holds end now; `ends` are their instants by hold."""
    return tuple(
        _target_set(report, name, _gone_on(report, policy, name, ends), reason)
        for name in names
        if clock_of(report, name).stopped_at is None and clock_of(report, name).held_since is not None
    )


def _gone_on(report: Report, policy: Policy, name: ClockName, ends: Mapping[str, int]) -> Clock:
    """Return a clock that stood still as it goes on, without the time that its holds took together.

    A hold that ended at its maximum may have done so before another one that was looked at earlier.
    """
    clock = clock_of(report, name)
    if clock.held_since is None:
        return clock
    stops = [
        (hold.since, ends.get(hold.hold_id, hold.ended_at)) for hold in report.holds if name in hold.clocks
    ]
    began = clock.held_since
    spans = [(max(since, began), end) for since, end in stops if end is not None and end > began]
    paused = with_pause(clock.paused, began, min((end for _, end in spans), default=began))
    for since, end in spans:
        paused = with_pause(paused, since, end)
    return _restarted(report, policy, clock, paused)


def continued(report: Report, policy: Policy, at: int) -> tuple[Facts, int]:
    """Return the restore clock's facts after a relapse at an instant, and the restored time deducted.

    The time from the restoration to the relapse is one more pause: what was still to come by then comes as
    much open time after the relapse, and what had passed stays where it was.
    """
    clock, restored = report.restore, report.restored_at
    if restored is None:
        return (), 0
    at = max(at, restored)
    if clock.target is None:
        return (), at - restored
    goes_on = _restarted(report, policy, clock, with_pause(clock.paused, restored, at))
    return (_target_set(report, ClockName.RESTORE, goes_on, "relapse"),), at - restored


def goes_on(report: Report) -> Facts:
    """Return the restore clock's facts after a refused resolution: it goes on as if it had never stopped."""
    if report.restore.target is None:
        return ()
    return (_target_set(report, ClockName.RESTORE, report.restore, "resolution refused"),)


def _ends(report: Report, at: int) -> dict[str, int]:
    """Return when each hold that is on has ended, were all over at an instant: no later than its maximum."""
    active = (hold for hold in report.holds if hold.active)
    return {hold.hold_id: max(min(at, hold.until or at), hold.since) for hold in active}


def responded(report: Report, policy: Policy, at: int) -> Facts:
    """Return the end of the respond clock when an owner takes the report."""
    clock = report.respond
    if clock.stopped_at is not None or clock.outcome not in (ClockOutcome.RUNNING, ClockOutcome.UNTARGETED):
        return ()
    outcome = verdict(_gone_on(report, policy, ClockName.RESPOND, _ends(report, at)), at)
    return (ClockStopped(report.report_id, ClockName.RESPOND, at, outcome),)


def stopped(report: Report, policy: Policy, at: int, *, counted: bool) -> Facts:
    """Return the ends of holds and both clocks when the product is restored (`counted`) or it was false."""
    reason = "restored" if counted else "cancelled"
    ends = _ends(report, at)
    facts: Facts = tuple(HoldEnded(report.report_id, hold_id, end, reason) for hold_id, end in ends.items())
    facts += resumed(report, policy, CLOCKS, ends, "stopped")
    due = {name: _gone_on(report, policy, name, ends) for name in CLOCKS}
    if report.restore.running:
        outcome = verdict(due[ClockName.RESTORE], at) if counted else ClockOutcome.NOT_APPLICABLE
        facts += (ClockStopped(report.report_id, ClockName.RESTORE, at, outcome),)
    if report.respond.running:
        missed = counted and verdict(due[ClockName.RESPOND], at) is ClockOutcome.MISSED
        outcome = ClockOutcome.MISSED if missed else ClockOutcome.NOT_APPLICABLE
        facts += (ClockStopped(report.report_id, ClockName.RESPOND, at, outcome),)
    return facts
