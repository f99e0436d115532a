"""Facts: what happened to a report or a watch, in the past tense.

Facts carry results (instants, targets, ids), so folding them needs no policy, calendar or clock. One
`Entry` is written to the journal for every input, even when nothing came of it.
"""

from dataclasses import dataclass

from qosresolve.core.clocks import Threshold
from qosresolve.core.inputs import Cause, Finding
from qosresolve.core.obligation import Obligation
from qosresolve.core.report import Indicator, RootCause
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import (
    ClockName,
    ClockOutcome,
    Jeopardy,
    ObligationState,
    Outcome,
    Severity,
    Status,
)
from qosresolve.core.watch import EarlyAbatement, Suppression


@dataclass(frozen=True, slots=True)
class ReportOpened:
    """A report was taken over from Create Customer QoS Report (1.3.8.4)."""

    report_id: str
    product_id: str
    customer_id: str
    tier: str
    site: str
    offering: str
    policy: str
    severity: Severity
    opened_at: int
    started_at: int
    predecessor: str
    cause_key: str
    description: str
    priority: int
    customer_ticket: str


@dataclass(frozen=True, slots=True)
class ReportReopened:
    """A cleared report went back to work: a relapse deducts the restored time, a refusal does not."""

    report_id: str
    at: int
    relapse: bool
    deducted: int


@dataclass(frozen=True, slots=True)
class SuccessorNamed:
    """A newer report of the product took over."""

    report_id: str
    successor: str


@dataclass(frozen=True, slots=True)
class IndicatorMeasured:
    """A row of the indicator table changed; `reported_at` is the source's own time where we clamped it."""

    report_id: str
    indicator: Indicator
    reported_at: int | None = None


