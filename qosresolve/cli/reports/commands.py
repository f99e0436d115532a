"""`reports`: the reports as they lie on their topic, the journal behind one, and every order about them."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example, group
from qosresolve.cli.reports import explain
from qosresolve.cli.reports import filter as by
from qosresolve.cli.reports.orders import add_to
from qosresolve.cli.session import tool

app = group(
    "Look at reports, and order something about them.\n\n"
    "Orders take report ids, product ids or the beginning of one, or options that choose reports. "
    "Each waits for the worker's decision: exit status 0 all applied, 1 some refused or without effect, "
    "2 could not."
)


@app.command("list", epilog=example("qosresolve reports list --open --tier gold --jeopardy breached"))
def list_(
    *,
    status: by.Statuses = None,
    tier: by.Tiers = None,
    product: by.Products = None,
    customer: by.Customers = None,
    severity: by.Severities = None,
    jeopardy: by.Jeopardies = None,
    assignee: by.Assignees = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only open ones.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """List reports, the one nearest to its restore deadline, or furthest beyond it, first."""
    settings = tool(config, sets)

    from qosresolve.cli.reports.listing import show

    chosen = by.chosen_by(
        status=status,
        tier=tier,
        product=product,
        customer=customer,
        severity=severity,
        jeopardy=jeopardy,
        assignee=assignee,
        only_open=only_open,
    )
    show(settings, chosen, as_json=as_json)


@app.command("show", epilog=example("qosresolve reports show P1", "qosresolve reports show 0c2d... --json"))
def show_(
    name: Annotated[str, typer.Argument(metavar="REPORT_ID|PRODUCT_ID", help="A report, or a product's.")],
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show how a report stands and everything that its product's journal says."""
    settings = tool(config, sets)

    from qosresolve.cli.reports.view import show

    show(settings, name, as_json=as_json)


explain.add_to(app)
add_to(app)
