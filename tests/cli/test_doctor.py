"""`doctor` without brokers, and on a real one: well, then with several things broken on purpose."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from qosresolve.cli import session
from qosresolve.kafka import clients
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.replay.doctor.examine import CHECKS
from qosresolve.replay.reports import partition_states
from qosresolve.topics import COMMAND, DEGRADATION, JOURNAL, PARTITION, REPORT, Topic
from tests.cli.conftest import Run
from tests.kafka.harness import RECORDS, World, settings_for
from tests.kafka.situations import open_transaction, rewind

Examined = tuple[int, dict[str, list[dict[str, str]]]]
Doctor = Callable[..., Examined]
NOBODY = "f" * 64


def by_finding(stdout: str) -> dict[str, list[dict[str, str]]]:
    """Return the findings of `--json` by their name."""
    found: dict[str, list[dict[str, str]]] = {}
    told, _ = json.JSONDecoder().raw_decode(stdout[stdout.find("{\n") :])  # a worker may log beside
    for row in told["findings"]:
        found.setdefault(row["finding"], []).append(row)
    return found


def test_without_brokers_no_check_can_be_made(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 2; every check is named, with what stood in the way."""
    monkeypatch.setattr(session, "PROBE_S", 0.2)
    done = cli("doctor", "--json", "--set", "bootstrap_servers=127.0.0.1:1")
    rows = by_finding(done.stdout)["not-looked"]
    assert done.exit_code == 2
    assert [row["check"] for row in rows] == [check.name for check in CHECKS]
    assert all("no broker answers at 127.0.0.1:1" in row["seen"] for row in rows)


@pytest.mark.parametrize(
    "words",
    [("--outage", "soon"), ("--only", "everything"), ("--as", "nobody"), ("--set", "broker=embedded")],
)
def test_wrong_use_is_refused(cli: Run, words: tuple[str, ...]) -> None:
    """Status 2 before any broker is asked."""
    assert cli("doctor", *words).exit_code == 2


# -- on a broker


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> Iterator[World]:
    """Topics of the test's own."""
    made = World(settings_for(kafka_bootstrap, prefix))
    yield made
    made.flush()


@pytest.fixture
def doctor(cli: Run, world: World) -> Doctor:
    """Run it with the settings of the world and more; return status and findings."""

    def run(*words: str) -> Examined:
        done = cli("doctor", "--json", *options(world), *words)
        return done.exit_code, by_finding(done.stdout)

    return run


def options(world: World) -> list[str]:
    """Return the world's settings as a command takes them."""
    chosen = world.settings.model_dump(mode="json", exclude_unset=True)
    return [word for name, value in chosen.items() for word in ("--set", f"{name}={value}")]


def set_option(world: World, topic: Topic, option: str, value: str) -> None:
    """Set an option of a topic, as an operator might."""
    entry = ConfigEntry(option, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, world.names.of(topic), incremental_configs=[entry])
    admin = clients.admin(world.settings)  # nobody answers once it is gone
    (future,) = admin.incremental_alter_configs([resource]).values()
    future.result(10)


def name_unknown_policy(world: World, number: int) -> None:
    """Let a partition's record name a policy that nobody published."""
    state = replace(partition_states(world.settings, RECORDS)[number], active_policy=NOBODY)
    producer = clients.plain_producer(world.settings)
    producer.produce(world.names.of(PARTITION), RECORDS.write_partition(state), str(number).encode(), number)
    assert producer.flush(10) == 0


def test_what_is_well_and_what_is_broken(world: World, doctor: Doctor) -> None:
    """A cluster at work has status 0; each thing that is broken on purpose is found by name and place."""
    with world.running(Worker), world.running(Timer):
        world.degrade("P1")
        world.await_report("P1", bool, "opened")
        status, found = doctor()
        assert status == 0, found
        assert {row["severity"] for rows in found.values() for row in rows} == {"ok", "note"}
    set_option(world, DEGRADATION, "message.timestamp.type", "CreateTime")
    set_option(world, COMMAND, "retention.ms", "3600000")
    set_option(world, REPORT, "delete.retention.ms", "60000")
    name_unknown_policy(world, 1)
    rewind(world)
    open_transaction(world, 2, JOURNAL)
    opened = time.monotonic()
    status, found = doctor("--set", "transaction_timeout_ms=1000", "--only", "groups")  # meanwhile
    assert status == 1
    assert {row["subject"] for row in found["no-worker"]} == {world.settings.group}
    time.sleep(max(0.0, opened + 1.5 - time.monotonic()))  # it has to be open for longer than ours may be
    status, found = doctor("--set", "transaction_timeout_ms=1000", "--outage", "2h")
    assert status == 1
    assert subjects(found, "topic-option") == {world.names.of(DEGRADATION)}
    assert subjects(found, "retention-short") == {world.names.of(COMMAND)}
    assert subjects(found, "tombstones-short") == {world.names.of(REPORT)}
    assert world.names.of(DEGRADATION) in subjects(found, "group-rewound")
    assert subjects(found, "transaction-open") == {world.names.of(JOURNAL)}
    assert found["transaction-open"][0]["command"].endswith(
        f"--topic {world.names.of(JOURNAL)} --partition 2"
    )
    assert "partition 1: nobody published" in found["policy-unknown"][0]["seen"]
    assert {"no-worker", "no-timer"} <= found.keys()
    assert "not-looked" not in found


def subjects(found: dict[str, Any], name: str) -> set[str]:
    """Return what findings of a name are about."""
    return {row["subject"] for row in found.get(name, [])}
