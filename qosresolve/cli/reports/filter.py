"""Which reports are meant: the options by which all commands choose reports, and what they come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import typer

from qosresolve.core.report import Report
from qosresolve.core.vocabulary import Jeopardy, Severity, Status

Statuses = Annotated[list[Status] | None, typer.Option("--status", help="Only these. May be repeated.")]
Tiers = Annotated[list[str] | None, typer.Option("--tier", help="Only these tiers. May be repeated.")]
Products = Annotated[list[str] | None, typer.Option("--product", help="Only these products' reports.")]
Customers = Annotated[list[str] | None, typer.Option("--customer", help="Only these customers'.")]
Severities = Annotated[list[Severity] | None, typer.Option("--severity", help="Only these. May be repeated.")]
Jeopardies = Annotated[list[Jeopardy] | None, typer.Option("--jeopardy", help="Only these. May be repeated.")]
Assignees = Annotated[list[str] | None, typer.Option("--assignee", help="Only what lies with these.")]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which reports are wanted; empty sets want all."""

    statuses: frozenset[Status] = frozenset()
    tiers: frozenset[str] = frozenset()
    only_open: bool = False
    products: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    jeopardies: frozenset[Jeopardy] = frozenset()
    assignees: frozenset[str] = frozenset()

    def takes(self, report: Report) -> bool:
        """Tell whether a report is wanted."""
        wanted: tuple[tuple[frozenset[str] | frozenset[Status], str], ...] = (
            (self.statuses, report.status),
            (self.tiers, report.tier),
            (self.products, report.product_id),
            (self.customers, report.customer_id),
            (self.severities, report.severity),
            (self.jeopardies, report.escalation.jeopardy),
            (self.assignees, report.assignee),
        )
        return all(not these or value in these for these, value in wanted) and (
            report.open or not self.only_open
        )


ALL = Filter()


def chosen_by(
    *,
    status: Iterable[Status] | None = None,
    tier: Iterable[str] | None = None,
    product: Iterable[str] | None = None,
    customer: Iterable[str] | None = None,
    severity: Iterable[Severity] | None = None,
    jeopardy: Iterable[Jeopardy] | None = None,
    assignee: Iterable[str] | None = None,
    only_open: bool = False,
) -> Filter:
    """Return what the options come to."""
    return Filter(
        statuses=frozenset(status or ()),
        tiers=frozenset(tier or ()),
        only_open=only_open,
        products=frozenset(product or ()),
        customers=frozenset(customer or ()),
        severities=frozenset(severity or ()),
        jeopardies=frozenset(jeopardy or ()),
        assignees=frozenset(assignee or ()),
    )
