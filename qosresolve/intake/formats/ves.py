"""ONAP VES 5 to 7.2 events: the envelope, `event` or `eventList`, and which domain reads what is in it.

An event of a batch stands for itself: what cannot be understood is refused, and the others are taken.
"""

from qosresolve.intake.formats import ves_fault, ves_header, ves_measurement, ves_standard, ves_threshold
from qosresolve.intake.formats.ves_header import header
from qosresolve.intake.paths import Json, Object, first, items, obj
from qosresolve.intake.reading import Ignored, Reading, Refused, Said, reading
from qosresolve.intake.rules import Rules
from qosresolve.intake.words import plain

NAME = "ves"
LEFT_OUT = {
    **ves_header.LEFT_OUT,
    **ves_threshold.LEFT_OUT,
    **ves_fault.LEFT_OUT,
    **ves_measurement.LEFT_OUT,
    **ves_standard.LEFT_OUT,
}

_HEADER = "commonEventHeader"
_READERS = {
    "thresholdcrossingalert": (ves_threshold.read, ves_threshold.FIELDS),
    "fault": (ves_fault.read, ves_fault.FIELDS),
    "measurement": (ves_measurement.read, ves_measurement.FIELDS),
    "measurementsforvfscaling": (ves_measurement.read, ves_measurement.FIELDS_5),
    "stnddefined": (ves_standard.read, ves_standard.FIELDS),
}
_EXTRA = ("additionalFields", "alarmAdditionalInformation", "additionalInformation")


def fits(payload: Json) -> bool:
    """Tell whether a payload is a VES event or a batch of them."""
    if not isinstance(payload, dict):
        return False
    if isinstance(payload.get("eventList"), list):
        events = payload["eventList"]
        return not events or any(_HEADER in event for event in events if isinstance(event, dict))
    return _HEADER in payload or _HEADER in obj(payload.get("event"))


def read(payload: Json, rules: Rules) -> Reading:
    """Return what all events of a payload say. Raises PoisonRecordError if none can be understood."""
    events = obj(payload).get("eventList")
    if events is None:
        event = obj(payload).get("event")
        return reading(NAME, _event(payload if event is None else event, rules, "event"))
    if not items(events):
        return Reading(NAME, ignored=(Ignored("eventList", "it is empty"),))
    said = [
        part
        for index, event in enumerate(items(events))
        for part in _event(event, rules, f"eventList[{index}]")
    ]
    return reading(NAME, said)


def _event(event: Json, rules: Rules, where: str) -> list[Said]:
    common = obj(obj(event).get(_HEADER))
    if not common:
        return [
            Refused(f"{where}: no VES event", f"it has no {_HEADER}", f"send VES events, with a {_HEADER}")
        ]
    reader, fields = _READERS.get(plain(common.get("domain")), (None, ""))
    if reader is None:
        return [_not_ours(common, where)]
    found = header(common, first(obj(event.get(fields)), *_EXTRA))
    if not found.names and reader is not ves_standard.read:  # what is in there names its object itself
        return [_sourceless(found.domain, where)]
    return reader(event, found, rules, where)


def _not_ours(common: Object, where: str) -> Said:
    domain = plain(common.get("domain"))
    if not domain:
        return Refused(f"{where}: VES event", "its header has no domain", f"{_HEADER}.domain: name it")
    return Ignored(f"{where}: {domain}", f"the VES domain {domain} says nothing about quality")


def _sourceless(domain: str, where: str) -> Refused:
    return Refused(
        f"{where}: {domain}",
        "it does not say what it is about",
        f"{_HEADER}.sourceName: name the element, as the inventory does",
    )
