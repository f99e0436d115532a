"""The envelope of TMF688: an event, whatever it tells.

TMF688 writes `timeOccurred` in both versions. The misspelt `timeOcurred` belongs to the notifications of
TMF621, TMF642 and TMF656 in v4, which are others' to send.
"""

import re
from dataclasses import dataclass, field

from qosresolve.contracts.tmf.identifier import OWNER
from qosresolve.contracts.tmf.parts import Json, Parts, Values
from qosresolve.contracts.tmf.words import REPORT, instant

RESOURCE = REPORT[0].lower() + REPORT[1:]
DOMAIN = "customerQosSlaManagement"


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says, before it is put into the envelope; instants in ms since the epoch, UTC."""

    event_id: str
    event_type: str
    at: int
    subject: str
    payload: Json
    values: Values = field(default_factory=dict)
    priority: str | None = None


def envelope(told: Told, parts: Parts) -> Json:
    """Return a TMF688 Event."""
    system = parts.typed("EntityRef", {"id": OWNER, "name": OWNER})
    about = parts.typed("EntityRef", {"id": told.subject, "@referredType": REPORT})
    values = {
        "eventId": told.event_id,
        "eventTime": instant(told.at),
        "eventType": told.event_type,
        "timeOccurred": instant(told.at),
        "correlationId": told.subject or None,
        "domain": DOMAIN,
        "title": _spoken(told.event_type),
        "priority": told.priority,
        "source": about if told.subject else system,
        "reportingSystem": system,
        "analyticCharacteristic": parts.characteristics(told.values) or None,
        "event": told.payload,
        "@type": told.event_type,
        "@baseType": "Event",
    }
    return {name: value for name, value in values.items() if value is not None}


def _spoken(event_type: str) -> str:
    """Return `CustomerQosReportCreateEvent` as `customer qos report create`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", event_type.removesuffix("Event")).lower()
