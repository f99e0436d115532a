"""In which order reports are listed: by what breaks next, unless something else is asked for. Pure."""

from collections.abc import Callable, Iterable
from typing import Any

from qosresolve.core.report import Report
from qosresolve.core.vocabulary import RANK, LinkKind
from qosresolve.replay.choices import Sort
from qosresolve.replay.clockwork import next_breach


def in_order(reports: Iterable[Report], by: Sort, now: int) -> list[Report]:
    """Return reports sorted: deadlines and names upwards, the newest and the worst first."""
    return sorted(reports, key=lambda report: (_KEYS[by](report), urgency(report, now), report.report_id))


def urgency(report: Report, now: int) -> tuple[int, int]:
    """Return the key of breach-first: running clocks by time left, those that stand still, then others."""
    item = next_breach(report, now)
    return (2, -report.opened_at) if item is None else (int(item.held), item.left)


_LAST = float("inf")
_KEYS: dict[Sort, Callable[[Report], Any]] = {
    Sort.BREACH: lambda _: 0,
    Sort.DUE: lambda report: _LAST if report.restore.due_at is None else report.restore.due_at,
    Sort.OPENED: lambda report: -report.opened_at,
    Sort.SEVERITY: lambda report: -RANK[report.severity],
    Sort.TIER: lambda report: report.tier,
    Sort.CUSTOMER: lambda report: report.customer_id,
}


def by_cause(reports: Iterable[Report]) -> dict[str, list[Report]]:
    """Return reports by their cause key, in the order of each group's first report.

    Where there is none it is the master problem that was linked; those without either come last.
    """
    groups: dict[str, list[Report]] = {}
    for report in reports:
        groups.setdefault(report.cause_key or report.link(LinkKind.MASTER_PROBLEM), []).append(report)
    alone = groups.pop("", None)
    return groups | ({"": alone} if alone else {})
