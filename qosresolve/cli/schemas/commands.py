"""`schemas`: register, check and diff; `looking` asks the registry, `bringing` writes, `view` shows."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, DryRun, Json, Sets, example, group
from qosresolve.cli.session import could, settings_of

app = group(
    "Compare the Avro schemas with a schema registry, and register them.\n\n"
    "The registry is the setting `schema_registry_url`; no Kafka is needed. A subject is a topic's name and "
    "`-value`. See docs/schemas.md."
)

Records = Annotated[
    list[str] | None, typer.Argument(metavar="[RECORD]...", help="As in schemas/, e.g. report; default: all.")
]


@app.command(
    epilog=example(
        "qosresolve schemas register --dry-run",
        "qosresolve schemas register --yes --set schema_registry_url=http://registry:8081",
        "qosresolve schemas register degradation report --set prefix=prod.",
    )
)
def register(
    *,
    records: Records = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Set each subject's compatibility and register what ships, where it is not there yet.

    Where the registry would refuse one schema, nothing is written. Exit status: 0 all is registered (with
    --dry-run: could be), 1 something is refused, 2 could not.
    """

    def done() -> int:
        settings = settings_of(config, sets)

        from qosresolve.cli.schemas import bringing

        manner = bringing.Manner(yes=yes, dry_run=dry_run, as_json=as_json)
        return bringing.registered(settings, records or (), manner)

    raise typer.Exit(could(done))


@app.command(
    epilog=example(
        "qosresolve schemas check",
        "qosresolve schemas check report --json --set schema_registry_url=http://registry:8081",
    )
)
def check(
    *, records: Records = None, config: ConfigFile = None, sets: Sets = None, as_json: Json = False
) -> None:
    """Ask the registry whether it takes what ships, against all versions of every subject. Reads only.

    Exit status: 0 it does, 1 it refuses a schema or a subject has another compatibility than it should,
    2 could not.
    """

    def done() -> int:
        settings = settings_of(config, sets)

        from qosresolve.cli.schemas import looking, view

        standings = looking.standings(settings, records or ())
        view.checked(standings, as_json=as_json)
        return int(not all(standing.well for standing in standings))

    raise typer.Exit(could(done))


@app.command(
    epilog=example(
        "qosresolve schemas diff",
        "qosresolve schemas diff report-event --version 2",
        "qosresolve schemas diff --json",
    )
)
def diff(
    *,
    records: Records = None,
    version: Annotated[
        int, typer.Option("--version", min=0, metavar="N", help="Compare with this version; 0: the latest.")
    ] = 0,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show which fields and symbols differ between what is registered and what ships. Reads only.

    Exit status: 0 nothing differs, 1 something does or is not registered, 2 could not.
    """

    def done() -> int:
        settings = settings_of(config, sets)

        from qosresolve.cli.schemas import looking, view

        found = looking.compared(settings, records or (), version)
        view.differing(found, as_json=as_json)
        return int(any(item.rows or not item.version for item in found))

    raise typer.Exit(could(done))
