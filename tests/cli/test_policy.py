"""`policy check` tells what a policy promises or what is wrong with it, `policy test` what it would do."""

import json
from collections.abc import Callable
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


# -- a refused policy leaves the old one running


@pytest.mark.parametrize("words", [("publish",), ("activate",), ("activate", "--dry-run")])
def test_a_refused_policy_is_neither_published_nor_ordered(
    cli: Run, bad: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read before anything is sent: what runs goes on with the policy it has."""
    sent: list[object] = []
    monkeypatch.setattr("qosresolve.cli.policy.control.send", lambda *given: sent.append(given))
    monkeypatch.setattr("qosresolve.kafka.policies.PolicyBook.publish", lambda *given: sent.append(given))
    command, *options = words
    result = cli("policy", command, str(bad), *options)
    assert result.exit_code == 2
    assert "copper" in result.stderr
    assert sent == []


# -- what it would do

LATE = ("--tier", "silver", "--severity", "critical", "--at", "2026-03-14 11:30")


def test_a_question_is_answered_in_tables(cli: Run, good: Path) -> None:
    """Targets in local time and UTC, the open time, thresholds, calls, plan."""
    result = cli("policy", "test", str(good), *LATE, "--cause", "service")
    assert result.exit_code == 0
    for word in ("Sat 2026-03-14 11:30 Europe/Berlin", "Mon 2026-03-16 08:30", "Mon 2026-03-16 07:30"):
        assert word in result.stdout
    for word in ("thresholds", "head-of-assurance", "service-trouble", "serviceAssurance"):
        assert word in result.stdout


def test_an_answer_as_json_says_offsets(cli: Run, good: Path) -> None:
    """One tree, whose names an expectation may use."""
    told = json.loads(cli("policy", "test", str(good), *LATE, "--json").stdout)
    assert told["respond"]["due"] == "2026-03-16T08:30:00+01:00"
    assert told["respond"]["target"] == "1h"
    assert told["restore"]["thresholds"]["75"]["calls"] == "service-manager"
    assert told["plan"]["first-analysis"]["owner"] == "Customer QoS Analysis"
    assert told["feasible"]


def test_what_opens_nothing_is_said_with_its_rule(cli: Run, good: Path) -> None:
    """Name and meaning."""
    told = cli("policy", "test", str(good), "--severity", "warning")
    assert told.exit_code == 0
    assert "none: BelowSeverity, milder than" in told.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--severity", "grave"), "write one of indeterminate, warning"),
        (("--cause", "gremlins"), "write one of service, resource"),
        (("--at", "noon"), "is not an instant"),
    ],
)
def test_a_wrong_word_is_refused(cli: Run, good: Path, words: tuple[str, ...], told: str) -> None:
    """Exit status 2, with the remedy."""
    result = cli("policy", "test", str(good), *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_refused_policy_cannot_be_tried(cli: Run, bad: Path) -> None:
    """As `check` would say."""
    result = cli("policy", "test", str(bad))
    assert result.exit_code == 2
    assert "copper" in result.stderr


# -- what was expected

EXPECTATIONS = Path(__file__).parents[2] / "docs" / "expectations.yaml"


@pytest.mark.slow
def test_the_shipped_policy_is_as_documented(cli: Run, good: Path) -> None:
    """docs/expectations.yaml is an example that holds."""
    result = cli("policy", "test", str(good), "--expect", str(EXPECTATIONS))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "8 of 8 cases as expected" in result.stdout


@pytest.fixture
def cases(tmp_path: Path) -> Callable[[str], Path]:
    """Write what is expected of one question into a file."""

    def write(expect: str, at: str = "2026-03-14 11:30") -> Path:
        file = tmp_path / "cases.yaml"
        given = f'{{tier: silver, severity: critical, at: "{at}", cause: resource}}'
        file.write_text(f"cases:\n- name: weekend\n  given: {given}\n  expect: {expect}\n")
        return file

    return write


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("{assignee: night-desk}", "assignee: expected night-desk, is assurance-desk"),
        ("{respond: {target: 90m}}", "respond.target: expected 90m, is 1h"),
        (
            '{respond: {due: "2026-03-16 08:00"}}',
            "respond.due: expected 2026-03-16 08:00, is 2026-03-16 08:30:00",
        ),
        ("{feasible: no}", "feasible: expected no, is yes"),
        ("{called: [service-manager, nobody]}", "called[1]: expected nobody, is duty-manager"),
        ("{called: []}", "called: expected none, is service-manager, duty-manager,"),
        (
            "{plan: {repair: {owner: Depot}}}",
            "plan.repair: expected owner: Depot, is there is none; there is",
        ),
        ("{plan: {resource-repair: Depot}}", "plan.resource-repair: expected Depot, is owner: Resource"),
        ("{respond: {open: [{}, {}, {from: x}]}}", "respond.open[2]: expected from: x, is none"),
        ('{forecast: "2026-03-16 08:00"}', "forecast: expected 2026-03-16 08:00, is none"),
        ("{priority: 3}", "priority: expected 3, is 4"),
    ],
)
def test_a_difference_names_line_key_and_both_values(
    cli: Run, good: Path, cases: Callable[[str], Path], expect: str, told: str
) -> None:
    """Exit status 1."""
    file = cases(expect)
    result = cli("policy", "test", str(good), "--expect", str(file))
    assert result.exit_code == 1
    assert f"{file}:4: weekend: {told}" in result.stdout
    assert "0 of 1 cases as expected" in result.stdout


@pytest.mark.parametrize(
    "expect",
    [
        "{forecast: none, outcome: met, opens: yes, rule: '', priority: 4}",
        "{respond: {target: 60m, due: 2026-03-16T07:30:00Z}, called: [service-manager]}",
    ],
)
def test_the_same_value_may_be_written_in_other_words(
    cli: Run, good: Path, cases: Callable[[str], Path], expect: str
) -> None:
    """Durations and instants are compared, not texts."""
    assert cli("policy", "test", str(good), "--expect", str(cases(expect))).exit_code == 0


def test_differences_as_json(cli: Run, good: Path, cases: Callable[[str], Path]) -> None:
    """One list a case."""
    result = cli("policy", "test", str(good), "--expect", str(cases("{priority: 1}")), "--json")
    told = json.loads(result.stdout)
    difference = {"line": 4, "key": "priority", "expected": "1", "found": "4"}
    assert told == {"ok": False, "cases": [{"name": "weekend", "differences": [difference]}]}


@pytest.mark.parametrize(
    ("expect", "at", "told"),
    [
        ("{asignee: desk}", "2026-03-14 11:30", 'is not told by a policy; did you mean "assignee"?'),
        ("{}", "2026-03-14 11:30", "cases[0].expect: is empty"),
        ("{priority: 4}", "noon", 'cases[0].given.at: "noon" is not an instant'),
        ("{respond: {target: soon}}", "2026-03-14 11:30", '"soon" is not a duration'),
        ("{respond: {due: soon}}", "2026-03-14 11:30", '"soon" is not an instant'),
        ("{feasible: perhaps}", "2026-03-14 11:30", '"perhaps" is neither yes nor no'),
    ],
)
def test_a_bad_file_of_expectations_is_refused(
    cli: Run, good: Path, cases: Callable[[str, str], Path], expect: str, at: str, told: str
) -> None:
    """Exit status 2, with line and remedy."""
    file = cases(expect, at)
    result = cli("policy", "test", str(good), "--expect", str(file))
    assert result.exit_code == 2
    assert f"{file}:" in result.stderr
    assert told in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cases: [{given: {severity: major}, expect: {priority: 4}}]", "cases[0].given.at: is missing"),
        ("cases: [{given: {at: x, severety: major}, expect: {a: b}}]", 'did you mean "severity"?'),
        ("cases: []", "cases: is empty"),
        ("[1, 2", "is not YAML"),
    ],
)
def test_a_misshapen_file_of_expectations_is_refused(
    cli: Run, good: Path, tmp_path: Path, text: str, told: str
) -> None:
    """In the same words as a policy."""
    file = tmp_path / "cases.yaml"
    file.write_text(text)
    result = cli("policy", "test", str(good), "--expect", str(file))
    assert result.exit_code == 2
    assert told in result.stderr
