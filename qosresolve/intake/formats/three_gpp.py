"""3GPP notifications (TS 28.532): threshold crossings and alarms, by themselves or in VES `stndDefined`.

A crossing tells its direction, not which one is bad: rising is, but for indicators in `Rules.bad_below` and
those whose names speak of throughput, availability or success. An alarm's indicator is its probable cause:
what clears it carries nothing more than that.
"""

import re

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake.formats.ves_header import Header
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Json, Object, at, first, items, number, obj, text, whole
from qosresolve.intake.reading import Ignored, Mark, Observation, Reading, Refused, Said, reading
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import Instant, instant
from qosresolve.intake.words import cleared, plain, quality, severity

NAME = "3gpp"

LEFT_OUT = {
    "notificationId": "orders events; taken where no VES header does",
    "eventTime": "no instant; the VES header has one",
    "uri": "href names the object",
    "monitorGranularityPeriod": "how often the metric is looked at",
    "hysteresis": "taken where no direction is told",
    "additionalText": "goes out as the description",
    "backedUpStatus": "whether there is a spare changes nothing for what was measured",
    "backUpObject": "the spare, not the object",
    "trendIndication": "the severity tells it",
    "stateChangeDefinition": "states of the object, not its quality",
    "monitoredAttributes": "attributes of the object, not its quality",
    "proposedRepairActions": "repairs are laid out here, by the policy's plan",
    "additionalInformation": "of the vendor",
    "rootCauseIndicator": "the root cause is found here, by analysis",
    "correlatedNotifications": "the first is the cause; it is one for all",
    "thresholdInfo.observedMeasurement": "what clears the alarm does not carry it",
    "thresholdInfo.thresholdLevel": "taken as the threshold where it has an upper or a lower level",
    "thresholdInfo.armTime": "since when the threshold is watched",
    "changedAlarmAttributes": "the attributes before; those of now are in the notification",
    "clearUserId": "who cleared it",
    "clearSystemId": "who cleared it",
}

_ALARMS = {
    "notifynewalarm": DegradationKind.RAISE,
    "notifychangedalarm": DegradationKind.UPDATE,
    "notifychangedalarmgeneral": DegradationKind.UPDATE,
    "notifyclearedalarm": DegradationKind.ABATE,
}
_CROSSING = "notifythresholdcrossing"
_GOOD_WHEN_HIGH = re.compile("throughput|thp|availab|succ", re.IGNORECASE)
_NOWHERE = Instant(0, (Mark.TIME_ASSUMED,))


def fits(payload: Json) -> bool:
    """Tell whether a payload is a bare notification."""
    return isinstance(payload, dict) and plain(payload.get("notificationType")).startswith("notify")


def read(payload: Json, rules: Rules) -> Reading:
    """Return what a bare notification says. Raises PoisonRecordError if it cannot be understood."""
    return reading(NAME, [said(obj(payload), rules, "notification")])


def said(data: Object, rules: Rules, where: str, outer: Header | None = None) -> Said:
    """Return what a notification says; `outer` is the header of the VES event that it came in."""
    word = text(data.get("notificationType"))
    kind, part = plain(word), f"{where}: {word[:40] or '3GPP notification'}"
    if kind != _CROSSING and kind not in _ALARMS:
        return Ignored(part, "neither a threshold crossing nor an alarm that begins, changes or ends")
    names = _names(data, outer)
    if not names:
        return Refused(part, "it names no object", "href: name the object, as the inventory does")
    if kind == _CROSSING:
        return _crossing(data, rules, part, names, outer)
    return _alarm(data, rules, part, names, outer)


# -- threshold crossings


def _crossing(data: Object, rules: Rules, part: str, names: tuple[str, ...], outer: Header | None) -> Said:
    metric, rises = text(data.get("observedPerfMetricName")), _rises(data)
    if not metric:
        return Refused(part, "it names no metric", "observedPerfMetricName: name it")
    if rises is None:
        return Ignored(part, "it tells no direction, nor does its value: it lies within the hysteresis")
    indicator = rules.indicator(metric)
    bad = rises != _bad_below(indicator, metric, rules)
    value, threshold = text(data.get("observedPerfMetricValue")), text(data.get("thresholdValue"))
    normal, when = measure(rules, indicator, value, threshold), _when(data, outer)
    return Observation(
        source=_source(data, names, outer),
        source_id=f"{names[0]}/{metric}",
        sequence=_sequence(data, outer),
        kind=DegradationKind.RAISE if bad else DegradationKind.ABATE,
        indicator=indicator,
        objects=names,
        object_kind=ObjectKind.RESOURCE,
        severity=rules.assumed if bad else Severity.INDETERMINATE,
        observed_at=when.at,
        value=normal.value,
        threshold=normal.threshold,
        unit=normal.unit,
        raw=normal.raw,
        description=text(data.get("additionalText")),
        marks=(*when.marks, *((Mark.SEVERITY_ASSUMED,) if bad else ()), *normal.marks),
    )


