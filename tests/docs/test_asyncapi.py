"""The AsyncAPI document says of topics, roles and headers what the code does, and its schemas are Avro."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastavro import parse_schema
from fastavro.schema import SchemaParseException, UnknownType

from qosresolve.contracts import headers as head
from qosresolve.contracts import schemas
from qosresolve.kafka.acls import TABLE, Operation, Role
from qosresolve.topics import JOURNAL, TOPICS, Kind, Topic
from tests.contracts.tmf.samples import TROUBLE
from tests.docs.generated import DOCS
from tests.docs.rights import NO_PART

DOCUMENT: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))


def channel_of(topic: Topic) -> tuple[str, dict[str, Any]]:
    found = [(name, each) for name, each in DOCUMENT["channels"].items() if each["address"] == topic.name]
    assert len(found) == 1, topic.name
    return found[0]


def messages_of(topic: Topic) -> list[dict[str, Any]]:
    _, channel = channel_of(topic)
    names = [message["$ref"].rpartition("/")[2] for message in channel["messages"].values()]
    return [DOCUMENT["components"]["messages"][name] for name in names]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_is_a_channel_as_it_is_created(topic: Topic) -> None:
    """Partitions, copies, clean-up, retention and key are those of the table and the defaults."""
    _, channel = channel_of(topic)
    kafka = channel["bindings"]["kafka"]
    assert (kafka["partitions"], kafka["replicas"]) == (12 if topic.co_partitioned else 1, 3)
    told = {
        name: ",".join(v) if isinstance(v, list) else str(v)
        for name, v in kafka["topicConfiguration"].items()
    }
    assert told == topic.config()
    keys = {message["bindings"]["kafka"]["key"]["description"] for message in messages_of(topic)}
    assert keys == {topic.key}


def test_no_channel_is_of_no_topic() -> None:
    """As many channels as topics, and one server, whose address is made of variables."""
    assert len(DOCUMENT["channels"]) == len(TOPICS)
    [server] = DOCUMENT["servers"].values()
    assert set(server["variables"]) == {"host", "port"}
    assert server["host"] == "{host}:{port}"


@pytest.mark.parametrize("role", Role)
def test_every_right_to_read_or_write_is_an_operation(role: Role) -> None:
    """And nothing else is: what a role may do is what it does."""
    actions = {Operation.READ: "receive", Operation.WRITE: "send"}
    rights = {
        (actions[operation], f"#/channels/{channel_of(need.subject)[0]}")
        for need in TABLE[role]
        if isinstance(need.subject, Topic) and role not in NO_PART
        for operation in need.operations
        if operation in actions
    }
    operations = {
        (each["action"], each["channel"]["$ref"])
        for name, each in DOCUMENT["operations"].items()
        if name.startswith(f"{role}.")
    }
    assert operations == rights


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.record], ids=lambda topic: topic.record)
def test_payloads_are_self_contained_avro(topic: Topic) -> None:
    """Each reference leads to a file that a parser takes by itself, and that reads what the code writes.

    The official parser lets a type pass that Avro does not know; fastavro does not.
    """
    avro = [message["payload"] for message in messages_of(topic) if "schemaFormat" in message["payload"]]
    if topic.kind is Kind.DEAD_LETTER:
        assert avro == []  # the bytes of any other topic
        return
    [payload] = avro
    schema = json.loads((DOCS / payload["schema"]["$ref"]).read_text(encoding="utf-8"))
    parse_schema(schema)
    assert schemas.parse(schema).fingerprint == schemas.current(topic.record).fingerprint


def test_a_type_that_avro_does_not_know_is_refused() -> None:
    """So the check above has teeth."""
    schema = json.loads((DOCS / "schemas" / "deadline.avsc").read_text(encoding="utf-8"))
    schema["fields"][0]["type"] = "strng"
    with pytest.raises((SchemaParseException, UnknownType)):
        parse_schema(schema)


def test_requests_and_journal_name_every_header_that_is_written() -> None:
    """CloudEvents in binary mode, and the trace's context, which comes only where an input brought one."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    request = dict(head.for_request(TROUBLE, trace))
    told = DOCUMENT["components"]["messages"]["troubleRequest"]["headers"]
    assert set(request) == set(told["properties"])
    assert set(told["required"]) == set(request) - {"traceparent", "ce_subject"}
    assert told["properties"]["ce_type"]["const"] == request["ce_type"].decode()
    [entry] = messages_of(JOURNAL)
    assert set(request) == set(entry["headers"]["properties"])


def test_dead_letters_name_their_provenance() -> None:
    """Kafka Connect's names; what was decided about one has headers of its own and no value."""
    letter = DOCUMENT["components"]["messages"]["deadLetter"]["headers"]
    assert {name.removeprefix("__connect.errors.") for name in letter["required"]} == {
        "topic",
        "partition",
        "offset",
        "connector.name",
        "stage",
        "exception.class.name",
        "exception.message",
    }
    assert DOCUMENT["components"]["messages"]["resolution"]["payload"] == {"type": "null"}


def test_every_file_of_a_schema_is_referred_to_or_part_of_one() -> None:
    """The folder has one file a record."""
    files = {path.stem for path in (Path(DOCS) / "schemas").glob("*.avsc")}
    assert files == set(schemas.records())
