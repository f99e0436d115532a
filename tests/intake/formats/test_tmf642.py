"""TMF642 alarms: what counts as quality, as a clear, as a time, as an object, and as a cause."""

from typing import Any

import pytest

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.formats import tmf642
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Mark, Observation
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import instant

RAISED, CHANGED, CLEARED, SENT = (f"2026-03-01T12:0{minute}:00Z" for minute in range(4))
ALARM: dict[str, Json] = {
    "id": "a-1",
    "alarmType": "qualityOfServiceAlarm",
    "probableCause": "thresholdCrossed",
    "perceivedSeverity": "major",
    "sourceSystemId": "ems",
    "alarmedObject": {"id": "ne-1"},
    "alarmRaisedTime": RAISED,
    "crossedThresholdInformation": {"indicatorName": "latency", "observedValue": "80", "indicatorUnit": "ms"},
}


def _event(verb: str, **fields: Json) -> dict[str, Any]:
    """A notification; a field that is None is not there."""
    alarm = {name: item for name, item in (ALARM | fields).items() if item is not None}
    return {"eventId": "e-1", "eventTime": SENT, "eventType": f"Alarm{verb}", "event": {"alarm": alarm}}


def _all(payload: Json, rules: Rules | None = None) -> tuple[Observation, ...]:
    return tmf642.read(payload, rules or Rules()).observations


def _one(payload: Json, rules: Rules | None = None) -> Observation:
    (found,) = _all(payload, rules)
    return found


def _ms(text: str) -> int:
    found = instant(text)
    assert found is not None
    return found.at


@pytest.mark.parametrize(
    ("verb", "kind", "at"),
    [
        ("CreateEvent", DegradationKind.RAISE, RAISED),
        ("CreateNotification", DegradationKind.RAISE, RAISED),
        ("AttributeValueChangeEvent", DegradationKind.UPDATE, CHANGED),
        ("StateChangeEvent", DegradationKind.UPDATE, CHANGED),
        ("DeleteEvent", DegradationKind.ABATE, CHANGED),
        ("DeleteNotification", DegradationKind.ABATE, CHANGED),
    ],
)
def test_the_event_says_what_happened(verb: str, kind: DegradationKind, at: str) -> None:
    """Under both names of an event; each has the time of what happened, not of the first raise."""
    found = _one(_event(verb, alarmChangedTime=CHANGED))
    assert (found.kind, found.observed_at) == (kind, _ms(at))


@pytest.mark.parametrize(
    "told",
    [
        {"perceivedSeverity": "cleared"},
        {"perceivedSeverity": "CLEARED"},
        {"perceivedSeverity": "Normal"},
        {"state": "cleared"},
        {"state": "Cleared", "perceivedSeverity": "critical"},
        {"alarmClearedTime": CLEARED},
    ],
)
def test_a_clear_is_told_in_many_ways(told: dict[str, str]) -> None:
    """By severity, by state, or by a time of clearing alone, in an event of any kind."""
    found = _one(_event("AttributeValueChangeEvent", **told))
    assert found.kind is DegradationKind.ABATE


@pytest.mark.parametrize(
    "told",
    [
        {"state": "raised", "alarmClearedTime": CLEARED},
        {"state": "UPDATED", "alarmClearedTime": CLEARED},
        {"alarmClearedTime": "2026-02-01T00:00:00Z"},
        {"alarmClearedTime": None},
        {"alarmClearedTime": ""},
    ],
)
def test_a_time_of_clearing_is_no_clear_where_it_lives(told: dict[str, Any]) -> None:
    """TMF's own example is raised and has one; a clearing before the raising is of another occurrence."""
    assert _one(_event("CreateEvent", **told)).kind is not DegradationKind.ABATE


def test_a_clear_has_the_time_of_clearing() -> None:
    """Never the time of raising: it would be out of order."""
    cleared = {"perceivedSeverity": "cleared"}
    assert _one(_event("StateChangeEvent", alarmClearedTime=CLEARED, **cleared)).observed_at == _ms(CLEARED)
    assert _one(_event("StateChangeEvent", **cleared)).observed_at == _ms(SENT)
    bare = {name: item for name, item in (ALARM | cleared).items() if name != "eventTime"}
    found = _one(bare)
    assert (found.observed_at, found.marks) == (0, (Mark.TIME_ASSUMED,))


