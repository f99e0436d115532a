"""What a foreign payload says, before the inventory knows whose it is.

Every format reads into these values. Instants are ms since the epoch, UTC. A payload may say several things
(a VES `eventList`), things that are no business of ours, or nothing that can be understood.
"""

from collections.abc import Collection
from enum import StrEnum

from qosresolve.core.inputs import Answer
from qosresolve.core.record import record
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError


class Mark(StrEnum):
    """What was noticed while reading: goes out as a word of `Degradation.marks`."""

    UNIT_UNKNOWN = "unitUnknown"
    CLOCK_OFF = "clockOff"
    TIME_ZONE_ASSUMED = "timeZoneAssumed"
    TIME_UNIT_GUESSED = "timeUnitGuessed"
    TIME_ASSUMED = "timeAssumed"
    SEVERITY_ASSUMED = "severityAssumed"


@record
class Observation:
    """One statement about one indicator of one object.

    `objects` are the names by which the inventory may know the object, the most specific first: the first
    that it knows counts. `source_id` is unique with source, kind, and sequence or time. `sequence` is the
    source's own order, 0 where it has none. `observed_at` is 0 where the source tells no time (then it is
    marked `timeAssumed`): the record's own time stands in for it. `value`, `threshold` and `unit` are
    normalised (see `units`); `raw` keeps the source's own text where that changed them. `cause_id` is the
    upstream cause, shared by what has the same one (TMF642 correlated alarm, ONAP closed loop).
    """

    source: str
    source_id: str
    sequence: int
    kind: DegradationKind
    indicator: str
    objects: tuple[str, ...]
    object_kind: ObjectKind
    severity: Severity
    observed_at: int
    value: str = ""
    threshold: str = ""
    unit: str = ""
    raw: str = ""
    cause_id: str = ""
    description: str = ""
    marks: tuple[Mark, ...] = ()


@record
class Reply:
    """What a neighbour says of a request, in TMF656 or TMF621 events.

    `channel` is `trouble-status` or `supplier-status`, the record that `answer` is written as; its
    `product_id` and `obligation_id` come from the external identifier that every request carries.
    """

    channel: str
    answer: Answer


@record
class Unmatched:
    """What a neighbour says of something that none of its identifiers ties to a request of ours: parked.

    `channel` as in `Reply`; `identifiers` are the external identifiers that it brought, for whoever looks for
    the request by hand.
    """

    channel: str
    identifiers: tuple[str, ...]
    reason: str


@record
class Ignored:
    """A part of a payload that says nothing about quality: what it was, and why it is passed over.

    `what` is the path of the part, then what it is: `eventList[1]: heartbeat`.
    """

    what: str
    reason: str


@record
class Refused:
    """A part of a payload that should say something and cannot be understood: a dead letter of its own.

    The other parts are taken. `what` is as in `Ignored`, `remedy` says what to mend.
    """

    what: str
    reason: str
    remedy: str


Said = Observation | Reply | Unmatched | Ignored | Refused


@record
class Reading:
    """All that one payload says. `format` is the name of what read it."""

    format: str
    observations: tuple[Observation, ...] = ()
    replies: tuple[Reply, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    refused: tuple[Refused, ...] = ()


def reading(name: str, said: Collection[Said]) -> Reading:
    """Return the reading of what a payload's parts say, each in its place.

    Raises PoisonRecordError where no part could be understood: then the payload as a whole is a dead letter.
    """
    observations = tuple([item for item in said if isinstance(item, Observation)])
    if observations and len(observations) == len(said):  # nearly always
        return Reading(name, observations)
    refused = tuple(item for item in said if isinstance(item, Refused))
    if len(refused) == len(said):
        raise _unreadable(refused)
    return Reading(
        name,
        observations,
        replies=tuple(item for item in said if isinstance(item, Reply)),
        unmatched=tuple(item for item in said if isinstance(item, Unmatched)),
        ignored=tuple(item for item in said if isinstance(item, Ignored)),
        refused=refused,
    )


def _unreadable(refused: tuple[Refused, ...]) -> PoisonRecordError:
    if not refused:
        return unreadable("nothing is said", "send at least one event")
    first = refused[0]
    more = f" (and {len(refused) - 1} more parts)" if len(refused) > 1 else ""
    return unreadable(f"{first.what}: {first.reason}{more}", first.remedy)


def unreadable(what: str, remedy: str, stage: str = "intake") -> PoisonRecordError:
    """Return what is raised for a payload that nobody understands: a dead letter with this reason."""
    return PoisonRecordError(what, stage=stage, remedy=remedy)