def _rises(data: Object) -> bool | None:
    """Tell whether the metric rose over its threshold; None where that cannot be told."""
    direction = plain(data.get("observedPerfMetricDirection"))
    if direction in ("up", "down"):
        return direction == "up"
    value, level = number(data.get("observedPerfMetricValue")), number(data.get("thresholdValue"))
    if value is None or level is None:
        return None
    margin = abs(number(data.get("hysteresis")) or 0)
    return True if value >= level + margin else False if value <= level - margin else None


def _bad_below(indicator: str, metric: str, rules: Rules) -> bool:
    return indicator in rules.bad_below or bool(_GOOD_WHEN_HIGH.search(metric))


# -- alarms


def _alarm(data: Object, rules: Rules, part: str, names: tuple[str, ...], outer: Header | None) -> Said:
    cause = text(first(data, "probableCause", "specificProblem"))
    if not cause:
        return Refused(part, "it does not say what is wrong", "probableCause: name it")
    if not (quality(data.get("alarmType")) or quality(cause) or cause in rules.indicators):
        return Ignored(part, f"{cause[:80]!r} is no alarm of quality; name it in indicators to take it")
    return _of_quality(data, rules, cause, names, outer)


def _of_quality(
    data: Object, rules: Rules, cause: str, names: tuple[str, ...], outer: Header | None
) -> Observation:
    kind = _ALARMS[plain(data.get("notificationType"))]
    kind = DegradationKind.ABATE if cleared(data.get("perceivedSeverity")) else kind
    degree, when = severity(data.get("perceivedSeverity")), _when(data, outer)
    assumed = degree is None and kind is not DegradationKind.ABATE
    indicator, info = rules.indicator(cause), obj(data.get("thresholdInfo"))
    normal = measure(rules, indicator, text(info.get("observedValue")), _level(info))
    return Observation(
        source=_source(data, names, outer),
        source_id=text(data.get("alarmId")) or f"{names[0]}/{cause}",
        sequence=_sequence(data, outer),
        kind=kind,
        indicator=indicator,
        objects=names,
        object_kind=ObjectKind.RESOURCE,
        severity=degree or (rules.assumed if assumed else Severity.INDETERMINATE),
        observed_at=when.at,
        value=normal.value,
        threshold=normal.threshold,
        unit=normal.unit,
        raw=normal.raw,
        cause_id=_cause(data.get("correlatedNotifications")),
        description=text(first(data, "specificProblem", "additionalText")),
        marks=(*when.marks, *((Mark.SEVERITY_ASSUMED,) if assumed else ()), *normal.marks),
    )


def _level(info: Object) -> str:
    level = info.get("thresholdLevel")
    return text(level) or text(at(level, "up.high")) or text(at(level, "down.low"))


def _cause(correlated: Json) -> str:
    """Return the first correlated notification: its object, and its id, which is unique there only."""
    for item in items(correlated)[:1]:
        ids = items(obj(item).get("notificationIds"))
        source = text(obj(item).get("sourceObjectInstance"))
        return f"{source}/{text(ids[0])}" if source and ids else ""
    return ""


# -- what both have


def _names(data: Object, outer: Header | None) -> tuple[str, ...]:
    """Return the object's distinguished name, those of what it lies in, its address, and the VES source."""
    address = text(data.get("href"))
    name = text(data.get("objectInstance")) or _distinguished(address)
    found = (*_lineage(name), address, *(outer.names if outer else ()))
    return tuple(dict.fromkeys(filter(None, found)))


def _distinguished(address: str) -> str:
    """Return the distinguished name in an address: `.../ManagedElement=1/Cell=2` has one, or is one."""
    if "/" not in address:
        return address if "=" in address else ""
    return ",".join(part for part in address.partition("?")[0].split("/") if "=" in part)


def _lineage(name: str) -> list[str]:
    """Return a distinguished name, and what it lies in up to its element: above that lies everything."""
    parts = name.split(",")
    element = next(
        (place for place, part in enumerate(parts) if part.strip().startswith("ManagedElement=")), None
    )
    if element is None:
        return [name]
    return [",".join(parts[:count]) for count in range(len(parts), element, -1)]


def _source(data: Object, names: tuple[str, ...], outer: Header | None) -> str:
    return text(data.get("systemDN")) or (outer.source if outer and outer.names else names[-1])


def _sequence(data: Object, outer: Header | None) -> int:
    return (outer.sequence if outer else 0) or whole(data.get("notificationId"))


def _when(data: Object, outer: Header | None) -> Instant:
    return instant(data.get("eventTime")) or (outer.latest if outer else _NOWHERE)
