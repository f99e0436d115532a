"""`reports stats`: how long it took, what was broken, and how far warnings can be trusted."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example
from qosresolve.cli.session import tool
from qosresolve.replay.choices import By


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    lines = (
        "qosresolve reports stats --by tier --from 2026-03-01 --to 2026-04-01",
        "qosresolve reports stats --by week --from 12w --json",
    )
    app.command("stats", epilog=example(*lines))(stats)


def stats(
    by: Annotated[By | None, typer.Option("--by", help="A column for each of these.")] = None,
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Opened then or later: 7d, a date, or an instant.")
    ] = "",
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Opened before.")] = "",
    *,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Count how reports went, from the journal.

    MTTA: from the opening until an owner took it. MTTR: from the first bad sample until restored, without
    the time it was restored before a relapse. Both as wall time, and as open time of the customer's calendar
    without holds and maintenance.

    At risk: a promise was said to be at risk before it broke, if it broke. Jeopardy hit rate: of the reports
    at risk, how many broke that promise. Breaches warned of: of the reports that broke one, how many had been
    said to be at risk.

    False positive rate: of all reports but SLA exclusions. Neither false positives nor SLA exclusions count
    in any other figure. More in docs/reports.md.
    """
    settings = tool(config, sets)

    from qosresolve.cli.reports.stats import show

    show(settings, by, since=since, until=until, as_json=as_json)
