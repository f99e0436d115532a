"""`intake check` tells what samples become, what is passed over, and why something is not understood."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

MAPPING = """name: acme
fits: [acme, {path: version, equals: 2}]
kind: {path: state, words: {BAD: raise, OK: abate}}
indicator: metric
objects: target
observed_at: at
left_out: {colour: for screens}
"""
GOOD = {
    "acme": 1,
    "version": 2,
    "state": "BAD",
    "metric": "latency",
    "target": "ne-1",
    "at": "2026-03-01T12:00:00Z",
    "colour": "red",
    "shape": "round",
}
ALARM = {
    "eventId": "e-1",
    "eventType": "AlarmCreateEvent",
    "event": {
        "alarm": {
            "id": "a",
            "alarmType": "qualityOfServiceAlarm",
            "perceivedSeverity": "major",
            "alarmedObject": {"id": "ne-1"},
        }
    },
}


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    """A mapping's file."""
    file = tmp_path / "acme.yaml"
    file.write_text(MAPPING)
    return str(file)


def _sample(folder: Path, *values: object) -> str:
    name = "sample.json" if len(values) == 1 else "samples.jsonl"
    file = folder / name
    file.write_text("\n".join(json.dumps(value) for value in values))
    return str(file)


def test_what_a_sample_becomes_is_shown(cli: Run, mapping: str, tmp_path: Path) -> None:
    """Fields of the event; what nothing is made of with the mapping's reason, or that there is none."""
    result = cli("intake", "check", mapping, _sample(tmp_path, GOOD))
    assert result.exit_code == 0, result.output
    rows = [row.split(maxsplit=1) for row in result.stdout.splitlines() if len(row.split()) > 1]
    told = {name: text.strip() for name, text in rows}
    assert (told["kind"], told["indicator"], told["objects"]) == ("raise", "latency", "ne-1")
    assert told["observed_at"] == "2026-03-01 12:00:00.000Z"
    assert told["colour"] == "for screens"
    assert told["shape"] == "no reason is known"
    assert "1 of 1 samples understood" in result.stdout


def test_json_has_all_of_it(cli: Run, mapping: str, tmp_path: Path) -> None:
    """A pipeline can look at every field; lines of a .jsonl file are samples of their own."""
    result = cli("intake", "check", mapping, _sample(tmp_path, GOOD, GOOD | {"state": "OK"}), "--json")
    told = json.loads(result.stdout)
    assert told["ok"]
    first, second = told["samples"]
    assert (first["observations"][0]["kind"], second["observations"][0]["kind"]) == ("raise", "abate")
    assert first["sample"].endswith("samples.jsonl:1")
    assert first["left_out"] == {"colour": "for screens", "shape": ""}


def test_what_is_not_understood_says_why(cli: Run, mapping: str, tmp_path: Path) -> None:
    """Exit status 1; which condition under `fits` does not hold, what is missing, what is no JSON."""
    file = tmp_path / "samples.jsonl"
    bad = [GOOD | {"version": 3}, {name: item for name, item in GOOD.items() if name != "metric"}]
    file.write_text("\n".join([*map(json.dumps, bad), "not json", json.dumps(GOOD)]))
    result = cli("intake", "check", mapping, str(file))
    assert result.exit_code == 1
    for told in (
        "acme does not fit at version",
        "finds no indicator",
        "not JSON",
        "1 of 4 samples understood",
    ):
        assert told in result.stdout
    samples = json.loads(cli("intake", "check", mapping, str(file), "--json").stdout)["samples"]
    assert [item["understood"] for item in samples] == [False, False, False, True]
    assert all(item["remedy"] for item in samples[:3])


def test_a_part_that_is_refused_is_not_understood(cli: Run, tmp_path: Path) -> None:
    """The rest of the payload is shown all the same."""
    result = cli("intake", "check", _sample(tmp_path, [ALARM, {"foo": 1}]))
    assert result.exit_code == 1
    assert "dead letter" in result.stdout
    assert "qualityOfServiceAlarm" in result.stdout


@pytest.mark.parametrize("first", [["-"], []])
def test_built_in_formats_need_no_file(cli: Run, tmp_path: Path, first: list[str]) -> None:
    """With a dash, or none, in its place; what is not told of time is said so."""
    result = cli("intake", "check", *first, _sample(tmp_path, ALARM))
    assert result.exit_code == 0, result.output
    assert "when the record was written" in result.stdout


def test_a_format_that_takes_it_first_is_told(cli: Run, mapping: str, tmp_path: Path) -> None:
    """Built-in formats come before mappings: a mapping of their payloads is reached by name."""
    sample = _sample(tmp_path, ALARM | GOOD)
    result = cli("intake", "check", mapping, sample)
    assert "tmf642 takes it, not acme" in result.stdout
    named = json.loads(cli("intake", "check", mapping, sample, "--format", "acme", "--json").stdout)
    assert named["samples"][0]["format"] == "acme"
    assert named["samples"][0]["note"] == ""


@pytest.mark.parametrize(
    ("identifier", "told"),
    [("qosresolve:P1:o-1", "answer 1 (supplier-status)"), ("INC-1", "parked")],
)
def test_answers_are_shown_too(cli: Run, tmp_path: Path, identifier: str, told: str) -> None:
    """Whose they are, or that nobody knows that."""
    ticket = {
        "id": "TT-3",
        "status": "resolved",
        "externalId": identifier,
        "expectedResolutionDate": GOOD["at"],
    }
    event = {"eventId": "e", "eventType": "TroubleTicketResolvedEvent", "event": {"troubleTicket": ticket}}
    result = cli("intake", "check", _sample(tmp_path, event))
    assert result.exit_code == 0
    assert told in result.stdout


def test_a_wrong_mapping_names_line_key_and_remedy(cli: Run, mapping: str, tmp_path: Path) -> None:
    """Exit status 2, as of a wrong policy; nothing is tried."""
    Path(mapping).write_text(MAPPING.replace("indicator", "indicatr"))
    result = cli("intake", "check", mapping, _sample(tmp_path, GOOD))
    assert result.exit_code == 2
    assert f"{mapping}:4:1: indicatr: is not a known key" in result.stdout
    told = json.loads(cli("intake", "check", mapping, _sample(tmp_path, GOOD), "--json").stdout)
    assert {finding["line"] for finding in told["findings"]} == {1, 4}
    assert not told["ok"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.yaml", "x.json"], "cannot be read"),
        (["none.json"], "No such file"),
        (["-"], "there is no sample"),
        (["{sample}", "--format", "vess"], "'vess' is not known"),
    ],
)
def test_what_cannot_be_tried_is_refused(cli: Run, tmp_path: Path, words: list[str], told: str) -> None:
    """Exit status 2, with what to do."""
    sample = _sample(tmp_path, GOOD)
    result = cli("intake", "check", *(word.format(sample=sample) for word in words))
    assert result.exit_code == 2
    assert told in result.output
