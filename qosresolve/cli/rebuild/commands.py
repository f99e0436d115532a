"""`rebuild`: report and watch topic from the journal alone; `replay.rebuild` does it, `view` shows."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, DryRun, Json, Sets, example
from qosresolve.cli.session import could, tool


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve rebuild --in-place --dry-run",
            "qosresolve rebuild --in-place",
            "qosresolve rebuild --in-place --product P1 --yes",
            "qosresolve rebuild --into rebuilt.",
        )
    )(rebuild)


def rebuild(
    *,
    into: Annotated[
        str, typer.Option(metavar="PREFIX", help="Write new topics under this prefix; workers may run.")
    ] = "",
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write what differs to the topics themselves; no worker runs.")
    ] = False,
    product: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this product. May be repeated.")
    ] = None,
    positions: Annotated[
        bool, typer.Option("--positions", help="In place: partition records that were lost, too.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="The topics of --into may hold an earlier rebuild.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Rebuild in place without asking.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make report and watch topic what the journal says they are.

    What is so already is left alone: after an interruption, the same command goes on. What was opened
    before the journal's retention stays as it is. Exit status: 0 done, or nothing to do; 1 something would
    be written (--dry-run); 2 could not.
    """

    def done() -> int:
        from qosresolve.cli.rebuild import view
        from qosresolve.replay.rebuild.run import Wishes

        view.one_of(into, in_place=in_place, positions=positions, resume=resume)
        settings = tool(config, sets)
        wishes = Wishes(into or None, frozenset(product or ()), positions, resume, dry_run)
        return view.rebuilt(settings, wishes, yes=yes, as_json=as_json)

    raise typer.Exit(could(done))
