"""`schemas` says what is wrong with a registry, and what helps; nothing is written by mistake."""

import sys
from collections.abc import Iterator

import pytest

from qosresolve.contracts.registry import asking
from tests.cli.conftest import Run
from tests.registry.faulty import CUT, SILENT, Faulty

COMMANDS = (("check",), ("diff",), ("register", "--yes"), ("register", "--dry-run"))


@pytest.fixture
def front() -> Iterator[Faulty]:
    """Nothing real is behind it."""
    with Faulty() as made:
        yield made


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_registry_that_is_not_set_is_named(cli: Run, words: tuple[str, ...]) -> None:
    """Which setting, and what to put there."""
    result = cli("schemas", *words)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: schema_registry_url: no schema registry is set")
    assert "remedy: set schema_registry_url to where the Confluent API begins: http://" in result.stderr


@pytest.mark.parametrize(
    ("fault", "what", "remedy"),
    [
        ("401", "it does not know who we are (HTTP 401)", "https://USER:PASSWORD@HOST"),
        ("403", "we may not do this (HTTP 403: User is denied", "grant this user to read subjects"),
        ("429", "it has too much to do (HTTP 429)", "load"),
        ("500", "it is in trouble (HTTP 500: Error in the backend", "the registry's own log"),
        ("503", "it is in trouble (HTTP 503", "the registry's own log"),
        ("page", "what answers is not a schema registry (JSONDecodeError", "where the Confluent API begins"),
        ("empty", "what answers is not a schema registry (", "where the Confluent API begins"),
        ("list", "what answers is not a schema registry (", "where the Confluent API begins"),
        ("elsewhere", "no schema registry answers there (HTTP 404)", "/apis/ccompat/v7"),
        ("no-such-page", "no schema registry answers there (HTTP 404)", "/apis/ccompat/v7"),
        (CUT, "it does not answer (Server disconnected", "start the registry"),
    ],
)
def test_what_is_wrong_with_a_registry_is_told(
    cli: Run, front: Faulty, fault: str, what: str, remedy: str
) -> None:
    """Status 2: it could not be looked at; standard output stays empty for whoever reads JSON."""
    front.fault = fault
    result = cli("schemas", "check", "report", "--json", "--set", f"schema_registry_url={front.url}")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"error: schema registry {front.url}: {what}" in result.stderr
    assert remedy in result.stderr.split("remedy: ")[1]


def test_a_registry_that_says_nothing_is_given_up(
    cli: Run, front: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow is told from down: something took the question."""
    monkeypatch.setattr(asking, "ANSWER_S", 0.2)
    front.fault = SILENT
    result = cli("schemas", "check", "report", "--set", f"schema_registry_url={front.url}")
    assert result.exit_code == 2
    assert "it does not answer in time" in result.stderr
    assert "load" in result.stderr


def test_nobody_there(cli: Run) -> None:
    """A refused connection."""
    result = cli("schemas", "check", "report", "--set", "schema_registry_url=http://127.0.0.1:1")
    assert result.exit_code == 2
    assert "it does not answer ([Errno" in result.stderr
    assert "remedy: start the registry, or mend schema_registry_url" in result.stderr


@pytest.mark.parametrize("url", ["registry:8081", "ftp://registry", "us:hidden-pw@registry:8081"])
def test_what_is_no_address_is_told(cli: Run, url: str) -> None:
    """Without showing it: a password may be in it."""
    result = cli("schemas", "check", "--set", f"schema_registry_url={url}")
    assert result.exit_code == 2
    assert "schema_registry_url: this is no address of HTTP" in result.stderr
    assert "hidden-pw" not in result.output


def test_a_password_is_not_shown(cli: Run, front: Faulty) -> None:
    """The address is named without it."""
    front.fault = "401"
    url = front.url.replace("://", "://us:hidden-pw@")
    result = cli("schemas", "check", "report", "--set", f"schema_registry_url={url}")
    assert f"schema registry {url.replace('us:hidden-pw', '***')}: " in result.stderr
    assert "hidden-pw" not in result.output


def test_without_the_extra_it_says_what_to_install(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is an optional part of the installation."""
    monkeypatch.setitem(sys.modules, "confluent_kafka.schema_registry", None)
    result = cli("schemas", "check", "--set", "schema_registry_url=http://registry:8081")
    assert result.exit_code == 2
    assert "the schema registry's client is not installed" in result.stderr
    assert "install qosresolve[registry]" in result.stderr


def test_a_record_that_nobody_knows(cli: Run, front: Faulty) -> None:
    """The known ones are listed, and the registry is not asked."""
    result = cli("schemas", "diff", "reprot", "--set", f"schema_registry_url={front.url}")
    assert result.exit_code == 2
    assert "no subject holds a record 'reprot'" in result.stderr
    assert front.asked == []
