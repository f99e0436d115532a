"""Runbooks followed literally on a real broker: the situation, the page's commands as written, its end.

What a page has done by hand beside its commands (stop the workers, bring the registry back) the test does.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Degradation, Input
from qosresolve.core.vocabulary import DegradationKind, Outcome, Verb
from qosresolve.errors import FatalError, PoisonRecordError, QosResolveError
from qosresolve.kafka import clients
from qosresolve.kafka.wire import contracts_for
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from qosresolve.topics import COMMAND, DEGRADATION, PARTITION, STATE, Topic
from tests.kafka import harness
from tests.kafka.bench import products
from tests.kafka.checks import check_all
from tests.kafka.harness import PARTITIONS, POLICY, RECORDS, Running, World, await_that, command, settings_for
from tests.runbooks.conftest import shell_of
from tests.runbooks.page import KNOW, LOOK, MEND, ROOT, Page
from tests.runbooks.registry import Registry
from tests.runbooks.shell import Shell, well
from tests.support.kafka_server import KafkaServer, UnavailableError
from tests.support.small_disk import SmallDisk

DEMO = ROOT / "qosresolve" / "demo" / "demo_policy.yaml"
NEW = "jitter"  # an indicator that the older worker cannot read
DISK_MB = 96
PATIENCE_S = 120.0  # after a broker died: a transaction of its last moments has to run out


class Older(Contracts):
    """A version that does not know a kind of event yet."""

    def read_input(self, record: str, data: bytes) -> Input:
        body = super().read_input(record, data)
        if isinstance(body, Degradation) and body.indicator == NEW:
            raise PoisonRecordError(f"degradation: schema {body.event_id!r} is not known", stage="decode")
        return body


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What workers waited for, as their lines `waiting for a dependency` have it."""
    waited: list[str] = []
    back_off = Worker._back_off

    def counted(self: Worker, why: str) -> None:
        waited.append(why)
        back_off(self, why)

    monkeypatch.setattr(Worker, "_back_off", counted)
    return waited


def stopped(world: World) -> str:
    """Start a worker; return the line that it stopped with."""
    started = world.start(Worker, world.settings)
    failure = await_that(lambda: started.failure, "stop")[0]
    started.stop()
    assert isinstance(failure, FatalError)
    return str(failure)


# -- the group was set back, under load


@contextmanager
def load(world: World) -> Iterator[list[int]]:
    """Send events of forty products, sequence after sequence, for the length of a block; how many is told."""
    sent, over = [0], threading.Event()

    def send() -> None:
        sequence = 0
        while not over.wait(0.2):
            sequence += 1
            kind = DegradationKind.UPDATE if sequence > 1 else DegradationKind.RAISE
            for number in range(40):
                world.degrade(f"P{number}", sequence, kind=kind)
            sent[0] += 40
            world.flush()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        over.set()
        thread.join()


def test_group_rewound_by_a_day_under_load(world: World, shell: Shell) -> None:
    """Set back by a day while events flow: nothing happens twice, the page's nothing is enough."""
    page = Page("group-rewound")
    back = (
        "kafka-consumer-groups.sh --bootstrap-server $BOOTSTRAP --group $GROUP --all-topics "
        "--reset-offsets --by-duration P1D --execute"
    )
    with load(world) as sent:
        with world.running(Worker):
            world.await_entries(200)
            refused = shell.run(back)
            assert "inactive" in refused.out + refused.err, "Kafka lets nobody move a group that is at work"
        well([shell.run(back)])
        (looked,) = shell.follow(page, LOOK)
        assert (looked.status, "group was set back" in looked.out) == (1, True)
        with world.running(Worker) as after:
            await_that(lambda: after.metric("qosresolve_skipped_total") >= 200, "skipped records")
            taken = len(world.journal())
            world.await_entries(taken + 200)
            skipped = after.metric("qosresolve_skipped_total")
            world.await_entries(taken + 400)
            assert after.metric("qosresolve_skipped_total") == skipped, "the counter stands still"
            well([shell.run(command) for command in page.named(KNOW)])
            over = sent[0]
    with world.running(Worker):
        world.await_entries(max(over, sent[0]))
    entries = check_all(world)
    assert len(entries) == sent[0]
    assert {entry.outcome for entry in entries} == {Outcome.APPLIED}


# -- the group is ahead of the state


