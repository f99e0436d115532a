"""The tree of commands, as the command line has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer.main

from qosresolve.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "qosresolve"


@dataclass(frozen=True, slots=True)
class Command:
    """One command or group: its words, and typer's own object."""

    words: tuple[str, ...]
    node: Any

    @property
    def name(self) -> str:
        """Return how it is called."""
        return " ".join((PROGRAM, *self.words))

    @property
    def context(self) -> Any:  # noqa: ANN401 - typer's own
        """Return what typer asks for to print help."""
        return self.node.context_class(self.node, info_name=self.name)

    @property
    def below(self) -> dict[str, Any]:
        """Return the commands of a group, none of a command."""
        return getattr(self.node, "commands", {})

    @property
    def paragraphs(self) -> list[str]:
        """Return the text of its help."""
        return [" ".join(part.split()) for part in (self.node.help or "").split("\n\n")]


def walk(words: tuple[str, ...] = (), node: Any = None) -> Iterator[Command]:  # noqa: ANN401 - typer's own
    """Yield every group and command, in the order of the help."""
    command = Command(words, node or typer.main.get_command(app))
    if words:
        yield command
    for name, child in command.below.items():
        if not child.hidden:
            yield from walk((*words, name), child)
