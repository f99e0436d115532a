"""The command line as a user has it: no settings but those of the test."""

import os
from collections.abc import Callable, Iterator

import pytest
import structlog
from typer.testing import CliRunner, Result

from qosresolve.cli.main import app

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("QOSRESOLVE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A command sets up logging to streams that end with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def cli() -> Run:
    """Run a command; standard output and standard error are kept apart."""
    runner = CliRunner()

    def run(*words: str, stdin: str = "") -> Result:
        return runner.invoke(app, list(words), input=stdin, prog_name="qosresolve")

    return run
