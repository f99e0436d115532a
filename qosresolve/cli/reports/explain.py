"""`reports explain`: why a deadline lies at its minute, why somebody was called, and why it was silent."""

from enum import StrEnum
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example
from qosresolve.cli.session import tell, tool
from qosresolve.errors import QosResolveError

COULD_NOT = 2


class About(StrEnum):
    """What an explanation may be narrowed to."""

    DEADLINE = "deadline"
    ESCALATION = "escalation"
    WORK = "work"
    SILENCE = "silence"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    lines = (
        "qosresolve reports explain 0c2d1f --about deadline",
        "qosresolve reports explain P1 --at 2026-03-02T12:00:00Z",
        "qosresolve reports explain --product P1",
    )
    app.command("explain", epilog=example(*lines))(explain)


def explain(
    name: Annotated[
        str, typer.Argument(metavar="REPORT_ID|PRODUCT_ID", help="A report, or a product's newest.")
    ] = "",
    product: Annotated[
        str, typer.Option("--product", help="The product: without a report, or of a forgotten one.")
    ] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="As of then, e.g. 2026-03-01T10:00:00Z.")
    ] = "",
    about: Annotated[list[About] | None, typer.Option("--about", help="Only this. May be repeated.")] = None,
    *,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Explain each deadline down to the minute, each call and request, and why others did not come.

    From the topics alone; every instant is worked out anew. Exit status: 0 explained, 1 something does not
    add up, 2 could not be explained.
    """
    try:
        settings = tool(config, sets)

        from qosresolve.cli.reports.explaining import explained

        wanted = frozenset(map(str, about or About))
        adds_up = explained(settings, name, product, at=at, about=wanted, as_json=as_json)
    except QosResolveError as error:
        tell(error)
        raise typer.Exit(COULD_NOT) from None
    raise typer.Exit(int(not adds_up))
