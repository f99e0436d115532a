"""How a report begins, changes and ends: its status, information and indicator table."""

from dataclasses import dataclass

from qosresolve.core.inputs import Finding
from qosresolve.core.record import record
from qosresolve.core.report import Indicator, Report, RootCause
from qosresolve.core.vocabulary import (
    Classification,
    LinkKind,
    Severity,
    Status,
)


@dataclass(frozen=True, slots=True)
class ReportOpened:
    """A report was taken over from Create Customer QoS Report (1.3.8.4); `trace` is its W3C trace context."""

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
    trace: str = ""


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


@record
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
class SeverityPinned:
    """A person set the severity; none released it."""

    report_id: str
    severity: Severity | None
    at: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Restored:
    """Every indicator is good: `at` is the first good sample of the last, `clear_by` the wait's end."""

    report_id: str
    at: int
    clear_by: int


@dataclass(frozen=True, slots=True)
class ClearDelayed:
    """Restored, and the wait is over, but work that blocks clearing still runs."""

    report_id: str
    clear_by: int
    waiting_for: tuple[str, ...]


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
class ReportRepaired:
    """The report was set to what its journal said; None: the journal knew of none, so it was removed."""

    report_id: str
    report: Report | None
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class InformationChanged:
    """One field of the report's information changed."""

    report_id: str
    field: str
    value: str
    actor: str


@dataclass(frozen=True, slots=True)
class LinkSet:
    """The report refers to something else that speaks of the same trouble; empty removes the reference."""

    report_id: str
    kind: LinkKind
    reference: str
    actor: str


@dataclass(frozen=True, slots=True)
class Classified:
    """How the report counts in the figures was decided."""

    report_id: str
    classification: Classification
    reason: str
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
class FalseEventDeclared:
    """A false performance event: the report counts as false positive."""

    report_id: str
    code: str
    actor: str
