"""TMF642 alarms, v4 and v5: bare, or in the notifications of their API.

Only alarms about quality are taken: of type qualityOfServiceAlarm, or with a probable cause that is one.
Acknowledgements, comments and groups of alarms are tasks of their own (`tmf688` passes them over).
"""

from collections.abc import Iterator

from qosresolve.core.record import record
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake import words
from qosresolve.intake.formats import tmf_event
from qosresolve.intake.formats.tmf_event import ALARM, Event, names, unique
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Json, Object, first, items, obj, objects, text
from qosresolve.intake.reading import Ignored, Mark, Observation, Reading, unreadable
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import Instant, instant
from qosresolve.intake.words import plain

NAME = "tmf642"
LEFT_OUT = {
    **tmf_event.LEFT_OUT,
    "alarm.id": "taken where no event has an id, and where isRootCause makes it the cause of others",
    "alarmClearedTime": "the state says that it is raised",
    "alarmRaisedTime": "it began earlier; this is when it changed or was over",
    "alarmReportingTime": "taken where no other time is told",
    "externalAlarmId": "as alarm.id",
    "isRootCause": "it has a parent",
    "perceivedSeverity": "of an alarm that is passed over",
    "reportingSystemId": "taken where sourceSystemId is missing",
    "state": "its severity says that it is over",
    "ackState": "acknowledging an alarm is not acknowledging a report",
    "ackSystemId": "as ackState",
    "ackUserId": "as ackState; a person",
    "alarmEscalation": "escalation of a report follows its policy",
    "clearSystemId": "who cleared it changes nothing",
    "clearUserId": "as clearSystemId; a person",
    "comment": "texts of people",
    "crossedThresholdInformation.threshold.id": "the name of a threshold, not its value",
    "place": "the inventory knows the site",
    "plannedOutageIndicator": "maintenance is entered as a window (`qosresolve windows`)",
    "proposedRepairedActions": "the plan says what is done",
    "serviceAffecting": "the inventory knows which products lie on it",
}

_LIVES = frozenset({"raised", "updated", "active", "changed"})
_TIMES = {
    DegradationKind.RAISE: ("alarmRaisedTime",),
    DegradationKind.UPDATE: ("alarmChangedTime",),
    DegradationKind.ABATE: ("alarmClearedTime", "alarmChangedTime"),
}
_ELSE = {DegradationKind.ABATE: (), DegradationKind.UPDATE: ("alarmRaisedTime",)}
_NOT_OURS = ("notificationType", "systemDN", "managedObjectId")  # alarms of 3GPP and ETSI look alike
_OF_MEF = "alarmSpecificAttributes"  # a shipped mapping knows what MEF has added


@record
class _Measure:
    """What crossed which threshold, as the source has it."""

    indicator: str
    value: str = ""
    threshold: str = ""
    unit: str = ""
    description: str = ""


def fits(payload: Json) -> bool:
    """Tell whether it is an alarm, or a notification of one; MEF's own kind is left to its mapping."""
    if tmf_event.is_event_of(payload, ALARM):
        return _OF_MEF not in obj(payload["event"][ALARM])
    return (
        isinstance(payload, dict)
        and "perceivedSeverity" in payload
        and ("alarmType" in payload or "probableCause" in payload)
        and not any(name in payload for name in _NOT_OURS)
    )


def read(payload: Json, rules: Rules) -> Reading:
    """Return what an alarm says. Raises PoisonRecordError where it names no object."""
    event = tmf_event.opened(payload) or tmf_event.bare(payload, ALARM)
    if event.entity != ALARM:
        raise unreadable("no alarm in what should be a TMF642 notification", "set the topic's format to auto")
    return of_event(event, rules)


def of_event(event: Event, rules: Rules) -> Reading:
    """Return what the alarm of a notification says. Raises PoisonRecordError where it names no object."""
    passed_over = _passed_over(event.body)
    if passed_over:
        return Reading(NAME, ignored=(Ignored(f"alarm: {event.verb or 'bare'}", passed_over),))
    return Reading(NAME, tuple(_observations(event, rules)))


def _passed_over(alarm: Object) -> str:
    """Return why an alarm says nothing about quality, empty where it does."""
    kind, cause = alarm.get("alarmType"), alarm.get("probableCause")
    if words.quality(kind) or words.quality(cause):
        return ""
    if not text(kind) and not text(cause):
        crossed = first(alarm, "crossedThresholdInformation")
        return "" if crossed else "it has neither alarmType nor probableCause: what it is about is not said"
    return "neither its alarmType is qualityOfServiceAlarm nor its probableCause one of quality"


def _observations(event: Event, rules: Rules) -> Iterator[Observation]:
    alarm = event.body
    kind = _kind(event)
    at = _time(event, kind)
    severity, marks = _severity(alarm, kind, rules)
    targets, measures = _targets(event), _measures(alarm, rules)
    for objects_, object_kind in targets:
        for crossed in measures:
            normal = measure(rules, crossed.indicator, crossed.value, crossed.threshold, crossed.unit)
            parts = ((crossed.indicator, len(measures)), (objects_[-1], len(targets)))
            yield Observation(
                source=_source(event),
                source_id="/".join([_id(event), *(part for part, count in parts if count > 1)]),
                sequence=0,
                kind=kind,
                indicator=crossed.indicator,
                objects=objects_,
                object_kind=object_kind,
                severity=severity,
                observed_at=at.at,
                value=normal.value,
                threshold=normal.threshold,
                unit=normal.unit,
                raw=normal.raw,
                cause_id=_cause(alarm),
                description=crossed.description,
                marks=(*marks, *at.marks, *normal.marks),
            )


