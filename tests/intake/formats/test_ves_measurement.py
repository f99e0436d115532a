"""Measurements: which threshold decides, for which members of an array."""

from collections.abc import Sequence
from typing import Any

import pytest

from qosresolve.core.vocabulary import DegradationKind, Severity
from qosresolve.intake.formats.ves_measurement import crosses
from qosresolve.intake.reading import Reading
from qosresolve.intake.rules import Direction, Loop, Measured, Rules, Threshold
from tests.intake.formats.ves_events import LATEST, event, only, read

PATH = "event.measurementFields.nicPerformanceArray[*].packets"
OVER = Threshold(PATH, Direction.LESS_OR_EQUAL, 300, Severity.MAJOR, abates=True)
HIGH = Threshold(PATH, Direction.GREATER_OR_EQUAL, 700, Severity.MAJOR)
WORSE = Threshold(PATH, Direction.GREATER, 5000, Severity.CRITICAL)
RULES = Rules(measurements=(Measured("Tca_router", (OVER, WORSE, HIGH)),))


def measured(*values: Any, rules: Rules = RULES, **header: Any) -> Reading:  # noqa: ANN401 - any JSON
    """Read a measurement of some interfaces."""
    nics = [{"nicIdentifier": f"eth{index}", "packets": value} for index, value in enumerate(values)]
    fields = {"nicPerformanceArray": nics}
    return read(event("measurementFields", fields, **{"domain": "measurement", **header}), rules=rules)


@pytest.mark.parametrize(
    ("direction", "told"),
    [
        (Direction.LESS, (True, False, False)),
        (Direction.LESS_OR_EQUAL, (True, True, False)),
        (Direction.EQUAL, (False, True, False)),
        (Direction.GREATER_OR_EQUAL, (False, True, True)),
        (Direction.GREATER, (False, False, True)),
    ],
)
def test_directions(direction: Direction, told: tuple[bool, ...]) -> None:
    """Below, at and above a threshold, for each of ONAP's directions."""
    threshold = Threshold(PATH, direction, 5, Severity.MAJOR)
    assert tuple(crosses(value, threshold) for value in (4, 5, 6)) == told


@pytest.mark.parametrize(
    ("values", "kind", "severity", "value"),
    [
        ([800], DegradationKind.RAISE, Severity.MAJOR, "800"),
        (["9000"], DegradationKind.RAISE, Severity.CRITICAL, "9000"),
        ([800, 9000, 10], DegradationKind.RAISE, Severity.CRITICAL, "9000"),
        ([10, 800], DegradationKind.RAISE, Severity.MAJOR, "800"),
        ([10, 20], DegradationKind.ABATE, Severity.MAJOR, "10"),
    ],
)
def test_bad_where_any_is_over_where_all_are(
    values: Sequence[object], kind: DegradationKind, severity: Severity, value: str
) -> None:
    """Members of an array are one indicator: the worst decides, and it is over when all of them are."""
    said = only(measured(*values))
    assert (said.kind, said.severity, said.value) == (kind, severity, value)
    assert said.observed_at == LATEST


@pytest.mark.parametrize(
    ("values", "reason"),
    [([500], "crosses none"), ([10, 500], "not all"), (["n/a"], "no number"), ([], "no number")],
)
def test_what_crosses_nothing_is_ignored(values: Sequence[object], reason: str) -> None:
    """Between the thresholds nothing is said, and neither is it lost without a word."""
    (ignored,) = measured(*values).ignored
    assert reason in ignored.reason


def test_an_event_without_thresholds_is_ignored() -> None:
    """Without thresholds nobody knows what is bad; the reason names the event."""
    (ignored,) = measured(9, eventName="Other").ignored
    assert "'Other'" in ignored.reason


def test_members_that_are_told_apart() -> None:
    """With `member` each member of the array is an object of its own, with an id of its own."""
    high = Threshold(PATH, Direction.GREATER_OR_EQUAL, 700, Severity.MAJOR, member="nicIdentifier")
    low = Threshold(PATH, Direction.LESS, 100, Severity.MAJOR, abates=True, member="nicIdentifier")
    said = measured(800, 50, 500, rules=Rules(measurements=(Measured("Tca_router", (high, low)),)))
    assert [(item.objects, item.kind) for item in said.observations] == [
        (("router-7/eth0", "router-7"), DegradationKind.RAISE),
        (("router-7/eth1", "router-7"), DegradationKind.ABATE),
    ]
    assert len({item.source_id for item in said.observations}) == 2


def test_the_first_threshold_in_order_decides() -> None:
    """Where a value crosses two thresholds of one indicator, the one that comes first counts."""
    rules = Rules(measurements=(Measured("Tca_router", (HIGH, WORSE)),))
    assert only(measured(9000, rules=rules)).severity is Severity.MAJOR


def test_the_same_event_id_is_raise_and_abatement() -> None:
    """ONAP's violation and abatement share their event id; the kind tells them apart."""
    bad, good = only(measured(800)), only(measured(10))
    assert bad.source_id == good.source_id
    assert (bad.kind, good.kind) == (DegradationKind.RAISE, DegradationKind.ABATE)


@pytest.mark.parametrize(
    ("written", "fields_name", "array"),
    [
        (
            "event.measurementFields.nicPerformanceArray[*].x",
            "measurementsForVfScalingFields",
            "vNicPerformanceArray",
        ),
        (
            "$.event.measurementsForVfScalingFields.vNicPerformanceArray[*].x",
            "measurementFields",
            "nicPerformanceArray",
        ),
        ("event.measurementFields.vNicPerformanceArray[*].x", "measurementFields", "vNicPerformanceArray"),
    ],
)
def test_names_of_other_versions(written: str, fields_name: str, array: str) -> None:
    """A policy for VES 5 reads VES 7 events, and the other way round."""
    rules = Rules(
        measurements=(Measured("Tca_router", (Threshold(written, Direction.GREATER, 1, Severity.MAJOR),)),)
    )
    domain = "measurementsForVfScaling" if "Vf" in fields_name else "measurement"
    assert only(read(event(fields_name, {array: [{"x": 2}]}, domain=domain), rules=rules)).indicator == "x"


def test_what_is_measured_is_named_by_the_loop() -> None:
    """A threshold of a control loop that the rules know has its indicator; so an alarm of it agrees."""
    threshold = Threshold(PATH, Direction.GREATER, 1, Severity.MINOR, loop="CL-1")
    rules = Rules(
        measurements=(Measured("Tca_router", (threshold,)),),
        loops={"CL-1": Loop("packetRate", Severity.MAJOR)},
    )
    assert only(measured(2, rules=rules)).indicator == "packetRate"
