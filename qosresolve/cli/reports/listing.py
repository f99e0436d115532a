"""The list of reports: what breaks its promise next, and in how long."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import msgspec

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.reports.filter import Filter
from qosresolve.cli.times import left, now_ms, shown
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import RANK, LinkKind
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.choices import Sort
from qosresolve.replay.clockwork import Next, next_breach
from qosresolve.replay.ordering import by_cause, in_order
from qosresolve.replay.reports import stored_reports
from qosresolve.settings import Settings

COLUMNS = (
    "breaks in", "clock", "status", "severity", "product", "customer", "tier", "site", "level", "assignee",
    "opened", "report",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is wanted; `limit` 0 means all."""

    sort: Sort = Sort.BREACH
    limit: int = 0
    by_cause: bool = False
    as_json: bool = False


def show(settings: Settings, chosen: Filter, order: Order) -> None:
    """Show the reports that are wanted."""
    found = stored_reports(settings, contracts_for(settings))
    now = now_ms()
    wanted = in_order((report for report in found if chosen.takes(report)), order.sort, now)
    reports = wanted[: order.limit] if order.limit else wanted
    if order.as_json:
        dump([told(report, now) for report in reports])
    elif not reports:
        line(f"no reports ({len(found)} before filtering)")
    elif order.by_cause or chosen.causes:
        _grouped(reports, now)
    else:
        _table("", reports, now)
    if len(reports) < len(wanted) and not order.as_json:
        line(f"{len(wanted) - len(reports)} more: see --limit")


def _table(title: str, reports: Sequence[Report], now: int) -> None:
    console().print(table(title, COLUMNS, [_row(report, now) for report in reports]))


def _grouped(reports: Sequence[Report], now: int) -> None:
    for cause, those in by_cause(reports).items():
        _table(heading(cause, those, now), those, now)


def heading(cause: str, reports: Sequence[Report], now: int) -> str:
    """Return what is to be said of reports of one cause together."""
    worst = max((report.severity for report in reports), key=RANK.__getitem__)
    still = sum(report.open for report in reports)
    masters = sorted({report.link(LinkKind.MASTER_PROBLEM) for report in reports} - {""})
    roots = sorted({cause.entity for report in reports for cause in report.root_causes} - {""})
    first = next_breach(in_order(reports, Sort.BREACH, now)[0], now)
    parts = [
        f"cause {cause}" if cause else "without a cause",
        f"{len(reports)} report{'' if len(reports) == 1 else 's'}, {still} open, worst {worst}",
        f"master problem {', '.join(masters)}" if masters else "",
        f"root cause in {', '.join(roots)}" if roots else "",
        f"breaks in {breaks_in(first)}" if first else "",
    ]
    return "; ".join(part for part in parts if part)


def remaining(report: Report, now: int) -> int | None:
    """Return the ms to the restore deadline, negative once it has passed, None where none runs.

    Of a clock that stands still it is what there was when it was stopped.
    """
    clock = report.restore
    if not clock.running or clock.due_at is None:
        return None
    return clock.due_at - (now if clock.held_since is None else clock.held_since)


def breaks_in(item: Next | None) -> str:
    """Return how long a promise has, `held` where it stands still."""
    if item is None:
        return "-"
    return f"{left(item.left)}{' held' if item.held else ''}"


def told(report: Report, now: int) -> dict[str, object]:
    """Return a report as JSON: its own fields, bytes in Base64, the time left in ms, and what breaks next."""
    item = next_breach(report, now)
    return {
        "time_left_ms": remaining(report, now),
        "next_breach": None if item is None else asdict(item),
        **msgspec.to_builtins(report),
    }


def _row(report: Report, now: int) -> tuple[str, ...]:
    item = next_breach(report, now)
    return (
        breaks_in(item),
        item.clock if item else "-",
        report.status,
        report.severity,
        report.product_id,
        report.customer_id or "-",
        report.tier or "-",
        report.site or "-",
        str(report.escalation.level or "-"),
        report.assignee or "-",
        shown(report.opened_at)[:16] + "Z",
        report.report_id,
    )
