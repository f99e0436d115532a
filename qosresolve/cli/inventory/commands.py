"""`inventory`: load, compare, show and export; `control` loads, `view` shows."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, DryRun, Json, Sets, example, group
from qosresolve.cli.session import tool

app = group(
    "Say which products lie on which services and resources: intake looks foreign events up in it.\n\n"
    "Files are CSV or JSON lines with a relation a row, or TMF637 products and TMF638 services as JSON."
)


class Format(StrEnum):
    """The formats that are read."""

    AUTO = "auto"
    CSV = "csv"
    JSONL = "jsonl"
    TMF637 = "tmf637"
    TMF638 = "tmf638"


class Written(StrEnum):
    """The formats that are written."""

    CSV = "csv"
    JSONL = "jsonl"


Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="What belongs together, in one go.")]
Form = Annotated[Format, typer.Option("--format", help="What the files are; auto looks into each.")]
Names = Annotated[
    bool, typer.Option("--names", help="TMF files: know objects by name too, where it is one's own.")
]
Replace = Annotated[
    bool, typer.Option("--replace", help="The files are all there is: remove what is not in them.")
]


@app.command(
    epilog=example(
        "qosresolve inventory load relations.csv --dry-run",
        "qosresolve inventory load products.json services.json --names",
        "qosresolve inventory load everything.jsonl --replace --yes",
    )
)
def load(
    *,
    files: Files,
    form: Form = Format.AUTO,
    names: Names = False,
    replace: Replace = False,
    yes: Annotated[bool, typer.Option("--yes", help="Let --replace remove more than a fifth.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write what differs from the topic, in one transaction. Exit status: 0 done, 2 refused."""
    from qosresolve.cli.inventory import control
    from qosresolve.cli.inventory import files as inventory_files

    wanted = inventory_files.wanted(files, form.value, names=names, as_json=as_json)
    settings = tool(config, sets)
    order = control.Order(replace=replace, yes=yes, dry_run=dry_run, as_json=as_json)
    control.load(settings, wanted, order)


@app.command(
    epilog=example(
        "qosresolve inventory diff relations.csv",
        "qosresolve inventory diff products.json services.json --replace --json",
    )
)
def diff(
    *,
    files: Files,
    form: Form = Format.AUTO,
    names: Names = False,
    replace: Replace = False,
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show what a load would write. Exit status: 0 nothing, 1 something, 2 the files cannot be used."""
    from qosresolve.cli.inventory import control
    from qosresolve.cli.inventory import files as inventory_files

    wanted = inventory_files.wanted(files, form.value, names=names, as_json=as_json)
    settings = tool(config, sets)
    raise typer.Exit(control.diff(settings, wanted, replace=replace, as_json=as_json))


@app.command(
    epilog=example("qosresolve inventory show olt-1", "qosresolve inventory show --product P1 --json")
)
def show(
    *,
    wanted: Annotated[str, typer.Argument(metavar="[OBJECT]", help="A service or resource.")] = "",
    product: Annotated[str, typer.Option(help="What a product lies on.")] = "",
    config: ConfigFile = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Show the products of an object, or the objects of a product. Exit status: 0 known, 1 not."""
    settings = tool(config, sets)

    from qosresolve.cli.inventory import view

    raise typer.Exit(view.show(settings, wanted, product, as_json=as_json))


@app.command(
    epilog=example(
        "qosresolve inventory export > relations.csv",
        "qosresolve inventory export --format jsonl > relations.jsonl",
    )
)
def export(
    *,
    form: Annotated[Written, typer.Option("--format", help="What to write.")] = Written.CSV,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Write all relations to standard output, as `load` reads them."""
    settings = tool(config, sets)

    from qosresolve.cli.inventory import view

    view.export(settings, form.value)
