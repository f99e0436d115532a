"""cli.md: every command with its help and examples."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from tests.docs.markdown import block, code, table
from tests.docs.markdown import page as whole
from tests.docs.reference.commands import Command, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRO = """\
`qosresolve --help` and `qosresolve COMMAND --help` say the same. Tables are for people, `--json` for
scripts; what writes has `--dry-run`. What a status at the end means: [exit-codes.md](exit-codes.md)."""


def page() -> str:
    """Return the page."""
    commands = list(walk())
    return whole(
        "Command line",
        "qosresolve/cli/",
        _INTRO,
        table(["Command", ""], (_contents(command) for command in commands if not command.below)),
        *(part for command in commands for part in _section(command)),
    )


def _contents(command: Command) -> list[str]:
    words = " ".join(command.words)
    return [f"[{words}](#{_anchor(command)})", command.paragraphs[0].partition(". ")[0].rstrip(".") + "."]


def _anchor(command: Command) -> str:
    return command.name.replace(" ", "-")


def _section(command: Command) -> Iterator[str]:
    yield f"{'##' if command.below or len(command.words) == 1 else '###'} {command.name}"
    yield from command.paragraphs
    if command.below:
        return
    usage = " ".join(command.node.collect_usage_pieces(command.context))
    yield block(f"{command.name} {usage}", "text")
    yield from _example(command)
    if parameters := [
        record for record in (_parameter(command, each) for each in command.node.params) if record
    ]:
        yield table(["Argument or option", ""], parameters)


def _example(command: Command) -> Iterator[str]:
    _, _, lines = (command.node.epilog or "").partition("Example:\n")
    if lines:
        yield "For example:"
        yield block(textwrap.dedent(lines).rstrip(), "bash")


def _parameter(command: Command, parameter: Any) -> list[str]:  # noqa: ANN401 - typer's own
    """Return name and help; nothing for what help does not show."""
    name, text = parameter.get_help_record(command.context) or ("", "")
    return [code(name), text] if name else []