@pytest.mark.parametrize("name", ["timeOcurred", "timeOccurred"])
def test_when_it_occurred_is_read_in_both_spellings(name: str) -> None:
    """It counts before the time of the event."""
    event = _event("CreateEvent", alarmRaisedTime=None) | {name: CHANGED}
    assert _one(event).observed_at == _ms(CHANGED)


@pytest.mark.parametrize(
    ("word", "severity", "marks"),
    [
        ("critical", Severity.CRITICAL, ()),
        ("MINOR", Severity.MINOR, ()),
        ("Warning", Severity.WARNING, ()),
        ("indeterminate", Severity.INDETERMINATE, ()),
        ("severe", Severity.MINOR, (Mark.SEVERITY_ASSUMED,)),
        (None, Severity.MINOR, (Mark.SEVERITY_ASSUMED,)),
    ],
)
def test_severities(word: str | None, severity: Severity, marks: tuple[Mark, ...]) -> None:
    """In any case; a word that nobody knows, or none, is the rules' severity, and marked."""
    found = _one(_event("CreateEvent", perceivedSeverity=word), Rules(assumed=Severity.MINOR))
    assert (found.severity, found.marks) == (severity, marks)


@pytest.mark.parametrize(
    ("kind", "cause", "taken"),
    [
        ("qualityOfServiceAlarm", "powerProblem", True),
        ("QualityOfServiceAlarm", None, True),
        ("QUALITY_OF_SERVICE", None, True),
        ("communicationsAlarm", "Threshold crossed", True),
        ("communicationsAlarm", "responseTimeExecessive", True),
        ("communicationsAlarm", "bandwidth_reduced", True),
        ("equipmentAlarm", "powerProblem", False),
        (None, "lossOfSignal", False),
        (None, None, True),  # it has a crossing
    ],
)
def test_only_alarms_about_quality_are_taken(kind: str | None, cause: str | None, taken: bool) -> None:
    """By type or probable cause, in any case; others are passed over with a reason."""
    said = tmf642.read(_event("CreateEvent", alarmType=kind, probableCause=cause), Rules())
    assert bool(said.observations) is taken
    assert [bool(item.reason) for item in said.ignored] == ([] if taken else [True])


def test_an_alarm_that_does_not_say_what_it_is_about_is_passed_over() -> None:
    """A delete of an alarm that carries its id alone could be of any alarm."""
    nothing = dict.fromkeys(("alarmType", "probableCause", "crossedThresholdInformation"))
    (ignored,) = tmf642.read(_event("DeleteEvent", **nothing), Rules()).ignored
    assert "alarmType" in ignored.reason


def test_every_crossing_is_an_observation() -> None:
    """Of an array each has its own id, so that none is taken for the other sent again."""
    crossings = [{"indicatorName": "latency"}, {"indicatorName": "jitter"}]
    found = _all(_event("CreateEvent", crossedThresholdInformation=crossings))
    assert [(item.indicator, item.source_id) for item in found] == [
        ("latency", "e-1/latency"),
        ("jitter", "e-1/jitter"),
    ]


@pytest.mark.parametrize(
    ("threshold", "text"),
    [("50", "50"), (50, "50"), ({"id": "t-9", "href": "x"}, ""), ({"id": "t-9", "value": 50}, "50")],
)
def test_a_threshold_is_a_value_or_a_reference(threshold: Any, text: str) -> None:  # noqa: ANN401 - any JSON
    """The name of a threshold is not its value."""
    crossed = {"indicatorName": "latency", "observedValue": 80, "indicatorUnit": "ms", "threshold": threshold}
    assert _one(_event("CreateEvent", crossedThresholdInformation=crossed)).threshold == text


def test_without_a_crossing_the_problem_is_the_indicator() -> None:
    """A word that the rules know first, then the specific problem, then the probable cause."""
    event = _event("CreateEvent", crossedThresholdInformation=None, specificProblem="slow")
    assert _one(event).indicator == "slow"
    assert _one(event, Rules(indicators={"thresholdCrossed": "latency"})).indicator == "latency"
    assert _one(event, Rules(indicators={"slow": "jitter", "thresholdCrossed": "x"})).indicator == "jitter"
    event = _event("CreateEvent", crossedThresholdInformation=None)
    assert _one(event).indicator == "thresholdCrossed"


