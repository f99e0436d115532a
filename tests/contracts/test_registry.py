"""With a schema registry: Confluent framing, other versions, and what a registry may do to us."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.common.schema_registry_client import SchemaVersion
from confluent_kafka.schema_registry.error import SchemaRegistryError
from fastavro import parse_schema, schemaless_writer

from qosresolve.contracts import codec as codecs
from qosresolve.contracts import confluent, schemas
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.confluent import ConfluentCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Deadline
from qosresolve.errors import ConfigError, PoisonRecordError, RetriableError
from tests.registry.faulty import CUT, Faulty

UNKNOWN = SchemaRegistryError(404, 40403, "no such schema")
UNHEARD_OF = b"\x00\x00\x00\x00\x63" + b"\x00" * 8
DEADLINE = Deadline("prod-1", "r-1", 3, 1_760_000_000_000)


@pytest.fixture
def client() -> SchemaRegistryClient:
    """A registry in memory, empty."""
    return SchemaRegistryClient.new_client({"url": "mock://x"})


def codec_of(client: SchemaRegistryClient, *, register: bool = True) -> ConfluentCodec:
    """Return a codec with one subject a record."""
    return ConfluentCodec(client, lambda record: f"{record}-value", register=register)


def framed(client: SchemaRegistryClient, schema: dict[str, Any], value: object, kind: str = "AVRO") -> bytes:
    """Return a value as a foreign writer with its own schema frames it."""
    schema_id = client.register_schema("foreign", Schema(json.dumps(schema), kind))
    body = BytesIO()
    schemaless_writer(body, parse_schema(schema), value)
    return b"\x00" + schema_id.to_bytes(4, "big") + body.getvalue()


def deadline_schema(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Return the schema of deadline, changed."""
    schema: dict[str, Any] = json.loads(schemas.text("deadline"))
    change(schema)
    return schema


def test_the_frame(client: SchemaRegistryClient) -> None:
    """00, then the id that the registry gave, big-endian; the schema there is the bundled one, whole."""
    data = Contracts(codec_of(client)).write_input(DEADLINE)[1]
    registered = client.get_latest_version("deadline-value")
    assert data[:5] == b"\x00" + (registered.schema_id or 0).to_bytes(4, "big")
    assert registered.schema.schema_str == schemas.text("deadline")
    assert Contracts(codec_of(client)).read_input("deadline", data) == DEADLINE


@pytest.mark.parametrize("record", schemas.records())
def test_every_record_can_be_registered(record: str, client: SchemaRegistryClient) -> None:
    """What a registry holds of ours is admitted again by the reader."""
    schema_id = client.register_schema(record, Schema(schemas.text(record), "AVRO"))
    with pytest.raises(PoisonRecordError, match="EOFError"):
        codec_of(client).decode(record, b"\x00" + schema_id.to_bytes(4, "big"))


def test_both_frames_are_read(client: SchemaRegistryClient) -> None:
    """A reader with a registry takes single-object encoding too: a deployment may change over."""
    data = Contracts(SingleObjectCodec()).write_input(DEADLINE)[1]
    assert Contracts(codec_of(client)).read_input("deadline", data) == DEADLINE


def test_without_registration(client: SchemaRegistryClient) -> None:
    """A codec that may not register looks up; a schema that is not there is a matter of configuration."""
    with pytest.raises(ConfigError, match="schema_registry_url"):
        Contracts(codec_of(client, register=False)).write_input(DEADLINE)
    registered = Contracts(codec_of(client)).write_input(DEADLINE)
    assert Contracts(codec_of(client, register=False)).write_input(DEADLINE) == registered


def test_a_newer_writer(client: SchemaRegistryClient) -> None:
    """A field that a newer writer added is passed over."""

    def add(schema: dict[str, Any]) -> None:
        schema["fields"].append({"name": "skew", "type": "long"})

    value = {"product_id": "prod-1", "report_id": "r-1", "alarm": 3, "due": DEADLINE.due, "skew": 1}
    data = framed(client, deadline_schema(add), value)
    assert Contracts(codec_of(client)).read_input("deadline", data) == DEADLINE


def test_a_newer_symbol(client: SchemaRegistryClient) -> None:
    """A symbol that this version does not know reads as the enumeration's default."""
    schema = json.loads(schemas.text("activity-status"))
    state = next(field for field in schema["fields"] if field["name"] == "state")
    state["type"]["symbols"].append("astonished")
    value = {
        "product_id": "p",
        "answer_id": "a",
        "request_id": "o",
        "state": "astonished",
        "at": DEADLINE.due,
    }
    answer = codec_of(client).decode("activity-status", framed(client, schema, value))
    assert answer["state"] == "unknown"
    assert answer["finding"] is None
    finding = {"source": "lab", "sequence": 1, "at": DEADLINE.due, "cause_kind": "service"}
    answer = codec_of(client).decode("activity-status", framed(client, schema, value | {"finding": finding}))
    assert answer["finding"]["cause_kind"] == "service"


