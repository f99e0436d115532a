"""Which reports are meant: the options by which all commands choose reports, and what they come to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import Signature, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qosresolve.cli.times import moment, now_ms
from qosresolve.core.vocabulary import Jeopardy, Severity, Status
from qosresolve.errors import ConfigError

if TYPE_CHECKING:
    from qosresolve.core.report import Report
    from qosresolve.replay.cards import Card

SHORTEST = 4  # characters of a policy's hash that are enough to mean one

Statuses = Annotated[list[Status] | None, typer.Option("--status", help="Only these. May be repeated.")]
Tiers = Annotated[list[str] | None, typer.Option("--tier", help="Only these tiers. May be repeated.")]
Products = Annotated[list[str] | None, typer.Option("--product", help="Only these products' reports.")]
Customers = Annotated[list[str] | None, typer.Option("--customer", help="Only these customers'.")]
Severities = Annotated[list[Severity] | None, typer.Option("--severity", help="Only these. May be repeated.")]
Jeopardies = Annotated[list[Jeopardy] | None, typer.Option("--jeopardy", help="Only these. May be repeated.")]
Assignees = Annotated[list[str] | None, typer.Option("--assignee", help="Only what lies with these.")]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Only these sites. May be repeated.")]
Causes = Annotated[
    list[str] | None,
    typer.Option(
        "--cause", metavar="KEY", help="Only what comes of it: a cause key, a master problem or a root cause."
    ),
]
Policies = Annotated[
    list[str] | None,
    typer.Option("--policy", metavar="HASH", help="Only what follows that policy; its beginning will do."),
]
Since = Annotated[
    str,
    typer.Option("--opened-since", metavar="TIME", help="Only newer ones: 2h, 7d, a date, or an instant."),
]
OnlyOpen = Annotated[bool, typer.Option("--open", help="Only open ones.")]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which reports are wanted; empty sets want all. `opened_since` in ms since the epoch."""

    statuses: frozenset[Status] = frozenset()
    tiers: frozenset[str] = frozenset()
    only_open: bool = False
    products: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    jeopardies: frozenset[Jeopardy] = frozenset()
    assignees: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    policies: tuple[str, ...] = ()
    opened_since: int | None = None

    def takes(self, report: "Report") -> bool:
        """Tell whether a report is wanted."""
        from qosresolve.replay.cards import card_of  # not for help

        return self.wants(card_of(report))

    def wants(self, card: "Card") -> bool:
        """Tell whether a report with that card is wanted."""
        wanted: tuple[tuple[frozenset[str] | frozenset[Status], str], ...] = (
            (self.statuses, card.status),
            (self.tiers, card.tier),
            (self.products, card.product_id),
            (self.customers, card.customer_id),
            (self.severities, card.severity),
            (self.jeopardies, card.jeopardy),
            (self.assignees, card.assignee),
            (self.sites, card.site),
        )
        return (
            all(not these or value in these for these, value in wanted)
            and (card.open or not self.only_open)
            and (not self.causes or bool(self.causes & card.causes))
            and (not self.policies or card.policy.startswith(self.policies))
            and (self.opened_since is None or card.opened_at >= self.opened_since)
        )


ALL = Filter()


def chosen_by(
    *,
    status: Statuses = None,
    tier: Tiers = None,
    product: Products = None,
    customer: Customers = None,
    severity: Severities = None,
    jeopardy: Jeopardies = None,
    assignee: Assignees = None,
    site: Sites = None,
    cause: Causes = None,
    policy: Policies = None,
    opened_since: Since = "",
    only_open: OnlyOpen = False,
) -> Filter:
    """Return what the options come to. Raises ConfigError."""
    return Filter(
        statuses=frozenset(status or ()),
        tiers=frozenset(tier or ()),
        only_open=only_open,
        products=frozenset(product or ()),
        customers=frozenset(customer or ()),
        severities=frozenset(severity or ()),
        jeopardies=frozenset(jeopardy or ()),
        assignees=frozenset(assignee or ()),
        sites=frozenset(site or ()),
        causes=frozenset(cause or ()),
        policies=_hashes(policy or ()),
        opened_since=moment(opened_since, now_ms(), option="--opened-since") if opened_since else None,
    )


def _hashes(given: Iterable[str]) -> tuple[str, ...]:
    """Return the beginnings of hashes; what a shell made of an unset variable means nothing."""
    hashes = tuple(given)
    for name in hashes:
        if len(name) < SHORTEST:
            raise ConfigError(
                f"{name!r} may mean any policy",
                setting="--policy",
                remedy=f"write {SHORTEST} characters or more of its hash: see `qosresolve policy show`",
            )
    return hashes


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `chosen_by`, before its own, in place of its parameter `chosen`."""
    options = signature(chosen_by).parameters
    own = [item for item in signature(command).parameters.values() if item.name != "chosen"]

    def made(**given: Any) -> None:  # noqa: ANN401 - whatever the two declare
        by = {name: given.pop(name) for name in options}
        command(chosen=chosen_by(**by), **given)

    made.__signature__ = Signature([*options.values(), *own])  # type: ignore[attr-defined]
    made.__doc__ = command.__doc__
    return made
