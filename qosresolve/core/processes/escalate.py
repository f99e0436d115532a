"""Escalate/End Customer QoS Report (eTOM 1.3.8.5.6).

Jeopardy of each clock, those of what was asked of others too, the chain of those who are called, and the end
of the call. A clock's numbers are `targets`' business.
"""

from qosresolve.core import plan, tracking
from qosresolve.core.calendar import is_open
from qosresolve.core.clocks import Clock, Threshold
from qosresolve.core.decision import Verdict, applied, refused
from qosresolve.core.facts import (
    AcknowledgementExpired,
    EscalationAcknowledged,
    EscalationEnded,
    EscalationRaised,
    Facts,
    ObligationOverdue,
    ObligationThresholdReached,
    TargetBreached,
    ThresholdReached,
)
from qosresolve.core.ids import stable_id
from qosresolve.core.inputs import Command
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import ChainLevel, Policy
from qosresolve.core.record import changed, record
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import ClockName, Jeopardy

FORECAST_LEVEL = 1


@record
class _Want:
    """One reason to call somebody, and the level that it asks for."""

    level: int
    jeopardy: Jeopardy
    clock: ClockName
    reason: str


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return thresholds, breaches and chain steps that are due; withheld while a debounce runs."""
    if not report.open or report.debouncing or report.restored_at is not None:
        return ()
    facts: Facts = ()
    for name in CLOCKS:
        facts += _passed(report, name, clock_of(report, name), now)
    for item in report.obligations:
        facts += _passed_of(report, item, now)
    return facts + _breached_too(report, policy, now, facts) if facts else _chain_due(report, policy, now)


def _highest(thresholds: tuple[Threshold, ...], now: int) -> tuple[Threshold, tuple[int, ...]] | None:
    """Return the highest threshold that has passed untold, and the lower ones that are told with it."""
    reached = [item for item in thresholds if not item.reached and item.due_at <= now]
    if not reached:
        return None
    *skipped, highest = reached
    return highest, tuple(item.percent for item in skipped)


def _passed_of(report: Report, item: Obligation, now: int) -> Facts:
    """Return what has passed of the clock of something that was asked of another party."""
    if not item.running:
        return ()
    facts: Facts = ()
    passed = _highest(item.thresholds, now)
    if passed:
        highest, skipped = passed
        facts += (
            ObligationThresholdReached(
                report.report_id, item.obligation_id, highest.percent, highest.level, highest.due_at, skipped
            ),
        )
    if item.due_at is not None and item.overdue_at is None and item.due_at <= now:
        facts += (ObligationOverdue(report.report_id, item.obligation_id, item.due_at),)
    return facts


def _passed(report: Report, name: ClockName, clock: Clock, now: int) -> Facts:
    if not clock.running:
        return ()
    facts: Facts = ()
    now = now if clock.held_since is None else min(now, clock.held_since)
    passed = _highest(clock.thresholds, now)
    if passed:
        highest, skipped = passed
        facts += (
            ThresholdReached(report.report_id, name, highest.percent, highest.level, highest.due_at, skipped),
        )
    if clock.due_at is not None and clock.breached_at is None and clock.due_at <= now:
        facts += (TargetBreached(report.report_id, name, clock.due_at),)
    return facts


def _breached_too(report: Report, policy: Policy, now: int, facts: Facts) -> Facts:
    """Call again when the second clock breaks its promise: level and jeopardy alone would not tell."""
    broken = next((fact.clock for fact in facts if isinstance(fact, TargetBreached)), None)
    if broken is None or report.maintained or report.escalation.jeopardy is not Jeopardy.BREACHED:
        return ()
    want = _breach_of(report, policy, broken)
    return _call(report, policy, now, _level(policy, max(want.level, report.escalation.level)), want)


def _chain_due(report: Report, policy: Policy, now: int) -> Facts:
    escalation = report.escalation
    if report.maintained:
        return ()
    if escalation.acknowledged_until is not None and escalation.acknowledged_until <= now:
        return (AcknowledgementExpired(report.report_id, now),)
    if escalation.next_at is None or escalation.next_at > now:
        return ()
    step = _level(policy, escalation.level)
    if escalation.repeats < step.repeats:
        again = _Want(step.level, escalation.jeopardy, _pressing(report), "not acknowledged: repeated")
        return (_raise(report, policy, now, step, again, escalation.repeats + 1),)
    higher = next((item for item in policy.chain if item.level > escalation.level), None)
    if higher is None:
        return (AcknowledgementExpired(report.report_id, None),)
    want = _Want(higher.level, escalation.jeopardy, _pressing(report), "not acknowledged: next level")
    return _call(report, policy, now, higher, want)


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the escalation that the report's jeopardy asks for, or its end."""
    wants = _wants(report, policy, now)
    level = max((want.level for want in wants), default=0)
    if level == 0:
        return _end(report, now)
    breach = next((want for want in reversed(wants) if want.jeopardy is Jeopardy.BREACHED), None)
    worse = breach is not None and (
        report.escalation.jeopardy is not Jeopardy.BREACHED or _broken_since_the_call(report)
    )
    silent = report.debouncing or report.maintained  # good news to be believed, and maintenance, call nobody
    if silent or (level <= report.escalation.level and not worse):
        return ()
    because = breach if breach and worse else max(wants, key=lambda want: want.level)
    return _call(report, policy, now, _level(policy, max(level, report.escalation.level)), because)


def _broken_since_the_call(report: Report) -> bool:
    """Tell whether a promise broke since somebody was called: in maintenance, where nobody is."""
    called = report.escalation.raised_at or 0
    clocks = (clock_of(report, name) for name in CLOCKS)
    return any(clock.running and (clock.breached_at or 0) > called for clock in clocks)


