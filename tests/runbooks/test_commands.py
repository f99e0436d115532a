"""What the runbooks have somebody type is there: commands, options, Kafka's scripts."""

import re
import shlex

import pytest
import typer
from typer.core import TyperGroup

from qosresolve.cli.main import app
from tests.runbooks.page import RUNBOOKS, Page

PAGES = sorted(path.stem for path in RUNBOOKS.glob("*.md"))


def missing(command: str) -> list[str]:
    """Return the words of a command that the program does not know: subcommands and options."""
    known = typer.main.get_command(app)
    _, *words = shlex.split(re.sub(r"<[a-z]+>(\.\.\.)?|\.\.\.", "x", command))
    while isinstance(known, TyperGroup) and words and not words[0].startswith("-"):
        found = known.commands.get(words[0])
        if found is None:
            return [words[0]]
        known, words = found, words[1:]
    options = {name for item in known.params for name in (*item.opts, *item.secondary_opts)} | {"--help"}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_a_runbook_is_there(name: str) -> None:
    """At night nobody is sent to a command or an option that the program does not have."""
    wrong = {text: missing(text) for text in Page(name).all() if text.startswith("qosresolve ")}
    assert not {text: words for text, words in wrong.items() if words}


def test_a_command_that_is_not_there_is_found() -> None:
    """The test above can fail: of a command, of one within a group, of an option."""
    assert missing("qosresolve mend") == ["mend"]
    assert missing("qosresolve policy forget <hash>") == ["forget"]
    assert missing("qosresolve policy show --all") == ["--all"]
    assert not missing("qosresolve policy activate <hash> --reason <ticket>")
