"""Schemas change, and nobody has to change on the same day: real registry, real broker, real worker."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from confluent_kafka import Message
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from fastavro import parse_schema, schemaless_reader, schemaless_writer

from qosresolve.contracts import schemas
from qosresolve.contracts.registry.client import Refused, Registry
from qosresolve.contracts.registry.subjects import BACKWARD, FORWARD, Subject, subjects
from qosresolve.core.vocabulary import Outcome, Verb
from qosresolve.kafka.wire import contracts_for, subject_of
from qosresolve.settings import Settings
from qosresolve.topics import ACTIVITY_REQUEST, COMMAND, DEGRADATION, JOURNAL, REPORT, Names, Topic
from tests.kafka import harness
from tests.kafka.harness import RECORDS, World, command, degradation, settings_for
from tests.registry.faulty import Faulty
from tests.registry.roles import worker

SUBJECTS = subjects(Names(""))


@pytest.fixture
def client(registry_url: str) -> Iterator[SchemaRegistryClient]:
    """Whoever produces and reads beside us."""
    made = SchemaRegistryClient({"url": registry_url})
    yield made
    made.close()


@pytest.fixture
def registry(registry_url: str) -> Iterator[Registry]:
    """What `schemas register` writes with."""
    with Registry(SchemaRegistryClient({"url": registry_url}), registry_url) as made:
        yield made


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.record)
def test_all_that_was_ever_frozen_registers_in_turn(
    registry: Registry, subject: Subject, prefix: str
) -> None:
    """Under the subject's compatibility, enforced, each version after all before it."""
    name = prefix + subject.name
    registry.set_level(name, subject.level)
    texts = [path.read_text(encoding="utf-8") for path in schemas.history(subject.record)]
    for text in texts:
        registry.register(name, text)
    assert registry.versions(name) == list(range(1, len(texts) + 1))
    assert registry.level(name) == subject.level


def test_the_journal_is_no_forward_subject(registry: Registry, prefix: str) -> None:
    """A new kind of fact cannot be read by who does not know it: that is why it is held backward."""
    first, second = (path.read_text(encoding="utf-8") for path in schemas.history("report-event")[:2])
    registry.set_level(prefix + "journal", FORWARD)
    registry.register(prefix + "journal", first)
    with pytest.raises(Refused, match="union"):
        registry.register(prefix + "journal", second)


def test_what_is_not_compatible_is_refused(
    registry: Registry, client: SchemaRegistryClient, prefix: str
) -> None:
    """By the registry itself, whoever asks: a field without a default, a symbol that is gone."""
    kind = {"type": "enum", "name": "K", "symbols": ["a", "b"]}
    old = {"type": "record", "name": "R", "fields": [{"name": "k", "type": kind}]}
    no_default = old | {"fields": [*old["fields"], {"name": "x", "type": "string"}]}
    no_symbol = old | {"fields": [{"name": "k", "type": kind | {"symbols": ["a"]}}]}
    registry.set_level(prefix + "r", BACKWARD)
    registry.register(prefix + "r", json.dumps(old))
    for bad in (no_default, no_symbol):
        with pytest.raises(Refused):
            registry.register(prefix + "r", json.dumps(bad))
        with pytest.raises(SchemaRegistryError) as refused:
            client.register_schema(prefix + "r", Schema(json.dumps(bad), "AVRO"))
        assert refused.value.http_status_code == 409
    assert registry.versions(prefix + "r") == [1]


@pytest.fixture
def settings(kafka_bootstrap: str, registry_url: str, prefix: str) -> Iterator[Settings]:
    """Topics and registry of one test."""
    with Faulty(registry_url) as front:  # it never fails here; but it ends its connections with the test
        yield settings_for(kafka_bootstrap, prefix, f"schema_registry_url={front.url}")


