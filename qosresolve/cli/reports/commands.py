"""`reports`: the reports as they lie on their topic, and the journal behind one."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example, group
from qosresolve.cli.session import tool
from qosresolve.core.vocabulary import Status

app = group("Look at reports.")


@app.command("list", epilog=example("qosresolve reports list --open --tier gold"))
def list_(
    status: Annotated[list[Status] | None, typer.Option(help="Only these. May be repeated.")] = None,
    tier: Annotated[list[str] | None, typer.Option(help="Only these tiers. May be repeated.")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only open ones.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """List reports, the one nearest to its restore deadline, or furthest beyond it, first."""
    settings = tool(config, sets)

    from qosresolve.cli.reports.listing import Filter, show

    chosen = Filter(frozenset(status or ()), frozenset(tier or ()), only_open)
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
