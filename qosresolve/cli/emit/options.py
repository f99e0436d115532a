"""What the commands of `emit` share: their options, and the way down to `emitting`."""

from pathlib import Path
from typing import Annotated

import typer

from qosresolve.core.vocabulary import AnswerState

Product = Annotated[str, typer.Option("--product", help="Product id; the key of everything.")]
Source = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE.json", help="JSON array, or a line each; `-` is standard input."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the worker's decision; exit 1 when refused.")]
At = Annotated[str, typer.Option("--at", metavar="INSTANT", help="e.g. 2026-03-01T10:00:00Z; default: now.")]
Request = Annotated[str, typer.Option("--request", help="Id of the request that is answered.")]
State = Annotated[AnswerState | None, typer.Option("--state", help="What the other side says.")]
Expected = Annotated[str, typer.Option("--expected", metavar="INSTANT", help="Expected resolution.")]
Note = Annotated[str, typer.Option("--note", help="Free text.")]
Finding = Annotated[
    str,
    typer.Option(
        "--finding",
        metavar="JSON",
        help='Analysis result, e.g. \'{"source": "noc", "cause_kind": "service", "entity": "svc-1"}\'.',
    ),
]
Id = Annotated[str, typer.Option("--id", help="The message's own id; default: a new UUID.")]


def send(
    record: str,
    fields: dict[str, object],
    *,
    file: Path | None,
    config: Path | None,
    sets: list[str] | None,
    wait: bool,
    dry_run: bool,
    as_json: bool,
    timeout: float,
) -> None:
    """Hand a command's options down, and end with the exit status."""
    from qosresolve.cli.emit.emitting import Request as Emit
    from qosresolve.cli.emit.emitting import emit

    raise typer.Exit(
        emit(
            Emit(record, fields, file, config, tuple(sets or ()), timeout if wait else None, dry_run, as_json)
        )
    )
