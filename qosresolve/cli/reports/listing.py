"""The list of reports, breach first."""

import msgspec

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.reports.filter import Filter
from qosresolve.cli.times import left, now_ms, shown
from qosresolve.core.report import Report
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import stored_reports
from qosresolve.settings import Settings

COLUMNS = (
    "time left", "status", "severity", "product", "customer", "tier", "level", "assignee", "opened", "report",
)  # fmt: skip


def show(settings: Settings, chosen: Filter, *, as_json: bool) -> None:
    """Show the reports that are wanted."""
    found = stored_reports(settings, contracts_for(settings))
    now = now_ms()
    reports = breach_first([report for report in found if chosen.takes(report)], now)
    if as_json:
        dump([told(report, now) for report in reports])
    elif reports:
        console().print(table("", COLUMNS, [_row(report, now) for report in reports]))
    else:
        line(f"no reports ({len(found)} before filtering)")


def breach_first(reports: list[Report], now: int) -> list[Report]:
    """Return reports by time left, those without a running deadline last and the newest of them first."""
    return sorted(reports, key=lambda report: _urgency(report, now))


def _urgency(report: Report, now: int) -> tuple[bool, int]:
    time_left = remaining(report, now)
    return (True, -report.opened_at) if time_left is None else (False, time_left)


def remaining(report: Report, now: int) -> int | None:
    """Return the ms to the restore deadline, negative once it has passed, None where none runs."""
    if not report.restore.running or report.restore.due_at is None:
        return None
    return report.restore.due_at - now


def told(report: Report, now: int) -> dict[str, object]:
    """Return a report as JSON: its own fields, bytes in Base64, and the time left in ms."""
    return {"time_left_ms": remaining(report, now), **msgspec.to_builtins(report)}


def _row(report: Report, now: int) -> tuple[str, ...]:
    return (
        left(remaining(report, now)),
        report.status,
        report.severity,
        report.product_id,
        report.customer_id or "-",
        report.tier or "-",
        str(report.escalation.level or "-"),
        report.assignee or "-",
        shown(report.opened_at),
        report.report_id,
    )
