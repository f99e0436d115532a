"""A registry that is down, slow, wrong or refuses us holds a worker up; it never makes a dead letter.

The worker is real, on the real broker; a front before the real registry fails in every way there is.
"""

import json
from collections.abc import Iterator
from functools import partial
from io import BytesIO

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from fastavro import parse_schema, schemaless_writer

from qosresolve.contracts import schemas
from qosresolve.contracts.registry import asking
from qosresolve.core.facts import Entry
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import RetriableError
from qosresolve.kafka import worker as loop
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTERS, DEGRADATION
from tests.kafka import harness
from tests.kafka.harness import RECORDS, Running, World, await_that, degradation, settings_for
from tests.registry.faulty import CUT, SILENT, TRICKLE, Faulty
from tests.registry.roles import worker

FAULTS = {
    "401": "it does not know who we are (HTTP 401); put them into schema_registry_url",
    "403": "we may not do this (HTTP 403",
    "500": "it is in trouble (HTTP 500",
    "page": "what answers is not a schema registry",
    "empty": "what answers is not a schema registry",
    "elsewhere": "no schema registry answers there (HTTP 404)",
    "forgot": "it no longer knows it",
    SILENT: "it does not answer in time",
    TRICKLE: "it does not answer in time (no whole answer within 1 s)",
    CUT: "it does not answer (",
}


@pytest.fixture
def front(registry_url: str) -> Iterator[Faulty]:
    """What stands before the registry."""
    with Faulty(registry_url) as made:
        yield made


@pytest.fixture
def world(kafka_bootstrap: str, front: Faulty, prefix: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """Topics whose records are read through the registry."""
    settings = settings_for(kafka_bootstrap, prefix, f"schema_registry_url={front.url}")
    monkeypatch.setattr(harness, "RECORDS", contracts_for(settings))
    return World(settings)


@pytest.fixture
def client(registry_url: str) -> Iterator[SchemaRegistryClient]:
    """Whoever registers beside us, straight with the registry."""
    made = SchemaRegistryClient({"url": registry_url})
    yield made
    made.close()


def strange(client: SchemaRegistryClient, product: str, number: int) -> bytes:
    """Return a degradation under a schema that no worker has seen yet."""
    schema = json.loads(schemas.text("degradation"))
    schema["fields"].append({"name": f"extra_{product}_{number}", "type": "int", "default": 0})
    schema_id = client.register_schema(f"{product}-others-value", Schema(json.dumps(schema), "AVRO"))
    body = BytesIO(framed(schema_id))
    body.seek(5)
    value = RECORDS.fields("degradation", plain(product, number))
    schemaless_writer(body, parse_schema(schema), value)
    return body.getvalue()


def framed(schema_id: int) -> bytes:
    """Return what says the schema."""
    return b"\x00" + schema_id.to_bytes(4, "big")


def plain(product: str, number: int) -> bytes:
    """Return a degradation that needs no registry."""
    return RECORDS.write_input(degradation(product, number))[1]


def product_of(prefix: str) -> str:
    """Return one product; its records lie in one partition, in order."""
    return f"P{prefix.strip('.')}"


def test_a_registry_in_trouble_pauses_the_worker(
    world: World,
    client: SchemaRegistryClient,
    front: Faulty,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is wrong: inputs stay where they are, health says why, and it goes on exactly there."""
    monkeypatch.setattr(asking, "ANSWER_S", 1.0)
    monkeypatch.setattr(loop, "PATIENCE_S", 600.0)  # one trouble after the other is one outage to it
    product = product_of(prefix)
    world.degrade(product)
    with worker(world.settings) as running:
        taken = len(world.await_entries(1))
        for number, (fault, why) in enumerate(FAULTS.items(), 1):
            awaited = strange(client, product, 2 * number)
            front.fault = fault
            world.send(DEGRADATION, product, awaited)
            world.send(DEGRADATION, product, plain(product, 2 * number + 1))  # waits behind it
            world.flush()
            waiting = await_that(partial(told, running, why), f"word of {fault}: {why}")
            assert waiting.startswith("worker waits: schema registry, schema ")
            assert not running.health.ready
            assert running.health.alive
            assert len(world.journal()) == taken, "something was taken meanwhile"
            front.fault = ""
            taken = len(world.await_entries(taken + 2))
            await_that(lambda: running.health.ready, "readiness")
            assert not running.health.waiting
        buried = running.metric("qosresolve_dead_letters_total", stage="decode")
    assert buried == 0
    assert world.messages(DEAD_LETTERS) == []
    entries = world.journal()
    assert offsets(entries) == list(range(2 * len(FAULTS) + 1))
    assert {entry.outcome for entry in entries} <= {Outcome.APPLIED, Outcome.NO_OP}


def told(running: Running, why: str) -> str:
    """Return what health says of a reason to wait, nothing while it does not."""
    assert not running.failure, running.failure
    return next((line for line in running.health.waiting if why in line), "")


def test_an_id_that_the_registry_does_not_know_is_a_dead_letter(
    world: World, front: Faulty, prefix: str
) -> None:
    """The record is bad, and the registry says so in its own words; what lies behind it is taken."""
    product = product_of(prefix)
    with worker(world.settings) as running:
        world.degrade(product)
        world.await_entries(1)
        world.send(DEGRADATION, product, framed(2_000_000_000) + b"x")
        world.send(DEGRADATION, product, plain(product, 2))
        world.flush()
        entries = world.await_entries(3)
        assert running.metric("qosresolve_dead_letters_total", stage="decode") == 1
        assert not running.health.waiting
    assert [entry.outcome for entry in entries][1] is Outcome.DEAD_LETTER
    (letter,) = world.messages(DEAD_LETTERS)
    reasons = dict(letter.headers() or [])
    assert b"the registry knows no schema 2000000000" in (
        reasons["__connect.errors.exception.message"] or b""
    )
    assert any("/schemas/ids/2000000000" in asked for asked in front.asked)


def test_a_worker_that_starts_in_an_outage_ends_to_be_started_again(
    world: World, front: Faulty, prefix: str
) -> None:
    """It takes nothing with less than it needs to know; the message names what is wrong, and the remedy."""
    product = product_of(prefix)
    with worker(world.settings):
        world.degrade(product)
        world.await_entries(1)
    for fault in ("401", "elsewhere"):
        front.fault = fault
        with pytest.raises(RetriableError, match=r"schema registry, .*HTTP 40.*schema_registry_url"):
            start(world.settings)
    front.fault = ""
    with worker(world.settings):
        world.degrade(product, 2)
        entries = world.await_entries(2)
    assert offsets(entries) == [0, 1]
    assert world.messages(DEAD_LETTERS) == []


def start(settings: Settings) -> None:
    """Start a worker that cannot."""
    with worker(settings):
        pass


def offsets(entries: list[Entry]) -> list[int]:
    """Return where the inputs of entries lay."""
    return [entry.cause.offset for entry in entries]
