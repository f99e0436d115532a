"""What happened to the work that was asked of others."""

from qosresolve.core.clocks import Threshold
from qosresolve.core.obligation import Obligation
from qosresolve.core.record import record
from qosresolve.core.vocabulary import (
    ObligationState,
)


@record
class ObligationPlanned:
    """Work was laid out and waits for its predecessors."""

    report_id: str
    obligation: Obligation


@record
class ObligationScheduled:
    """It could begin, but not before an instant: its slot is closed, or its time has not come.

    None takes that back: its time has come, but something new comes before it.
    """

    report_id: str
    obligation_id: str
    not_before: int | None
    reason: str


@record
class ObligationRequested:
    """The other party was asked; its own clock has `thresholds`."""

    report_id: str
    obligation_id: str
    at: int
    contact: str
    accept_by: int
    due_at: int
    thresholds: tuple[Threshold, ...] = ()


@record
class ObligationAnswered:
    """The other party answered; `chase_at` is when silence becomes our business again."""

    report_id: str
    obligation_id: str
    state: ObligationState
    at: int
    chase_at: int | None
    expected_at: int | None
    external_id: str
    note: str


@record
class InformationRequired:
    """The other party asks us something; an activity of the report's owner answers it."""

    report_id: str
    obligation_id: str
    question: str
    at: int


@record
class InformationGiven:
    """The question was answered."""

    report_id: str
    obligation_id: str
    reply: str
    actor: str


@record
class ResolutionRefused:
    """The other party said resolved, and what was measured says otherwise; its clock goes on."""

    report_id: str
    obligation_id: str
    evidence: str
    at: int
    chase_at: int


@record
class ObligationThresholdReached:
    """A percentage of the time that the other party has went by; `skipped` names lower ones."""

    report_id: str
    obligation_id: str
    percent: int
    level: int
    due_at: int
    skipped: tuple[int, ...]


@record
class ObligationOverdue:
    """The other party's time is over."""

    report_id: str
    obligation_id: str
    due_at: int


@record
class ObligationChased:
    """A reminder under the same id, or the next contact of the same party."""

    report_id: str
    obligation_id: str
    reminders: int
    contact: str
    next_at: int
    reason: str


@record
class ObligationUpdated:
    """The other party was told of a change: restored, re-targeted, escalated."""

    report_id: str
    obligation_id: str
    reason: str


@record
class WithdrawalRequested:
    """The other party was asked to stop; it has until `confirm_by` to say so."""

    report_id: str
    obligation_id: str
    at: int
    confirm_by: int
    reason: str


@record
class ObligationEnded:
    """It is over without a resolution: withdrawn, cancelled or given up."""

    report_id: str
    obligation_id: str
    state: ObligationState
    at: int
    reason: str
