"""TMF688 events, hubs and TMF656 event records: whatever lies in them is read by the module of its API."""

from collections.abc import Callable

from qosresolve.intake.formats import tmf621, tmf623, tmf642, tmf656, tmf_event
from qosresolve.intake.formats.tmf_event import ALARM, PROBLEM, TICKET, VIOLATION, Event
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Ignored, Reading, unreadable
from qosresolve.intake.rules import Rules

NAME = "tmf688"
LEFT_OUT = {
    "id": "of an event record, or of what is named elsewhere too",
    **tmf621.LEFT_OUT,
    **tmf623.LEFT_OUT,
    **tmf656.LEFT_OUT,
}

_READERS: dict[str, Callable[[Event, Rules], Reading]] = {
    ALARM: tmf642.of_event,
    PROBLEM: tmf656.of_event,
    TICKET: tmf621.of_event,
    VIOLATION: tmf623.of_event,
}


def fits(payload: Json) -> bool:
    """Tell whether it is a notification of any TM Forum API."""
    return tmf_event.is_event(payload)


def read(payload: Json, rules: Rules) -> Reading:
    """Return what lies in an event. Raises PoisonRecordError where it cannot be understood."""
    event = tmf_event.opened(payload)
    if event is None:
        raise unreadable("no event in what should be a TMF688 event", "set the topic's format to auto")
    reader = _READERS.get(event.entity)
    if reader is None:
        reason = "it holds no alarm, service problem, trouble ticket or SLA violation"
        return Reading(NAME, ignored=(Ignored(f"event {event.verb}".strip(), reason),))
    return reader(event, rules)
