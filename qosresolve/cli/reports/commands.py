"""`reports`: the reports as they lie on their topic, the journal behind them, and every order about them."""

from pathlib import Path
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example, group
from qosresolve.cli.reports import explain, figures
from qosresolve.cli.reports.filter import Filter, choosing
from qosresolve.cli.reports.orders import add_to
from qosresolve.cli.session import tool
from qosresolve.cli.times import moment, now_ms
from qosresolve.replay.choices import Format, Sort

app = group(
    "Look at reports, and order something about them.\n\n"
    "Orders take report ids, product ids or the beginning of one, or options that choose reports. "
    "Each waits for the worker's decision: exit status 0 all applied, 1 some refused or without effect, "
    "2 could not."
)


@app.command(
    "list",
    epilog=example(
        "qosresolve reports list --open --tier gold --jeopardy breached",
        "qosresolve reports list --open --cause core-router-7",
        "qosresolve reports list --opened-since 12h --sort severity --limit 20",
    ),
)
@choosing
def list_(
    *,
    chosen: Filter,
    sort: Annotated[Sort, typer.Option("--sort", help="By what; ties by what breaks next.")] = Sort.BREACH,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most so many; 0 shows all.")] = 0,
    by_cause: Annotated[bool, typer.Option("--by-cause", help="Those of one cause together.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """List reports: what breaks its promise next, and in how long; furthest beyond it first.

    With --cause or --by-cause those of one cause stand together, with their master problem.
    """
    settings = tool(config, sets)

    from qosresolve.cli.reports.listing import Order, show

    show(settings, chosen, Order(sort, limit, by_cause, as_json))


@app.command("show", epilog=example("qosresolve reports show P1", "qosresolve reports show 0c2d1f --json"))
def show_(
    name: Annotated[
        str,
        typer.Argument(
            metavar="REPORT_ID|PRODUCT_ID", help="A report's id or the beginning of it, or a product's."
        ),
    ],
    *,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="The whole journal of the product, not from the opening on.")
    ] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show how a report stands, what was asked of whom, and what its journal says since it was opened."""
    settings = tool(config, sets)

    from qosresolve.cli.reports.view import show

    show(settings, name, as_json=as_json, from_start=from_start)


@app.command(
    "follow",
    epilog=example(
        "qosresolve reports follow --open --tier gold",
        "qosresolve reports follow --product P1 --since 1h",
        "qosresolve reports follow --json | jq .summary",
    ),
)
@choosing
def follow_(
    *,
    chosen: Filter,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="From then on: 1h, 2d, a date, or an instant.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also what changed nothing: repetitions, alarms of nothing due.")
    ] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, a line a decision, nothing else.")] = False,
) -> None:
    """Tell every decision as it is made, a line each, until Ctrl-C (exit status 0).

    Reads the journal from its end, committed decisions only, and joins no group. A decision is told if its
    report is chosen before it or after it.
    """
    begin = moment(since, now_ms(), option="--since") if since else None
    settings = tool(config, sets)

    from qosresolve.cli.reports.following import follow

    follow(settings, chosen, since=begin, everything=everything, as_json=as_json)


@app.command(
    "export",
    epilog=example(
        "qosresolve reports export reports.parquet",
        "qosresolve reports export --open --tier gold --format csv -",
    ),
)
@choosing
def export_(
    *,
    chosen: Filter,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; - is standard output.")],
    kind: Annotated[Format | None, typer.Option("--format", help="Default: as the file's name ends.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Write reports as flat rows: JSON, CSV or Parquet. The columns are in docs/reports.md.

    Parquet needs pyarrow: pip install 'qosresolve[parquet]'. A file that is not whole never bears its name.
    """
    settings = tool(config, sets)

    from qosresolve.cli.reports.exporting import export

    export(settings, chosen, str(file), kind, force=force)


figures.add_to(app)
explain.add_to(app)
add_to(app)
