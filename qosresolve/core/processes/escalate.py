"""Escalate/End Customer QoS Report (eTOM 1.3.8.5.6).

Jeopardy of each clock, the chain of those who are called, and the end of the call. A clock's numbers are
`targets`' business.
"""

from qosresolve.core import tracking
from qosresolve.core.clocks import Clock
from qosresolve.core.decision import Verdict, applied, refused
from qosresolve.core.facts import (
    AcknowledgementExpired,
    EscalationAcknowledged,
    EscalationEnded,
    EscalationRaised,
    Facts,
    TargetBreached,
    ThresholdReached,
)
from qosresolve.core.ids import stable_id
from qosresolve.core.inputs import Command
from qosresolve.core.policy import ChainLevel, Policy
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import ClockName, Jeopardy

FORECAST_LEVEL = 1


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return thresholds, breaches and chain steps that are due; withheld while a debounce runs."""
    if not report.open or report.debouncing or report.restored_at is not None:
        return ()
    facts: Facts = ()
    for name in CLOCKS:
        facts += _passed(report, name, clock_of(report, name), now)
    return facts or _chain_due(report, policy, now)


def _passed(report: Report, name: ClockName, clock: Clock, now: int) -> Facts:
    if not clock.running:
        return ()
    facts: Facts = ()
    reached = [item for item in clock.thresholds if not item.reached and item.due_at <= now]
    if reached:
        *skipped, highest = reached
        percents = tuple(item.percent for item in skipped)
        facts += (
            ThresholdReached(
                report.report_id, name, highest.percent, highest.level, highest.due_at, percents
            ),
        )
    if clock.due_at is not None and clock.breached_at is None and clock.due_at <= now:
        facts += (TargetBreached(report.report_id, name, clock.due_at),)
    return facts


def _chain_due(report: Report, policy: Policy, now: int) -> Facts:
    escalation = report.escalation
    if escalation.acknowledged_until is not None and escalation.acknowledged_until <= now:
        return (AcknowledgementExpired(report.report_id, now),)
    if escalation.next_at is None or escalation.next_at > now:
        return ()
    step = _level(policy, escalation.level)
    if escalation.repeats < step.repeats:
        return (_raise(report, policy, now, step, escalation.repeats + 1, "not acknowledged: repeated"),)
    higher = next((item for item in policy.chain if item.level > escalation.level), None)
    if higher is None:
        return (AcknowledgementExpired(report.report_id, None),)
    return (_raise(report, policy, now, higher, 0, "not acknowledged: next level"),)


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the escalation that the report's jeopardy asks for, or its end."""
    level, jeopardy, reason = _wanted(report, policy)
    if level == 0:
        return _end(report, now)
    worse = jeopardy is Jeopardy.BREACHED and report.escalation.jeopardy is not Jeopardy.BREACHED
    if level <= report.escalation.level and not worse:
        return ()
    step = _level(policy, max(level, report.escalation.level))
    raised = _raise(report, policy, now, step, 0, reason, jeopardy=jeopardy)
    return (raised, *tracking.tell(report, f"escalated to level {step.level}"))


def _wanted(report: Report, policy: Policy) -> tuple[int, Jeopardy, str]:
    """Return the minimum level, the jeopardy and the reason of a report as it stands."""
    if not report.open or report.restored_at is not None:
        return 0, Jeopardy.NONE, ""
    wants: list[tuple[int, Jeopardy, str]] = [(0, Jeopardy.NONE, "")]
    for name in CLOCKS:
        wants += _wants_of(report, policy, name, clock_of(report, name))
    if _forecast_late(report):
        wants.append((FORECAST_LEVEL, Jeopardy.AT_RISK, "forecast ends after the restore deadline"))
    return max(wants, key=lambda want: (want[1] is Jeopardy.BREACHED, want[0]))


def _wants_of(
    report: Report, policy: Policy, name: ClockName, clock: Clock
) -> list[tuple[int, Jeopardy, str]]:
    if not clock.running:
        return []
    wants = [
        (item.level, Jeopardy.AT_RISK, f"{item.percent} % of the {name} target has passed")
        for item in clock.thresholds
        if item.reached
    ]
    if clock.breached_at is not None:
        level = max(policy.tier(report.tier).breach_level, report.escalation.level)
        wants.append((level, Jeopardy.BREACHED, f"the {name} target is breached"))
    return wants


def _forecast_late(report: Report) -> bool:
    deadline = report.restore.due_at
    if deadline is None or not report.restore.running:
        return False
    promises = (item.expected_at for item in report.obligations if item.running)
    return report.infeasible or any(promise is not None and promise > deadline for promise in promises)


def _raise(
    report: Report,
    policy: Policy,
    now: int,
    step: ChainLevel,
    repeats: int,
    reason: str,
    *,
    jeopardy: Jeopardy | None = None,
) -> EscalationRaised:
    clock = _pressing(report)
    escalation_id = stable_id("escalation", report.report_id, step.level, repeats, clock, now)
    last = repeats >= step.repeats and step.level >= policy.chain[-1].level
    return EscalationRaised(
        report.report_id,
        escalation_id,
        step.level,
        jeopardy or report.escalation.jeopardy,
        clock,
        clock_of(report, clock).due_at,
        step.target,
        now,
        None if last else now + step.delay,
        repeats,
        reason,
    )


def _pressing(report: Report) -> ClockName:
    """Return the running clock that ends first."""
    running = [name for name in CLOCKS if clock_of(report, name).running]
    return min(running, key=lambda name: clock_of(report, name).due_at or 0, default=ClockName.RESTORE)


def _level(policy: Policy, level: int) -> ChainLevel:
    """Return the chain's step for a level: the highest step at or below it."""
    below = [step for step in policy.chain if step.level <= level]
    step = below[-1] if below else policy.chain[0]
    return ChainLevel(max(level, step.level), step.target, step.delay, step.repeats)


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
