"""Faults: which count, and when they change and end."""

import pytest

from qosresolve.core.vocabulary import DegradationKind, Severity
from qosresolve.intake.reading import Mark
from qosresolve.intake.rules import Rules
from tests.intake.formats.ves_events import BEGAN, LATEST, fault, only, read


@pytest.mark.parametrize(
    "condition", ["TCA", "thresholdCrossed", "performance degraded", "Response_Time_Excessive"]
)
def test_conditions_of_quality_count(condition: str) -> None:
    """A condition of quality of service (X.733) is a degradation, however it is written."""
    assert only(read(fault(alarmCondition=condition))).indicator == condition


@pytest.mark.parametrize("condition", ["linkDown", "fanFailure", "PilotNumberPoolExhaustion"])
def test_mere_faults_do_not(condition: str) -> None:
    """Any other fault is none of ours, and its reason says how to take it in."""
    (ignored,) = read(fault(alarmCondition=condition)).ignored
    assert condition in ignored.reason
    assert "indicators" in ignored.reason


def test_the_rules_take_a_fault_in() -> None:
    """A condition that the rules name counts, under the name that they give it."""
    said = only(read(fault(alarmCondition="linkFlapping"), rules=Rules(indicators={"linkFlapping": "loss"})))
    assert said.indicator == "loss"


def test_one_id_from_raise_to_end() -> None:
    """Raise, change and end have one id and one start; each is as old as its last instant."""
    later = {"lastEpochMicrosec": LATEST * 1000}
    told = [
        only(read(fault())),
        only(read(fault(header=later, eventSeverity="CRITICAL"))),
        only(read(fault(header=later, eventSeverity="NORMAL"))),
    ]
    assert {item.source_id for item in told} == {"e-1"}
    assert [(item.kind, item.observed_at) for item in told] == [
        (DegradationKind.RAISE, BEGAN),
        (DegradationKind.UPDATE, LATEST),
        (DegradationKind.ABATE, LATEST),
    ]


def test_an_unknown_severity_is_assumed() -> None:
    """A word that is no severity does not lose the fault: the rules' severity, marked."""
    said = only(read(fault(eventSeverity="awful"), rules=Rules(assumed=Severity.MINOR)))
    assert (said.severity, said.marks) == (Severity.MINOR, (Mark.SEVERITY_ASSUMED,))


def test_the_interface_is_the_object() -> None:
    """`alarmInterfaceA` makes the object more specific."""
    assert only(read(fault(alarmInterfaceA="ge-1"))).objects == ("router-7/ge-1", "router-7")
