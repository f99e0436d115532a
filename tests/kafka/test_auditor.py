"""The auditor on a real broker: silent beside a busy worker, whatever happens; loud where it must be."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from confluent_kafka import Message

from qosresolve.core.vocabulary import DegradationKind, Verb
from qosresolve.kafka import clients
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.worker import Worker
from qosresolve.replay.live.auditor import Auditor
from qosresolve.replay.live.following import Following
from qosresolve.topics import JOURNAL, REPORT, Topic
from tests.kafka.conftest import MakeWorld
from tests.kafka.harness import DEMO_POLICY, RECORDS, Running, World, await_that
from tests.kafka.situations import killed_at, process_of

SMALL_BATCHES = "batch_records=20"
FOUND = "qosresolve_audit_mismatches_total"
FOLDED = "qosresolve_audit_entries_total"
EQUAL = "qosresolve_audit_records_total"
DIFFERING = "qosresolve_audit_differing"
SOON_S = 15.0  # it takes a second; a machine that does much else takes longer
KINDS = ("differs", "missing", "extra", "unreadable", "doubled", "order", "positions", "unarmed", "overdue")


def findings(auditor: Running) -> dict[str, float]:
    """Return what was found, by kind."""
    found = {kind: auditor.metric(FOUND, kind=kind) for kind in KINDS}
    return {kind: count for kind, count in found.items() if count}


def await_ready(auditor: Running) -> None:
    """Wait until it follows all of its partitions."""
    await_that(lambda: auditor.health.ready, "auditor that has caught up")


@contextmanager
def busy(world: World) -> Iterator[None]:
    """Send updates of many products, without a pause, for the length of a block."""
    stop = threading.Event()

    def send() -> None:
        sequence = 1
        while not stop.is_set():
            sequence += 1
            kind = DegradationKind.UPDATE if sequence % 9 else DegradationKind.ABATE
            for number in range(40):
                world.degrade(f"P{number}", sequence, kind=kind)
            world.flush()

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join(30)


def raised(world: World) -> None:
    """Send the raise of everything that is busy later on."""
    for number in range(40):
        world.degrade(f"P{number}")
    world.flush()


def test_a_busy_worker_is_never_a_finding(world: World, tmp_path: Path) -> None:
    """Killed in mid transaction, rebalanced, audited by some that come, share and go: no false alarm."""
    raised(world)
    settings = world.settings.model_copy(update={"static_membership": True, "batch_records": 20})
    with world.running(Auditor, slot="a") as first, busy(world):
        killed_at("offsets", settings, tmp_path, passes=3)
        with world.running(Worker, "static_membership=true", SMALL_BATCHES):
            await_that(lambda: first.metric(FOLDED) > 300, "audit of the worker that took over")
            with world.running(Auditor, slot="b") as second, world.running(Worker, SMALL_BATCHES, slot="1"):
                await_ready(second)
                await_that(lambda: second.metric(EQUAL) > 100, "audit shared by two")
            before = first.metric(FOLDED)
            await_that(lambda: first.metric(FOLDED) > before + 300, "audit by one again")
    assert (findings(first), findings(second)) == ({}, {})
    with world.running(Auditor, "audit_from_start=true") as last:
        await_that(lambda: _past(last) == len(world.messages(JOURNAL)), "fold of the whole journal")
    assert findings(last) == {}


def _past(auditor: Running) -> int:
    """Return how many entries of the past were folded."""
    assert isinstance(auditor.role, Auditor)
    history = auditor.role._history
    assert history is not None
    return history.entries


def open_reports(*auditors: Running) -> float:
    """Return how many open reports the auditors tell together."""
    states = ("acknowledged", "inProgress", "pending", "held")
    return sum(
        auditor.metric("qosresolve_reports", status=status, tier="gold")
        for auditor in auditors
        for status in states
    )


def test_the_figures_are_right_whoever_follows(world: World) -> None:
    """Reports of before and of now are counted once: by one auditor, by two, and by the one that is left."""
    with world.running(Worker):
        for number in range(8):
            world.degrade(f"P{number}")
        world.flush()
        world.await_entries(8)
        with world.running(Auditor, slot="a") as first:
            await_that(lambda: open_reports(first) == 8, "count of what was there")
            for number in range(8, 12):
                world.degrade(f"P{number}")
            world.flush()
            await_that(lambda: open_reports(first) == 12, "count of what came")
            with world.running(Auditor, slot="b") as second:
                await_that(
                    lambda: open_reports(second) > 0 and open_reports(first, second) == 12, "shared count"
                )
            await_that(lambda: open_reports(first) == 12, "count by one again")
            assert first.metric("qosresolve_oldest_open_report_seconds", tier="gold") > 0


class LateAuditor(Auditor):
    """Gets reports later than all else, as from a slow leader."""

    late_s: ClassVar[float] = 2.0

    def _read(self) -> list[Message]:
        self._late: list[tuple[float, Message]] = getattr(self, "_late", [])
        topic, now = self._names.of(REPORT), time.monotonic()
        came = list(super()._read())
        self._late += [(now + self.late_s, message) for message in came if message.topic() == topic]
        due = [message for at, message in self._late if at <= now]
        self._late = self._late[len(due) :]
        return [*(message for message in came if message.topic() != topic), *due]


def test_a_slow_topic_is_no_difference(world: World) -> None:
    """What one topic says first waits for the other."""
    with world.running(LateAuditor) as auditor, world.running(Worker):
        await_ready(auditor)
        world.degrade("P1")
        await_that(lambda: auditor.metric(EQUAL) == 1, "report that is as it should be")
        assert findings(auditor) == {}


def test_judged_at_once_a_slow_topic_looks_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for a common point, what one topic says first is missing in the other."""
    monkeypatch.setattr(Following, "pending", [])
    monkeypatch.setattr(LateAuditor, "late_s", 600.0)  # until it is judged
    with world.running(LateAuditor) as auditor, world.running(Worker):
        await_ready(auditor)
        world.degrade("P1")
        await_that(lambda: findings(auditor) == {"missing": 1}, "false alarm")


