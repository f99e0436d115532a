"""Named rules: why an input was refused, had no effect, or was only noted.

The name travels in the journal and is what a command's sender, `reports show` and a runbook speak of.
"""

from enum import StrEnum
from typing import Self


class Rule(StrEnum):
    """One name a reason; `meaning` says what it means and what to do."""

    meaning: str

    def __new__(cls, name: str, meaning: str) -> Self:
        """Make a member of its name, with its meaning beside it."""
        member = str.__new__(cls, name)
        member._value_ = name  # the standard way: see the enum documentation
        member.meaning = meaning
        return member

    NONE = "", "applied in the ordinary way"
    # -- duplicates and order
    ALREADY_SEEN = "AlreadySeen", "the same event id with the same body came before"
    SAME_ID_OTHER_BODY = "SameIdOtherBody", "quarantined: an id was used twice; mend the source"
    OUT_OF_ORDER = "OutOfOrder", "older than the newest sample of that indicator: recorded, not applied"
    ABATED_BEFORE_RAISE = "AbatedBeforeRaise", "its abatement was here first: nothing to open"
    NOTHING_OPEN = "NothingOpen", "an abatement of nothing that is open: kept for the lateness window"
    SUPPRESSED = "Suppressed", "a false-event verdict silences this indicator and source"
    BELOW_SEVERITY = "BelowSeverity", "milder than the policy's minimum severity that opens"
    # -- deadlines
    TOO_EARLY = "TooEarly", "the timer's clock runs ahead: it fires again"
    STALE_ALARM = "StaleAlarm", "an alarm that was settled already"
    NO_SUCH_ALARM = "NoSuchAlarm", "a deadline of something that is gone"
    # -- answers of other parties
    NO_SUCH_OBLIGATION = "NoSuchObligation", "unknown request id: check the sender's correlation"
    ALREADY_ENDED = "AlreadyEnded", "a late answer: recorded, changes nothing"
    NOTHING_CHANGES = "NothingChanges", "it is so already"
    FINDING_KNOWN = "FindingKnown", "the same source and source sequence came before"
    # -- commands
    NO_SUCH_REPORT = "NoSuchReport", "no report of that id is held for this product"
    NOT_OPEN = "NotOpen", "the report is cleared, closed or cancelled"
    NOT_CLEARED = "NotCleared", "only a cleared report can be closed or refused"
    ILLEGAL_EDGE = (
        "IllegalEdge",
        "no status leads there from where it is (docs/processes/change_status.md): acknowledge it first?",
    )
    REASON_REQUIRED = "ReasonRequired", "the command needs a reason"
    REASON_UNKNOWN = "ReasonUnknown", "the policy does not list this reason code"
    ROLE_NOT_ALLOWED = "RoleNotAllowed", "the policy does not let this role do it"
    OUTDATED_REVISION = "OutdatedRevision", "expected_revision is not the report's: read it again"
    NOT_PATCHABLE = "NotPatchable", "identity, product, customer and status are not information"
    BAD_VALUE = "BadValue", "the value does not fit the field"
    NO_ESCALATION = "NoEscalation", "nothing is escalated"
    HAS_SUCCESSOR = "HasSuccessor", "a newer report has taken over"
    ALREADY_OPEN = "AlreadyOpen", "a report of the product is open: taken as evidence on it"
    UNKNOWN_WORD = "UnknownWord", "the verb, kind or state is newer than this version"
    TOO_FAR_BACK = "TooFarBack", "further back than the policy lets a hold be entered"
    BEFORE_LAST_RESUME = "BeforeLastResume", "a hold cannot begin before the end of an earlier one"
    NOT_AN_ACTIVITY = (
        "NotAnActivity",
        "only our own activities can be skipped: withdraw a request to another party",
    )
    NO_QUESTION = "NoQuestion", "that party asked nothing"
    # -- repair
    CHANGED_SINCE = (
        "ChangedSince",
        "something happened to the report after its journal was folded: fold it again, then order it again",
    )
    OTHER_OPEN = (
        "OtherOpen",
        "the report that is to come back is open, and so is a newer one of its product: clear or cancel that",
    )
    # -- windows
    IN_MAINTENANCE = (
        "InMaintenance",
        "inside a maintenance window: recorded, and looked at again when it ends",
    )
    AWAITING = (
        "Awaiting",
        "bad, but not for long enough to open: looked at again when the policy's time is over",
    )
    BAD_WINDOW = "BadWindow", "the maintenance window cannot be expanded: check times, zone and recurrence"
    # -- shell
    WRONG_PARTITION = "WrongPartition", "forwarded to the partition that its key hashes to"
    DOES_NOT_DECODE = "DoesNotDecode", "dead letter: bytes that are not a record of the topic"
    TOO_LARGE = "TooLarge", "dead letter: the report would outgrow its cap"
    ENDED_THE_PROCESS = "EndedTheProcess", "dead letter: taking it ended the process, again and again"
