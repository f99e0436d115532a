"""Options that the orders share, and how the options of one are put together from parts.

A part is a function from its own options to what they come to; its signature is what typer shows.
"""

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from qosresolve.cli.options import Actor, ConfigFile, DryRun, Role, Sets, example
from qosresolve.cli.reports import filter as by
from qosresolve.cli.reports.orders.order import Chosen, Fields, Manner, Order
from qosresolve.core.vocabulary import OPEN, Status, Verb

Code = Annotated[str, typer.Option("--reason", metavar="CODE", help="Why: a code of the policy.")]
Text = Annotated[str, typer.Option("--text", help="Free text, without personal data.")]
Instant = Annotated[str, typer.Option("--at", metavar="INSTANT", help="e.g. 2026-03-01T10:00:00Z.")]
Work = Annotated[
    str,
    typer.Option(
        "--obligation",
        metavar="ID|NODE",
        help="Whose request: its id or the beginning of it, or the plan node's name.",
    ),
]


def by_reports(
    *,
    reports: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REPORT_ID|PRODUCT_ID]...",
            help="A report's id or the beginning of it; a product's means its open or newest report.",
        ),
    ] = None,
    status: by.Statuses = None,
    tier: by.Tiers = None,
    product: by.Products = None,
    customer: by.Customers = None,
    severity: by.Severities = None,
    jeopardy: by.Jeopardies = None,
    assignee: by.Assignees = None,
    most: Annotated[int, typer.Option("--max", min=1, help="Refuse to order more reports than this.")] = 20,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask when options choose several.")] = False,
) -> Chosen:
    """Return which reports are meant."""
    chosen = by.chosen_by(
        status=status,
        tier=tier,
        product=product,
        customer=customer,
        severity=severity,
        jeopardy=jeopardy,
        assignee=assignee,
    )
    return Chosen(tuple(reports or ()), chosen, most, yes)


def in_manner(
    *,
    actor: Actor = "",
    role: Role = "operator",
    timeout: Annotated[float, typer.Option(min=0.1, help="Longest wait for the decisions, seconds.")] = 15.0,
    dry_run: DryRun = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one line a decision, nothing else.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> Manner:
    """Return who orders it, and how."""
    return Manner(actor, role, timeout, dry_run, as_json, config, tuple(sets or ()))


Own = Callable[..., Fields | tuple[Fields, ...]]


def order(
    app: typer.Typer,
    verb: Verb,
    *examples: str,
    usual: frozenset[Status] = frozenset(OPEN),
    bulk: bool = True,
) -> Callable[[Own], Own]:
    """Make a command of a function from a verb's own options to the fields of the Command.

    With `bulk` it takes reports; else the fields say what it is about.
    """

    def made(own: Own) -> Own:
        def command(**given: Any) -> None:  # noqa: ANN401 - whatever the parts declare
            chosen = _part(by_reports, given) if bulk else Chosen()
            fields = _part(own, given)
            rounds = fields if isinstance(fields, tuple) else (fields,)
            _carry_out(Order(verb, rounds, chosen, _part(in_manner, given), usual))

        parts = (own, by_reports, in_manner) if bulk else (own, in_manner)
        command.__signature__ = Signature(_options(*parts))  # type: ignore[attr-defined]
        words = [f"qosresolve reports {verb} {item}" for item in examples]
        app.command(verb.value, help=own.__doc__, epilog=example(*words))(command)
        return own

    return made


def _options(*parts: Callable[..., object]) -> list[Parameter]:
    return [item for part in parts for item in signature(part).parameters.values()]


def _part(part: Callable[..., Any], given: dict[str, Any]) -> Any:  # noqa: ANN401 - what the part returns
    return part(**{name: given[name] for name in signature(part).parameters})


def _carry_out(wanted: Order) -> None:
    from qosresolve.cli.reports.orders.carrying import carry_out

    raise typer.Exit(carry_out(wanted))
