"""What is seen on the stage: the reports as they stand, who is waited for, and what happened last. Pure.

Fed from the report and journal topics by whoever reads them. Instants in ms since the epoch, UTC.
"""

from collections import Counter
from dataclasses import dataclass

from qosresolve.core import facts as f
from qosresolve.core.facts import Entry
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import ClockOutcome, Jeopardy, Status
from qosresolve.demo import telling

_SENT = (f.ObligationRequested, f.ObligationChased, f.ObligationUpdated, f.WithdrawalRequested)
_WORDS = {
    ClockOutcome.MET: "in time",
    ClockOutcome.MISSED: "too late",
    ClockOutcome.NOT_APPLICABLE: "-",
    ClockOutcome.UNTARGETED: "no target",
}
_RANK = {Status.CLEARED: 2, Status.CLOSED: 3, Status.CANCELLED: 3}


@dataclass(frozen=True, slots=True)
class Row:
    """One report as a line; `order` sorts breach-first."""

    order: tuple[int, int, str]
    left: str
    status: str
    severity: str
    product: str
    customer: str
    jeopardy: str
    waiting: str
    last: str


class Scene:
    """The reports by id, the last words about each, and the counts of the header."""

    def __init__(self) -> None:
        self._reports: dict[str, Report] = {}
        self._last: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def report(self, report: Report) -> None:
        """Take a record of the report topic."""
        self._reports[report.report_id] = report

    def entry(self, entry: Entry) -> None:
        """Take a record of the journal."""
        words = "" if telling.routine(entry) else telling.told(entry)
        for fact in entry.facts:
            self._counts["sent"] += isinstance(fact, _SENT)
            self._counts["escalations"] += isinstance(fact, f.EscalationRaised)
            report_id = getattr(fact, "report_id", "")
            if report_id and words:
                self._last[report_id] = words

    def rows(self, now: int) -> list[Row]:
        """Return every report, breach-first: by the time left, then what is restored, then what ended."""
        return sorted(
            (self._row(report, now) for report in self._reports.values()), key=lambda row: row.order
        )

    def _row(self, report: Report, now: int) -> Row:
        return Row(
            order=_order(report, now),
            left=_left(report, now),
            status=str(report.status),
            severity=str(report.severity),
            product=report.product_id,
            customer=f"{report.customer_id} ({report.tier})",
            jeopardy=_jeopardy(report),
            waiting=_waiting(report),
            last=self._last.get(report.report_id, ""),
        )

    def header(self) -> str:
        """Return the counts in one line."""
        reports = self._reports.values()
        by_status = Counter(report.status for report in reports)
        jeopardy = Counter(report.escalation.jeopardy for report in reports if report.open)
        return (
            f"{sum(report.open for report in reports)} open ({jeopardy[Jeopardy.AT_RISK]} at risk, "
            f"{jeopardy[Jeopardy.BREACHED]} breached), {by_status[Status.CLEARED]} cleared, "
            f"{by_status[Status.CLOSED]} closed, {by_status[Status.CANCELLED]} cancelled; "
            f"{self._counts['sent']} requests sent, {self._counts['escalations']} escalations"
        )


def _order(report: Report, now: int) -> tuple[int, int, str]:
    if report.open and report.restore.running and report.restore.due_at is not None:
        return (0, report.restore.due_at - now, report.product_id)
    return (_RANK.get(report.status, 1), -report.updated_at, report.product_id)


def _left(report: Report, now: int) -> str:
    clock = report.restore
    if not report.open or not clock.running or clock.due_at is None:
        return _WORDS.get(clock.outcome, "")
    seconds = (clock.due_at - now) / 1_000
    return f"{seconds:.1f} s" if seconds >= 0 else f"{-seconds:.1f} s over"


def _jeopardy(report: Report) -> str:
    escalation = report.escalation
    if escalation.jeopardy is Jeopardy.NONE:
        return "-"
    word = "at risk" if escalation.jeopardy is Jeopardy.AT_RISK else "BREACHED"
    return f"{word}, level {escalation.level}" if escalation.level else word


def _waiting(report: Report) -> str:
    if report.status is Status.CLEARED:
        return "Close"
    if not report.open:
        return ""
    if report.debouncing:
        return "debounce"
    running = next((item.contact for item in report.obligations if item.running), "")
    nobody = "an owner" if report.status is Status.ACKNOWLEDGED else "a good sample"
    return running or (nobody if report.degraded else "")
