"""Headers of records as JSON schemas, made of what the code really writes.

The names come from the functions that write headers, given a sample; what each means is said here, and a name
that nobody has said anything of stops the generator. Kafka's header values are bytes: all of them hold text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qosresolve.contracts import headers as head
from qosresolve.contracts.records import record_of
from qosresolve.contracts.tmf.edge import CONTENT_TYPE, Edge
from qosresolve.core.facts import Entry
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.acls import Operation, Role
from qosresolve.kafka.dead_letters import Origin, letter
from qosresolve.kafka.incoming import LEFT_OUT
from qosresolve.kafka.intake.parked import RETRY
from qosresolve.kafka.intake.shared import passed_on
from qosresolve.kafka.staging import FORWARDED_FROM
from qosresolve.replay.dead.letters import DISCARDED, REDRIVEN, Id, Letter, Spot, again, resolved
from qosresolve.topics import PARTITION, Kind, Names, Topic
from tests.contracts.tmf.samples import ACTIVITY, CAUSE, NOTICE, NOW, SUPPLIER, TROUBLE
from tests.docs.rights import reads_or_writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qosresolve.core.requests import Request

Schema = dict[str, Any]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ASKED: dict[str, Request] = {
    record_of(request): request for request in (ACTIVITY, TROUBLE, SUPPLIER, NOTICE)
}  # one sample for each topic of requests
_ENTRY = Entry("prod/1", CAUSE, NOW, Outcome.APPLIED, Rule.NONE, "h", b"")
_SPOT = Spot("qos.degradation.v1", 3, 42)
_LETTER = Letter(Id(3, 17), NOW, _SPOT, "decode", "e", b"k", b"v", (), 1)

_PLACE = r"^.+/\d+/\d+$"
_NUMBER = r"^-?\d{1,19}$"
_ABOUT: dict[str, Schema] = {
    "traceparent": {
        "description": "W3C trace context. What an input brings goes on into all that comes of it.",
        "pattern": r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
    },
    "content-type": {"description": "CloudEvents datacontenttype, by the Kafka protocol binding."},
    "ce_specversion": {"description": "CloudEvents version."},
    "ce_source": {"description": "CloudEvents source.", "format": "uri-reference"},
    "ce_type": {"description": "CloudEvents type."},
    "ce_time": {
        "description": "When it was decided, RFC 3339, UTC, milliseconds. The same over any replay.",
        "format": "date-time",
    },
    "ce_id": {"description": "CloudEvents id, the same over any replay: drop what you have seen."},
    "ce_subject": {"description": "The report's id; absent where it is about none."},
    "ce_dataschema": {"description": "API, version and definition, and so whether it creates or changes."},
    "ce_action": {"description": "What is asked, see docs/tmf.md."},
    "due": {
        "description": "When somebody must look at it, ms since the epoch, UTC; absent: nothing is armed.",
        "pattern": _NUMBER,
    },
    "alarm": {"description": "Number of that alarm; always beside `due`.", "pattern": _NUMBER},
    "deadline-next": {
        "description": "The next offset of the deadline topic that the partition has to take.",
        "pattern": _NUMBER,
    },
    FORWARDED_FROM: {
        "description": "Where a record lay that a foreign partitioner had put elsewhere.",
        "pattern": _PLACE,
    },
    passed_on("", None)[0][0]: {
        "description": "Where the foreign payload lay that intake made it of.",
        "pattern": _PLACE,
    },
    RETRY: {"description": "Key of what is parked and to be read again (`qosresolve parked retry`)."},
    "qosresolve.redrive.attempt": {
        "description": "Which redrive of this record it is, from 1.",
        "pattern": _NUMBER,
    },
    "qosresolve.redrive.of": {"description": "Its dead letter.", "pattern": _PLACE},
    "qosresolve.redrive.origin": {"description": "Where it lay the very first time.", "pattern": _PLACE},
    "qosresolve.resolution": {"description": "What was decided.", "enum": [REDRIVEN, DISCARDED]},
    "qosresolve.resolution.of": {"description": "The letter: partition/offset.", "pattern": r"^\d+/\d+$"},
    "qosresolve.resolution.by": {"description": "Who decided it."},
    "qosresolve.resolution.reason": {"description": "Why."},
    "qosresolve.resolution.to": {"description": "Where a redriven record went.", "pattern": _PLACE},
    "__connect.errors.topic": {"description": "Topic that the record lay in."},
    "__connect.errors.partition": {"description": "Partition there.", "pattern": _NUMBER},
    "__connect.errors.offset": {"description": "Offset there.", "pattern": _NUMBER},
    "__connect.errors.connector.name": {"description": "Who buried it."},
    "__connect.errors.stage": {"description": "Where it failed: see the label of the metrics."},
    "__connect.errors.exception.class.name": {"description": "Class of the error."},
    "__connect.errors.exception.message": {"description": "What is wrong; nothing of the payload."},
    LEFT_OUT: {"description": "What could not be copied: sizes of key, value and headers."},
    f"{LEFT_OUT}.sha256": {
        "description": "SHA-256 of the value that was left out.",
        "pattern": "^[0-9a-f]{64}$",
    },
}


def of(topic: Topic) -> Schema | None:
    """Return the headers of a topic's records, None where they have none."""
    made = _MADE.get(topic.kind)
    return made(topic) if made else None


