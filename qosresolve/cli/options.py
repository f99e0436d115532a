"""Options that many commands share, and how a group of commands is made."""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.toml", help="Settings file; variables override it.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="One setting; overrides all else. May be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")]
Actor = Annotated[str, typer.Option("--actor", help="Who orders it; default: this user.")]
Role = Annotated[str, typer.Option("--role", help="The actor's role; the policy lists who may do what.")]
Reason = Annotated[str, typer.Option("--reason", help="Why: a code or a short text.")]
Seconds = Annotated[float, typer.Option("--timeout", min=0.1, help="Longest --wait, in seconds.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; do nothing.")]


def group(text: str, *, kind: type[TyperGroup] | None = None) -> typer.Typer:
    """Return a group of commands. Help is plain text: quick, and the same in a pipe."""
    return typer.Typer(
        help=text,
        cls=kind,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


def example(*lines: str) -> str:
    """Return the epilog of a command's help; the first character keeps the lines as they are."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
