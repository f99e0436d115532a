"""The closed sets of words that inputs, facts and reports share.

Every enumeration is written to Avro by its value. An unknown symbol from a newer writer reads as the
enumeration's default there (see `schemas/`), so each set that arrives from outside has a harmless member.
Groups are tuples: a member of an enumeration is found by identity there, and hashed in a set by Python code.
"""

from enum import StrEnum


class Severity(StrEnum):
    """TMF642 `perceivedSeverity` of a degraded indicator, without `cleared` (which is not a degree)."""

    INDETERMINATE = "indeterminate"
    WARNING = "warning"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Status(StrEnum):
    """Status of a report. `cleared` is `resolved` on TMF621 and TMF656 edges."""

    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "inProgress"
    PENDING = "pending"
    HELD = "held"
    CLEARED = "cleared"
    CLOSED = "closed"
    CANCELLED = "cancelled"


OPEN = (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.PENDING, Status.HELD)


class DegradationKind(StrEnum):
    """What a degradation event says of its indicator."""

    RAISE = "raise"
    UPDATE = "update"
    ABATE = "abate"
    UNKNOWN = "unknown"


class ObjectKind(StrEnum):
    """What the degraded indicator was measured on."""

    SERVICE = "service"
    RESOURCE = "resource"


class IndicatorState(StrEnum):
    """State of one row of a report's indicator table."""

    DEGRADED = "degraded"
    DEBOUNCING = "debouncing"
    GOOD = "good"
    STALE = "stale"
    SUPPRESSED = "suppressed"


class RootCauseKind(StrEnum):
    """Where the root cause lies; each kind has a route in the policy's plan."""

    SERVICE = "service"
    RESOURCE = "resource"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    NONE = "none"
    UNKNOWN = "unknown"


class NodeKind(StrEnum):
    """Kinds of plan nodes."""

    ANALYSIS = "analysis"
    RESTORATION = "restoration"
    REPAIR = "repair"
    IMPROVEMENT = "improvement"
    VERIFICATION = "verification"
    SERVICE_TROUBLE = "serviceTrouble"
    SUPPLIER = "supplier"


class ObligationState(StrEnum):
    """Life of something that was asked of another party; `checking`: said resolved, not yet measured so."""

    PLANNED = "planned"
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    IN_PROGRESS = "inProgress"
    CHECKING = "checking"
    WITHDRAWING = "withdrawing"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    GAVE_UP = "gaveUp"


RUNNING = (
    ObligationState.REQUESTED,
    ObligationState.ACCEPTED,
    ObligationState.IN_PROGRESS,
    ObligationState.CHECKING,
)
FAILED = (ObligationState.REJECTED, ObligationState.GAVE_UP, ObligationState.CANCELLED)
ENDED = (
    ObligationState.RESOLVED,
    ObligationState.REJECTED,
    ObligationState.WITHDRAWN,
    ObligationState.CANCELLED,
    ObligationState.GAVE_UP,
)


class AnswerState(StrEnum):
    """What the other party says of an obligation (TMF621, TMF656 and TMF701 statuses, folded)."""

    ACCEPTED = "accepted"
    IN_PROGRESS = "inProgress"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    INFORMATION_REQUIRED = "informationRequired"
    UNKNOWN = "unknown"


class ClockName(StrEnum):
    """The two clocks of the promise to the customer, and the clock of what was asked of others."""

    RESPOND = "respond"
    RESTORE = "restore"
    OBLIGATION = "obligation"


class ClockOutcome(StrEnum):
    """How a clock stands; `untargeted` is a clock whose policy target is an explicit none."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    NOT_APPLICABLE = "notApplicable"
    UNTARGETED = "untargeted"


class Jeopardy(StrEnum):
    """How near the promise is to breaking."""

    NONE = "none"
    AT_RISK = "atRisk"
    BREACHED = "breached"


class Classification(StrEnum):
    """How a report counts in the figures; its status says nothing of that."""

    COUNTED = "counted"
    FALSE_POSITIVE = "falsePositive"
    SLA_EXCLUSION = "slaExclusion"


class LinkKind(StrEnum):
    """What else speaks of the same trouble (TMF621 relatedEntity)."""

    CHANGE = "change"
    KNOWN_ERROR = "knownError"
    SLA = "sla"
    MASTER_PROBLEM = "masterProblem"


class Verb(StrEnum):
    """Commands that a person or a neighbouring process may give."""

    OPEN = "open"
    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGE_ESCALATION = "acknowledge-escalation"
    ASSIGN = "assign"
    HOLD = "hold"
    RESUME = "resume"
    SET_STATUS = "set-status"
    SET_SEVERITY = "set-severity"
    RELEASE_SEVERITY = "release-severity"
    PATCH = "patch"
    NOTE = "note"
    FINDING = "finding"
    ANSWER = "answer"
    RESTORE = "restore"
    CLEAR = "clear"
    CANCEL = "cancel"
    CLOSE = "close"
    REFUSE_RESOLUTION = "refuse-resolution"
    CLASSIFY = "classify"
    SKIP_ACTIVITY = "skip-activity"
    WITHDRAW = "withdraw"
    ACTIVATE_POLICY = "activate-policy"
    SET_WINDOW = "set-window"
    REPAIR = "repair"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What became of one input; every input leaves exactly one."""

    APPLIED = "applied"
    NO_OP = "noOp"
    REFUSED = "refused"
    ANNOTATION = "annotation"
    DEAD_LETTER = "deadLetter"
    FORWARDED = "forwarded"
    CONTROL = "control"
