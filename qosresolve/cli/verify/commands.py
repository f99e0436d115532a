"""`verify`: proof that the report topic follows from the journal."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example
from qosresolve.cli.session import tell, tool
from qosresolve.errors import QosResolveError

COULD_NOT = 2


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve verify --config prod.toml --json",
            "qosresolve verify --product P1 --product P2",
            "qosresolve verify --at 2026-03-01T10:00:00Z",
        )
    )(verify)


def verify(
    product: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this product. May be repeated.")
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            metavar="INSTANT", help="As the journal stood then; what it tells of later is left out."
        ),
    ] = "",
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Fold the journal and compare it with every report and watch, by value. Reads only.

    Workers may run meanwhile. Of what differs it shows each field, and the journal entry that changed it
    last. Exit status: 0 equal, 1 something differs, 2 could not be told. `repair` mends one report,
    `rebuild` many.
    """
    try:
        settings = tool(config, sets)

        from qosresolve.cli.times import instant
        from qosresolve.cli.verify import view as verify_view
        from qosresolve.replay.verify import Scope

        scope = Scope(frozenset(product or ()), instant(at) if at else None)
        equal = verify_view.verified(settings, scope, as_json=as_json)
    except QosResolveError as error:
        tell(error)
        raise typer.Exit(COULD_NOT) from None
    raise typer.Exit(int(not equal))