@pytest.mark.parametrize(
    ("alarmed", "services", "objects"),
    [
        ({"id": "ne-1"}, None, [("ne-1",)]),
        ([{"id": "ne-1", "name": "Berlin 1"}, "ne-2"], None, [("ne-1", "Berlin 1", "ne-2")]),
        ({"href": "http://x/resource/ne-9/"}, None, [("ne-9",)]),
        ("ne-1", {"id": "svc-1"}, [("ne-1", "svc-1")]),
        ("ne-1", [{"id": "svc-1"}, {"id": "svc-2"}], [("ne-1", "svc-1"), ("ne-1", "svc-2")]),
        (None, [{"id": "svc-1"}, {}, {"id": "svc-2"}], [("svc-1",), ("svc-2",)]),
    ],
)
def test_objects(alarmed: Any, services: Any, objects: list[tuple[str, ...]]) -> None:  # noqa: ANN401 - any JSON
    """The alarmed object first, then the service; several services may be of several products: one each."""
    found = _all(_event("CreateEvent", alarmedObject=alarmed, affectedService=services))
    assert [item.objects for item in found] == objects
    assert len({item.source_id for item in found}) == len(found)
    assert {item.object_kind for item in found} == {ObjectKind.RESOURCE if alarmed else ObjectKind.SERVICE}


def test_an_alarm_that_names_no_object_is_refused() -> None:
    """Nobody could say whose it is; what TMF688 names as the source stands in."""
    with pytest.raises(PoisonRecordError, match="names no object") as caught:
        tmf642.read(_event("CreateEvent", alarmedObject=None), Rules())
    assert "alarmedObject" in caught.value.remedy
    assert _one(_event("CreateEvent", alarmedObject=[]) | {"source": {"id": "ne-7"}}).objects == ("ne-7",)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({}, ""),
        ({"correlatedAlarm": [{"id": "a-0"}, {"id": "a-9"}]}, "a-0"),
        ({"parentAlarm": {"id": "p"}, "correlatedAlarm": {"id": "a-0"}}, "p"),
        ({"parentAlarm": [], "isRootCause": True}, "a-1"),
        ({"rootCause": "a-5"}, "a-5"),
        ({"rootCause": True}, "a-1"),
        ({"isRootCause": False, "rootCause": False}, ""),
    ],
)
def test_the_cause_is_shared(told: dict[str, Any], cause: str) -> None:
    """A parent before what is only correlated; a root cause is its own, so that others join it."""
    assert _one(_event("CreateEvent", **told)).cause_id == cause


@pytest.mark.parametrize(
    ("told", "around", "source"),
    [
        ({}, {}, "ems"),
        ({"sourceSystemId": None, "reportingSystemId": "oss"}, {}, "oss"),
        ({"sourceSystemId": None}, {"reportingSystem": {"id": "hub"}}, "hub"),
        ({"sourceSystemId": None}, {}, ""),
    ],
)
def test_the_source_is_the_nearest_system(told: dict[str, Any], around: dict[str, Any], source: str) -> None:
    """That it stays empty where none is named: the envelope's, or the format's name stands in then."""
    assert _one(_event("CreateEvent", **told) | around).source == source


def test_a_named_format_refuses_what_holds_no_alarm() -> None:
    """A topic that is said to have alarms and has something else."""
    with pytest.raises(PoisonRecordError, match="no alarm"):
        tmf642.read({"eventType": "X", "event": {"serviceOrder": {"id": "1"}}}, Rules())


@pytest.mark.parametrize(
    "payload",
    [
        {"perceivedSeverity": "MAJOR", "probableCause": "x", "notificationType": "notifyNewAlarm"},
        {"perceivedSeverity": "MAJOR", "probableCause": "x", "managedObjectId": "vnf"},
        {"event": {"alarm": {"alarmSpecificAttributes": {}}}},
        {"event": {"commonEventHeader": {}}},
        {"perceivedSeverity": "major"},
        [],
        None,
    ],
)
def test_alarms_of_others_are_left_to_others(payload: Any) -> None:  # noqa: ANN401 - any JSON
    """3GPP, ETSI, MEF and VES have alarms of their own that look alike."""
    assert not tmf642.fits(payload)
