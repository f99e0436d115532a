"""The common event header of VES: who speaks, of what, when (`commonEventHeader`, VES 5 to 7.2).

What the domains share lies here too: the names of an object, and name-value pairs, which are an array in
VES 5 and an object in VES 7.
"""

from qosresolve.contracts.limits import EARLIEST, LATEST
from qosresolve.core.record import record
from qosresolve.intake.paths import Json, Object, objects, text, whole
from qosresolve.intake.reading import Mark
from qosresolve.intake.times import Instant, instant

LEFT_OUT = {
    "commonEventHeader.version": "fields are read by name, whatever the version",
    "commonEventHeader.vesEventListenerVersion": "fields are read by name, whatever the version",
    "commonEventHeader.priority": "how fast the collector should work; the severity says how bad it is",
    "commonEventHeader.eventName": "taken where there is no eventId, and for the thresholds of a measurement",
    "commonEventHeader.eventType": "says no more than the domain's own fields",
    "commonEventHeader.nfNamingCode": "a kind of network function, not one that the inventory could know",
    "commonEventHeader.nfcNamingCode": "a kind of component, not one that the inventory could know",
    "commonEventHeader.nfVendorName": "whose make it is changes nothing for the customer",
    "commonEventHeader.timeZoneOffset": "epochs need no zone",
    "commonEventHeader.internalHeaderFields": "the collector's own notes",
    "commonEventHeader.startEpochMicrosec": "when it began, taken for a raise; what follows has the last",
    "commonEventHeader.lastEpochMicrosec": "when it was last seen; a raise has startEpochMicrosec",
    "commonEventHeader.reportingEntityName": "who told of it; taken where no source is named",
    "commonEventHeader.reportingEntityId": "who told of it; taken where no source is named",
    "commonEventHeader.stndDefinedNamespace": "taken where the domain is stndDefined",
    "VESversion": "a collector's note outside of the event",
}

_NAMES = (
    "sourceName", "objectName", "managedObject", "managedElement", "elementName", "nodeName", "node-id",
    "deviceName", "equipName", "vnfName", "pnfName", "cellName",
)  # fmt: skip
_ASSUMED = Instant(0, (Mark.TIME_ASSUMED,))


@record
class Header:
    """What every domain needs of it. `names` are the source's, the best first; none where it names nobody."""

    domain: str
    event_id: str
    event_name: str
    names: tuple[str, ...]
    reporter: str
    sequence: int
    start: Instant | None
    last: Instant | None

    @property
    def source(self) -> str:
        """Return whose event id it is: VES makes it unique to the event source."""
        return self.names[0]

    @property
    def began(self) -> Instant:
        """Return the instant of a raise; 0, marked, where the header has none."""
        return self.start or self.last or _ASSUMED

    @property
    def latest(self) -> Instant:
        """Return the instant of an update or abatement: a fault keeps its start until it is cleared."""
        return self.last or self.start or _ASSUMED


def header(common: Object, extra: Json = None) -> Header:
    """Read the header of one event. `extra` are its additional fields, for a source that has no name."""
    get = common.get
    event_name = text(get("eventName"))
    domain = text(get("domain"))
    return Header(
        domain,
        text(get("eventId")) or event_name or domain,
        event_name,
        _names(common, extra),
        text(get("reportingEntityName")),
        whole(get("sequence")),
        epoch(get("startEpochMicrosec")),
        epoch(get("lastEpochMicrosec")),
    )


def epoch(value: Json) -> Instant | None:
    """Return the instant of a field of microseconds, which may have milliseconds, or text."""
    if value.__class__ is int and EARLIEST * 1000 <= value < LATEST * 1000:  # what it should be
        return Instant(value // 1000)
    return instant(value, "us")


def _names(common: Object, extra: Json) -> tuple[str, ...]:
    name, number = text(common.get("sourceName")), text(common.get("sourceId"))
    if name:
        return (name, number) if number and number != name else (name,)
    found = [text(named(extra, field)) for field in _NAMES] if extra else []
    found += [number, text(common.get("reportingEntityName")), text(common.get("reportingEntityId"))]
    return tuple(dict.fromkeys(filter(None, found)))


def parts(names: tuple[str, ...], part: str) -> tuple[str, ...]:
    """Return the names of a part of a source, then the source's: an interface's name is unique there only."""
    return (f"{names[0]}/{part}", *names) if part else names


def named(pairs: Json, name: str) -> Json:
    """Return one of some name-value pairs, an object (VES 7) or an array of `name` and `value` (VES 5)."""
    if isinstance(pairs, dict):
        return pairs.get(name)
    for pair in objects(pairs):
        if text(pair.get("name")) == name:
            return pair.get("value")
    return None
