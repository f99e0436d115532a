"""What the commands of `dead-letters` share: options that choose letters, and instants as people say them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from qosresolve.cli.times import instant, now_ms

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="PARTITION/OFFSET on the dead-letter topic, e.g. 3/17."),
]
Topic = Annotated[
    str, typer.Option("--topic", help="Only of this topic; of our own the name without prefix does.")
]
Error = Annotated[
    str, typer.Option("--error", metavar="TEXT", help="Only of this stage, or with this in their error.")
]
Product = Annotated[str, typer.Option("--product", help="Only with this key.")]
Since = Annotated[
    str,
    typer.Option(
        "--since", metavar="WHEN", help="Only buried since; 2026-03-01T10:00:00Z, or 2h: so long ago."
    ),
]
Until = Annotated[str, typer.Option("--until", metavar="WHEN", help="Only buried before that.")]
Every = Annotated[bool, typer.Option("--all", help="All that are open; instead of ids and other options.")]
Most = Annotated[int, typer.Option("--max", min=1, help="Refuse to take more letters than this.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask when options choose the letters.")]
Rows = Annotated[bool, typer.Option("--json", help="JSON, one line a letter, nothing else.")]

_AGO = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Said:
    """Which letters were asked for, as it was typed; empty for what was not."""

    ids: tuple[str, ...] = ()
    topic: str = ""
    error: str = ""
    product: str = ""
    since: str = ""
    until: str = ""
    every: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is to be done: settings, who, whether to ask, how many at most, and how to tell."""

    config: Path | None
    sets: tuple[str, ...]
    by: str
    reason: str
    yes: bool
    most: int
    dry_run: bool
    as_json: bool


def when(text: str, option: str) -> int | None:
    """Return the ms since the epoch of an instant or of so long ago, None for nothing. Raises ConfigError."""
    if not text:
        return None
    ago = _AGO.fullmatch(text)
    return now_ms() - int(ago[1]) * _UNITS[ago[2]] if ago else instant(text, option=option)
