"""VES `thresholdCrossingAlert`: each of its additional parameters is a crossing of its own.

A parameter says what was crossed in one of two ways. VES 5: `name`, `value`, `thresholdCrossed`. VES 7:
`hashMap` of counters and their values, and `thresholdCrossed`, which is a threshold's name or its level.
"""

import re
from collections.abc import Iterator

from qosresolve.core.record import record
from qosresolve.core.vocabulary import RANK, DegradationKind, ObjectKind, Severity
from qosresolve.intake.formats.ves_header import Header, parts
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Json, Object, first, number, obj, objects, text
from qosresolve.intake.reading import Mark, Observation, Refused, Said
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import Instant, instant
from qosresolve.intake.words import cleared, plain, severity

FIELDS = "thresholdCrossingAlertFields"

LEFT_OUT = {
    f"{FIELDS}.thresholdCrossingFieldsVersion": "fields are read by name, whatever the version",
    f"{FIELDS}.additionalFields": "of the vendor; a name in it is taken where the header has none",
    f"{FIELDS}.additionalParameters[*].criticality": "taken where it is milder than eventSeverity",
    f"{FIELDS}.additionalParameters[*].hashMap": "neither the counter that was crossed nor a level of it",
    f"{FIELDS}.additionalParameters[*].hashMap.additionalProperties": (
        "a word of JSON Schema that slipped into payloads, no counter"
    ),
    f"{FIELDS}.alertDescription": "goes out as the description; names the indicator where no parameter does",
    f"{FIELDS}.alertValue": "taken where it is a number and the only parameter has none",
    f"{FIELDS}.collectionTimestamp": "the header's time orders events; taken where it has none",
    f"{FIELDS}.eventStartTimestamp": "the header's time orders events; taken where it has none",
    f"{FIELDS}.dataCollector": "who gathered it",
    f"{FIELDS}.elementType": "a kind of element, not one that the inventory could know",
    f"{FIELDS}.networkService": "taken as the object of a SERVICE-ANOMALY",
    f"{FIELDS}.possibleRootCause": "reserved by the standard; the root cause is found here, by analysis",
    f"{FIELDS}.interfaceName": "taken as the object where it is not empty",
    f"{FIELDS}.associatedAlertIdList[*]": "the first is the cause; it is one for all",
}

_KINDS = {
    "set": DegradationKind.RAISE,
    "cont": DegradationKind.UPDATE,
    "continue": DegradationKind.UPDATE,
    "clear": DegradationKind.ABATE,
    "cleared": DegradationKind.ABATE,
}
_VALUES = ("observedValue", "value", "currentValue", "measuredValue")
_LEVELS = ("thresholdValue", "threshold", "referenceValue")
_UNITS = ("unit", "units", "uom")
_WORDS = frozenset((*_VALUES, *_LEVELS, *_UNITS, "direction", "additionalProperties"))
_LEVEL = re.compile(r"(?:[<>]=?|=|≥|≤)?\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*([%a-zA-Zµ/]*)")


@record
class _Crossing:
    """One crossing, as it is told."""

    indicator: str
    value: str
    threshold: str
    unit: str
    criticality: Json


@record
class _Alert:
    """What all crossings of one alert share."""

    header: Header
    kind: DegradationKind
    severity: Severity | None
    at: Instant
    objects: tuple[str, ...]
    object_kind: ObjectKind
    cause_id: str
    description: str


def read(event: Object, header: Header, rules: Rules, where: str) -> list[Said]:
    """Return what an alert says: an observation for each crossing. `where` is the event's path."""
    fields = obj(event.get(FIELDS))
    crossings = [*_crossings(fields)]
    if not crossings:
        return [_nameless(where)]
    alert = _alert(fields, header)
    return [_observation(alert, crossing, rules) for crossing in crossings]


def _nameless(where: str) -> Refused:
    return Refused(
        f"{where}: thresholdCrossingAlert",
        "it does not say which threshold was crossed",
        f"{FIELDS}.additionalParameters[].thresholdCrossed: name the counter or threshold",
    )


def _alert(fields: Object, header: Header) -> _Alert:
    get = fields.get
    word = get("eventSeverity")
    kind = (
        DegradationKind.ABATE
        if cleared(word)
        else _KINDS.get(plain(get("alertAction")), DegradationKind.UPDATE)
    )
    service = plain(get("alertType")) == "serviceanomaly"
    return _Alert(
        header,
        kind,
        severity(word),
        _time(fields, header, kind),
        _objects(fields, header, service=service),
        ObjectKind.SERVICE if service else ObjectKind.RESOURCE,
        _cause(get("associatedAlertIdList"), header),
        text(get("alertDescription")),
    )


