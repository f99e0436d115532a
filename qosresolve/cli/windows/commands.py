"""`windows`: set, list and lift maintenance windows; `control` orders, `view` shows."""

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
    group,
)
from qosresolve.cli.session import tool

app = group(
    "Say when degradations are expected: maintenance windows.\n\n"
    "Inside a window nothing opens; open reports stand still where the policy lists `maintenance`. What is "
    "still bad at the end opens then. A window is an order to every partition, and holds from there on."
)

WindowId = Annotated[str, typer.Argument(metavar="ID", help="Its id, e.g. the change's number.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for every partition; exit 1 when one refuses.")]


@app.command(
    "set",
    epilog=example(
        "qosresolve windows set CHG-4711 --site BER-1 --zone Europe/Berlin \\",
        "    --from 2026-03-01T02:00 --to 2026-03-01T04:00 --reason CHG-4711 --dry-run",
        "qosresolve windows set patching --tier bronze --zone America/New_York \\",
        "    --from 2026-03-01T01:00 --to 2026-03-01T03:30 --rrule 'FREQ=WEEKLY;BYDAY=SU' --wait",
        "qosresolve windows set move --product P1 --from 2026-03-01T01:00:00Z --to 2026-03-02T01:00:00Z",
    ),
)
def set_window(
    *,
    window_id: WindowId,
    begins: Annotated[
        str, typer.Option("--from", metavar="INSTANT", help="First begin; with --zone its local time.")
    ],
    ends: Annotated[str, typer.Option("--to", metavar="INSTANT", help="First end; later ones last as long.")],
    zone: Annotated[str, typer.Option(help="IANA zone in which it repeats; default: UTC.")] = "",
    rrule: Annotated[
        str, typer.Option(help="RFC 5545 rule by which it repeats: FREQ=DAILY|WEEKLY|MONTHLY|YEARLY;...")
    ] = "",
    product: Annotated[str, typer.Option(help="Only this product.")] = "",
    site: Annotated[str, typer.Option(help="Only products of this site.")] = "",
    tier: Annotated[str, typer.Option(help="Only products of this tier.")] = "",
    service: Annotated[str, typer.Option(help="Only what is measured on this service or resource.")] = "",
    reason: Reason = "",
    actor: Actor = "",
    role: Role = "operator",
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Enter a window, or replace the one of that id. Times without an offset need --zone."""
    from qosresolve.cli.windows import control, entering

    window = entering.window(
        window_id,
        entering.Said(begins, ends, zone, rrule, product, site, tier, service, reason),
    )
    settings = tool(config, sets)
    order = control.Order(actor, role, reason, timeout if wait else None, as_json)
    raise typer.Exit(
        control.preview(settings, window, as_json=as_json)
        if dry_run
        else control.enter(settings, window, order)
    )


@app.command("list", epilog=example("qosresolve windows list", "qosresolve windows list --all --json"))
def list_windows(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Also what was lifted or replaced, for some weeks.")
    ] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show the windows that the partitions know, with their next occurrence, and where they differ."""
    settings = tool(config, sets)

    from qosresolve.cli.windows import view

    view.show(settings, every=every, as_json=as_json)


@app.command(
    epilog=example(
        "qosresolve windows lift CHG-4711 --reason 'done early' --wait",
        "qosresolve windows lift CHG-4711 --dry-run",
    )
)
def lift(
    *,
    window_id: WindowId,
    reason: Reason = "",
    actor: Actor = "",
    role: Role = "operator",
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a window back, before or while it holds, in every partition.

    What it did until then stays. What was bad inside and waits looks again at its
    next sample, without one only at the window's old end.
    """
    settings = tool(config, sets)

    from qosresolve.cli.windows import control

    order = control.Order(actor, role, reason, timeout if wait else None, as_json)
    raise typer.Exit(control.lift(settings, window_id, order, dry_run=dry_run))
