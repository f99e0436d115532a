"""How a verification is shown: a bar while it runs, then counts and what differs."""

from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qosresolve.cli.output import console, dump, line, table
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.verify import Verification, verify
from qosresolve.settings import Settings

SHOWN = 50


def verified(settings: Settings, *, as_json: bool) -> bool:
    """Verify and show the result; return whether everything is equal."""
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        result = verify(
            settings,
            contracts_for(settings),
            lambda done, expected: bar.update(task, completed=done, total=expected),
        )
    if as_json:
        dump({"equal": result.equal, **asdict(result)})
    else:
        _show(result)
    return result.equal


def _show(result: Verification) -> None:
    if result.mismatches:
        rows = [
            (
                item.product_id,
                item.report_id or "watch",
                item.kind,
                item.path or "-",
                item.journal,
                item.topic,
            )
            for item in result.mismatches[:SHOWN]
        ]
        columns = ("product", "report", "", "first field", "journal says", "topic says")
        console().print(table("", columns, rows))
    if result.unprovable:
        line(f"unprovable, their beginning is past the journal's retention: {len(result.unprovable)}")
        for name in result.unprovable[:SHOWN]:
            line(f"  {name}")
    line(
        f"{result.partitions} partitions, {result.entries} journal entries, {result.products} products: "
        f"{result.reports} reports and {result.watches} watches equal, {len(result.mismatches)} differ"
    )
