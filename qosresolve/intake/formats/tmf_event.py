"""What the notifications of all TM Forum Open APIs have in common, and how their entities name things.

A notification is `{eventId, eventTime, eventType, event: {<entity>: {...}}}`. It may lie in another one: in
the `event` of a TMF688 Event, which a hub may wrap once more, or in the `notification` of a TMF656
ServiceProblemEventRecord. What an entity says is the business of the module of its API.
"""

from collections.abc import Iterator, Sequence
from dataclasses import field

from qosresolve.core.record import record
from qosresolve.intake.paths import Json, Object, first, items, obj, text
from qosresolve.intake.times import Instant, instant
from qosresolve.intake.words import plain

ALARM, PROBLEM, TICKET, VIOLATION = "alarm", "serviceProblem", "troubleTicket", "slaViolation"

LEFT_OUT = {
    "@baseType": "fields are read by name, whatever the type is derived from",
    "@referredType": "what a reference is to, its field says",
    "@schemaLocation": "as @baseType",
    "@type": "as @baseType; of a notification, where eventType does not say it",
    "analyticCharacteristic": "what an analytics system made of it",
    "correlationId": "of messages, not of what they are about",
    "description": "taken where the entity itself asks without words",
    "domain": "the owning API is known by its entity",
    "eventTime": "taken where no time says when it occurred",
    "href": "where it is, not what it says; its end is a name where a reference has no other",
    "priority": "of the message, not of the trouble",
    "recordTime": "when it was noted",
    "relatedParty": "whose it is, the inventory knows",
    "reportingSystem": "taken where the entity names no system",
    "serviceProblem.id": "the entity in the notification says it too",
    "source": "taken where the entity names no object, or no system",
    "timeReceived": "when another system got it",
    "eventId": "of another notification around this one, or of an entity that has its own",
    "timeOccurred": "taken where the entity tells no time",
    "timeOcurred": "as timeOccurred",
    "title": "as description",
}

_ENTITIES = {
    "alarm": ALARM,
    "resourcealarm": ALARM,
    "servicealarm": ALARM,
    "serviceproblem": PROBLEM,
    "troubleticket": TICKET,
    "slaviolation": VIOLATION,
    "servicelevelagreementviolation": VIOLATION,
}
_WRAPPED = ("event", "notification", "serviceProblemEventRecord")
_HEAD = ("eventType", "eventId", "eventTime", "recordTime", "@type")
_MOST_WRAPPERS = 4
# v4 has the misspelt name in all of its events, and v5 in the examples of TMF656.
_TIMES = ("timeOccurred", "timeOcurred", "eventTime")


@record
class Event:
    """A notification, opened. `entity` is empty where it is of an API that says nothing of quality.

    `verb` is what happened to it, such as `create` or `statechange`, empty for an entity that came bare.
    `wrappers` are the notifications around it, the innermost first, and `held` is what that one holds; the
    properties ask them when they are asked. `told` stands in where an entity lies in another one.
    """

    entity: str
    verb: str
    body: Object
    wrappers: Sequence[Object] = ()
    held: Object = field(default_factory=dict)
    told: "Told | None" = None

    @property
    def event_id(self) -> str:
        """Return the id of the innermost notification."""
        return _first(self.wrappers, "eventId", "id")

    @property
    def system(self) -> str:
        """Return who reports it; what it is about, where no system is named."""
        refs = (item.get(name) for name in ("reportingSystem", "source") for item in self.wrappers)
        return next((name for ref in refs for name in names(ref)), self.told.system if self.told else "")

    @property
    def about(self) -> tuple[str, ...]:
        """Return the names of the entity that it is about (TMF688 source)."""
        found = unique(name for item in self.wrappers for name in names(item.get("source")))
        return found or (self.told.about if self.told else ())

    @property
    def at(self) -> Instant | None:
        """Return when it occurred."""
        times = (instant(first(item, *_TIMES)) for item in self.wrappers)
        return next((at for at in times if at is not None), self.told.at if self.told else None)

    @property
    def said(self) -> str:
        """Return its description or title."""
        return _first(self.wrappers, "description", "title")

    @property
    def required(self) -> Json:
        """Return informationRequired, which lies beside the entity, in it, or around it; else a fieldPath."""
        beside = first(self.held, "informationRequired") or first(self.body, "informationRequired")
        around = (first(item, "informationRequired", "fieldPath") for item in self.wrappers)
        return beside or next((item for item in around if item is not None), None)