@pytest.mark.long
def test_lost_state_where_the_group_was_moved(world: World, shell: Shell) -> None:
    """Nothing is skipped: the group is set back to the position that the message names, and work goes on."""
    page = Page("lost-state")
    with world.running(Worker):
        for number in range(8):
            world.degrade(f"P{number}")
        world.await_entries(8)
    topic = world.names.of(DEGRADATION)
    place = f"{topic}:{world.messages(DEGRADATION)[0].partition()}"
    for product in range(8):
        world.abate(f"P{product}")
    world.flush()
    forward = (
        "kafka-consumer-groups.sh --bootstrap-server $BOOTSTRAP --group $GROUP "
        f"--topic {place} --reset-offsets --to-latest --execute"
    )
    well([shell.run(forward)])
    message = stopped(world)
    assert "docs/runbooks/lost-state.md" in message
    told = re.search(r"offset of (\S+) partition (\d+) is (\d+), our position is (\d+)", message)
    assert told is not None
    described, *looked = shell.follow(page, LOOK)
    well([described, *looked])
    (row,) = [line.split() for line in described.out.splitlines() if line.split()[1:3] == [topic, told[2]]]
    assert row[3] == told[3], "the group's offset is what the message says"
    (back,) = [text for text in page.blocks(MEND) if text.startswith("kafka-consumer-groups.sh")]
    well([shell.run(back, {"<topic>": told[1], "<p>": told[2], "<position>": told[4]})])
    with world.running(Worker) as after:
        await_that(lambda: after.health.ready, "readiness")
        world.await_entries(16)
        well([shell.run(command) for command in page.named(KNOW)])
    assert len(check_all(world)) == 16


@pytest.mark.long
def test_lost_state_is_rebuilt_from_the_journal(world: World, shell: Shell) -> None:
    """Reports and partition records that are gone come back as the journal's fold, nothing doubled."""
    page = Page("lost-state")
    with world.running(Worker):
        for number in range(8):
            world.degrade(f"P{number}")
        world.await_entries(8)
    before = world.reports()
    delete(world, *STATE)
    well([shell.run("qosresolve topics create")])
    for number in range(8):
        world.abate(f"P{number}")
    world.flush()
    assert "docs/runbooks/lost-state.md" in stopped(world)
    dry, rebuild = [text for text in page.blocks(MEND) if text.startswith("qosresolve rebuild")]
    would = shell.run(dry)
    assert (would.status, world.reports()) == (1, {}), would
    well([shell.run(rebuild, answer=f"{world.settings.prefix}\n")])
    assert world.reports() == before
    with world.running(Worker) as after:
        await_that(lambda: after.health.ready, "readiness")
        world.await_entries(16)
        well([shell.run(text) for text in page.named(KNOW)])
    assert len(check_all(world)) == 16


@pytest.mark.long
def test_lost_state_is_restored_from_a_mirror(world: World, shell: Shell) -> None:
    """A partition record that is gone stops the worker; the three topics of state come back together."""
    page = Page("lost-state")
    with world.running(Worker):
        for number in range(8):
            world.degrade(f"P{number}")
        world.await_entries(8)
    mirror = {topic: world.messages(topic) for topic in STATE}
    delete(world, PARTITION)
    create = "qosresolve topics create"
    assert create in page.named(MEND)
    well([shell.run(create)])
    assert "docs/runbooks/lost-state.md" in stopped(world)
    assert len(world.journal()) == 8
    delete(world, *STATE)
    well([shell.run(create)])
    for topic, records in mirror.items():
        for record in records:
            world.send(topic, (record.key() or b"").decode(), record.value(), record.partition())
    for number in range(8):
        world.abate(f"P{number}")
    world.flush()
    with world.running(Worker) as after:
        await_that(lambda: after.health.ready, "readiness")
        world.await_entries(16)
        well([shell.run(text) for text in page.named(KNOW)])
    assert len(check_all(world)) == 16


def delete(world: World, *topics: Topic) -> None:
    """Delete topics, as a fault or a person does, and wait until they are gone."""
    admin = clients.admin(world.settings)
    names = {world.names.of(topic) for topic in topics}
    for future in admin.delete_topics(list(names)).values():
        future.result()
    await_that(lambda: not names & admin.list_topics(timeout=10).topics.keys(), "deletion")


# -- policies


