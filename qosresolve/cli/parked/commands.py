"""`parked`: list, show and retry; `control` reads and sends, `view` shows."""

from enum import StrEnum
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, DryRun, Json, Sets, example, group
from qosresolve.cli.session import tool

app = group(
    "Look at foreign events that wait: nobody knows yet which products lie on their objects.\n\n"
    "They go on by themselves when the inventory learns of the object (`qosresolve inventory load`), and are "
    "dead letters after the setting parked_ms."
)


class Reason(StrEnum):
    """Why something waits."""

    UNKNOWN_OBJECT = "unknownObject"
    BEHIND_OTHERS = "behindOthers"
    FANNING_OUT = "fanningOut"
    UNKNOWN_REQUEST = "unknownRequest"


Only = Annotated[Reason | None, typer.Option("--reason", help="Only what waits for this reason.")]
Named = Annotated[str, typer.Option("--object", help="Only what speaks of this object.")]


@app.command(
    "list",
    epilog=example("qosresolve parked list", "qosresolve parked list --each --object vnf-7 --json"),
)
def list_(
    *,
    each: Annotated[bool, typer.Option("--each", help="A line each instead of one a group.")] = False,
    reason: Only = None,
    named: Named = "",
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show what waits, grouped by reason and object, the most first."""
    settings = tool(config, sets)

    from qosresolve.cli.parked import control, view

    found = control.chosen(control.waiting(settings), reason=reason or "", named=named)
    view.each(found, as_json=as_json) if each else view.groups(found, as_json=as_json)


@app.command(epilog=example("qosresolve parked show ves.alerts/3/1187/0"))
def show(
    key: Annotated[str, typer.Argument(metavar="ID", help="As `parked list --each` has it.")],
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show one: what was read from it, and the original."""
    settings = tool(config, sets)

    from qosresolve.cli.parked import control, view

    view.one(control.found(control.waiting(settings), key), as_json=as_json)


@app.command(
    epilog=example(
        "qosresolve parked retry ves.alerts/3/1187/0",
        "qosresolve parked retry --reason unknownObject --object vnf-7 --dry-run",
    )
)
def retry(
    *,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Which; else by option.")
    ] = None,
    reason: Only = None,
    named: Named = "",
    everything: Annotated[bool, typer.Option("--all", help="All that waits.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Have intake read originals again with the rules that it has today.

    Intake replaces what waits in one transaction; what went on meanwhile is left alone. Exit status: 0 all
    sent, 1 of some the original was too large to be kept.
    """
    settings = tool(config, sets)

    from qosresolve.cli.parked import control, view

    choice = control.Choice(tuple(keys or ()), str(reason or ""), named, everything=everything)
    done = control.retry(settings, choice, dry_run=dry_run)
    view.retried(done, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(int(bool(done.without)))