# -- what a foreign hand writes


def last(world: World, topic: Topic, product: str) -> Message:
    """Return the last record of a product."""
    return [item for item in world.messages(topic) if (item.key() or b"").startswith(product.encode())][-1]


def write(world: World, message: Message, value: bytes | None) -> None:
    """Write a record's key again, as nobody should."""
    producer = clients.plain_producer(world.settings)
    place = {"partition": message.partition(), "headers": message.headers()}
    producer.produce(message.topic() or "", value, message.key(), **place)  # type: ignore[arg-type]
    assert producer.flush(10) == 0


def test_what_is_wrong_is_found_soon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report overwritten, one removed, an entry doubled, an update lost: within seconds, by its name."""
    with world.running(Auditor) as auditor, world.running(Worker) as worker:
        for product in ("P1", "P2", "P3", "P4"):
            world.degrade(product)
        await_that(lambda: auditor.metric(EQUAL) == 4, "reports that are as they should be")
        world.command("P3", Verb.ACKNOWLEDGE)
        await_that(lambda: auditor.metric(EQUAL) == 5, "an update")
        await_ready(auditor)
        changed = replace(world.reports()["P1"], assignee="somebody")
        write(world, last(world, REPORT, "P1"), RECORDS.write_report(changed))
        await_that(lambda: findings(auditor) == {"differs": 1}, "report that differs", SOON_S)
        write(world, last(world, REPORT, "P2"), None)
        await_that(lambda: findings(auditor).get("missing") == 1, "missing report", SOON_S)
        await_that(lambda: auditor.metric(DIFFERING) == 2, "gauge")
        entry = last(world, JOURNAL, "P3")
        write(world, entry, entry.value())
        await_that(lambda: findings(auditor).get("doubled") == 1, "doubled entry", SOON_S)
        await_that(lambda: auditor.metric(DIFFERING) == 3, "fold with an entry too many", SOON_S)
        _lose_reports(monkeypatch)
        world.command("P4", Verb.ACKNOWLEDGE)
        await_that(lambda: auditor.metric(DIFFERING) == 4, "lost update", SOON_S)
        monkeypatch.undo()
        world.command("P4", Verb.NOTE, value="go on")
        await_that(lambda: auditor.metric(DIFFERING) == 3, "report that is right again", SOON_S)
        assert auditor.health.ready, "it goes on, whatever it finds"
        assert worker.health.ready
    with world.running(Auditor, "audit_from_start=true") as late:
        await_that(lambda: late.metric(DIFFERING) == 3, "what differed before it began")
        assert findings(late) == {"differs": 2, "missing": 1}


def _lose_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker forget to write reports."""
    outputs = Partition.outputs

    def without_reports(self: Partition) -> list[Output]:
        return [item for item in outputs(self) if not item.topic.endswith(REPORT.name)]

    monkeypatch.setattr(Partition, "outputs", without_reports)


def test_deadlines_that_nobody_settles_are_found(make_world: MakeWorld) -> None:
    """No timer runs: what falls due stays as it is, and the auditor says so."""
    world = make_world(DEMO_POLICY)
    with world.running(Worker, DEMO_POLICY), world.running(Auditor, "audit_overdue_ms=1000") as auditor:
        world.degrade("P1")
        await_that(lambda: findings(auditor) == {"overdue": 1}, "overdue deadline")
        await_that(lambda: auditor.metric("qosresolve_audit_oldest_overdue_seconds") >= 1, "its age")


def test_three_roles_in_one_process(world: World) -> None:
    """`qosresolve run worker timer auditor` works, and SIGTERM ends it with status 0."""
    process = process_of(world.settings, "qosresolve", "run", "worker", "timer", "auditor")
    try:
        world.degrade("P1")
        world.await_entries(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