@dataclass(frozen=True, slots=True)
class SeverityChanged:
    """The report's severity followed its indicators."""

    report_id: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class TargetSet:
    """A clock was given its target: at opening, at a re-target, at a relapse. `target` in ms of open time."""

    report_id: str
    clock: ClockName
    started_at: int
    target: int | None
    due_at: int | None
    thresholds: tuple[Threshold, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ThresholdReached:
    """A percentage of a target went by; `skipped` names lower ones passed while nobody looked."""

    report_id: str
    clock: ClockName
    percent: int
    level: int
    due_at: int
    skipped: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TargetBreached:
    """A clock passed its deadline; stays true until restored."""

    report_id: str
    clock: ClockName
    due_at: int


@dataclass(frozen=True, slots=True)
class ClockStopped:
    """A clock ended."""

    report_id: str
    clock: ClockName
    at: int
    outcome: ClockOutcome


@dataclass(frozen=True, slots=True)
class Restored:
    """Every indicator is good: `at` is the first good sample of the last, `clear_by` the wait's end."""

    report_id: str
    at: int
    clear_by: int


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A legal edge was taken."""

    report_id: str
    previous: Status
    status: Status
    at: int
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class ResolutionRecorded:
    """How it was cleared: the code, the work that was still open, and when Close is reminded."""

    report_id: str
    code: str
    open_work: tuple[str, ...]
    close_reminder_at: int


@dataclass(frozen=True, slots=True)
class ReportEnded:
    """Closed or cancelled; it is held until `forget_at`, or until compensation is done."""

    report_id: str
    forget_at: int


@dataclass(frozen=True, slots=True)
class CloseReminded:
    """Close has not spoken in the policy's time."""

    report_id: str
    at: int
    next_at: int | None


@dataclass(frozen=True, slots=True)
class ReportForgotten:
    """The report is removed from memory; the journal keeps it until it ages out."""

    report_id: str


@dataclass(frozen=True, slots=True)
class InformationChanged:
    """One field of the report's information changed."""

    report_id: str
    field: str
    value: str
    actor: str


@dataclass(frozen=True, slots=True)
class NoteAdded:
    """Free text by a person or party; lives in the journal only."""

    report_id: str
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class FindingRecorded:
    """An analysis result was appended."""

    report_id: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class RootCauseIdentified:
    """A root cause is known; Co-ordinate lays out its branch."""

    report_id: str
    root_cause: RootCause


@dataclass(frozen=True, slots=True)
class RootCauseRevised:
    """A root cause no longer holds; what it laid out is ended."""

    report_id: str
    cause_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlanInfeasible:
    """The plan's longest path ends after the restore deadline."""

    report_id: str
    ends_at: int


@dataclass(frozen=True, slots=True)
class ObligationPlanned:
    """Work was laid out and waits for its predecessors."""

    report_id: str
    obligation: Obligation


@dataclass(frozen=True, slots=True)
class ObligationRequested:
    """The other party was asked."""

    report_id: str
    obligation_id: str
    at: int
    contact: str
    accept_by: int
    due_at: int


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ObligationChased:
    """A reminder under the same id, or the next contact of the same party."""

    report_id: str
    obligation_id: str
    reminders: int
    contact: str
    next_at: int
    reason: str


@dataclass(frozen=True, slots=True)
class ObligationUpdated:
    """The other party was told of a change: restored, re-targeted, escalated."""

    report_id: str
    obligation_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawalRequested:
    """The other party was asked to stop; it has until `confirm_by` to say so."""

    report_id: str
    obligation_id: str
    at: int
    confirm_by: int
    reason: str


@dataclass(frozen=True, slots=True)
class ObligationEnded:
    """It is over without a resolution: withdrawn, cancelled or given up."""

    report_id: str
    obligation_id: str
    state: ObligationState
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class EscalationRaised:
    """Somebody is called, at a level (0-10)."""

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


@dataclass(frozen=True, slots=True)
class EscalationAcknowledged:
    """Somebody took the call; it expires."""

    report_id: str
    actor: str
    until: int


@dataclass(frozen=True, slots=True)
class AcknowledgementExpired:
    """Nobody solved it in the time the acknowledgement bought; the chain goes on."""

    report_id: str
    next_at: int | None


@dataclass(frozen=True, slots=True)
class EscalationEnded:
    """The call is over: jeopardy has gone or the report is no longer open."""

    report_id: str
    escalation_id: str
    level: int
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class FalseEventDeclared:
    """A false performance event: the report counts as false positive."""

    report_id: str
    code: str
    actor: str


@dataclass(frozen=True, slots=True)
class AlarmSettled:
    """A deadline was looked at; the next alarm has a new number. Empty `report_id`: the watch's alarm."""

    report_id: str
    alarm: int


@dataclass(frozen=True, slots=True)
class AbatementKept:
    """An abatement of nothing waits for its raise."""

    abatement: EarlyAbatement


@dataclass(frozen=True, slots=True)
class AbatementDropped:
    """A waiting abatement was matched, or its lateness window ended."""

    indicator: str
    object_id: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SuppressionSet:
    """An indicator and source are silenced."""

    suppression: Suppression


@dataclass(frozen=True, slots=True)
class SuppressionEnded:
    """An indicator and source speak again."""

    indicator: str
    object_id: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLettered:
    """Bytes that could not be taken lie, identical, on the dead-letter topic."""

    stage: str
    error: str
    remedy: str
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class PolicyActivated:
    """From here on, new reports of this partition follow that policy."""

    policy: str


ReportFact = (
    ReportOpened
    | ReportReopened
    | SuccessorNamed
    | IndicatorMeasured
    | SeverityChanged
    | TargetSet
    | ThresholdReached
    | TargetBreached
    | ClockStopped
    | Restored
    | StatusChanged
    | ResolutionRecorded
    | ReportEnded
    | CloseReminded
    | ReportForgotten
    | InformationChanged
    | NoteAdded
    | FindingRecorded
    | RootCauseIdentified
    | RootCauseRevised
    | PlanInfeasible
    | ObligationPlanned
    | ObligationRequested
    | ObligationAnswered
    | ObligationChased
    | ObligationUpdated
    | WithdrawalRequested
    | ObligationEnded
    | EscalationRaised
    | EscalationAcknowledged
    | AcknowledgementExpired
    | EscalationEnded
    | FalseEventDeclared
)
WatchFact = AbatementKept | AbatementDropped | SuppressionSet | SuppressionEnded
ShellFact = DeadLettered | PolicyActivated
Fact = ReportFact | WatchFact | AlarmSettled | ShellFact
Facts = tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """The journal record of one input: its cause, what became of it and why, and its facts.

    `now` is the record's broker time; `fingerprint` is empty for what needs no shield against re-sending.
    """

    product_id: str
    cause: Cause
    now: int
    outcome: Outcome
    rule: Rule
    policy: str
    fingerprint: bytes
    facts: Facts = ()
