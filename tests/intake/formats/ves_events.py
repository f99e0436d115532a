"""VES events for the tests: a header and fields, with what a test changes."""

from typing import Any

from qosresolve.intake.formats import ves
from qosresolve.intake.reading import Observation, Reading
from qosresolve.intake.rules import Rules

BEGAN, LATEST = 1_760_000_000_000, 1_760_000_060_000
HEADER = {
    "domain": "thresholdCrossingAlert",
    "eventId": "e-1",
    "eventName": "Tca_router",
    "sourceName": "router-7",
    "reportingEntityName": "ems-1",
    "sequence": 4,
    "startEpochMicrosec": BEGAN * 1000,
    "lastEpochMicrosec": LATEST * 1000,
}


def event(fields_name: str, fields: Any, **header: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return one event; a header's field that is None is left out."""
    common = {name: value for name, value in {**HEADER, **header}.items() if value is not None}
    return {"commonEventHeader": common, fields_name: fields}


def crossing(parameters: Any = None, *, header: Any = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a threshold crossing alert."""
    told = [{"thresholdCrossed": "latency", "criticality": "CRIT"}] if parameters is None else parameters
    said = {"alertAction": "SET", "eventSeverity": "MAJOR", "additionalParameters": told, **fields}
    return event("thresholdCrossingAlertFields", said, **(header or {}))


def fault(*, header: Any = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return a fault of quality."""
    said = {"alarmCondition": "congestion", "eventSeverity": "MAJOR", **fields}
    return event("faultFields", said, **{"domain": "fault", "lastEpochMicrosec": None, **(header or {})})


def read(*events: Any, rules: Rules | None = None) -> Reading:  # noqa: ANN401 - any JSON
    """Read one event, or a batch of several."""
    payload = {"event": events[0]} if len(events) == 1 else {"eventList": list(events)}
    return ves.read(payload, rules or Rules())


def only(said: Reading) -> Observation:
    """Return the only observation of a reading."""
    (observation,) = said.observations
    return observation
