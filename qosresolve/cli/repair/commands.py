"""`repair`: one report set to what its journal says; `mending` does it."""

from typing import Annotated

import typer

from qosresolve.cli.options import (
    Actor,
    ConfigFile,
    DryRun,
    Json,
    Reason,
    Role,
    Seconds,
    Sets,
    example,
)
from qosresolve.cli.session import could, tool


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve repair 0c2d7e --dry-run",
            "qosresolve repair 0c2d7e --reason INC-4711",
            "qosresolve repair 0c2d7e1f-... --product P1 --reason 'tombstone by mistake'",
        )
    )(repair)


def repair(
    *,
    report: Annotated[
        str, typer.Argument(metavar="REPORT_ID", help="Its id; of one on the topic, the beginning will do.")
    ],
    product: Annotated[
        str, typer.Option(metavar="ID", help="Its product: quicker, and needed where the report is missing.")
    ] = "",
    reason: Reason = "",
    actor: Actor = "",
    role: Role = "operator",
    yes: Annotated[bool, typer.Option("--yes", help="Remove a report without asking.")] = False,
    timeout: Seconds = 30.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Set one report to what its journal says, by an order to the worker that owns it.

    The worker takes it only if nothing happened to the report meanwhile; then its journal is folded
    again, a few times. Exit status: 0 it is as the journal says, 1 it differs (--dry-run) or was refused,
    2 could not.
    """

    def done() -> int:
        settings = tool(config, sets)

        from qosresolve.cli.repair import mending
        from qosresolve.replay.repairing import Wanted, named

        manner = mending.Manner(actor, role, reason, timeout, yes, dry_run, as_json)
        wanted = Wanted(product, report) if product else named(settings, report)
        return mending.mended(settings, wanted, manner)

    raise typer.Exit(could(done))
