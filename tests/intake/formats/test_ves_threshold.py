"""Threshold crossing alerts: which indicator, how bad, on what object."""

from typing import Any

import pytest

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.reading import Mark
from qosresolve.intake.rules import Rules
from tests.intake.formats.ves_events import BEGAN, crossing, only, read

Told = tuple[str, str, str, str]  # indicator, value, threshold, unit


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ({"name": "loss", "value": "3", "thresholdCrossed": "2"}, ("loss", "3", "2", "")),
        ({"name": "loss", "value": 3, "thresholdCrossed": "> 2 %"}, ("loss", "3", "2", "%")),
        ({"name": "delay", "value": "9 ms", "thresholdCrossed": ""}, ("delay", "9", "", "ms")),
        ({"thresholdCrossed": "loss", "hashMap": {"loss": "2.5"}}, ("loss", "2.5", "", "")),
        (
            {"thresholdCrossed": "loss", "hashMap": {"observedValue": 2.5, "unit": "%"}},
            ("loss", "2.5", "", "%"),
        ),
        ({"thresholdCrossed": "high", "hashMap": {"lossRate": 2.5}}, ("high", "2.5", "", "")),
        ({"thresholdCrossed": "high", "hashMap": {"a": 1, "b": 2}}, ("high", "", "", "")),
        ({"thresholdCrossed": ">=90", "hashMap": {"cpu": 97, "state": "busy"}}, ("cpu", "97", "90", "")),
        ({"thresholdCrossed": "loss", "hashMap": {"additionalProperties": "up"}}, ("loss", "", "", "")),
        ({"thresholdCrossed": "loss", "hashMap": [{"loss": 4}]}, ("loss", "4", "", "")),
    ],
)
def test_what_was_crossed(parameter: dict[str, Any], told: Told) -> None:
    """A parameter's name, else what `thresholdCrossed` names, else the counter; a level is the threshold."""
    said = only(read(crossing([parameter])))
    assert (said.indicator, said.value, said.threshold, said.unit) == told


def test_every_parameter_is_a_crossing_with_an_id_of_its_own() -> None:
    """Several parameters are several indicators: under one id the second would pass for the first."""
    said = read(crossing([{"name": "latency", "value": "1"}, {"name": "loss", "value": "2"}]))
    assert [item.indicator for item in said.observations] == ["latency", "loss"]
    assert len({item.source_id for item in said.observations}) == 2


def test_one_id_for_violation_and_abatement() -> None:
    """A clear has the id of its set, whatever stands beside it; its kind tells them apart."""
    raised = only(read(crossing()))
    over = read(crossing([{"name": "loss"}, {"thresholdCrossed": "latency"}], alertAction="CLEAR"))
    assert raised.source_id in [item.source_id for item in over.observations]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"alertAction": "set"}, DegradationKind.RAISE),
        ({"alertAction": "CONT"}, DegradationKind.UPDATE),
        ({"alertAction": "CLEAR"}, DegradationKind.ABATE),
        ({"alertAction": "SET", "eventSeverity": "NORMAL"}, DegradationKind.ABATE),
        ({"alertAction": None}, DegradationKind.UPDATE),
        ({"alertAction": "ESCALATE"}, DegradationKind.UPDATE),
    ],
)
def test_what_an_alert_does(fields: dict[str, Any], kind: DegradationKind) -> None:
    """SET, CONT, CLEAR; a severity of NORMAL clears; an unknown action is an update, which opens as well."""
    assert only(read(crossing(**fields))).kind is kind


@pytest.mark.parametrize(
    ("whole", "own", "severity", "marks"),
    [
        ("WARNING", "MAJ", Severity.WARNING, ()),
        ("CRITICAL", "MAJ", Severity.MAJOR, ()),
        ("CRITICAL", "CRIT", Severity.CRITICAL, ()),
        ("", "CRIT", Severity.CRITICAL, ()),
        ("minor", None, Severity.MINOR, ()),
        ("terrible", None, Severity.INDETERMINATE, (Mark.SEVERITY_ASSUMED,)),
    ],
)
def test_how_bad(whole: str, own: str | None, severity: Severity, marks: tuple[Mark, ...]) -> None:
    """The milder of the alert's and the parameter's own; the rules' where neither says, marked."""
    alert = crossing([{"name": "loss", "criticality": own}], eventSeverity=whole)
    said = only(read(alert, rules=Rules(assumed=Severity.INDETERMINATE)))
    assert (said.severity, said.marks) == (severity, marks)


def test_an_interface_is_a_part_of_its_source() -> None:
    """An interface's name is unique in its element only: it is looked up with the element's, then that."""
    assert only(read(crossing(interfaceName="eth0"))).objects == ("router-7/eth0", "router-7")


def test_a_service_anomaly_is_of_the_service() -> None:
    """A SERVICE-ANOMALY is about the network service, where one is named."""
    said = only(read(crossing(alertType="SERVICE-ANOMALY", networkService="vpn-1")))
    assert (said.objects, said.object_kind) == (("vpn-1", "router-7"), ObjectKind.SERVICE)


def test_an_associated_alert_is_the_cause() -> None:
    """The first associated alert is the cause, with who told of it: its id is unique there only."""
    assert only(read(crossing(associatedAlertIdList=["los", "x"]))).cause_id == "ems-1/los"
    assert only(read(crossing(associatedAlertIdList=[]))).cause_id == ""


@pytest.mark.parametrize(
    ("date", "at", "marks"),
    [
        ("Thu, 09 Oct 2025 10:53:20 +0200", BEGAN, ()),
        ("Thu, 09 Oct 2025 08:53:20", BEGAN, (Mark.TIME_ZONE_ASSUMED,)),
        ("some day", 0, (Mark.TIME_ASSUMED,)),
    ],
)
def test_dates_stand_in_for_epochs(date: str, at: int, marks: tuple[Mark, ...]) -> None:
    """Without epochs the RFC 2822 date counts; without either there is no time, and that is marked."""
    no_epochs = {"startEpochMicrosec": None, "lastEpochMicrosec": 0}
    said = only(read(crossing(eventStartTimestamp=date, header=no_epochs)))
    assert (said.observed_at, said.marks) == (at, marks)


def test_names_and_units_of_the_rules() -> None:
    """The rules name the indicator, and its unit where the source has none."""
    rules = Rules(indicators={"owd": "latency"}, units={"latency": "us"})
    said = only(read(crossing([{"name": "owd", "value": "1500", "thresholdCrossed": "1000"}]), rules=rules))
    assert (said.indicator, said.value, said.threshold, said.unit) == ("latency", "1.5", "1", "ms")
    assert said.raw == "1500 us > 1000 us"


def test_an_alert_that_names_nothing_is_refused() -> None:
    """Without parameter, indicator or description nobody knows what was crossed."""
    with pytest.raises(PoisonRecordError, match="does not say which threshold"):
        read(crossing([], alertDescription=""))
