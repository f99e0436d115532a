"""TMF656 service problems, v4 and v5: answers to service trouble requests, and the alarms that they carry."""

from collections.abc import Iterator

from qosresolve.errors import PoisonRecordError
from qosresolve.intake.formats import tmf642, tmf_answer, tmf_event
from qosresolve.intake.formats.tmf_answer import Words, answered, is_ours
from qosresolve.intake.formats.tmf_event import ALARM, PROBLEM, Event, Told, names, unique
from qosresolve.intake.paths import Json, objects, text
from qosresolve.intake.reading import Ignored, Observation, Reading, Refused, Said, reading, unreadable
from qosresolve.intake.rules import Rules
from qosresolve.intake.words import plain

NAME = "tmf656"
LEFT_OUT = {
    **tmf642.LEFT_OUT,
    **tmf_answer.LEFT_OUT,
    "affectedLocation": "the inventory knows the site",
    "affectedResource": "as category; an alarm that names no object is about it",
    "affectedService": "as affectedResource",
    "category": "what we asked for, come back",
    "description": "as category",
    "firstAlert.id": "a reference; an alarm that lies there in full is read",
    "originatorParty": "as category",
    "priority": "as category",
    "reason": "as category",
    "relatedEntity": "as category",
    "rootCauseResource": "as category; a root cause that was found comes as a finding",
    "rootCauseService": "as rootCauseResource",
    "status": "of a problem of others, taken for its alarms",
    "trackingRecord": "texts of people",
    "underlyingAlarm[*].id": "as firstAlert.id",
}

_WORDS = Words(
    NAME, "trouble-status", "characteristic", ("responsibleParty", "relatedParty"), "parentProblem"
)
_AFFECTED = ("affectedResource", "affectedService")
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
    alarms = [part for alarm in _alarms(event) for part in _said(alarm, rules)]
    if any(isinstance(part, Observation) for part in alarms) and not is_ours(event):
        reason = "a problem of others; the alarms that it carries are taken"
        return reading(NAME, [*alarms, Ignored("serviceProblem", reason)])
    answer = answered(event, _WORDS)
    return reading(NAME, [*answer.replies, *answer.unmatched, *answer.ignored, *alarms])


def _said(alarm: Event, rules: Rules) -> tuple[Said, ...]:
    """Return what an alarm in a problem says; one that cannot be understood leaves the rest as it is."""
    try:
        told = tmf642.of_event(alarm, rules)
    except PoisonRecordError as error:
        return (Refused("serviceProblem: alarm", str(error), error.remedy),)
    return (*told.observations, *told.ignored)


def _alarms(event: Event) -> Iterator[Event]:
    """Yield the alarms that lie in a problem in full, not as references; what it affects, they are about."""
    problem = event.body
    system = event.system or text(problem.get("originatingSystem"))
    for name in _ALARMS:
        for alarm in objects(problem.get(name)):
            if "perceivedSeverity" in alarm or "crossedThresholdInformation" in alarm:
                about = unique(name for field in _AFFECTED for name in names(problem.get(field)))
                yield Event(ALARM, "", alarm, told=Told(system, about, event.at))