class Producer:
    """A program that writes inputs with a schema of its own, as others do: registered, then framed."""

    def __init__(self, world: World, client: SchemaRegistryClient) -> None:
        self._world, self._client = world, client

    def send(self, topic: Topic, product: str, schema: dict[str, Any], value: dict[str, Any]) -> None:
        """Write one record."""
        subject = subject_of(self._world.settings, topic.record)
        schema_id = self._client.register_schema(subject, Schema(json.dumps(schema), "AVRO"))
        body = BytesIO(b"\x00" + schema_id.to_bytes(4, "big"))
        body.seek(5)
        schemaless_writer(body, parse_schema(schema), value)
        self._world.send(topic, product, body.getvalue())

    def send_all(self, topic: Topic, product: str, value: dict[str, Any], key: str) -> None:
        """Write one record with each frozen version, each with an id of its own under `key`."""
        for path in schemas.history(topic.record):
            schema = json.loads(path.read_text(encoding="utf-8"))
            self.send(topic, product, schema, value | {key: f"{key}-{path.stem}"})


def test_an_old_producer_and_a_new_worker_a_new_producer_and_an_old_worker(
    settings: Settings, client: SchemaRegistryClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs of every frozen version are taken, and so is one with a field and a symbol that nobody knows.

    What the worker writes can be read with every frozen version of the requests' schemas.
    """
    monkeypatch.setattr(harness, "RECORDS", contracts_for(settings))
    world = World(settings)
    for topic in (DEGRADATION, COMMAND, ACTIVITY_REQUEST):  # as `schemas register` does
        registry.set_level(subject_of(settings, topic.record), LEVEL[topic.record])
    others = Producer(world, client)
    others.send_all(DEGRADATION, "P1", fields(DEGRADATION, degradation("P1", 1)), "event_id")
    others.send(DEGRADATION, "P2", newer(), fields(DEGRADATION, degradation("P2", 1)) | {"mood": "calm"})
    unheard = fields(DEGRADATION, degradation("P2", 2)) | {"mood": "sad", "severity": "shattering"}
    others.send(DEGRADATION, "P2", newer(), unheard)
    world.flush()
    with worker(settings) as running:
        degraded = len(world.await_entries(len(schemas.history("degradation")) + 2))
        others.send_all(COMMAND, "P1", fields(COMMAND, command("P1", Verb.NOTE, value="old")), "command_id")
        world.flush()
        entries = world.await_entries(degraded + len(schemas.history("command")))
        assert running.metric("qosresolve_dead_letters_total", stage="decode") == 0
    assert {entry.outcome for entry in entries} <= {Outcome.APPLIED, Outcome.NO_OP}
    assert world.reports().keys() == {"P1", "P2"}
    for topic in (JOURNAL, REPORT, ACTIVITY_REQUEST):
        for message in world.messages(topic):
            assert as_a_neighbour(client, topic, message)
    assert world.messages(ACTIVITY_REQUEST), "nothing was read by an old neighbour"


LEVEL = {subject.record: subject.level for subject in SUBJECTS}


def fields(topic: Topic, body: Any) -> dict[str, Any]:  # noqa: ANN401 - an input of any kind
    """Return an input as the producer of another program has it."""
    return RECORDS.fields(topic.record, RECORDS.write_input(body)[1])


def newer() -> dict[str, Any]:
    """Return a degradation's schema of a release to come: a field more, a symbol more."""
    schema: dict[str, Any] = json.loads(schemas.text("degradation"))
    schema["fields"].append({"name": "mood", "type": "string", "default": ""})
    severity = next(field for field in schema["fields"] if field["name"] == "severity")
    severity["type"]["symbols"].append("shattering")
    return schema


def as_a_neighbour(client: SchemaRegistryClient, topic: Topic, message: Message) -> bool:
    """Read a record with the frozen schemas that its readers may have; the journal's with today's alone."""
    data = message.value() or b""
    assert data[:1] == b"\x00"
    written = client.get_schema(int.from_bytes(data[1:5], "big"), subject_name=None)
    versions = schemas.history(topic.record)
    for path in versions if LEVEL[topic.record] == FORWARD else versions[-1:]:
        reader = parse_schema(json.loads(path.read_text(encoding="utf-8")))
        found = schemaless_reader(
            BytesIO(data[5:]), parse_schema(json.loads(written.schema_str or "")), reader
        )
        assert isinstance(found, dict)
        assert found.keys() == {field["name"] for field in reader["fields"]}  # type: ignore[call-overload,index]
    return True
