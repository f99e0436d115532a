"""Help is complete, quick, and comes without what a command needs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from qosresolve import __version__
from qosresolve.cli.main import app
from tests.cli.conftest import Run

HEAVY = ("confluent_kafka", "rich", "fastavro", "msgspec", "structlog", "prometheus_client", "yaml")
OF_TYPER = ("pydantic",)  # it reads the options of a command with it


def commands(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - typer's own
    """Yield the words of every command."""
    below = getattr(node, "commands", None)
    if not below:
        yield path
        return
    for name, child in below.items():
        yield from commands(child, (*path, name))


@pytest.mark.parametrize("words", list(commands(typer.main.get_command(app))), ids=" ".join)
def test_every_command_shows_an_example(cli: Run, words: tuple[str, ...]) -> None:
    """The example is of that very command."""
    result = cli(*words, "--help")
    assert result.exit_code == 0
    assert f"Example:\n    qosresolve {' '.join(words)}" in result.output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        ([], HEAVY + OF_TYPER),
        (["reports"], HEAVY),
        (["run"], HEAVY),
        (["emit", "degradation"], HEAVY),
        (["reports", "hold"], HEAVY),
        (["dead-letters", "redrive"], HEAVY),
    ],
)
def test_help_imports_nothing_heavy(words: list[str], heavy: tuple[str, ...]) -> None:
    """Help stays quick: libraries are imported by the command that needs them."""
    code = (
        "import sys\nfrom qosresolve.cli.main import app\n"
        f"try:\n    app({[*words, '--help']!r})\nexcept SystemExit:\n    pass\n"
        f"sys.exit(' '.join(name for name in {heavy!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert "Usage: " in done.stdout
    assert done.stderr.strip() == ""


def test_version_names_the_client_too(cli: Run) -> None:
    """A report of a fault needs librdkafka's version, and Python's."""
    result = cli("--version")
    assert result.exit_code == 0
    told = re.fullmatch(
        r"qosresolve (\S+) \(confluent-kafka [\d.]+, librdkafka [\d.]+, Python 3\.\d+\.\S+\)\n", result.output
    )
    assert told
    assert told[1] == __version__


@pytest.mark.parametrize(
    "words", [("run",), ("run", "nobody"), ("nothing",), ("emit", "degradation", "--kind", "maybe")]
)
def test_wrong_usage_exits_2(cli: Run, words: tuple[str, ...]) -> None:
    """Usage errors and wrong settings share a status: a person has to mend something."""
    assert cli(*words).exit_code == 2
