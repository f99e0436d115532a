"""`policy check` tells what a policy promises, or everything that is wrong with it."""

import json
from pathlib import Path

import pytest

from qosresolve.contracts.policy.file import default_text
from tests.cli.conftest import Run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """The shipped policy."""
    file = tmp_path / "policy.yaml"
    file.write_text(default_text(), encoding="utf-8")
    return file


@pytest.fixture
def bad(good: Path) -> Path:
    """The shipped policy with a tier that does not exist."""
    text = good.read_text(encoding="utf-8")
    assert "default_tier: bronze" in text
    good.write_text(text.replace("default_tier: bronze", "default_tier: copper"), encoding="utf-8")
    return good


def test_a_good_policy_is_shown_in_tables(cli: Run, good: Path) -> None:
    """Targets by tier and severity, calendars, plan, routes."""
    result = cli("policy", "check", str(good))
    assert result.exit_code == 0
    for word in ("targets", "platinum", "escalation chain", "routes"):
        assert word in result.stdout


def test_a_good_policy_as_json_names_its_hash(cli: Run, good: Path) -> None:
    """A pipeline can activate what it checked."""
    told = json.loads(cli("policy", "check", str(good), "--json").stdout)
    assert told["ok"]
    assert len(told["hash"]) == 64


def test_a_refused_policy_names_line_key_and_remedy(cli: Run, bad: Path) -> None:
    """Exit status 2, and the finding where an editor can jump to."""
    result = cli("policy", "check", str(bad))
    assert result.exit_code == 2
    line = next(n for n, row in enumerate(bad.read_text().splitlines(), 1) if "copper" in row)
    assert f"{bad}:{line}:" in result.stdout
    assert "[unknown-tier]" in result.stdout
    (finding,) = json.loads(cli("policy", "check", str(bad), "--json").stdout)["findings"]
    assert (finding["line"], finding["check"]) == (line, "unknown-tier")


def test_a_missing_file_is_refused(cli: Run, tmp_path: Path) -> None:
    """As any other wrong policy."""
    result = cli("policy", "check", str(tmp_path / "none.yaml"))
    assert result.exit_code == 2
    assert "cannot be read" in result.stdout
