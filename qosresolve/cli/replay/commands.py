"""`replay`: recorded inputs once more through today's code, and what would be decided otherwise."""

from pathlib import Path
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Sets, example
from qosresolve.cli.session import tell, tool
from qosresolve.errors import QosResolveError

COULD_NOT = 2
_BOUND = (
    "an instant such as 2026-03-01T10:00:00Z, a time ago such as 2h, or an input's TOPIC/PARTITION/OFFSET"
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve replay --config prod.toml",
            "qosresolve replay --from 1d --policy next.yaml --tier gold --html differences.html",
            "qosresolve replay --report 0f0b6a7e --json",
            "qosresolve replay --from 2026-03-01T00:00:00Z --into shadow. --into-config lab.toml",
        )
    )(replay)


def replay(
    *,
    since: Annotated[str, typer.Option("--from", metavar="WHEN", help=f"First input: {_BOUND}.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="WHEN", help="First input that is left out.")] = "",
    product: Annotated[str, typer.Option(help="Only this product.")] = "",
    report: Annotated[str, typer.Option(metavar="ID", help="Only this report; its beginning will do.")] = "",
    customer: Annotated[str, typer.Option(help="Only reports of this customer.")] = "",
    tier: Annotated[str, typer.Option(help="Only reports of this tier.")] = "",
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Let all reports follow this policy; its alarms fire.")
    ] = None,
    tolerance: Annotated[
        str, typer.Option(help="With --policy: instants so near are the same; a real timer is late.")
    ] = "10s",
    into: Annotated[
        str, typer.Option(metavar="PREFIX", help="Write what comes of it to topics under this prefix.")
    ] = "",
    into_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Settings of who writes them: brokers, credentials."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with a timeline for each report.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most rows of a table, and timelines of a page.")] = 50,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")] = 0,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON, one finding a line; the last sums up.")
    ] = False,
) -> None:
    """Decide a range of inputs again, by today's code, and show what differs from what was decided.

    Inputs are taken in the order of the journal, from what the journal makes of everything before. Without
    --policy each follows the policy that was active, and recorded deadlines are inputs like others. Reads
    only; --into writes, but never where it reads. See docs/replay.md.

    Exit status: 0 nothing differs, 1 something does, 2 could not be told.
    """
    try:
        from qosresolve.cli.replay import asking, view

        canonical = asking.canonical(policy) if policy is not None else None
        settings = tool(config, sets)
        question = asking.question(
            settings,
            bounds=(since, until),
            names={"product": product, "report": report, "customer": customer, "tier": tier},
            policy=canonical,
            tolerance=tolerance,
            whole=html is not None,
        )
        shadow = asking.shadow(settings, into, into_config)
        shown = view.Shown(limit=limit, as_json=as_json, html=html)
        differs = view.replayed(settings, question, shown, jobs=jobs, into=shadow)
    except QosResolveError as error:
        tell(error)
        raise typer.Exit(COULD_NOT) from None
    raise typer.Exit(int(differs))
