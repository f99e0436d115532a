"""Wrong settings exit 2, naming the setting and the remedy; a broker that is away is told within seconds."""

import json
from pathlib import Path

import pytest

from qosresolve.cli import session
from tests.cli.conftest import Run

NOBODY = "bootstrap_servers=127.0.0.1:1"  # port 1 refuses at once


@pytest.mark.parametrize(
    ("words", "setting", "remedy"),
    [
        (("--set", "partitions=many"), "partitions", "QOSRESOLVE_PARTITIONS"),
        (("--set", "nonsense=1"), "nonsense", "known settings"),
        (("--set", "prefix"), "--set", "--set slot=0"),
        (("--set", "kafka.isolation.level=read_uncommitted"), "kafka", "aborted records"),
        (("--set", "kafka.no.such.option=1"), "kafka", "kafka.NAME=VALUE"),
        (("--config", "missing.toml"), "--config", "missing.toml"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    cli: Run, words: tuple[str, ...], setting: str, remedy: str
) -> None:
    """One message on standard error, nothing on standard output."""
    result = cli("topics", "check", *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"error: {setting}: ")
    assert remedy in result.stderr


def test_a_worker_without_a_slot_does_not_start(cli: Run) -> None:
    """Two workers in one slot would fence each other: the slot is mandatory."""
    result = cli("run", "worker", "--set", NOBODY)
    assert result.exit_code == 2
    assert "slot" in result.stderr
    assert "--set slot=0" in result.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [(("reports", "list"), 2), (("verify",), 2), (("run", "timer"), 70)],
    ids=["tool", "verify", "role"],
)
def test_an_absent_broker_is_told_soon(
    cli: Run, words: tuple[str, ...], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool exits 2; a role exits 70, so that its supervisor starts it again."""
    assert session.PROBE_S <= 10
    monkeypatch.setattr(session, "PROBE_S", 0.5)
    result = cli(*words, "--set", NOBODY)
    assert result.exit_code == status
    assert result.stderr.startswith("error: bootstrap_servers: no broker answers at 127.0.0.1:1")
    assert "remedy: start the brokers" in result.stderr


def test_config_show_tells_where_each_value_comes_from(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Option before variable before file before default; secrets are stars."""
    file = tmp_path / "settings.toml"
    file.write_text('prefix = "f."\ngroup = "from-file"\n[kafka]\n"sasl.password" = "tell nobody"\n')
    monkeypatch.setenv("QOSRESOLVE_GROUP", "from-variable")
    result = cli("config", "show", "--config", str(file), "--set", "slot=4", "--json")
    shown = json.loads(result.stdout)
    assert shown["prefix"] == {"value": "f.", "from": "file"}
    assert shown["group"] == {"value": "from-variable", "from": "QOSRESOLVE_GROUP"}
    assert shown["slot"] == {"value": "4", "from": "--set"}
    assert shown["poll_ms"]["from"] == "default"
    assert shown["kafka"]["value"] == {"sasl.password": "***"}
    assert "tell nobody" not in cli("config", "show", "--config", str(file)).stdout
