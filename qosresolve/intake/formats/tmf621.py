"""TMF621 trouble tickets, v4 and v5: a supplier's answers to what it was engaged for."""

from qosresolve.intake.formats import tmf_answer, tmf_event
from qosresolve.intake.formats.tmf_answer import Words, answered
from qosresolve.intake.formats.tmf_event import TICKET, Event
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Reading, unreadable
from qosresolve.intake.rules import Rules
from qosresolve.intake.words import plain

NAME = "tmf621"
LEFT_OUT = {
    **tmf_event.LEFT_OUT,
    **tmf_answer.LEFT_OUT,
    "attachment": "lies with the supplier",
    "description": "what we asked for, come back",
    "priority": "as description",
    "relatedEntity": "as description",
    "requestedResolutionDate": "as description",
    "severity": "as description",
    "ticketType": "as description",
    "troubleTicketCharacteristic": "as description; a date by which it is to be resolved is looked for",
}

_WORDS = Words(NAME, "supplier-status", "troubleTicketCharacteristic", ("relatedParty",))


def fits(payload: Json) -> bool:
    """Tell whether it is a trouble ticket, or a notification of one."""
    if tmf_event.is_event_of(payload, TICKET):
        return True
    if not isinstance(payload, dict) or "status" not in payload:
        return False
    return plain(payload.get("@type")) == "troubleticket" or "ticketType" in payload


def read(payload: Json, rules: Rules) -> Reading:
    """Return what a trouble ticket says. Raises PoisonRecordError."""
    event = tmf_event.opened(payload) or tmf_event.bare(payload, TICKET)
    if event.entity != TICKET:
        raise unreadable(
            "no troubleTicket in what should be a TMF621 notification", "set the topic's format to auto"
        )
    return of_event(event, rules)


def of_event(event: Event, rules: Rules) -> Reading:  # noqa: ARG001 - as every format
    """Return what the ticket of a notification says."""
    return answered(event, _WORDS)
