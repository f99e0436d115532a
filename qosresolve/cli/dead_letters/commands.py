"""`dead-letters`: list, show, redrive and discard what could not be taken. Each command is done elsewhere."""

from typing import Annotated

import typer

from qosresolve.cli.dead_letters.options import (
    Error,
    Every,
    Ids,
    Manner,
    Most,
    Product,
    Rows,
    Said,
    Since,
    Topic,
    Until,
    Yes,
)
from qosresolve.cli.options import Actor, ConfigFile, DryRun, Sets, example, group

app = group(
    "Look at what could not be taken, and have it taken after all.\n\n"
    "A letter is the record as it came, with why it was buried. Redriving sends it again to where it "
    "belongs, exactly once. Exit status: 0 done, 1 something stayed where it is, 2 could not."
)


@app.command(
    "list",
    epilog=example(
        "qosresolve dead-letters list",
        "qosresolve dead-letters list --topic qos.degradation.v1 --since 2h --each",
        "qosresolve dead-letters list --reason decode --json",
    ),
)
def list_(
    *,
    topic: Topic = "",
    error: Annotated[
        str,
        typer.Option(
            "--error", "--reason", metavar="TEXT", help="Only of this stage, or with this in their error."
        ),
    ] = "",
    product: Product = "",
    since: Since = "",
    until: Until = "",
    each: Annotated[bool, typer.Option("--each", help="A row for each letter, not for each reason.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")] = False,
) -> None:
    """Show why records were buried, how many, and what was decided about them."""
    from qosresolve.cli.dead_letters import looking

    said = Said((), topic, error, product, since, until)
    raise typer.Exit(looking.list_letters(said, config, tuple(sets or ()), each=each, as_json=as_json))


@app.command(
    epilog=example(
        "qosresolve dead-letters show 3/17",
        "qosresolve dead-letters show --product P1 --json",
    )
)
def show(
    *,
    ids: Ids = None,
    product: Product = "",
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Rows = False,
) -> None:
    """Show letters whole: where each came from, why it was buried, what it says, what can be done."""
    from qosresolve.cli.dead_letters import looking

    said = Said(tuple(ids or ()), product=product)
    raise typer.Exit(looking.show_letters(said, config, tuple(sets or ()), as_json=as_json))


@app.command(
    epilog=example(
        "qosresolve dead-letters redrive --topic qos.degradation.v1 --error decode --dry-run",
        "qosresolve dead-letters redrive 3/17 3/18 --reason CHG-4711 --wait",
        "qosresolve dead-letters redrive --all --yes --json",
    )
)
def redrive(
    *,
    ids: Ids = None,
    topic: Topic = "",
    error: Error = "",
    product: Product = "",
    since: Since = "",
    until: Until = "",
    every: Every = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Also those that were overtaken, would fail again, or were discarded or not tried.",
        ),
    ] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="Also to topics of others: who reads them sees it twice.")
    ] = False,
    attempts: Annotated[int, typer.Option(min=1, help="Redrive no record more often than this.")] = 3,
    most: Most = 1_000,
    reason: Annotated[str, typer.Option("--reason", help="Why it is redriven; kept with it.")] = "",
    actor: Actor = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the worker's decisions.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Longest --wait, in seconds.")] = 15.0,
    yes: Yes = False,
    dry_run: DryRun = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Rows = False,
) -> None:
    """Send letters again: same bytes, in their old order, to their topic and their product's partition.

    Each is tried first by this version's code. What would fail again, and what later records of its key have
    overtaken, stays where it is and is told.
    """
    from qosresolve.cli.dead_letters import redriving
    from qosresolve.replay.dead.plan import Rules

    said = Said(tuple(ids or ()), topic, error, product, since, until, every)
    manner = Manner(config, tuple(sets or ()), actor, reason, yes, most, dry_run, as_json)
    rules = Rules(attempts, force, foreign)
    raise typer.Exit(redriving.redrive(said, manner, rules, timeout if wait else None))


@app.command(
    epilog=example(
        "qosresolve dead-letters discard 3/17 --reason 'test data of vendor X'",
        "qosresolve dead-letters discard --error decode --since 1d --reason CHG-4711 --dry-run",
    )
)
def discard(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why nobody needs it; kept with it.")],
    ids: Ids = None,
    topic: Topic = "",
    error: Error = "",
    product: Product = "",
    since: Since = "",
    until: Until = "",
    every: Every = False,
    most: Most = 1_000,
    actor: Actor = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Rows = False,
) -> None:
    """Say that letters need not be taken. Nothing is deleted: they lie there until the topic's retention."""
    from qosresolve.cli.dead_letters import redriving

    said = Said(tuple(ids or ()), topic, error, product, since, until, every)
    manner = Manner(config, tuple(sets or ()), actor, reason, yes, most, dry_run, as_json)
    raise typer.Exit(redriving.discard(said, manner))