@record
class Told:
    """What an entity says of those that lie in it: who reports them, what they are about, and when."""

    system: str
    about: tuple[str, ...]
    at: Instant | None


def is_event(payload: Json) -> bool:
    """Tell whether a payload is a notification, of whatever entity."""
    return (
        isinstance(payload, dict)
        and any(isinstance(payload.get(name), dict) for name in _WRAPPED)
        and any(name in payload for name in _HEAD)
    )


def is_event_of(payload: Json, entity: str) -> bool:
    """Tell whether a payload is a plain notification of an entity; wrapped ones are TMF688's business."""
    if not isinstance(payload, dict):
        return False
    held = payload.get("event")
    return isinstance(held, dict) and entity in held


def bare(payload: Json, entity: str) -> Event:
    """Return an entity that came without a notification around it."""
    return Event(entity, "", obj(payload))


def opened(payload: Json) -> Event | None:
    """Return the innermost notification, with what those around it say and it does not; None without one."""
    wrappers: list[Object] = []
    inner = _held(payload)
    while inner is not None and len(wrappers) < _MOST_WRAPPERS:
        wrappers.insert(0, obj(payload))
        found = _entity(inner, _type(wrappers))
        if found is not None:
            entity, body = found
            return Event(entity, _verb(_type(wrappers), entity), body, wrappers, inner)
        payload, inner = inner, _held(inner)
    return Event("", _type(wrappers), {}, wrappers) if wrappers else None


def _held(payload: Json) -> Object | None:
    for name in _WRAPPED:
        held = obj(payload).get(name)
        if isinstance(held, dict):
            return held
    return None


def _entity(held: Object, event_type: str) -> tuple[str, Object] | None:
    """Return the entity that a notification holds; it may lie there without its name.

    What lies beside another notification only says what that one is about.
    """
    if isinstance(held.get("notification"), dict):
        return None
    for name, item in held.items():
        known = _ENTITIES.get(plain(name))
        if known is not None and obj(item):
            return known, obj(item)
    named = next((name for name in _ENTITIES if event_type.startswith(name)), None)
    if named is None or any(name in held for name in _WRAPPED):
        return None
    return (_ENTITIES[named], held) if held else None


def _first(wrappers: Sequence[Object], *fields: str) -> str:
    found = (text(item.get(name)) for item in wrappers for name in fields)
    return next((item for item in found if item), "")


def _type(wrappers: list[Object]) -> str:
    """Return the event type as a plain word, without the name of a schema or package before it."""
    found = (text(item.get(name)) for item in wrappers for name in ("eventType", "@type"))
    last = next((item for item in found if item), "").replace("/", ".").replace(":", ".").rpartition(".")[2]
    return plain(last).removesuffix("event").removesuffix("notification")


def _verb(event_type: str, entity: str) -> str:
    for name, known in _ENTITIES.items():
        if known == entity and event_type.startswith(name):
            return event_type.removeprefix(name)
    return event_type


def names(value: Json) -> Iterator[str]:
    """Yield the names of the entities that references tell of: id, then name, else the end of `href`.

    A reference may be one object, an array of them, or a text in the place of either.
    """
    for item in items(value):
        if isinstance(item, dict):
            yield from _names(item)
        elif text(item):
            yield text(item)


def _names(ref: Object) -> Iterator[str]:
    known = [name for name in (text(ref.get("id")), text(ref.get("name"))) if name]
    end = text(ref.get("href")).rstrip("/").rpartition("/")[2]
    yield from known or ([end] if end else [])


def unique(found: Iterator[str]) -> tuple[str, ...]:
    """Return names in their order, each once."""
    return tuple(dict.fromkeys(found))