def test_an_older_writer(client: SchemaRegistryClient) -> None:
    """A field that an older writer does not have reads as its default; one without a default is poison."""
    schema = json.loads(schemas.text("degradation"))
    kept = [field for field in schema["fields"] if "default" not in field]
    value = {
        "product_id": "p", "event_id": "e", "source": "s", "sequence": 1, "kind": "raise", "indicator": "i",
        "object_id": "o", "object_kind": "service", "severity": "major", "observed_at": DEADLINE.due,
    }  # fmt: skip
    read = codec_of(client).decode("degradation", framed(client, schema | {"fields": kept}, value))
    assert read["unit"] == ""
    with pytest.raises(PoisonRecordError, match="SchemaResolutionError"):
        codec_of(client).decode("degradation", framed(client, schema | {"fields": kept[:-1]}, value))


def test_a_newer_fact(client: SchemaRegistryClient) -> None:
    """A fact that this version does not know is poison, never passed over: the fold would be wrong."""
    schema = json.loads(schemas.text("report-event"))
    facts = next(field for field in schema["fields"] if field["name"] == "facts")["type"]["items"]
    name = "qosresolve.v1.Novelty"
    facts.append({"type": "record", "name": name, "fields": [{"name": "x", "type": "string"}]})
    cause = {"topic": "t", "partition": 0, "offset": 0, "event_id": "e"}
    value = {
        "product_id": "p", "cause": cause, "now": 0, "outcome": "applied", "rule": "", "policy": "h",
        "fingerprint": b"", "facts": [(name, {"x": "y"})],
    }  # fmt: skip
    with pytest.raises(PoisonRecordError, match="SchemaResolutionError"):
        codec_of(client).decode("report-event", framed(client, schema, value))


def test_facts_of_another_version_keep_their_names(client: SchemaRegistryClient) -> None:
    """The union of facts reads the same through schema resolution."""
    schema = json.loads(schemas.text("report-event"))
    schema["fields"].append({"name": "extra", "type": "string"})
    value = {
        "product_id": "p", "cause": {"topic": "t", "partition": 0, "offset": 0, "event_id": "e"}, "now": 0,
        "outcome": "applied", "rule": "", "policy": "h", "fingerprint": b"", "extra": "",
        "facts": [("qosresolve.v1.PolicyActivated", {"policy": "h"})],
    }  # fmt: skip
    entry = Contracts(codec_of(client)).read_entry(framed(client, schema, value))
    assert type(entry.facts[0]).__name__ == "PolicyActivated"


def test_an_unknown_id(client: SchemaRegistryClient) -> None:
    """An id that the registry does not know is poison."""
    with pytest.raises(PoisonRecordError, match="no schema 99") as raised:
        codec_of(client).decode("deadline", b"\x00\x00\x00\x00\x63" + b"\x00" * 8)
    assert raised.value.remedy