def _time(fields: Object, header: Header, kind: DegradationKind) -> Instant:
    found = header.began if kind is DegradationKind.RAISE else header.latest
    if found.at:
        return found
    names = ("eventStartTimestamp", "collectionTimestamp")
    told = (instant(fields.get(name)) for name in (names if kind is DegradationKind.RAISE else names[::-1]))
    return next(filter(None, told), found)


def _objects(fields: Object, header: Header, *, service: bool) -> tuple[str, ...]:
    names = parts(header.names, text(fields.get("interfaceName")))
    called = text(fields.get("networkService")) if service else ""
    return (called, *names) if called else names


def _cause(alerts: Json, header: Header) -> str:
    """Return the first associated alert, with who told of it: event ids are unique there only."""
    alert = text(alerts[0]) if isinstance(alerts, list) and alerts else text(alerts)
    return f"{header.reporter or header.source}/{alert}" if alert else ""


def _crossings(fields: Object) -> Iterator[_Crossing]:
    parameters = [*objects(fields.get("additionalParameters"))]
    for parameter in parameters:
        yield from _crossed(parameter, text(fields.get("alertValue")) if len(parameters) == 1 else "")
    if not parameters:
        yield from _flat(fields)


def _flat(fields: Object) -> Iterator[_Crossing]:
    """Read what some simulators send: the crossing in the fields themselves; or a description alone."""
    name = text(first(fields, "indicatorName", "thresholdCrossed", "alertDescription"))
    if name:
        value, level = text(fields.get("indicatorValue")), text(fields.get("thresholdValue"))
        yield _Crossing(name, value, level, text(fields.get("indicatorUnit")), None)


def _crossed(parameter: Object, alert_value: str) -> Iterator[_Crossing]:
    get = parameter.get
    counters, crossed = obj(get("hashMap")), text(get("thresholdCrossed"))
    level = _LEVEL.fullmatch(crossed)
    unit = text(first(counters, *_UNITS)) or (level[2] if level else "")
    threshold = level[1] if level else text(first(counters, *_LEVELS))
    name = text(get("name")) or ("" if level else crossed)
    if name:
        value = (
            text(get("value"))
            or _value(counters, name)
            or (alert_value if number(alert_value) is not None else "")
        )
        yield _Crossing(name, value, threshold, unit, get("criticality"))
        return
    for counter, value in _counted(counters):
        yield _Crossing(counter, value, threshold, unit, get("criticality"))


def _value(counters: Object, name: str) -> str:
    found = text(first(counters, name, *_VALUES))
    if found or not counters:
        return found
    others = [*_counted(counters)]
    return others[0][1] if len(others) == 1 else ""


def _counted(counters: Object) -> Iterator[tuple[str, str]]:
    for name in counters:
        if name not in _WORDS and number(counters[name]) is not None:
            yield name, text(counters[name])


def _observation(alert: _Alert, crossing: _Crossing, rules: Rules) -> Observation:
    header, indicator = alert.header, rules.indicator(crossing.indicator)
    normal = measure(rules, indicator, crossing.value, crossing.threshold, crossing.unit)
    degree, marks = _severity(alert, crossing, rules)
    return Observation(
        header.source,
        f"{header.event_id}/{crossing.indicator}",
        header.sequence,
        alert.kind,
        indicator,
        alert.objects,
        alert.object_kind,
        degree,
        alert.at.at,
        normal.value,
        normal.threshold,
        normal.unit,
        normal.raw,
        alert.cause_id,
        alert.description,
        (*alert.at.marks, *marks, *normal.marks),
    )


def _severity(alert: _Alert, crossing: _Crossing, rules: Rules) -> tuple[Severity, tuple[Mark, ...]]:
    """Return how bad a crossing is: the milder of its criticality and the whole alert's severity."""
    if alert.kind is DegradationKind.ABATE:
        return alert.severity or Severity.INDETERMINATE, ()
    told = [degree for degree in (alert.severity, severity(crossing.criticality)) if degree]
    if told:
        return min(told, key=RANK.__getitem__), ()
    return rules.assumed, (Mark.SEVERITY_ASSUMED,)