# -- who says it


def _source(event: Event) -> str:
    alarm = event.body
    return text(first(alarm, "sourceSystemId", "reportingSystemId")) or event.system


def _id(event: Event) -> str:
    """Return the id of the event, for an alarm has many; of the alarm where it came bare."""
    return event.event_id or text(first(event.body, "id", "externalAlarmId"))


def _cause(alarm: Object) -> str:
    """Return the id of the alarm that it follows from; a root cause is its own, so that others join it."""
    above = next(names(first(alarm, "parentAlarm", "rootCauseAlarm", "rootCause")), "")
    if above and above not in ("true", "false"):
        return above
    if "true" in (text(alarm.get("isRootCause")).lower(), above):
        return text(first(alarm, "id", "externalAlarmId"))
    return next(names(alarm.get("correlatedAlarm")), "")


# -- what it says


def _kind(event: Event) -> DegradationKind:
    alarm = event.body
    if event.verb.startswith(("delete", "clear", "remove")) or _is_cleared(alarm):
        return DegradationKind.ABATE
    changed = event.verb.endswith("change") or plain(alarm.get("state")) in ("updated", "changed")
    return DegradationKind.UPDATE if changed else DegradationKind.RAISE


def _is_cleared(alarm: Object) -> bool:
    """Tell whether it is over: by severity or state, else by a time of clearing that no raising follows."""
    if words.cleared(alarm.get("perceivedSeverity")) or words.cleared(alarm.get("state")):
        return True
    if plain(alarm.get("state")) in _LIVES:
        return False  # TMF's own example is raised, and has a time of clearing
    over, began = instant(alarm.get("alarmClearedTime")), instant(alarm.get("alarmRaisedTime"))
    return over is not None and (began is None or over.at >= began.at)


def _severity(alarm: Object, kind: DegradationKind, rules: Rules) -> tuple[Severity, tuple[Mark, ...]]:
    found = words.severity(alarm.get("perceivedSeverity"))
    if found is not None:
        return found, ()
    if kind is DegradationKind.ABATE:
        return Severity.INDETERMINATE, ()  # how bad something is that is over plays no part
    return rules.assumed, (Mark.SEVERITY_ASSUMED,)


def _time(event: Event, kind: DegradationKind) -> Instant:
    alarm = event.body
    found = _instant(alarm, _TIMES[kind]) or event.at
    found = found or _instant(alarm, _ELSE.get(kind, ("alarmChangedTime",)))
    return found or _instant(alarm, ("alarmReportingTime",)) or Instant(0, (Mark.TIME_ASSUMED,))


def _instant(alarm: Object, fields: tuple[str, ...]) -> Instant | None:
    return next((at for at in (instant(alarm.get(name)) for name in fields) if at is not None), None)


def _targets(event: Event) -> list[tuple[tuple[str, ...], ObjectKind]]:
    """Return by which names the inventory may know what is affected; each of several services on its own."""
    alarm = event.body
    alarmed = unique(names(alarm.get("alarmedObject")))
    services = [unique(names(item)) for item in items(alarm.get("affectedService"))]
    services = [item for item in services if item]
    if not alarmed and not services:
        alarmed = event.about
    if not alarmed and not services:
        raise unreadable(
            "an alarm that names no object", "alarmedObject or affectedService has to be in the alarm"
        )
    service = not alarmed or "service" in plain(alarm.get("alarmedObjectType"))
    kind = ObjectKind.SERVICE if service else ObjectKind.RESOURCE
    return [(alarmed + item, kind) for item in services or [()]]


def _measures(alarm: Object, rules: Rules) -> list[_Measure]:
    named = rules.indicator(_problem(alarm, rules))
    said = text(first(alarm, "alarmDetails", "specificProblem"))
    crossed = [_measure(item, named, said, rules) for item in _crossings(alarm)]
    return crossed or [_Measure(named, description=said)]


def _crossings(alarm: Object) -> Iterator[Object]:
    found = objects(first(alarm, "crossedThresholdInformation", "crossedThreshold"))
    return (item for item in found if item)


def _measure(crossed: Object, named: str, said: str, rules: Rules) -> _Measure:
    name = text(first(crossed, "indicatorName", "indicator"))
    return _Measure(
        rules.indicator(name) if name else named,
        text(crossed.get("observedValue")),
        _threshold(crossed.get("threshold")),
        text(first(crossed, "indicatorUnit", "unit")),
        _description(crossed, said),
    )


def _threshold(value: Json) -> str:
    """Return the value of a threshold; a reference tells its name only, unless it was given more."""
    if isinstance(value, dict):
        return text(first(value, "thresholdValue", "value", "referenceValue"))
    return text(value)


def _description(crossed: Object, said: str) -> str:
    told = text(crossed.get("thresholdCrossingDescription")) or said
    way, grain = text(crossed.get("direction")), text(crossed.get("granularity"))
    more = ", ".join(part for part in (way, grain and f"granularity {grain}") if part)
    return f"{told} ({more})".strip() if more else told


def _problem(alarm: Object, rules: Rules) -> str:
    """Return what stands for an indicator where none is named: a word the rules know, else the problem."""
    told = [text(first(alarm, name)) for name in ("specificProblem", "probableCause", "alarmType")]
    known = (word for word in told if word in rules.indicators)
    return next(known, "") or next((word for word in told if word), "unknown")