def _input(topic: Topic) -> Schema:
    return _object(_names([*again(_LETTER, "", 1, _SPOT), *_from_elsewhere(topic)]))


def _request(topic: Topic) -> Schema:
    return _written(head.for_request(ASKED[topic.record], TRACE), {"ce_type": [_type(topic)]})


def _entry(_: Topic) -> Schema:
    written = [*head.for_entry(_ENTRY, TRACE), ("ce_subject", b"")]  # the sample is about no report
    return _written(written, {"ce_type": sorted(head._TYPES.values())})


def _state(topic: Topic) -> Schema:
    return _object(_names(head.deadline_next(1) if topic == PARTITION else head.alarm_headers(1, 1)))


def _foreign(_: Topic) -> Schema:
    return _object(["traceparent", RETRY])


def of_json(topic: Topic) -> Schema:
    """Return the headers of a request that is TM Forum's JSON."""
    edges = [Edge(version, "us").request(ASKED[topic.record]) for version in ("v4", "v5")]
    written = head.for_request(ASKED[topic.record], TRACE, form=edges[0].form())
    api = f"^urn:qosresolve:{edges[0].api}:v[45]:"
    schema = _written(written, {"ce_type": [_type(topic)], "content-type": [CONTENT_TYPE.decode()]})
    schema["properties"]["ce_dataschema"] = _ABOUT["ce_dataschema"] | {"type": "string", "pattern": api}
    return schema


def of_resolution() -> Schema:
    """Return the headers of what was decided about a dead letter."""
    always, redriven = resolved(_LETTER.id, DISCARDED, "", ""), resolved(_LETTER.id, REDRIVEN, "", "", _SPOT)
    return _object(_names(redriven), required=_names(always))


def _from_elsewhere(topic: Topic) -> list[tuple[str, bytes | None]]:
    """An event of intake says where its payload lay; any input may have been sent on."""
    came = passed_on("t/0/0", TRACE) if topic in reads_or_writes(Role.INTAKE, Operation.WRITE) else []
    return [("traceparent", b""), (FORWARDED_FROM, b""), *came]


def _letter(_: Topic) -> Schema:
    error = PoisonRecordError("e", stage="decode")
    found = Origin(_SPOT.topic, 3, 42, b"k", b"v", [])
    written = _names(letter(Names(""), found, error, 3).headers)
    return _object([*written, LEFT_OUT, f"{LEFT_OUT}.sha256"], required=written)


def _type(topic: Topic) -> str:
    return dict(head.for_request(ASKED[topic.record], None))["ce_type"].decode()


def _written(headers: head.Headers, known: Mapping[str, list[str]]) -> Schema:
    """Return the schema of headers that are always there, but for subject and trace context."""
    fixed = {name: [value.decode()] for name, value in headers if name in _FIXED} | dict(known)
    names = _names(headers)
    return _object(names, required=[name for name in names if name not in _NOT_ALWAYS], values=fixed)


_FIXED = ("ce_specversion", "content-type", "ce_source")
_NOT_ALWAYS = ("ce_subject", "traceparent")


def _names(headers: Iterable[tuple[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for name, _ in headers))


def _object(
    names: list[str], required: Iterable[str] = (), values: Mapping[str, list[str]] | None = None
) -> Schema:
    properties = {name: {"type": "string", **_ABOUT[name]} for name in names}
    for name, allowed in (values or {}).items():
        properties[name] |= {"const": allowed[0]} if len(allowed) == 1 else {"enum": allowed}
    needed = list(required)
    return {"type": "object", "properties": properties, **({"required": needed} if needed else {})}


_MADE: dict[Kind, Callable[[Topic], Schema]] = {
    Kind.INPUT: _input,
    Kind.REQUEST: _request,
    Kind.JOURNAL: _entry,
    Kind.STATE: _state,
    Kind.DEAD_LETTER: _letter,
    Kind.FOREIGN: _foreign,
}
