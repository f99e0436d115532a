"""What a foreign payload says, before the inventory knows whose it is.

Every format reads into these values. Instants are ms since the epoch, UTC. A payload may say several things
(a VES `eventList`), things that are no business of ours, or nothing that can be understood.
"""

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
    source's own order, 0 where it has none. `value`, `threshold` and `unit` are normalised (see `units`);
    `raw` keeps the source's own text where that changed them. `cause_id` is the upstream cause, shared by
    what has the same one (TMF642 correlated alarm, ONAP closed loop).
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
class Ignored:
    """A part of a payload that says nothing about quality: what it was, and why it is passed over."""

    what: str
    reason: str


@record
class Reading:
    """All that one payload says. `format` is the name of what read it."""

    format: str
    observations: tuple[Observation, ...] = ()
    replies: tuple[Reply, ...] = ()
    ignored: tuple[Ignored, ...] = ()


def unreadable(what: str, remedy: str, stage: str = "intake") -> PoisonRecordError:
    """Return what is raised for a payload that nobody understands: a dead letter with this reason."""
    return PoisonRecordError(what, stage=stage, remedy=remedy)