def test_unknown_policy_is_published_late(world: World, shell: Shell, waits: list[str]) -> None:
    """The hash of the file is the one that is waited for; the worker takes it up by itself."""
    page, values = Page("unknown-policy"), {"FILE": str(DEMO)}
    wanted = policy_file.policy_hash(policy_file.compile(policy_file.load(DEMO)))
    order = command("", Verb.ACTIVATE_POLICY, role="policy-manager", value=wanted)
    with world.running(Worker) as running:
        await_that(lambda: running.health.ready, "readiness")
        for number in range(PARTITIONS):
            world.send(COMMAND, str(number), RECORDS.write_input(order)[1], number)
        world.degrade("P1")
        await_that(lambda: waits, "wait for the policy")
        assert wanted in waits[0]
        shown, *looked = shell.follow(page, LOOK)
        well([shown, *looked])
        assert wanted not in shown.out
        checked, published = shell.follow(page, MEND, values)
        well([checked, published])
        assert wanted in checked.out
        assert wanted in published.out
        world.await_entries(PARTITIONS + 1)
        waited = len(waits)
        assert running.health.ready
        world.degrade("P2")
        world.await_entries(PARTITIONS + 2)
        assert len(waits) == waited, "the warnings end"
    assert len(check_all(world)) == PARTITIONS + 2


@pytest.mark.long
def test_wrong_policy_is_replaced_by_the_former_one(world: World, shell: Shell) -> None:
    """Its hash is in the list; new reports follow it again, those of the wrong hour stay pinned."""
    page = Page("wrong-policy")
    right = policy_file.policy_hash(policy_file.compile(policy_file.load(POLICY)))
    with world.running(Worker):
        world.degrade("before")
        world.await_entries(1)
        well([shell.run(f"qosresolve policy activate {DEMO} --reason CHG-1")])
        world.await_entries(1 + PARTITIONS)
        world.degrade("wrong")
        wrong = world.await_report("wrong", bool, "opened").policy
        *looked, replayed = shell.follow(page, LOOK, {"FILE": str(POLICY), "<since>": "1h"})
        well(looked)
        shown, listed = looked
        assert replayed.status == 1, "it differs"
        assert "wrong" in replayed.out
        assert "wrong" in (shell.folder / "differences.html").read_text()
        assert right in shown.out
        pinned = {row["product_id"]: row["policy"] for row in json.loads(listed.out)}
        assert pinned == {"before": right, "wrong": wrong}
        well(shell.follow(page, MEND, {"<hash>": right[:8], "<ticket>": "INC-1"}))
        world.await_entries(2 + 2 * PARTITIONS)
        world.degrade("after")
        assert world.await_report("after", bool, "opened").policy == right
        (known,) = [shell.run(text) for text in page.named(KNOW)]
    well([known])
    (row,) = [line for line in known.out.splitlines() if right in line]
    assert row.rstrip().endswith(", ".join(map(str, range(PARTITIONS)))), "active in every partition"
    assert world.reports()["wrong"].policy == wrong
    check_all(world)


# -- a flood of poison


