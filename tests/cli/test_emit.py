"""`emit --dry-run`: what would be sent, and what is refused before it could become a dead letter."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

DEGRADATION = ("--product", "P1", "--indicator", "latency", "--object", "svc-1")


def dry(cli: Run, *words: str, stdin: str = "") -> list[dict[str, Any]]:
    """Return what would be sent."""
    result = cli("emit", *words, "--dry-run", "--json", stdin=stdin)
    assert result.exit_code == 0, result.stderr
    told: list[dict[str, Any]] = json.loads(result.stdout)
    return told


def test_a_degradation_gets_an_id_and_the_present(cli: Run) -> None:
    """The id is told, so that the sender can look for it."""
    (told,) = dry(cli, "degradation", *DEGRADATION, "--severity", "critical", "--value", "120")
    assert (told["topic"], told["key"]) == ("qos.degradation.v1", "P1")
    assert len(told["id"]) == 36
    assert told["event_id"].startswith(f"qosresolve-cli|{told['id']}|raise|")
    assert told["body"]["severity"] == "critical"
    assert told["body"]["observed_at"] > 1_700_000_000_000


def test_an_instant_may_be_written_with_a_zone(cli: Run) -> None:
    """Without one it is refused: nobody knows whose clock it was."""
    (told,) = dry(cli, "degradation", *DEGRADATION, "--at", "2026-03-02T11:00:00+01:00")
    assert told["body"]["observed_at"] == 1_772_445_600_000
    result = cli("emit", "degradation", *DEGRADATION, "--at", "2026-03-02T11:00:00", "--dry-run")
    assert result.exit_code == 2
    assert "has no zone" in result.stderr


@pytest.mark.parametrize(
    ("words", "record"),
    [
        (("command", "--verb", "hold", "--reason", "customerRequest"), "command"),
        (("activity-status", "--request", "r1", "--state", "accepted", "--task", "T1"), "activity.status"),
        (("trouble-status", "--request", "r1", "--state", "inProgress", "--problem", "SP"), "trouble.status"),
        (("supplier-status", "--request", "r1", "--state", "resolved", "--party", "acme"), "supplier.status"),
        (("deadline", "--report", "r1", "--alarm", "3"), "deadline"),
    ],
)
def test_every_input_can_be_made_by_hand(cli: Run, words: tuple[str, ...], record: str) -> None:
    """Each has its own topic and the product as its key."""
    (told,) = dry(cli, *words, "--product", "P1")
    assert (told["topic"], told["key"]) == (f"qos.{record}.v1", "P1")


def test_a_finding_is_given_as_json(cli: Run) -> None:
    """Its source, sequence and time have defaults."""
    finding = '{"cause_kind": "service", "entity": "svc-1"}'
    (told,) = dry(cli, "command", "--product", "P1", "--verb", "finding", "--finding", finding)
    assert told["body"]["finding"]["entity"] == "svc-1"


ROWS = [
    {"product_id": "P1", "kind": "raise", "indicator": "loss", "object_id": "s", "object_kind": "service",
     "severity": "minor", "observed_at": "2026-03-02T10:00:00Z"},
    {"product_id": "P2", "kind": "abate", "indicator": "loss", "object_id": "s", "object_kind": "service",
     "severity": "minor"},
]  # fmt: skip


@pytest.mark.parametrize("text", [json.dumps(ROWS), "\n".join(map(json.dumps, ROWS))], ids=["array", "lines"])
def test_many_come_from_a_file_or_standard_input(cli: Run, tmp_path: Path, text: str) -> None:
    """An array or a line each, in the core's field names."""
    file = tmp_path / "records.json"
    file.write_text(text)
    assert [told["key"] for told in dry(cli, "degradation", "--file", str(file))] == ["P1", "P2"]
    assert [told["key"] for told in dry(cli, "degradation", "--file", "-", stdin=text)] == ["P1", "P2"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("degradation", "--indicator", "latency", "--object", "svc-1"), "product_id"),
        (("degradation", *DEGRADATION, "--value", "9" * 300), "degradation.value"),
        (("command", "--product", "P1"), "verb"),
        (("command", "--product", "P1", "--verb", "activate-policy"), "policy activate"),
        (("activity-status", "--product", "P1", "--request", "r1"), "state"),
        (("command", "--product", "P1", "--verb", "finding", "--finding", "{"), "not JSON"),
        (("command", "--product", "P1", "--verb", "finding", "--finding", '{"kind": 1}'), "has no kind"),
    ],
)
def test_what_would_be_a_dead_letter_is_refused_here(cli: Run, words: tuple[str, ...], told: str) -> None:
    """Exit status 2, naming the field."""
    result = cli("emit", *words, "--dry-run")
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_bad_record_of_a_file_is_named_by_its_number(cli: Run) -> None:
    """Nothing of the file is sent."""
    text = json.dumps([ROWS[0], {"product_id": "P3"}])
    result = cli("emit", "degradation", "--file", "-", "--dry-run", stdin=text)
    assert result.exit_code == 2
    assert "--file, record 2" in result.stderr
