"""How a report begins, changes and ends: its status, information and indicator table."""

from qosresolve.core.inputs import Finding
from qosresolve.core.record import record
from qosresolve.core.report import Indicator, Report, RootCause
from qosresolve.core.vocabulary import (
    Classification,
    LinkKind,
    Severity,
    Status,
)


@record
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


@record
class ReportReopened:
    """A cleared report went back to work: a relapse deducts the restored time, a refusal does not."""

    report_id: str
    at: int
    relapse: bool
    deducted: int


@record
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


@record
class SeverityChanged:
    """The report's severity followed its indicators."""

    report_id: str
    severity: Severity


@record
class SeverityPinned:
    """A person set the severity; none released it."""

    report_id: str
    severity: Severity | None
    at: int
    actor: str
    reason: str


@record
class Restored:
    """Every indicator is good: `at` is the first good sample of the last, `clear_by` the wait's end."""

    report_id: str
    at: int
    clear_by: int


@record
class ClearDelayed:
    """Restored, and the wait is over, but work that blocks clearing still runs."""

    report_id: str
    clear_by: int
    waiting_for: tuple[str, ...]


@record
class StatusChanged:
    """A legal edge was taken."""

    report_id: str
    previous: Status
    status: Status
    at: int
    reason: str
    actor: str


@record
class ResolutionRecorded:
    """How it was cleared: the code, the work that was still open, and when Close is reminded."""

    report_id: str
    code: str
    open_work: tuple[str, ...]
    close_reminder_at: int


@record
class ReportEnded:
    """Closed or cancelled; it is held until `forget_at`, or until compensation is done."""

    report_id: str
    forget_at: int


@record
class CloseReminded:
    """Close has not spoken in the policy's time."""

    report_id: str
    at: int
    next_at: int | None


@record
class ReportForgotten:
    """The report is removed from memory; the journal keeps it until it ages out."""

    report_id: str


@record
class ReportRepaired:
    """The report was set to what its journal said; None: the journal knew of none, so it was removed."""

    report_id: str
    report: Report | None
    actor: str
    reason: str


@record
class InformationChanged:
    """One field of the report's information changed."""

    report_id: str
    field: str
    value: str
    actor: str


@record
class LinkSet:
    """The report refers to something else that speaks of the same trouble; empty removes the reference."""

    report_id: str
    kind: LinkKind
    reference: str
    actor: str


@record
class Classified:
    """How the report counts in the figures was decided."""

    report_id: str
    classification: Classification
    reason: str
    actor: str


@record
class NoteAdded:
    """Free text by a person or party; lives in the journal only."""

    report_id: str
    author: str
    text: str


@record
class FindingRecorded:
    """An analysis result was appended."""

    report_id: str
    finding: Finding


@record
class RootCauseIdentified:
    """A root cause is known; Co-ordinate lays out its branch."""

    report_id: str
    root_cause: RootCause


@record
class RootCauseRevised:
    """A root cause no longer holds; what it laid out is ended."""

    report_id: str
    cause_id: str
    reason: str


@record
class FalseEventDeclared:
    """A false performance event: the report counts as false positive."""

    report_id: str
    code: str
    actor: str
