"""What happened to the promise: targets, thresholds, breach, and who was called."""

from qosresolve.core.clocks import Hold, Pause, Threshold
from qosresolve.core.record import record
from qosresolve.core.vocabulary import (
    ClockName,
    ClockOutcome,
    Jeopardy,
)


@record
class TargetSet:
    """A clock was given its target: at opening, a re-target, a resume, a relapse. `target` in open ms."""

    report_id: str
    clock: ClockName
    started_at: int
    target: int | None
    due_at: int | None
    thresholds: tuple[Threshold, ...]
    reason: str
    held_since: int | None = None
    paused: tuple[Pause, ...] = ()


@record
class HoldStarted:
    """Clocks stand still from `hold.since` on."""

    report_id: str
    hold: Hold


@record
class HoldEnded:
    """A hold is over; a clock that no other hold stops is given its new deadline."""

    report_id: str
    hold_id: str
    at: int
    reason: str


@record
class ThresholdReached:
    """A percentage of a target went by; `skipped` names lower ones passed while nobody looked."""

    report_id: str
    clock: ClockName
    percent: int
    level: int
    due_at: int
    skipped: tuple[int, ...]


@record
class TargetBreached:
    """A clock passed its deadline; stays true until restored."""

    report_id: str
    clock: ClockName
    due_at: int


@record
class ClockStopped:
    """A clock ended."""

    report_id: str
    clock: ClockName
    at: int
    outcome: ClockOutcome


@record
class PlanInfeasible:
    """The plan's longest path ends after the restore deadline."""

    report_id: str
    ends_at: int


@record
class EscalationRaised:
    """Somebody is called, at a level (0-10); `passed_over` names levels that were vacant or off duty."""

    report_id: str
    escalation_id: str
    level: int
    jeopardy: Jeopardy
    clock: ClockName
    due_at: int | None
    target: str
    at: int
    next_at: int | None
    repeats: int
    reason: str
    passed_over: tuple[str, ...] = ()


@record
class EscalationAcknowledged:
    """Somebody took the call; it expires."""

    report_id: str
    actor: str
    until: int


@record
class AcknowledgementExpired:
    """Nobody solved it in the time the acknowledgement bought; the chain goes on."""

    report_id: str
    next_at: int | None


@record
class EscalationEnded:
    """The call is over: jeopardy has gone or the report is no longer open."""

    report_id: str
    escalation_id: str
    level: int
    at: int
    reason: str
