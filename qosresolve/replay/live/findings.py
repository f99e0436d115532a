"""What the auditor finds, and how it is told: a count, and one line for the first finding of a record.

Lines name the report and the first field that differs, never a value.
"""

from dataclasses import dataclass
from typing import Literal

import structlog

from qosresolve.telemetry.metrics import AuditorMetrics

Kind = Literal[
    "differs", "missing", "extra", "unreadable", "doubled", "order", "positions", "unarmed", "overdue"
]

RUNBOOKS: dict[Kind, str] = {
    "differs": "docs/runbooks/report-differs.md",
    "missing": "docs/runbooks/report-differs.md",
    "extra": "docs/runbooks/report-differs.md",
    "unreadable": "docs/runbooks/report-differs.md",
    "doubled": "docs/runbooks/journal-doubled.md",
    "order": "docs/runbooks/journal-doubled.md",
    "positions": "docs/runbooks/positions-differ.md",
    "unarmed": "docs/runbooks/deadline-not-armed.md",
    "overdue": "docs/runbooks/deadlines-overdue.md",
}
LINES = 50  # most lines of single findings
WINDOW_S = 60.0  # within so long


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    `record` says of what: report, watch, journal or partition; `report` is its id, empty for the others;
    `field` the first that differs; `offset` where the record lies, -1 where it should lie and does not.
    """

    kind: Kind
    partition: int
    record: str
    report: str = ""
    field: str = ""
    offset: int = -1


class Told:
    """Counts findings and writes them to the log."""

    def __init__(self, metrics: AuditorMetrics) -> None:
        self._metrics = metrics
        self._log = structlog.get_logger(role="auditor")
        self._lines = 0
        self._since = 0.0

    def count(self, kind: Kind, findings: int = 1) -> None:
        """Count findings that have no line of their own."""
        self._metrics.mismatches.labels(kind).inc(findings)

    def found(self, finding: Finding, *, first: bool) -> None:
        """Count a finding; the first of a record gets a line."""
        self.count(finding.kind)
        if not first:
            return
        self._lines += 1
        if self._lines <= LINES:
            self._log.error(
                "audit: not as the journal says",
                kind=finding.kind,
                partition=finding.partition,
                record=finding.record,
                report=finding.report,
                field=finding.field,
                offset=finding.offset,
                runbook=RUNBOOKS[finding.kind],
            )

    def agrees(self, partition: int, report: str) -> None:
        """Tell that a record that differed is as the journal says again."""
        self._log.info("audit: as the journal says again", partition=partition, report=report)

    def pause(self, now: float) -> None:
        """Say, a minute after, how many findings had no line, and allow new ones; `now` in seconds."""
        if now - self._since < WINDOW_S:
            return
        if self._lines > LINES:
            self._log.error("audit: more findings, not told one by one", findings=self._lines - LINES)
        self._lines, self._since = 0, now

    def overdue(self, partition: int, count: int, oldest_s: float) -> None:
        """Tell that deadlines of a partition are overdue and nobody settles them."""
        self._log.error(
            "audit: deadlines are overdue and nobody settles them",
            partition=partition,
            deadlines=count,
            oldest_s=round(oldest_s),
            runbook=RUNBOOKS["overdue"],
        )
