"""`verify`: proof that the report topic follows from the journal."""

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example
from qosresolve.cli.session import tell, tool
from qosresolve.errors import QosResolveError

COULD_NOT = 2


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("qosresolve verify --config prod.toml --json"))(verify)


def verify(config: ConfigFile = None, sets: Sets = None, as_json: Json = False) -> None:
    """Fold the journal and compare it with every report and watch, by value. Reads only.

    Exit status: 0 equal, 1 something differs, 2 could not be told.
    """
    try:
        settings = tool(config, sets)

        from qosresolve.cli.verify import view as verify_view

        equal = verify_view.verified(settings, as_json=as_json)
    except QosResolveError as error:
        tell(error)
        raise typer.Exit(COULD_NOT) from None
    raise typer.Exit(int(not equal))
