"""Tables for people, JSON for programs. Text from outside is escaped: a terminal obeys control characters."""

import json
import sys
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 200  # columns where nobody looks: no line is cut for a program such as grep


def console(*, stderr: bool = False) -> Console:
    """Return where to write; a pipe gets plain wide lines."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table; cells are plain text."""
    made = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(safe(cell)) for cell in row))
    return made


def line(text: str) -> None:
    """Print one line."""
    sys.stdout.write(safe(text) + "\n")


def dump(value: object) -> None:
    """Print JSON."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def dump_lines(values: Iterable[object]) -> None:
    """Print JSON, a line each."""
    for value in values:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def documents(values: Iterable[object]) -> None:
    """Print YAML, a document each."""
    import yaml

    yaml.safe_dump_all(values, sys.stdout, sort_keys=False, width=110, explicit_start=True)


def safe(text: str) -> str:
    """Return text without anything a terminal would obey; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(
        item if item.isprintable() or item == "\n" else item.encode("unicode_escape").decode()
        for item in text
    )
