"""Each tool does its work with the rights of the table, and names the one that is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Message

from qosresolve.contracts.policy.file import default_text
from qosresolve.core.inputs import Answer, Deadline
from qosresolve.core.vocabulary import AnswerState, Verb
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Acl, Operation, Pattern, Resource, Role, grant
from qosresolve.kafka.dead_letters import dead_letter
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.worker import Worker
from qosresolve.topics import (
    ACTIVITY_STATUS,
    COMMAND,
    DEAD_LETTERS,
    DEADLINE,
    DEGRADATION,
    FOREIGN,
    JOURNAL,
    POLICY,
    REPORT,
    STATE,
    SUPPLIER_STATUS,
    TROUBLE_STATUS,
    WATCH,
    Names,
    Topic,
)
from tests.kafka.foreign import crossing, parked
from tests.kafka.harness import (
    PARTITIONS,
    RECORDS,
    World,
    await_that,
    command,
    degradation,
    settings_for,
    wall_ms,
)
from tests.security.audit import Audit
from tests.security.conftest import made
from tests.security.secured import principal
from tests.security.test_rights import check_used

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.security.conftest import Site
    from tests.security.secured import Secured

WAIT = ("--wait", "--timeout", "30")
LIVED_IN = "lived-in."
PARKED_KEY = f"{Names(LIVED_IN).of(FOREIGN)}/0/0/0"
EVENT = ("--indicator", "latency", "--object", "svc-1", "--severity", "critical")


@pytest.fixture(scope="module")
def lived_in(secured: Secured) -> Iterator[Site]:
    """Topics with a worker on them that may do everything, none of them empty that a tool reads."""
    for site in made(secured, LIVED_IN):
        worker = site.world.start(Worker, settings_for(secured.inner, site.prefix))
        site.world.abate("P0")  # of nothing: the watch keeps it
        site.world.degrade("P1")
        site.world.await_report("P1", lambda report: report.open, "open")
        bury(site.world)
        intake = site.world.start(Intake, settings_for(secured.inner, site.prefix))
        site.world.send(FOREIGN, "vnf-unknown", crossing("vnf-unknown"), partition=0)
        site.world.flush()
        await_that(partial(parked, site.world), "something that waits")
        yield site
        intake.stop()
        worker.stop()


def bury(world: World) -> None:
    """Put a letter of each input where an older worker would have: each can be taken by now."""
    bodies = {
        DEGRADATION: RECORDS.write_input(degradation("P9", 1))[1],
        COMMAND: RECORDS.write_input(command("P9", Verb.NOTE, value="late"))[1],
        DEADLINE: RECORDS.write_input(Deadline("P9", "", 1, wall_ms()))[1],
    }
    for topic in (ACTIVITY_STATUS, TROUBLE_STATUS, SUPPLIER_STATUS):
        party = "" if topic is ACTIVITY_STATUS else "party"
        answer = Answer("P9", f"late-{topic.name}", "nothing", AnswerState.ACCEPTED, wall_ms(), party=party)
        bodies[topic] = RECORDS.write_answer(topic.record, answer)
    bodies[FOREIGN] = b"{}"
    rows = [("P9", topic, body) for topic, body in bodies.items()]
    for product in ("P0", "P1"):  # with a watch and a report, which are read
        body = RECORDS.write_input(degradation(product, 2, indicator="jitter"))[1]
        rows.append((product, DEGRADATION, body))
    producer = clients.plain_producer(world.settings)
    for product, topic, body in rows:
        number, key = partition_of(product, PARTITIONS), product.encode()
        came = Message(topic=world.names.of(topic), partition=number, offset=1, key=key, value=body)
        letter = dead_letter(world.names, came, PoisonRecordError("not known", stage="decode"))
        headers: list[tuple[str, str | bytes | None]] = list(letter.headers)
        producer.produce(letter.topic, letter.value, letter.key, partition=number, headers=headers)
    assert producer.flush(30) == 0


@pytest.fixture(scope="module")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A policy of the tests' own."""
    return policy_as("another", tmp_path_factory.mktemp("policy"))


