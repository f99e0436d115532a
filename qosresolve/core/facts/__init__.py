"""Facts: what happened to a report or a watch, in the past tense.

Facts carry results (instants, targets, ids), so folding them needs no policy, calendar or clock. One
`Entry` is written to the journal for every input, even when nothing came of it.
"""

from qosresolve.core.facts.around import (
    AbatementDropped,
    AbatementKept,
    AlarmSettled,
    DeadLettered,
    DegradationAwaited,
    DegradationDropped,
    PolicyActivated,
    SuppressionEnded,
    SuppressionSet,
    WindowLifted,
    WindowSet,
)
from qosresolve.core.facts.life import (
    Classified,
    ClearDelayed,
    CloseReminded,
    FalseEventDeclared,
    FindingRecorded,
    IndicatorMeasured,
    InformationChanged,
    LinkSet,
    NoteAdded,
    ReportEnded,
    ReportForgotten,
    ReportOpened,
    ReportReopened,
    ReportRepaired,
    ResolutionRecorded,
    Restored,
    RootCauseIdentified,
    RootCauseRevised,
    SeverityChanged,
    SeverityPinned,
    StatusChanged,
    SuccessorNamed,
)
from qosresolve.core.facts.promise import (
    AcknowledgementExpired,
    ClockStopped,
    EscalationAcknowledged,
    EscalationEnded,
    EscalationRaised,
    HoldEnded,
    HoldStarted,
    PlanInfeasible,
    TargetBreached,
    TargetSet,
    ThresholdReached,
)
from qosresolve.core.facts.work import (
    InformationGiven,
    InformationRequired,
    ObligationAnswered,
    ObligationChased,
    ObligationEnded,
    ObligationOverdue,
    ObligationPlanned,
    ObligationRequested,
    ObligationScheduled,
    ObligationThresholdReached,
    ObligationUpdated,
    ResolutionRefused,
    WithdrawalRequested,
)
from qosresolve.core.inputs import Cause
from qosresolve.core.record import record
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome

__all__ = [
    "AbatementDropped",
    "AbatementKept",
    "AcknowledgementExpired",
    "AlarmSettled",
    "Classified",
    "ClearDelayed",
    "ClockStopped",
    "CloseReminded",
    "DeadLettered",
    "DegradationAwaited",
    "DegradationDropped",
    "Entry",
    "EscalationAcknowledged",
    "EscalationEnded",
    "EscalationRaised",
    "Fact",
    "Facts",
    "FalseEventDeclared",
    "FindingRecorded",
    "HoldEnded",
    "HoldStarted",
    "IndicatorMeasured",
    "InformationChanged",
    "InformationGiven",
    "InformationRequired",
    "LinkSet",
    "NoteAdded",
    "ObligationAnswered",
    "ObligationChased",
    "ObligationEnded",
    "ObligationOverdue",
    "ObligationPlanned",
    "ObligationRequested",
    "ObligationScheduled",
    "ObligationThresholdReached",
    "ObligationUpdated",
    "PlanInfeasible",
    "PolicyActivated",
    "ReportEnded",
    "ReportFact",
    "ReportForgotten",
    "ReportOpened",
    "ReportReopened",
    "ReportRepaired",
    "ResolutionRecorded",
    "ResolutionRefused",
    "Restored",
    "RootCauseIdentified",
    "RootCauseRevised",
    "SeverityChanged",
    "SeverityPinned",
    "ShellFact",
    "StatusChanged",
    "SuccessorNamed",
    "SuppressionEnded",
    "SuppressionSet",
    "TargetBreached",
    "TargetSet",
    "ThresholdReached",
    "WatchFact",
    "WindowLifted",
    "WindowSet",
    "WithdrawalRequested",
]

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
    | ClearDelayed
    | Classified
    | LinkSet
    | SeverityPinned
    | HoldEnded
    | HoldStarted
    | InformationGiven
    | InformationRequired
    | ObligationOverdue
    | ObligationScheduled
    | ObligationThresholdReached
    | ResolutionRefused
    | ReportRepaired
)
WatchFact = (
    AbatementKept
    | AbatementDropped
    | SuppressionSet
    | SuppressionEnded
    | DegradationAwaited
    | DegradationDropped
)
ShellFact = DeadLettered | PolicyActivated | WindowSet | WindowLifted
Fact = ReportFact | WatchFact | AlarmSettled | ShellFact
Facts = tuple[Fact, ...]


@record
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
