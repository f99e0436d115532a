"""3GPP notifications: which direction is bad, which alarms count, what the object is called."""

from typing import Any

import pytest

from qosresolve.core.vocabulary import DegradationKind, Severity
from qosresolve.intake.formats import three_gpp
from qosresolve.intake.reading import Mark, Reading
from qosresolve.intake.rules import Rules
from tests.intake.formats.ves_events import LATEST, event, only, read

CROSSING = {
    "href": "https://x.example/mns/SubNetwork=N/ManagedElement=g1/NRCellDU=3?fields=a",
    "notificationId": 7,
    "notificationType": "notifyThresholdCrossing",
    "eventTime": "2025-10-09T08:53:20Z",
    "systemDN": "DC=ems",
    "observedPerfMetricName": "delay",
    "observedPerfMetricValue": 25,
    "observedPerfMetricDirection": "UP",
    "thresholdValue": 20,
}
ALARM = {
    **{name: CROSSING[name] for name in ("href", "notificationId", "eventTime", "systemDN")},
    "notificationType": "notifyNewAlarm",
    "alarmId": "a-1",
    "alarmType": "QUALITY_OF_SERVICE_ALARM",
    "probableCause": "slow",
    "perceivedSeverity": "MAJOR",
}


def told(data: dict[str, Any], rules: Rules | None = None, **changes: Any) -> Reading:  # noqa: ANN401
    """Read a bare notification with some fields changed; None takes one away."""
    kept = {name: value for name, value in {**data, **changes}.items() if value is not None}
    return three_gpp.read(kept, rules or Rules())


@pytest.mark.parametrize(
    ("metric", "direction", "kind"),
    [
        ("delay", "UP", DegradationKind.RAISE),
        ("delay", "DOWN", DegradationKind.ABATE),
        ("DRB.UEThpDl", "DOWN", DegradationKind.RAISE),
        ("DRB.UEThpDl", "UP", DegradationKind.ABATE),
        ("RRC.ConnEstabSucc", "down", DegradationKind.RAISE),
        ("score", "DOWN", DegradationKind.RAISE),
    ],
)
def test_which_direction_is_bad(metric: str, direction: str, kind: DegradationKind) -> None:
    """Rising is bad, but for throughput, availability and success, and for what the rules name."""
    rules = Rules(indicators={"score": "qoe"}, bad_below=frozenset({"qoe"}))
    changed = {"observedPerfMetricName": metric, "observedPerfMetricDirection": direction}
    assert only(told(CROSSING, rules, **changed)).kind is kind


@pytest.mark.parametrize(
    ("value", "hysteresis", "kind"),
    [
        (25, None, DegradationKind.RAISE),
        (20, None, DegradationKind.RAISE),
        ("22.5", 2, DegradationKind.RAISE),
        (17, 2, DegradationKind.ABATE),
        (21, 2, None),
        (None, None, None),
    ],
)
def test_without_a_direction_the_value_tells(
    value: object, hysteresis: object, kind: DegradationKind | None
) -> None:
    """At or over the threshold it rose, under it it fell; within the hysteresis it says nothing."""
    said = told(
        CROSSING, observedPerfMetricDirection=None, observedPerfMetricValue=value, hysteresis=hysteresis
    )
    assert [item.kind for item in said.observations] == ([kind] if kind else [])
    assert bool(said.ignored) is (kind is None)


def test_a_crossing_has_no_severity() -> None:
    """3GPP sends none with a crossing: a raise has the rules', marked; what ends needs none."""
    raised = only(told(CROSSING, Rules(assumed=Severity.MINOR)))
    over = only(told(CROSSING, observedPerfMetricDirection="DOWN"))
    assert (raised.severity, raised.marks) == (Severity.MINOR, (Mark.SEVERITY_ASSUMED,))
    assert over.marks == ()
    assert raised.source_id == over.source_id


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, DegradationKind.RAISE),
        ({"notificationType": "notifyChangedAlarm"}, DegradationKind.UPDATE),
        ({"notificationType": "notifyClearedAlarm"}, DegradationKind.ABATE),
        (
            {"notificationType": "notifyChangedAlarmGeneral", "perceivedSeverity": "Cleared"},
            DegradationKind.ABATE,
        ),
    ],
)
def test_the_life_of_an_alarm(changes: dict[str, Any], kind: DegradationKind) -> None:
    """New, changed and cleared have one id and one indicator: the cause, all that a clearing carries."""
    said = only(told(ALARM, **changes, thresholdInfo={"observedMeasurement": "m"} if not changes else None))
    assert (said.kind, said.source_id, said.indicator) == (kind, "a-1", "slow")


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"alarmType": "QUALITY_OF_SERVICE_ALARM"}, True),
        ({"alarmType": "qualityOfServiceAlarm"}, True),
        ({"alarmType": "EQUIPMENT_ALARM"}, False),
        ({"alarmType": "EQUIPMENT_ALARM", "probableCause": "thresholdCrossed"}, True),
        ({"alarmType": "EQUIPMENT_ALARM", "probableCause": "named"}, True),
        ({"notificationType": "notifyAckStateChanged"}, False),
        ({"notificationType": "notifyAlarmListRebuilt"}, False),
    ],
)
def test_which_alarms_count(changes: dict[str, Any], counts: bool) -> None:
    """Alarms of quality of service count, by type or cause, and those that the rules name."""
    said = told(ALARM, Rules(indicators={"named": "latency"}), **changes)
    assert (len(said.observations), len(said.ignored)) == ((1, 0) if counts else (0, 1))


def test_names_of_the_object() -> None:
    """The object's distinguished name, what it lies in up to its element, and the address; not all above."""
    assert only(told(CROSSING)).objects == (
        "SubNetwork=N,ManagedElement=g1,NRCellDU=3",
        "SubNetwork=N,ManagedElement=g1",
        CROSSING["href"],
    )
    assert only(told(CROSSING, href="DC=a,Link=5")).objects == ("DC=a,Link=5",)


def test_inside_of_ves() -> None:
    """In a VES event its header gives sequence, time and source where the notification has none."""
    data = {**CROSSING, "eventTime": "xyz", "systemDN": ""}
    fields = {"data": data, "stndDefinedFieldsVersion": "1.0"}
    wrapped = event(
        "stndDefinedFields", fields, domain="stndDefined", stndDefinedNamespace="3GPP-PerformanceAssurance"
    )
    said = only(read(wrapped))
    assert (said.sequence, said.observed_at, said.source) == (4, LATEST, "router-7")
    assert said.objects[-1] == "router-7"


def test_other_namespaces_are_ignored() -> None:
    """What other standards define is passed over, and named."""
    wrapped = event("stndDefinedFields", {}, domain="stndDefined", stndDefinedNamespace="3GPP-Provisioning")
    (ignored,) = read(wrapped).ignored
    assert "3GPP-Provisioning" in ignored.reason
