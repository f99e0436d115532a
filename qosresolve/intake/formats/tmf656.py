"""TMF656 service problems, v4 and v5: answers to service trouble requests, and the alarms that they carry."""

from collections.abc import Iterator

from qosresolve.core.record import changed
from qosresolve.intake.formats import tmf642, tmf_event
from qosresolve.intake.formats.tmf_answer import Words, answered, is_ours
from qosresolve.intake.formats.tmf_event import ALARM, PROBLEM, Event
from qosresolve.intake.paths import Json, Object, objects, text
from qosresolve.intake.reading import Ignored, Reading, unreadable
from qosresolve.intake.rules import Rules
from qosresolve.intake.words import plain

NAME = "tmf656"
LEFT_OUT = {
    "affectedLocation[*].*": "the inventory knows the site",
    "category": "what we asked for, come back",
    "description": "as category",
    "firstAlert.id": "a reference; an alarm that lies there in full is read",
    "priority": "as category",
    "relatedEntity[*].*": "as category",
    "rootCauseResource[*].*": "as category; a root cause that was found comes as a finding",
    "rootCauseService[*].*": "as rootCauseResource",
    "trackingRecord[*].*": "texts of people",
    "underlyingAlarm[*].id": "as firstAlert.id",
}

_WORDS = Words(
    NAME, "trouble-status", "characteristic", ("responsibleParty", "relatedParty"), "parentProblem"
)
_ALARMS = ("firstAlert", "underlyingAlarm")
_OWN_FIELDS = ("originatorParty", "problemEscalation", "affectedNumberOfServices", "underlyingAlarm")


def fits(payload: Json) -> bool:
    """Tell whether it is a service problem, or a notification of one."""
    if tmf_event.is_event_of(payload, PROBLEM):
        return True
    if not isinstance(payload, dict) or "status" not in payload:
        return False
    return plain(payload.get("@type")) == "serviceproblem" or any(name in payload for name in _OWN_FIELDS)


def read(payload: Json, rules: Rules) -> Reading:
    """Return what a service problem says. Raises PoisonRecordError."""
    event = tmf_event.opened(payload) or tmf_event.bare(payload, PROBLEM)
    if event.entity != PROBLEM:
        raise unreadable(
            "no serviceProblem in what should be a TMF656 notification", "set the topic's format to auto"
        )
    return of_event(event, rules)


def of_event(event: Event, rules: Rules) -> Reading:
    """Return what the service problem of a notification says: an answer, the alarms it carries, or both."""
    alarms = [tmf642.of_event(item, rules) for item in _alarms(event)]
    answer = answered(event, _WORDS)
    seen = tuple(item for alarm in alarms for item in alarm.observations)
    passed_over = tuple(item for alarm in alarms for item in alarm.ignored)
    if seen and not is_ours(event):
        reason = "a problem of others; the alarms that it carries are taken"
        return Reading(NAME, seen, ignored=(*passed_over, Ignored("serviceProblem", reason)))
    return changed(answer, observations=seen, ignored=(*answer.ignored, *passed_over))


def _alarms(event: Event) -> Iterator[Event]:
    """Yield the alarms that lie in a problem in full, not as references."""
    system = event.system or text(event.body.get("originatingSystem"))
    for name in _ALARMS:
        for alarm in objects(event.body.get(name)):
            if "perceivedSeverity" in alarm or "crossedThresholdInformation" in alarm:
                yield Event(ALARM, "", _placed(alarm, event.body), system=system, at=event.at)


def _placed(alarm: Object, problem: Object) -> Object:
    """Return an alarm with what the problem affects, where it names no object itself."""
    if "alarmedObject" in alarm or "affectedService" in alarm:
        return alarm
    affected = {
        "alarmedObject": problem.get("affectedResource"),
        "affectedService": problem.get("affectedService"),
    }
    return {**alarm, **affected}
