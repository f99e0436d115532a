"""`intake`: what foreign payloads would become; `trial` reads them, `view` shows it."""

from typing import Annotated

import typer

from qosresolve.cli.options import Json, example, group

app = group("Try what foreign monitoring payloads become.")


@app.command(
    epilog=example(
        "qosresolve intake check mapping.yaml sample1.json sample2.json",
        "qosresolve intake check rules.yaml recorded.jsonl --json",
        "qosresolve intake check alarm.json",
        "qosresolve intake check - ves.json --format ves",
    )
)
def check(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[MAPPING_OR_RULES] SAMPLE...",
            help="A mapping or rules file in YAML (- or none: the built-in formats and shipped mappings), "
            "then samples in JSON; a .jsonl file has one in each line.",
        ),
    ],
    topic_format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="Read as this format, whatever fits.")
    ] = "auto",
    as_json: Json = False,
) -> None:
    """Show what samples become, what is passed over, and what nothing is made of. Needs no Kafka.

    Exit status: 0 all understood, 1 some not, 2 the mapping or rules file is refused.
    """
    from qosresolve.cli.intake import trial, view

    rules, samples = trial.sorted_out(files)
    raise typer.Exit(view.check(rules, samples, topic_format, as_json=as_json))
