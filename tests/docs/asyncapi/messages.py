"""The messages of each topic: Avro by reference, TM Forum's JSON beside it, dead letters as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qosresolve.contracts.tmf import activity, alert, supplier, trouble
from qosresolve.topics import DEAD_LETTERS, FOREIGN, REQUESTS, Topic
from tests.docs import avro
from tests.docs.asyncapi import headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qosresolve.contracts.tmf.fields import Field

Schema = dict[str, Any]
BINDING = "0.5.0"
AVRO = "application/vnd.apache.avro;version=1.9.0"
JSON = "application/json"
BYTES = "application/octet-stream"
_API: dict[str, tuple[str, Sequence[Field[Any]]]] = {
    "activity-request": ("TMF701 TaskFlow", activity.FIELDS),
    "trouble-request": ("TMF656 ServiceProblem", trouble.FIELDS),
    "supplier-request": ("TMF621 TroubleTicket", supplier.FIELDS),
    "escalation": ("TMF688 Event", ()),
}
_REPORT = "CustomerQosPerformanceDegradationReport"  # what an escalation's event is about


def of(topic: Topic) -> dict[str, Schema]:
    """Return the messages of a topic by their names."""
    return dict(_messages(topic))


def _messages(topic: Topic) -> Iterator[tuple[str, Schema]]:
    if topic == DEAD_LETTERS:
        yield "deadLetter", _bytes(topic, "A record that could not be taken, byte by byte as it came.")
        yield "resolution", _resolution(topic)
    elif topic == FOREIGN:
        yield "foreign", _bytes(topic, "A payload in the words of whoever sends it: see docs/intake.md.")
    else:
        schema = avro.own(topic.record)
        yield _lower(schema["name"]), _avro(topic, schema)
        if topic in REQUESTS:
            yield f"{_lower(schema['name'])}Json", _json(topic)


def _avro(topic: Topic, schema: Schema) -> Schema:
    payload = {"schemaFormat": AVRO, "schema": {"$ref": f"./schemas/{topic.record}.avsc"}}
    return {
        "title": schema["name"],
        "summary": schema["doc"],
        "contentType": "application/avro",
        **_headers(headers.of(topic)),
        "payload": payload,
        **_bound(topic),
    }


def _json(topic: Topic) -> Schema:
    api, fields = _API[topic.record]
    return {
        "title": api,
        "summary": f"The same as {api}, where edge_format is json: see docs/tmf.md.",
        "contentType": JSON,
        **_headers(headers.of_json(topic)),
        "payload": _event() if topic.record == "escalation" else _object(fields),
        **_bound(topic),
    }


def _object(fields: Sequence[Field[Any]]) -> Schema:
    return {
        "type": "object",
        "properties": {field.name: {"description": field.source} for field in fields},
    }


def _event() -> Schema:
    report = {"type": "object", "properties": {_lower(_REPORT): _object(alert.FIELDS)}}
    words = {"eventType": f"{_REPORT}JeopardyAlertEvent"}
    fixed = {name: {"type": "string", "const": value} for name, value in words.items()}
    return {"type": "object", "properties": {**fixed, "event": report}}


def _bytes(topic: Topic, summary: str) -> Schema:
    return {
        "summary": summary,
        "contentType": BYTES,
        **_headers(headers.of(topic)),
        "payload": {"type": "string", "format": "binary"},
        **_bound(topic),
    }


def _resolution(topic: Topic) -> Schema:
    return {
        "summary": "What somebody decided about a letter that lies before it: headers alone, no value.",
        **_headers(headers.of_resolution()),
        "payload": {"type": "null"},
        **_bound(topic),
    }


def _headers(schema: Schema | None) -> Schema:
    return {} if schema is None else {"headers": schema}


def _bound(topic: Topic) -> Schema:
    key = {"type": "string", "description": topic.key}
    return {"bindings": {"kafka": {"key": key, "bindingVersion": BINDING}}}


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
