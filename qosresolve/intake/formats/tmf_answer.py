"""What a neighbour says of a request, in a TMF656 ServiceProblem or a TMF621 TroubleTicket alike.

The two differ in the names of some fields, which `Words` has. A request is known by the external identifier
that it was sent with; what carries none of ours is `Unmatched`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from qosresolve.contracts.tmf.identifier import OWNER, identified
from qosresolve.core.inputs import Answer
from qosresolve.core.vocabulary import AnswerState
from qosresolve.intake.formats.tmf_event import Event, names
from qosresolve.intake.paths import Json, Object, first, items, obj, objects, text
from qosresolve.intake.reading import Ignored, Reading, Reply, Unmatched
from qosresolve.intake.times import instant
from qosresolve.intake.words import plain

LEFT_OUT = {
    "externalIdentifier[*].externalIdentifierType": "the identifier itself says whose it is",
    "externalIdentifier[*].owner": "as externalIdentifierType",
    "note": "of people; the newest is taken where no reason is told",
    "relatedParty[*].role": "looked at for the supplier",
    "responsibleParty.role": "the field says it",
    "statusChange": "history; its newest reason is taken where the status has none",
    "statusChangeDate": "taken where no event tells a time",
    "statusChangeHistory": "as statusChange",
    "statusChangeReason": "what is asked for says more",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What differs: the format, its channel, and the names of fields."""

    format: str
    channel: str
    characteristics: str
    responsible: tuple[str, ...]  # fields with who answers
    parents: str = ""


_STATES = {
    "acknowledged": AnswerState.ACCEPTED,
    "accepted": AnswerState.ACCEPTED,
    "inprogress": AnswerState.IN_PROGRESS,
    "pending": AnswerState.IN_PROGRESS,
    "held": AnswerState.IN_PROGRESS,
    "reopened": AnswerState.IN_PROGRESS,  # MEF LSO Sonata, as the next one
    "assessingcancellation": AnswerState.IN_PROGRESS,
    "resolved": AnswerState.RESOLVED,
    "closed": AnswerState.RESOLVED,
    "rejected": AnswerState.REJECTED,
    "cancelled": AnswerState.CANCELLED,
    "canceled": AnswerState.CANCELLED,
}
_ENDED = (AnswerState.RESOLVED, AnswerState.REJECTED, AnswerState.CANCELLED)
_WAITS = ("pending", "held")  # told in the note, for the answer's state has no word for it
_SENT = ("submitted", "queued", "new", "")
_EXPECTED = frozenset({"expectedresolutiondate", "estimatedtimetorestore", "estimatedresolutiondate"})
_SUPPLIERS = ("supplier", "serviceprovider", "seller", "responsible", "responsibleparty")


def answered(event: Event, words: Words) -> Reading:
    """Return what an event says of the request that it belongs to."""
    state = _state(event)
    if state is None:
        reason = "it has neither a status that answers a request nor a date by which it is to be resolved"
        return Reading(words.format, ignored=(Ignored(f"{event.entity}: {event.verb or 'bare'}", reason),))
    identifiers = tuple(dict.fromkeys(_identifiers(event.body)))
    ours = next((found for found in map(identified, identifiers) if found is not None), None)
    if ours is None:
        reason = "none of its external identifiers is one that a request of ours was sent with"
        return Reading(words.format, unmatched=(Unmatched(words.channel, identifiers, reason),))
    return Reading(words.format, replies=(Reply(words.channel, _answer(event, state, ours, words)),))


def is_ours(event: Event) -> bool:
    """Tell whether an event carries the external identifier of a request."""
    return any(identified(text_) is not None for text_ in _identifiers(event.body))


def _answer(event: Event, state: AnswerState, ours: tuple[str, str], words: Words) -> Answer:
    body = event.body
    at = event.at or instant(first(body, "statusChangeDate", "lastUpdate"))
    own_id = text(body.get("id"))
    return Answer(
        product_id=ours[0],
        answer_id=event.event_id or f"{own_id}-{plain(body.get('status'))}-{at.at if at else 0}",
        obligation_id=ours[1],
        state=state,
        at=at.at if at else 0,
        party=_party(event, words),
        external_id=own_id,
        parent_id=next(names(body.get(words.parents)), "") if words.parents else "",
        expected_at=_expected(body, words),
        note=_note(event, state),
    )


# -- which request


def _identifiers(body: Object) -> Iterator[str]:
    """Yield what may tie it to a request: `externalIdentifier[]`, in v4 of TMF621 `externalId`."""
    for name in ("externalIdentifier", "externalId"):
        for item in items(body.get(name)):
            found = text(first(item, "id", "externalIdentifierId") if isinstance(item, dict) else item)
            if found:
                yield found


# -- what it says


def _state(event: Event) -> AnswerState | None:
    """Return what an event says; None where it only shows that it was received, or changes nothing of it."""
    status = plain(event.body.get("status"))
    said = _STATES.get(status)
    match event.verb:
        case "informationrequired":
            return AnswerState.INFORMATION_REQUIRED
        case "resolved":
            return AnswerState.RESOLVED
        case "delete" if said not in _ENDED:
            return AnswerState.CANCELLED
    if said is None and status in _SENT:
        return AnswerState.IN_PROGRESS if not status and event.body.get("expectedResolutionDate") else None
    return said or AnswerState.UNKNOWN


def _note(event: Event, state: AnswerState) -> str:
    body = event.body
    if state is AnswerState.INFORMATION_REQUIRED:
        return "; ".join(_questions(event.required)) or _reason(body) or event.said
    if state is AnswerState.UNKNOWN:
        return f"status {text(body.get('status'))}"
    status = plain(body.get("status"))
    return ": ".join(part for part in (status if status in _WAITS else "", _reason(body)) if part)


def _reason(body: Object) -> str:
    """Return why the status is as it is; where that is not said, the newest of their notes."""
    changes = list(objects(first(body, "statusChangeHistory", "statusChange")))
    told = changes[-1] if changes else {}
    notes = [note for note in objects(body.get("note")) if text(note.get("author")) != OWNER]
    return (
        text(body.get("statusChangeReason"))
        or text(first(told, "statusChangeReason", "changeReason"))
        or (text(notes[-1].get("text")) if notes else "")
    )


def _questions(required: Json) -> Iterator[str]:
    """Yield what is asked: a list in TMF656, one object in TMF621, texts or a path to a field elsewhere."""
    for item in items(required):
        if not isinstance(item, dict):
            yield text(item)
            continue
        told = (first(item, "name", "fieldPath", "id"), first(item, "description", "text", "value"))
        yield ": ".join(part for part in map(text, told) if part)


def _expected(body: Object, words: Words) -> int | None:
    """Return by when it is to be resolved; TMF656 has no field for it, only characteristics."""
    found = instant(body.get("expectedResolutionDate"))
    for item in () if found else objects(body.get(words.characteristics)):
        if plain(item.get("name")) in _EXPECTED:
            found = instant(item.get("value"))
    return found.at if found else None


def _party(event: Event, words: Words) -> str:
    """Return who answers: who is responsible, the supplier of those related, or the system that sends it."""
    body = event.body
    for name in words.responsible:
        for party in objects(body.get(name)):
            if name != "relatedParty" or plain(party.get("role")) in _SUPPLIERS:
                found = next(names(obj(party.get("partyOrPartyRole")) or party), "")
                if found:
                    return found
    return event.system or text(body.get("originatingSystem"))