def test_other_kinds_of_schema(client: SchemaRegistryClient) -> None:
    """JSON Schema, Protobuf, and Avro in several pieces are refused."""
    whole = json.loads(schemas.text("deadline"))
    data = framed(client, whole, {"product_id": "p", "report_id": "", "alarm": 0, "due": 0}, kind="JSON")
    with pytest.raises(PoisonRecordError, match="not one self-contained Avro schema"):
        codec_of(client).decode("deadline", data)
    pieces = Schema(schemas.text("deadline"), "AVRO", [SchemaReference("x", "x", 1)])
    schema_id = client.register_schema("pieces", pieces)
    with pytest.raises(PoisonRecordError, match="not one self-contained Avro schema"):
        codec_of(client).decode("deadline", b"\x00" + schema_id.to_bytes(4, "big"))


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError("slow"),
        SchemaRegistryError(401, 40101, "who are you"),
        SchemaRegistryError(403, 40301, "not you"),
        SchemaRegistryError(404, -1, "a proxy's page"),
        SchemaRegistryError(404, 404, "a registry's own page for a wrong path"),
        SchemaRegistryError(404, 0, "another one's"),
        ValueError("no JSON"),
        AttributeError("JSON, but no registry's"),
        SchemaRegistryError(500, 50001, "store"),
        SchemaRegistryError(503, -1, "down"),
    ],
)
def test_a_registry_that_is_down(
    error: Exception, client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage is never a dead letter: reading waits, and so does writing."""

    def down(*_: object, **__: object) -> None:
        raise error

    for name in ("get_schema", "lookup_schema", "register_schema"):
        monkeypatch.setattr(client, name, down)
    with pytest.raises(RetriableError, match="schema registry, schema 1: "):
        codec_of(client).decode("deadline", b"\x00\x00\x00\x00\x01\x00")
    with pytest.raises(RetriableError, match="schema registry, subject deadline-value: "):
        Contracts(codec_of(client)).write_input(DEADLINE)


@pytest.mark.parametrize("fault", ["empty", "list", "page", "401", "elsewhere", CUT])
def test_an_answer_that_no_registry_gives(fault: str) -> None:
    """Something else listens there: neither poison, nor an id or a schema that is none."""
    with Faulty() as front:
        front.fault = fault
        client = SchemaRegistryClient({"url": front.url, "max.retries": 0, "timeout": 5})
        codec = codec_of(client)
        for _ in range(2):
            with pytest.raises(RetriableError):
                codec.decode("deadline", b"\x00\x00\x00\x00\x01\x00")
            with pytest.raises(RetriableError):
                codec.frame("deadline")
        assert len(front.asked) >= 4, "a wrong answer was remembered"


def test_what_is_asked_for_first_is_read_without_asking(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for the registry holds no record; what is wrong with the bytes, reading them tells."""
    data = Contracts(codec_of(client)).write_input(DEADLINE)[1]
    registry, contracts = Asked(client, monkeypatch), Contracts(codec_of(client))
    for each in (None, b"", b"\x00\x00", b"\xc3\x01", data, data):
        contracts.ask(each)
    assert registry.times == 1
    assert contracts.read_input("deadline", data) == DEADLINE
    assert registry.times == 1
    registry.error = UNKNOWN
    contracts.ask(UNHEARD_OF)
    with pytest.raises(PoisonRecordError, match="no schema 99"):
        contracts.read_input("deadline", UNHEARD_OF)
    assert registry.times == 2
    contracts.forget()
    registry.error = SchemaRegistryError(503, -1, "down")
    with pytest.raises(RetriableError):
        contracts.ask(UNHEARD_OF)


@pytest.mark.parametrize("subjects", [[], ["somebody-else"], None])
def test_a_registry_that_lost_its_store_buries_nothing(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch, subjects: list[str] | None
) -> None:
    """One that no longer knows what it told us, or gives its id to another, is not the record's fault.

    Neither what it does not know nor what it has under an id now says anything of the bytes.
    """
    codec = codec_of(client)
    codec.frame("deadline")
    other = client.register_schema("other", Schema(schemas.text("watch"), "AVRO"))

    def versions(_: int) -> list[SchemaVersion]:
        if subjects is None:
            raise UNKNOWN
        return [SchemaVersion(subject, 1) for subject in subjects]

    monkeypatch.setattr(client, "get_schema_versions", versions)
    for data in (UNHEARD_OF, b"\x00" + other.to_bytes(4, "big") + b"x"):
        with pytest.raises(RetriableError, match="no longer knows it for deadline-value; restore its store"):
            codec.decode("deadline", data)
    monkeypatch.setattr(client, "get_schema_versions", lambda _: [SchemaVersion("deadline-value", 1)])
    for data in (UNHEARD_OF, b"\x00" + other.to_bytes(4, "big") + b"x"):
        with pytest.raises(PoisonRecordError):
            codec.decode("deadline", data)


def test_what_is_registered_needs_no_right_to_register(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another team may be the one that registers."""
    data = Contracts(codec_of(client)).write_input(DEADLINE)[1]
    monkeypatch.setattr(client, "register_schema", None)
    assert Contracts(codec_of(client)).write_input(DEADLINE)[1] == data


def test_all_that_is_written_can_be_announced(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a registry does not take is found out at the start, not weeks later."""
    contracts = Contracts(codec_of(client))
    contracts.announce(["deadline", "watch"])
    monkeypatch.setattr(client, "lookup_schema", None)
    assert contracts.write_input(DEADLINE)
    with pytest.raises(ConfigError, match="watch under subject watch-value"):
        Contracts(codec_of(SchemaRegistryClient.new_client({"url": "mock://y"}), register=False)).announce(
            ["watch"]
        )


def test_a_registry_that_nobody_serves() -> None:
    """The client's own error for a refused connection is an outage too."""
    client = SchemaRegistryClient({"url": "http://127.0.0.1:1", "max.retries": 0, "timeout": 1})
    with pytest.raises(RetriableError):
        codec_of(client).decode("deadline", b"\x00\x00\x00\x00\x01\x00")
    with pytest.raises(RetriableError):
        Contracts(codec_of(client)).write_input(DEADLINE)


def test_an_incompatible_schema(client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that refuses our schema is a matter of configuration; the remedy speaks of compatibility."""

    def refuse(*_: object, **__: object) -> None:
        raise SchemaRegistryError(409, 409, "incompatible")

    monkeypatch.setattr(client, "register_schema", refuse)
    with pytest.raises(ConfigError, match="compatibility"):
        Contracts(codec_of(client)).write_input(DEADLINE)


class Asked:
    """A registry that counts how often it is asked, and may know nothing, or be down."""

    def __init__(self, client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.error: Exception | None = None
        self._get = client.get_schema
        monkeypatch.setattr(client, "get_schema", self.get_schema)

    def get_schema(self, schema_id: int) -> Schema:
        """Answer."""
        self.times += 1
        if self.error is not None:
            raise self.error
        return self._get(schema_id)


def test_a_flood_of_one_unknown_id_asks_once_a_batch(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All records of a batch were written before the registry was asked: its answer holds for each."""
    registry, codec = Asked(client, monkeypatch), codec_of(client)
    data = Contracts(codec_of(client)).write_input(DEADLINE)[1]
    registry.error = UNKNOWN
    for _ in range(3):
        for record in ("deadline", "degradation"):
            with pytest.raises(PoisonRecordError, match=f"{record}: the registry knows no schema"):
                codec.decode(record, data)
    assert registry.times == 1
    registry.error = None
    codec.forget()  # the next batch: it may have been registered since
    assert Contracts(codec).read_input("deadline", data) == DEADLINE
    assert registry.times == 2


def test_an_unknown_id_is_asked_for_again_after_a_while(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that knows no batches, such as a tool, is not wrong for ever."""
    registry, codec = Asked(client, monkeypatch), codec_of(client)
    data = Contracts(codec_of(client)).write_input(DEADLINE)[1]
    registry.error = UNKNOWN
    with pytest.raises(PoisonRecordError):
        codec.decode("deadline", data)
    registry.error = None
    monkeypatch.setattr(confluent, "UNKNOWN_S", 0.0)
    assert Contracts(codec).read_input("deadline", data) == DEADLINE


def test_an_outage_is_never_remembered(client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as unknown nor as refused; and what was unknown is not poison while nobody answers."""
    registry, codec = Asked(client, monkeypatch), codec_of(client)
    data = Contracts(codec_of(client)).write_input(DEADLINE)[1]
    registry.error = SchemaRegistryError(503, -1, "down")
    for times in (1, 2):
        with pytest.raises(RetriableError):
            codec.decode("deadline", data)
        assert registry.times == times
    registry.error = UNKNOWN
    with pytest.raises(PoisonRecordError):
        codec.decode("deadline", data)
    codec.forget()
    registry.error = SchemaRegistryError(503, -1, "down")
    with pytest.raises(RetriableError):
        codec.decode("deadline", data)


def test_a_refused_schema_is_asked_for_once(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies under an id never changes, so neither does the answer; each error is one of its own."""
    registry, codec = Asked(client, monkeypatch), codec_of(client)
    recursive = {"type": "record", "name": "R", "fields": [{"name": "r", "type": ["null", "R"]}]}
    errors = []
    for _ in range(3):
        with pytest.raises(PoisonRecordError, match="contains itself") as raised:
            codec.decode("deadline", framed(client, recursive, {"r": None}))
        errors.append(raised.value)
        codec.forget()
    assert registry.times == 1
    assert len(set(map(id, errors))) == 3


def test_what_is_remembered_is_bounded(client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of ids, known or not, costs no memory for ever: the oldest are asked for again."""
    monkeypatch.setattr(codecs, "MAX_KEPT", 3)
    registry, codec = Asked(client, monkeypatch), codec_of(client)
    registry.error = UNKNOWN
    for number in (*range(10), 0, 9):
        with pytest.raises(PoisonRecordError):
            codec.decode("deadline", b"\x00" + number.to_bytes(4, "big") + b"x")
    assert registry.times == 11


@pytest.mark.parametrize("length", range(1, 5))
def test_a_frame_that_is_cut_is_not_asked_for(
    client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """Half an id is no id."""
    registry = Asked(client, monkeypatch)
    with pytest.raises(PoisonRecordError, match="cut short"):
        codec_of(client).decode("deadline", bytes(length))
    assert registry.times == 0


def test_the_registry_is_asked_once(client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids and schemas are kept: a later outage does not stop what is known."""
    contracts = Contracts(codec_of(client))
    data = contracts.write_input(DEADLINE)[1]
    contracts.read_input("deadline", data)
    monkeypatch.setattr(client, "get_schema", None)
    monkeypatch.setattr(client, "register_schema", None)
    assert contracts.write_input(DEADLINE)[1] == data
    assert contracts.read_input("deadline", data) == DEADLINE
