"""The rules file: what becomes of each key, the files that it names, and what is wrong with its place."""

import json
from pathlib import Path

import pytest

from qosresolve.contracts.policy.findings import PolicyFileError
from qosresolve.core.vocabulary import Severity
from qosresolve.errors import ConfigError
from qosresolve.intake import detect, rules_file
from qosresolve.intake.rules import Direction, Loop, Rules, Threshold

FILE = """
indicators: {PacketLossIn: packetLoss}
units: {latency: ms}
bad_below: [throughput]
assumed_severity: minor
loops:
  CL-1: {indicator: packetLoss, severity: critical}
measurements:
  - event_name: vFirewall
    thresholds:
      - path: $.event.measurementFields.cpuUsageArray[*].percentUsage
        direction: GREATER_OR_EQUAL
        value: 90.5
        severity: major
        loop: CL-2
        unit: "%"
        member: cpuIdentifier
      - {path: event.a, direction: LESS, value: -1, severity: minor, abates: true, loop: CL-3}
"""
POLICY = {
    "metricsPerEventName": [
        {
            "eventName": "vLoadBalancer",
            "thresholds": [
                {
                    "closedLoopControlName": "CL-9",
                    "fieldPath": "$.event.measurementFields.nicPerformanceArray[*].receivedOctetsDelta",
                    "thresholdValue": 300,
                    "direction": "GREATER_OR_EQUAL",
                    "severity": "CRITICAL",
                    "closedLoopEventStatus": "ONSET",
                }
            ],
        }
    ]
}
MAPPING = "name: {name}\nfits: {fits}\nkind: {{text: raise}}\nindicator: i\nobjects: o\n"


def _mapping(name: str, fits: str = "probe") -> str:
    return MAPPING.format(name=name, fits=fits)


def test_every_key_is_taken_over() -> None:
    """Values become the rules' own; a path loses its JSONPath root."""
    rules = rules_file.load(FILE, "rules.yaml")
    assert rules.indicator("PacketLossIn") == "packetLoss"
    assert (rules.units, rules.bad_below, rules.assumed) == (
        {"latency": "ms"},
        frozenset({"throughput"}),
        Severity.MINOR,
    )
    first, second = rules.thresholds["vFirewall"]
    assert first == Threshold(
        "event.measurementFields.cpuUsageArray[*].percentUsage",
        Direction.GREATER_OR_EQUAL,
        90.5,
        Severity.MAJOR,
        loop="CL-2",
        unit="%",
        member="cpuIdentifier",
    )
    assert (second.value, second.abates) == (-1, True)


def test_loops_are_known_from_the_thresholds_that_begin_them() -> None:
    """What the file says of a loop counts first; a threshold that abates begins nothing."""
    assert rules_file.load(FILE, "rules.yaml").loops == {
        "CL-1": Loop("packetLoss", Severity.CRITICAL),
        "CL-2": Loop("percentUsage", Severity.MAJOR),
    }


def test_an_intake_that_was_told_nothing_knows_the_shipped_mappings() -> None:
    """They come along with every file, too."""
    names = [mapping.name for mapping in rules_file.shipped().mappings]
    assert names == ["alertmanager", "etsi-sol003-fm", "etsi-sol003-pm", "mef-alarm"]
    assert rules_file.load("{}", "rules.yaml") == Rules(mappings=rules_file.shipped().mappings)
    assert set(names) <= set(detect.names(rules_file.load(FILE, "rules.yaml")))


def test_mappings_in_the_file_and_beside_it(tmp_path: Path) -> None:
    """Both come before the shipped ones; one of the same name takes a shipped one's place."""
    (tmp_path / "one.yaml").write_text(_mapping("one"))
    (tmp_path / "am.yaml").write_text(_mapping("alertmanager"))
    inline = "{name: two, fits: x, kind: {text: raise}, indicator: i, objects: o}"
    rules = rules_file.load(f"mappings: [one.yaml, am.yaml, {inline}]", str(tmp_path / "rules.yaml"))
    names = [mapping.name for mapping in rules.mappings]
    assert names == ["one", "alertmanager", "two", "etsi-sol003-fm", "etsi-sol003-pm", "mef-alarm"]
    assert rules.mappings[1].fits({"probe": 1})


def test_a_tca_policy_beside_the_file(tmp_path: Path) -> None:
    """Its thresholds and loops are known as if they were written in the file."""
    (tmp_path / "tca.json").write_text(json.dumps(POLICY))
    rules = rules_file.load("tca_policy: tca.json", str(tmp_path / "rules.yaml"))
    assert [item.value for item in rules.thresholds["vLoadBalancer"]] == [300]
    assert rules.loops == {"CL-9": Loop("receivedOctetsDelta", Severity.CRITICAL)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; start from the example in the documentation"),
        ("- a", "is not a block of keys"),
        ("indicator: {a: b}", 'r.yaml:1:1: indicator: is not a known key; did you mean "indicators"?'),
        ("assumed_severity: bad", 'assumed_severity: "bad" is not a known word'),
        ("units:\n  latency: [ms]", "r.yaml:2:3: units.latency"),
        ("loops: {CL: {indicator: x}}", "loops.CL.severity: is missing"),
        ("measurements:\n- event_name: a", "measurements[0].thresholds: is missing"),
        ("measurements:\n- event_name: a\n  thresholds: []", "measurements[0].thresholds: is empty"),
        (
            FILE.replace("90.5", "much"),
            'r.yaml:13:16: measurements[0].thresholds[0].value: "much" is not a number',
        ),
        (FILE.replace("LESS,", "BELOW,"), '"BELOW" is not a known word'),
        (FILE.replace("90.5", "nan"), "measurements[0].thresholds[0].value"),
        ("mappings: [none.yaml]", "mappings[0]: none.yaml cannot be read"),
        ("tca_policy: [none.json]", "tca_policy[0]: none.json cannot be read"),
        ("mappings: [{name: a}]", "mappings[0].fits: is missing"),
        ("mappings: [{name: a, fits: [{pth: x}]}]", "mappings[0].fits[0].pth: is not a known key"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    """File, line, key, problem and remedy."""
    with pytest.raises(PolicyFileError) as caught:
        rules_file.load(text, "r.yaml")
    assert told in str(caught.value)
    assert all(finding.remedy for finding in caught.value.findings)


def test_two_mappings_of_one_name_are_refused(tmp_path: Path) -> None:
    """One of them would never read anything."""
    (tmp_path / "one.yaml").write_text(_mapping("one"))
    with pytest.raises(PolicyFileError, match="name of another mapping"):
        rules_file.load("mappings: [one.yaml, one.yaml]", str(tmp_path / "rules.yaml"))


def test_what_is_wrong_in_a_named_file_is_told_there(tmp_path: Path) -> None:
    """A mapping's own file and line; a policy's file and place."""
    (tmp_path / "bad.yaml").write_text(_mapping("bad").replace("kind", "kin"))
    with pytest.raises(PolicyFileError, match=r"bad\.yaml:3:1: kin: is not a known key"):
        rules_file.load("mappings: bad.yaml".replace(": ", ": [") + "]", str(tmp_path / "rules.yaml"))
    for text in ("{", "{}", json.dumps(POLICY).replace("300", '"x"')):
        (tmp_path / "tca.json").write_text(text)
        with pytest.raises(ConfigError, match=r"tca\.json") as caught:
            rules_file.load("tca_policy: tca.json", str(tmp_path / "rules.yaml"))
        assert caught.value.remedy