@pytest.mark.long
def test_poison_flood_is_redriven(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older worker buries what it cannot read, and stops; the version that can takes it all, in order."""
    page = Page("poison-flood")
    here = products(8)
    with monkeypatch.context() as patched:
        patched.setattr(harness, "RECORDS", Older(SingleObjectCodec()))
        with world.running(Worker, "dead_letter_limit=5") as flooded:
            await_that(lambda: flooded.health.ready, "readiness")
            for product in here[:5]:
                world.degrade(product, indicator=NEW)
            await_that(lambda: not flooded.health.ready, "stop of the partition")
            for product in here[5:]:
                world.degrade(product, indicator=NEW)
            assert len(world.await_entries(5)) == 5
    listed = shell.run(page.blocks(LOOK)[0])
    assert "decode" in listed.out
    shown = shell.run(page.blocks(LOOK)[1], {"<id>": first_letter(shell)})
    well([listed, shown])
    assert "is not known" in shown.out
    with world.running(Worker) as mended:  # the version that knows the new schema
        world.await_entries(8)
        buried = mended.metric("qosresolve_dead_letters_total", stage="decode")
        well(shell.follow(page, MEND, {"<stage>": "decode", "<ticket>": "INC-1"}))
        entries = world.await_entries(13)
        assert mended.health.ready
        assert mended.metric("qosresolve_partitions", state="restoring") == 0
        assert mended.metric("qosresolve_dead_letters_total", stage="decode") == buried
    applied = [entry.product_id for entry in entries if entry.outcome is Outcome.APPLIED]
    assert sorted(applied) == sorted(here)
    assert applied[3:] == here[:5], "in their old order"


def first_letter(shell: Shell) -> str:
    """Return the id of one letter, as a person picks it from the list."""
    listed = shell.run("qosresolve dead-letters list --each --json")
    return str(json.loads(listed.out.splitlines()[0])["id"])


# -- dependencies


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A schema registry that runs."""
    made = Registry()
    made.start()
    yield made
    made.stop()


def worker_of(settings: Settings) -> Running:
    """Start a worker that has yet to ask for every schema."""
    stop, health, series = threading.Event(), Health(), CollectorRegistry()
    made = Worker(settings, contracts_for(settings), registry=series, health=health, stop=stop)
    return Running(made, health, series, stop)


@pytest.mark.long
def test_dependency_down_is_the_registry(
    kafka_bootstrap: str,
    prefix: str,
    tmp_path: Path,
    registry: Registry,
    waits: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it waits for is named; the registry is brought back, nothing else is done, nothing was buried."""
    page = Page("dependency-down")
    settings = settings_for(kafka_bootstrap, prefix, f"schema_registry_url={registry.url}")
    mine = contracts_for(settings)
    monkeypatch.setattr(harness, "RECORDS", mine)
    world = World(settings)
    shell = shell_of(world, tmp_path)
    worker = worker_of(settings)
    try:
        world.degrade("P1")
        world.await_entries(1)
        note = mine.write_input(command("P1", Verb.NOTE, value="of a kind that it has not read yet"))[1]
        registry.stop()
        world.send(COMMAND, "P1", note)
        world.flush()
        await_that(lambda: waits, "wait for the registry")
        assert waits[0].startswith("schema registry, ")
        assert "| `schema registry, ...` |" in page.part(LOOK)
        well(shell.follow(page, LOOK))
        committed = worker.metric("qosresolve_last_commit_timestamp_seconds")
        registry.start()
        await_that(
            lambda: worker.metric("qosresolve_last_commit_timestamp_seconds") > committed, "another commit"
        )
        entries = world.await_entries(2)
    finally:
        worker.stop()
    assert not worker.failure
    assert {entry.outcome for entry in entries} == {Outcome.APPLIED}


@pytest.mark.kafka
@pytest.mark.long
def test_disk_full(prefix: str, tmp_path: Path) -> None:
    """A broker ends with its disk; with room again it is started, and all is as if nothing had been."""
    page = Page("disk-full")
    try:
        mounted = SmallDisk.mounted(DISK_MB)
        with mounted as disk, KafkaServer({"log.dirs": str(disk.data)}) as broker:
            world = World(settings_for(broker.bootstrap, prefix))
            shell = shell_of(world, tmp_path)
            worker = world.start(Worker, world.settings)
            try:
                world.degrade("P1")
                world.await_entries(1)
                fill(world, broker, disk)
                disk.clear()  # "make room beside the topics"
                broker.stop()
                broker.start()
            finally:
                worker.stop()
            # The dying broker may have ended its transaction: it stops, and its supervisor starts it again.
            assert all(isinstance(error, QosResolveError) for error in worker.failure)
            with world.running(Worker):
                world.abate("P1")
                world.flush()
                await_that(lambda: restored(world), "report of P1 that is restored", PATIENCE_S)
                looked = shell.follow(page, LOOK)
                assert looked[0].status == 0, looked
                well([shell.run(text) for text in page.named(KNOW)])
            check_all(world)
    except UnavailableError as reason:
        pytest.skip(str(reason))


def restored(world: World) -> bool:
    """Tell whether the report is; a transaction that the broker died in holds readers up until its end."""
    try:
        return any(report.restored_at is not None for report in world.reports().values())
    except FatalError:
        return False


def fill(world: World, broker: KafkaServer, disk: SmallDisk) -> None:
    """Take what is left of the disk, and send until the broker gives up."""
    disk.fill()
    for sequence in range(2, 10_000):
        world.degrade("P1", sequence, kind=DegradationKind.UPDATE, value="1" * 60)
        if not broker.alive():
            return
        threading.Event().wait(0.01)
    raise AssertionError("the broker went on with a full disk")
