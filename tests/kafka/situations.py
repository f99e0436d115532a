"""Situations that a worker must survive, for the tests of its protections with and without them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition

from qosresolve.core.facts import Entry
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import DegradationKind
from qosresolve.kafka import clients
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings
from qosresolve.topics import DEADLINE, REPORT, Topic
from tests.chaos.profiles import environment_of
from tests.kafka.harness import PARTITIONS, RECORDS, World, wall_ms

BACKLOG = 1_000
# A fetch that brings little of the backlog, and a batch that takes little of it.
SMALL = ("kafka.fetch.message.max.bytes=1000", "batch_records=50")


def process_of(settings: Settings, *module: str) -> subprocess.Popen[bytes]:
    """Run a module as an operator runs the program: with its settings in the environment."""
    words = [sys.executable, "-m", *module]
    return subprocess.Popen(words, env=os.environ | environment_of(settings))  # noqa: S603 - our own program


def killed_at(point: str, settings: Settings, folder: Path, *, passes: int) -> None:
    """Let a worker live until it passes a named point of its transactions so often; SIGKILL ends it there."""
    order = folder / "order"
    order.write_text(json.dumps({"point": point, "signal": "SIGKILL", "passes": passes}))
    process = process_of(
        settings, "tests.chaos.process", "worker", str(folder / "history"), str(order), "worker"
    )
    try:
        assert process.wait(60) == -signal.SIGKILL
    finally:
        process.kill()


def know_leaders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's consumer know all leaders from the start.

    It looks up those of the inputs that it does not subscribe to half a second later than the anchor's: a
    short backlog would be read before any deadline came, and nothing would have to wait.
    """
    make = clients.worker_consumer

    def knowing(settings: Settings) -> Consumer:
        consumer = make(settings)
        consumer.list_topics(timeout=10)
        return consumer

    monkeypatch.setattr(clients, "worker_consumer", knowing)


def deadline_behind_a_backlog(world: World) -> None:
    """Open a report; then, without a worker, fill a backlog that ends in its abatement, and fire."""
    with world.running(Worker):
        world.degrade("P1")
        report = world.await_report("P1", lambda item: item.due is not None, "armed")
    for sequence in range(2, BACKLOG + 2):
        world.degrade("P1", sequence, kind=DegradationKind.UPDATE)
        if sequence % 20 == 0:
            world.flush()  # small batches: a fetch never brings less than one
    world.abate("P1", BACKLOG + 2)
    world.flush()
    world.fire("P1", report.report_id, report.alarm, wall_ms())
    world.flush()


def overtook(entries: list[Entry]) -> bool:
    """Tell whether the deadline was stepped before the abatement that was there when it arrived."""
    abatement = f"monitoring|event-P1-{BACKLOG + 2}|"
    deadline = next(at for at, entry in enumerate(entries) if entry.cause.topic.endswith(DEADLINE.name))
    abated = next(at for at, entry in enumerate(entries) if entry.cause.event_id.startswith(abatement))
    return deadline < abated


def rewind(world: World) -> None:
    """Set the group back to the start, as an operator might."""
    admin = clients.admin(world.settings)
    inputs = [
        TopicPartition(topic, number, 0) for topic in world.names.inputs for number in range(PARTITIONS)
    ]
    group = ConsumerGroupTopicPartitions(world.settings.group, inputs)
    next(iter(admin.alter_consumer_group_offsets([group]).values())).result()


def open_transaction(world: World, number: int, topic: Topic = REPORT) -> Producer:
    """Leave a transaction open on a partition of the report topic, or of another."""
    foreign = Producer(
        {"bootstrap.servers": world.settings.bootstrap_servers, "transactional.id": f"{world.names.prefix}x"}
    )
    foreign.init_transactions(30)
    foreign.begin_transaction()
    foreign.produce(world.names.of(topic), b"never", b"foreign/1", number)
    foreign.flush(10)
    return foreign


def write_like_a_worker(world: World, number: int, report: Report) -> None:
    """Commit the present report once more, above whatever is open."""
    producer = Producer(
        {"bootstrap.servers": world.settings.bootstrap_servers, "transactional.id": f"{world.names.prefix}y"}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    key = f"P1/{report.report_id}".encode()
    producer.produce(world.names.of(REPORT), RECORDS.write_report(report), key, number)
    producer.commit_transaction(10)
