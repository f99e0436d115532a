"""VES `thresholdCrossingAlert`: each of its additional parameters is a crossing of its own.

A parameter says what was crossed in one of two ways. VES 5: `name`, `value`, `thresholdCrossed`. VES 7:
`hashMap` of counters and their values, and `thresholdCrossed`, which is a threshold's name or its level.
"""

import re
from functools import lru_cache

from qosresolve.core.record import record
from qosresolve.core.vocabulary import RANK, DegradationKind, ObjectKind, Severity
from qosresolve.intake.formats.ves_header import Header, parts
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Json, Object, first, items, number, obj, text
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
    f"{FIELDS}.alertAction": "a severity of NORMAL says that it is over, whatever the action",
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

# Looking a member up costs ten times a name, and these are asked for every event.
_RAISE, _UPDATE, _ABATE = DegradationKind.RAISE, DegradationKind.UPDATE, DegradationKind.ABATE
_SERVICE, _RESOURCE = ObjectKind.SERVICE, ObjectKind.RESOURCE

_KINDS = {"set": _RAISE, "cont": _UPDATE, "continue": _UPDATE, "clear": _ABATE, "cleared": _ABATE}
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
    criticality: Json = None


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
    crossings = _crossings(fields)
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
    kind = _ABATE if cleared(word) else _KINDS.get(plain(get("alertAction")), _UPDATE)
    service = plain(get("alertType")) == "serviceanomaly"
    return _Alert(
        header,
        kind,
        severity(word),
        _time(fields, header, kind),
        _objects(fields, header, service=service),
        _SERVICE if service else _RESOURCE,
        _cause(get("associatedAlertIdList"), header),
        text(get("alertDescription")),
    )


def _time(fields: Object, header: Header, kind: DegradationKind) -> Instant:
    found = header.began if kind is _RAISE else header.latest
    if found.at:
        return found
    names = ("eventStartTimestamp", "collectionTimestamp")
    told = (instant(fields.get(name)) for name in (names if kind is _RAISE else names[::-1]))
    return next(filter(None, told), found)


def _objects(fields: Object, header: Header, *, service: bool) -> tuple[str, ...]:
    names = parts(header.names, text(fields.get("interfaceName")))
    called = text(fields.get("networkService")) if service else ""
    return (called, *names) if called else names


def _cause(alerts: Json, header: Header) -> str:
    """Return the first associated alert, with who told of it: event ids are unique there only."""
    alert = text(alerts[0]) if isinstance(alerts, list) and alerts else text(alerts)
    return f"{header.reporter or header.source}/{alert}" if alert else ""


def _crossings(fields: Object) -> list[_Crossing]:
    parameters = items(fields.get("additionalParameters"))
    alone = text(fields.get("alertValue")) if len(parameters) == 1 else ""
    found = [crossing for parameter in parameters for crossing in _crossed(obj(parameter), alone)]
    return found or _flat(fields)


def _flat(fields: Object) -> list[_Crossing]:
    """Read what some simulators send: the crossing in the fields themselves; or a description alone."""
    name = text(first(fields, "indicatorName", "thresholdCrossed", "alertDescription"))
    value, level = text(fields.get("indicatorValue")), text(fields.get("thresholdValue"))
    return [_Crossing(name, value, level, text(fields.get("indicatorUnit")))] if name else []


def _crossed(parameter: Object, alone: str) -> list[_Crossing]:
    """Return what a parameter says; `alone` is the alert's own value, where it can only be this one's."""
    get = parameter.get
    counters, crossed = obj(get("hashMap")), text(get("thresholdCrossed"))
    level, unit = _level(crossed)
    if counters:
        level, unit = level or text(first(counters, *_LEVELS)), text(first(counters, *_UNITS)) or unit
    name = text(get("name")) or ("" if _level(crossed)[0] else crossed)
    criticality = get("criticality")
    if not name:
        return [_Crossing(counter, value, level, unit, criticality) for counter, value in _counted(counters)]
    value = text(get("value")) or _value(counters, name) or (alone if number(alone) is not None else "")
    return [_Crossing(name, value, level, unit, criticality)]


@lru_cache(4096)  # thresholds come again and again
def _level(crossed: str) -> tuple[str, str]:
    """Return level and unit where that is what was told, such as `> 90 %`; else it is a threshold's name."""
    found = _LEVEL.fullmatch(crossed)
    return (found[1], found[2]) if found else ("", "")


def _value(counters: Object, name: str) -> str:
    if not counters:
        return ""
    found = text(first(counters, name, *_VALUES))
    others = [] if found else _counted(counters)
    return others[0][1] if len(others) == 1 else found


def _counted(counters: Object) -> list[tuple[str, str]]:
    """Return the counters of a hash map: what has a number, and is no word about another."""
    own = [name for name in counters if name not in _WORDS]
    return [(name, text(counters[name])) for name in own if number(counters[name]) is not None]


def _observation(alert: _Alert, crossing: _Crossing, rules: Rules) -> Observation:
    header, at, indicator = alert.header, alert.at, rules.indicator(crossing.indicator)
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
        at.at,
        normal.value,
        normal.threshold,
        normal.unit,
        normal.raw,
        alert.cause_id,
        alert.description,
        at.marks + marks + normal.marks,
    )


def _severity(alert: _Alert, crossing: _Crossing, rules: Rules) -> tuple[Severity, tuple[Mark, ...]]:
    """Return how bad a crossing is: the milder of its criticality and the whole alert's severity."""
    whole, own = alert.severity, severity(crossing.criticality)
    if whole and own:
        return (whole if RANK[whole] <= RANK[own] else own), ()
    told = whole or own
    if told is not None or alert.kind is _ABATE:
        return told or Severity.INDETERMINATE, ()
    return rules.assumed, (Mark.SEVERITY_ASSUMED,)