def _call(report: Report, policy: Policy, now: int, step: ChainLevel, want: _Want) -> Facts:
    """Call a level of the chain, and tell all who work on the report; of a breach with its clock."""
    raised = _raise(report, policy, now, step, want)
    which = f": {want.reason}" if want.jeopardy is Jeopardy.BREACHED else ""
    return (raised, *tracking.tell(report, f"escalated to level {step.level}{which}"))


def _wants(report: Report, policy: Policy, now: int) -> list[_Want]:
    """Return all that puts a report in jeopardy as it stands."""
    if not report.open or report.restored_at is not None:
        return []
    wants = [want for name in CLOCKS for want in _wants_of(report, policy, name)]
    wants += [want for item in report.obligations if item.running for want in _wants_for(item, policy)]
    if _forecast_late(report, policy, now):
        reason = "forecast ends after the restore deadline"
        wants.append(_Want(FORECAST_LEVEL, Jeopardy.AT_RISK, ClockName.RESTORE, reason))
    return wants


def _wants_of(report: Report, policy: Policy, name: ClockName) -> list[_Want]:
    clock = clock_of(report, name)
    if not clock.running:
        return []
    wants = [
        _Want(item.level, Jeopardy.AT_RISK, name, f"{item.percent} % of the {name} target has passed")
        for item in clock.thresholds
        if item.reached
    ]
    if clock.breached_at is not None:
        wants.append(_breach_of(report, policy, name))
    return wants


def _wants_for(item: Obligation, policy: Policy) -> list[_Want]:
    """Return what the clock of something that was asked of another party asks for."""
    who = item.party or item.contact
    wants = [
        _Want(
            one.level,
            Jeopardy.AT_RISK,
            ClockName.OBLIGATION,
            f"{one.percent} % of {who}'s time for {item.node} has passed",
        )
        for one in item.thresholds
        if one.reached
    ]
    if item.overdue_at is not None:
        reason = f"{item.node} by {who} is overdue"
        wants.append(_Want(policy.overdue_level, Jeopardy.AT_RISK, ClockName.OBLIGATION, reason))
    return wants


def _breach_of(report: Report, policy: Policy, name: ClockName) -> _Want:
    level = policy.tier(report.tier).breach_level
    return _Want(level, Jeopardy.BREACHED, name, f"the {name} target is breached")


def _forecast_late(report: Report, policy: Policy, now: int) -> bool:
    """Tell whether the plan, or what somebody promised and the work behind it, ends after the deadline.

    A plan that was too long may fit again, once a revised cause has made a branch of it needless.
    """
    deadline = report.restore.due_at
    if deadline is None or not report.restore.running or report.restore.held_since is not None:
        return False
    promises = [
        plan.finish(report, policy, policy.node(item.node), item.expected_at)
        for item in report.obligations
        if item.expected_at is not None and item.running and plan.counts(item)
    ]
    promises += [cause.expected_at for cause in report.root_causes if cause.expected_at is not None]
    too_long = report.infeasible and plan.ends_at(report, policy, now) > deadline
    return too_long or max(promises, default=deadline) > deadline


def _raise(
    report: Report, policy: Policy, now: int, step: ChainLevel, want: _Want, repeats: int = 0
) -> EscalationRaised:
    breached = Jeopardy.BREACHED in (want.jeopardy, report.escalation.jeopardy)  # stays until restored
    step, passed_over = _on_duty(policy, step, now)
    last = repeats >= step.repeats and step.level >= policy.chain[-1].level
    due_at = None if want.clock is ClockName.OBLIGATION else clock_of(report, want.clock).due_at
    return EscalationRaised(
        report.report_id,
        stable_id("escalation", report.report_id, step.level, repeats, want.clock, now),
        step.level,
        Jeopardy.BREACHED if breached else Jeopardy.AT_RISK,
        want.clock,
        due_at,
        step.target,
        now,
        None if last else now + step.delay,
        repeats,
        want.reason,
        passed_over,
    )


def _on_duty(policy: Policy, step: ChainLevel, now: int) -> tuple[ChainLevel, tuple[str, ...]]:
    """Return who is called, and who was passed over as vacant or off duty; never nobody."""
    higher = [item for item in policy.chain if item.level > step.level]
    passed: list[str] = []
    for item in (step, *higher):
        free = not item.calendar or is_open(policy.calendars[item.calendar], now)
        if item.target and free:
            return item, tuple(passed)
        passed.append(item.target or f"level {item.level}")
    last = next((item for item in reversed(policy.chain) if item.target), step)
    return changed(last, level=max(last.level, step.level)), tuple(passed)


def _pressing(report: Report) -> ClockName:
    """Return the running clock that ends first."""
    running = [name for name in CLOCKS if clock_of(report, name).running]
    return min(running, key=lambda name: clock_of(report, name).due_at or 0, default=ClockName.RESTORE)


def _level(policy: Policy, level: int) -> ChainLevel:
    """Return the chain's step for a level: the highest step at or below it."""
    below = [step for step in policy.chain if step.level <= level]
    step = below[-1] if below else policy.chain[0]
    return changed(step, level=max(level, step.level))


def _end(report: Report, now: int) -> Facts:
    escalation = report.escalation
    if escalation.level == 0:
        return ()
    reason = "restored" if report.restored_at is not None else "jeopardy is over"
    if not report.open:
        reason = str(report.status)
    ended = EscalationEnded(report.report_id, escalation.escalation_id, escalation.level, now, reason)
    return (ended,)


def acknowledge(report: Report, command: Command, policy: Policy, now: int) -> Verdict:
    """Stop the chain for the policy's time."""
    if report.escalation.level == 0:
        return refused(Rule.NO_ESCALATION)
    until = now + policy.times.acknowledge_for
    return applied(EscalationAcknowledged(report.report_id, command.actor, until))
