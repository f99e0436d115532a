"""exit-codes.md: what a status at the end means, which errors end with it, what commands say of their own."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from qosresolve import errors
from tests.docs.markdown import code, table
from tests.docs.markdown import page as whole
from tests.docs.reference.commands import Command, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks" / "README.md"
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_OF_A_COMMAND = re.compile(r"Exit status: ([^.]+)")


def page() -> str:
    """Return the page. Raises LookupError for a status of an error that the runbooks do not explain."""
    explained = {int(status): words for status, *words in _ROW.findall(RUNBOOKS.read_text(encoding="utf-8"))}
    if unknown := set(raised()) - set(explained):
        raise LookupError(f"docs/runbooks/README.md does not explain the exit status {sorted(unknown)}")
    return whole(
        "Exit status",
        "qosresolve/errors.py, the help of the commands and docs/runbooks/README.md",
        "The table of the [runbooks](../runbooks/README.md), which have a page for every message.",
        table(
            ["Status", "Means", "A supervisor", "Somebody", "Errors"],
            (
                [str(status), *map(_from_here, words), ", ".join(map(code, raised().get(status, [])))]
                for status, words in explained.items()
            ),
        ),
        "## Of one command",
        "Where a command says no more, it ends with 0 when it did what was asked, else as the table says.",
        table(["Command", "Status"], _commands()),
    )


def raised() -> dict[int, list[str]]:
    """Return the errors that end a process, by the status that they end it with."""
    found: dict[int, list[str]] = {}
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.QosResolveError) and "exit_code" in vars(kind):
            found.setdefault(kind.exit_code, []).append(name)
    return found


def _from_here(text: str) -> str:
    """Return a cell of the runbooks' table with links that lead there from here."""
    return re.sub(r"\]\((?=[\w-]+\.md)", "](../runbooks/", text)


def _commands() -> Iterator[list[str]]:
    for command in walk():
        said = _of(command)
        if said:
            yield [f"[{' '.join(command.words)}](cli.md#{command.name.replace(' ', '-')})", said]


def _of(command: Command) -> str:
    found = _OF_A_COMMAND.search(" ".join(command.paragraphs))
    return found[1] + "." if found else ""