def policy_as(name: str, folder: Path) -> str:
    """Write the shipped policy under another name; return the file."""
    file = folder / "policy.yaml"
    file.write_text(default_text().replace("name: default", f"name: {name}"), encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module")
def relations_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An inventory of one relation."""
    file = tmp_path_factory.mktemp("inventory") / "relations.csv"
    file.write_text("object_id,product_id\nr1,P1\n", encoding="utf-8")
    return str(file)


def words(role: Role, policy_file: str, relations_file: str = "") -> list[tuple[str, ...]]:
    """Return the commands of a role."""
    answer = ("--product", "P1", "--request", "nothing", "--state", "accepted")
    soon = datetime.now(UTC) + timedelta(days=1)
    window = ("--from", soon.isoformat(), "--to", (soon + timedelta(hours=1)).isoformat())
    commands: dict[Role, list[tuple[str, ...]]] = {
        Role.LOOK: [
            ("verify",),
            ("reports", "list"),
            ("reports", "show", "P1"),
            ("reports", "explain", "P1"),
            ("policy", "show"),
            ("windows", "list"),
        ],
        Role.REPLAY: [("replay",), ("replay", "--product", "P1"), ("replay", "--report", "P1")],
        Role.EMIT: [
            ("emit", "degradation", "--product", "P2", *EVENT, *WAIT),
            ("emit", "command", "--product", "P1", "--verb", "note", "--value", "hello"),
            ("emit", "activity-status", *answer),
            ("emit", "trouble-status", *answer, "--party", "party"),
            ("emit", "supplier-status", *answer, "--party", "party"),
            ("emit", "deadline", "--product", "P1"),
        ],
        Role.ORDERS: [
            ("reports", "note", "P1", "--text", "hello", "--timeout", "30"),
            ("reports", "open", "P3", *EVENT, "--timeout", "30"),
            ("reports", "note", "P1", "--text", "rehearsed", "--dry-run"),
        ],
        Role.POLICY: [
            ("policy", "publish", policy_file),
            ("policy", "activate", policy_file),
            ("policy", "show"),
        ],
        Role.WINDOWS: [
            ("windows", "set", "CHG-1", *window, "--dry-run"),
            ("windows", "set", "CHG-1", *window, *WAIT),
            ("windows", "list"),
            ("windows", "lift", "CHG-1", *WAIT),
        ],
        Role.INVENTORY: [
            ("inventory", "load", relations_file),
            ("inventory", "diff", relations_file),
            ("inventory", "show", "r1"),
            ("inventory", "export"),
        ],
        Role.DEAD_LETTERS: [
            ("dead-letters", "list"),
            ("dead-letters", "redrive", "--all", "--yes", *WAIT),
            ("dead-letters", "show", "--product", "P9"),
        ],
        Role.PARKED: [
            ("parked", "list"),
            ("parked", "show", PARKED_KEY),
            ("parked", "retry", "--all"),
        ],
        Role.TOPICS: [("topics", "create"), ("topics", "check")],
    }
    return commands[role]


READING = [Role.LOOK, Role.REPLAY]
TOOLS = [
    *READING,
    Role.EMIT,
    Role.ORDERS,
    Role.POLICY,
    Role.WINDOWS,
    Role.PARKED,
    Role.INVENTORY,
    Role.DEAD_LETTERS,
]


@pytest.mark.parametrize("role", TOOLS, ids=str)
def test_a_tool_uses_every_right_and_needs_no_other(
    lived_in: Site, role: Role, policy_file: str, relations_file: str
) -> None:
    """What its commands ask the brokers for is what the table gives."""
    site, audit = lived_in, Audit(lived_in.secured.server.log_file)
    with site.secured.granted(role.value, site.rights(role)):
        for each in words(role, policy_file, relations_file):
            done = site.command(role, *each)
            assert done.exit_code == 0, (each, done.stdout, done.stderr)
        check_used(audit, site, role)


def test_a_rebuild_uses_every_right_and_needs_no_other(secured: Secured) -> None:
    """State that is gone is written again, its positions too, where no worker runs."""
    for site in made(secured, "rebuilt."):
        with site.world.running(Worker):
            site.world.abate("P0")  # of nothing: the watch keeps it
            site.world.degrade("P1")
            site.world.await_report("P1", lambda report: report.open, "open")
        for topic in STATE:
            for message in site.world.messages(topic):
                site.world.send(topic, (message.key() or b"").decode(), None, message.partition())
        site.world.flush()
        audit = Audit(secured.server.log_file)
        with secured.granted(Role.REBUILD.value, site.rights(Role.REBUILD)):
            done = site.command(Role.REBUILD, "rebuild", "--in-place", "--yes", "--positions", "--json")
            assert done.exit_code == 0, (done.stdout, done.stderr)
            check_used(audit, site, Role.REBUILD)


def test_a_shadow_is_written_by_a_user_of_its_own(lived_in: Site, tmp_path: Path) -> None:
    """Who replays may write nothing at all; who writes the shadow may do nothing under the live prefix."""
    site, aside = lived_in, replace(lived_in, prefix="aside.")
    theirs = aside.settings(Role.SHADOW).model_dump(mode="json", exclude_unset=True)
    kafka = theirs.pop("kafka")
    lines = [f"{name} = {json.dumps(value)}" for name, value in theirs.items()]
    lines += ["[kafka]", *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in kafka.items())]
    file = tmp_path / "shadow.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    into = ("--into", "aside.", "--into-config", str(file))
    secured = site.secured
    with (
        secured.granted(Role.REPLAY.value, site.rights(Role.REPLAY)),
        secured.granted(Role.SHADOW.value, aside.rights(Role.SHADOW)),
    ):
        refused = site.command(Role.REPLAY, "replay", "--into", "mine.")
        assert (refused.exit_code, "Create" in refused.stderr) == (2, True), refused.stderr
        done = site.command(Role.REPLAY, "replay", *into)
        assert done.exit_code == 0, (done.stdout, done.stderr)


def test_making_topics_uses_every_right_and_needs_no_other(lived_in: Site, policy_file: str) -> None:
    """Nobody but who makes topics needs Create; and that one may neither write nor read what lies on them."""
    site, audit = replace(lived_in, prefix="fresh."), Audit(lived_in.secured.server.log_file)
    with site.secured.granted(Role.TOPICS.value, site.rights(Role.TOPICS)):
        for each in words(Role.TOPICS, policy_file):
            done = site.command(Role.TOPICS, *each)
            assert done.exit_code == 0, (each, done.stdout, done.stderr)
        check_used(audit, site, Role.TOPICS)


def test_the_doctor_uses_every_right_and_does_without_one(lived_in: Site) -> None:
    """Nothing stays unseen but the brokers' own options, which take a right on the cluster: a note."""
    site, audit = lived_in, Audit(lived_in.secured.server.log_file)
    with site.secured.granted(Role.DOCTOR.value, site.rights(Role.DOCTOR)):
        done = site.command(Role.DOCTOR, "doctor", "--json")
        found = {row["finding"] for row in json.loads(done.stdout)["findings"]}
        assert {"broker-options-unseen", "role-of-others", "no-timer"} <= found
        assert not found & {"not-looked", "right-of-doctor-missing", "right-missing"}
        check_used(audit, site, Role.DOCTOR, unless=("DESCRIBE_CONFIGS", "Cluster", "kafka-cluster"))
        site.secured.revoke(Role.DOCTOR.value, [reading(site, DEGRADATION)])
        done = site.command(Role.DOCTOR, "doctor", "--json", "--only", "rights", "--only", "topics")
    assert done.exit_code == 1, (done.stdout, done.stderr)
    checks = {row["finding"]: row["check"] for row in json.loads(done.stdout)["findings"]}
    assert (checks["right-of-doctor-missing"], checks["not-looked"]) == ("rights", "topics")


def reading(site: Site, topic: Topic) -> Acl:
    """Return the right to read a topic."""
    return Acl(Resource.TOPIC, site.world.names.of(topic), Pattern.LITERAL, (Operation.READ,), "")


MISSING = [
    (Role.EMIT, ("emit", "degradation", "--product", "P2", *EVENT), DEGRADATION, Operation.WRITE),
    (Role.EMIT, ("emit", "degradation", "--product", "P2", *EVENT, *WAIT), JOURNAL, Operation.READ),
    (Role.ORDERS, ("reports", "note", "P1", "--text", "hello"), COMMAND, Operation.WRITE),
    (Role.LOOK, ("verify",), JOURNAL, Operation.READ),
    (Role.LOOK, ("reports", "list"), REPORT, Operation.READ),
    (Role.LOOK, ("reports", "explain", "P1"), JOURNAL, Operation.READ),
    (Role.POLICY, ("policy", "publish"), POLICY, Operation.WRITE),
    (Role.DEAD_LETTERS, ("dead-letters", "list"), DEAD_LETTERS, Operation.READ),
    (Role.DEAD_LETTERS, ("dead-letters", "redrive", "--all", "--yes"), DEGRADATION, Operation.WRITE),
    (Role.TOPICS, ("topics", "check"), WATCH, Operation.DESCRIBE_CONFIGS),
]


@pytest.mark.parametrize(
    ("role", "tried", "topic", "operation"), MISSING, ids=[f"{row[0]}-{row[2].name}" for row in MISSING]
)
def test_a_tool_names_the_right_that_is_missing(
    lived_in: Site, tmp_path: Path, role: Role, tried: tuple[str, ...], topic: Topic, operation: Operation
) -> None:
    """Status 2, what it was not allowed to do and with what, and the command that grants it to this user."""
    site = lived_in
    if role is Role.DEAD_LETTERS:
        bury(site.world)  # what others buried may have been redriven by now
    missing = Acl(Resource.TOPIC, site.world.names.of(topic), Pattern.LITERAL, (operation,), "")
    with site.secured.granted(role.value, site.rights(role)):
        site.secured.revoke(role.value, [missing])
        file = (policy_as("never published", tmp_path),) if role is Role.POLICY else ()
        done = site.command(role, *tried, *file)
    assert done.exit_code == 2, (done.stdout, done.stderr)
    assert f"{principal(role.value)} {operation} on Topic {missing.name}" in done.stderr
    assert grant(missing, principal(role.value), site.secured.bootstrap) in done.stderr
