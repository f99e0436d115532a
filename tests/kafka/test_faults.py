"""Faults on a real broker: kill, rebalance, rewind, a foreign transaction, time that passed meanwhile.

After each, the invariants of `checks` hold: nothing lost, doubled, torn or reordered.
"""

import signal
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from qosresolve.core.vocabulary import DegradationKind, Outcome, Status
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import ends
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEADLINE, DEGRADATION, INPUTS, REPORT
from tests.chaos.points import IN_TRANSACTION
from tests.kafka.checks import check_all
from tests.kafka.conftest import MakeWorld
from tests.kafka.harness import (
    DEMO_POLICY,
    PARTITIONS,
    RECORDS,
    Running,
    World,
    await_that,
    degradation,
    wall_ms,
)
from tests.kafka.situations import (
    BACKLOG,
    SMALL,
    deadline_behind_a_backlog,
    killed_at,
    know_leaders,
    open_transaction,
    overtook,
    process_of,
    rewind,
    write_like_a_worker,
)


@pytest.mark.parametrize("point", IN_TRANSACTION)
def test_kill_in_mid_batch(world: World, point: str, tmp_path: Path) -> None:
    """Killed with SIGKILL at a named point of a transaction and started again: as if it had never died."""
    products = [f"P{number}" for number in range(40)]
    for sequence in (1, 2, 3):
        for product in products:
            world.degrade(
                product, sequence, kind=DegradationKind.UPDATE if sequence > 1 else DegradationKind.RAISE
            )
    world.flush()
    # Static membership: the next process in the slot takes over at once, not after the session's time-out.
    settings = world.settings.model_copy(update={"static_membership": True, "batch_records": 20})
    killed_at(point, settings, tmp_path, passes=1)
    for product in products[:20]:
        world.abate(product, 4)
    world.flush()
    with world.running(Worker, "static_membership=true"):
        world.await_entries(140)
    entries = check_all(world)
    assert len(entries) == 140
    assert {entry.outcome for entry in entries} == {Outcome.APPLIED}


class WatchedWorker(Worker):
    """The worker, noting after every round which inputs its consumer really has.

    In its own thread: asked from another one, a consuming client answers after half a minute.
    """

    def _round(self) -> None:
        super()._round()
        by_number: dict[int, set[str]] = {}
        for at in self._consumer.assignment():
            by_number.setdefault(at.partition, set()).add(at.topic)
        self.seen: list[dict[int, set[str]]] = getattr(self, "seen", [])
        if not self.seen or self.seen[-1] != by_number:
            self.seen.append(by_number)

    @property
    def held(self) -> set[int]:
        """Return the partition numbers that this worker holds."""
        return set(self._assignment.held)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_two_workers_share_and_hand_over(make_world: MakeWorld, protocol: str) -> None:
    """A second worker takes over some partitions while events flow; all six inputs go together."""
    option = f"group_protocol={protocol}"
    world = make_world(option)
    numbers = range(60)
    with world.running(WatchedWorker, option) as first:
        for number in numbers:
            world.degrade(f"P{number}")
        world.await_entries(60)
        with world.running(WatchedWorker, option, slot="1") as second:
            await_that(lambda: _share(first, second), "split of the partitions")
            for number in numbers:
                world.degrade(f"P{number}", 2, kind=DegradationKind.UPDATE)
            world.await_entries(120)
        for number in numbers:
            world.abate(f"P{number}", 3)
        world.await_entries(180)
    for worker in (first, second):
        states = worker.role.seen  # type: ignore[union-attr]
        assert len(states) > 1, "there was no rebalance to look at"
        assert all(len(topics) == len(INPUTS) for state in states for topics in state.values())
    check_all(world)


def _share(*workers: Running) -> bool:
    held = [worker.role.held for worker in workers]  # type: ignore[union-attr]
    whole = sorted(number for numbers in held for number in numbers) == list(range(PARTITIONS))
    return all(held) and whole and all(worker.health.ready for worker in workers)


def test_restore_reads_past_a_foreign_open_transaction(world: World) -> None:
    """Committed reports above a foreign open transaction are restored, once it has ended."""
    with world.running(Worker):
        world.degrade("P1")
        world.await_entries(1)
    number = world.messages(REPORT)[0].partition() or 0
    report = world.reports()["P1"]
    foreign = open_transaction(world, number)
    write_like_a_worker(world, number, report)  # committed, but above the open transaction
    place = (world.names.of(REPORT), number)
    consumer = clients.reader(world.settings)
    try:
        stable = consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)[1]
    finally:
        consumer.close()
    assert stable < ends(clients.admin(world.settings), [place])[place], "the fault is not there"
    with world.running(Worker) as worker:
        await_that(lambda: worker.metric("qosresolve_restore_remaining_records") > 0, "restore that waits")
        assert not worker.health.ready, "it must not start below the committed records"
        foreign.abort_transaction(10)
        await_that(lambda: worker.health.ready, "readiness after the foreign transaction ended")
        world.abate("P1")
        world.await_report("P1", lambda item: item.restored_at is not None, "restored")


def test_deadlines_that_passed_while_the_timer_was_down(make_world: MakeWorld) -> None:
    """A timer that starts late fires what passed: the highest threshold, naming those that were skipped."""
    world = make_world(DEMO_POLICY)
    with world.running(Worker, DEMO_POLICY):
        with world.running(Timer):
            world.degrade("P1")
            world.await_report("P1", lambda item: item.alarm > 0, "looked at once by the timer")
        opened = world.reports()["P1"]
        passed = max(item.due_at for item in opened.restore.thresholds)
        await_that(lambda: wall_ms() > passed, "passing of both thresholds")
        before = len(world.messages(DEADLINE))
        with world.running(Timer):
            world.await_report(
                "P1",
                lambda item: all(step.reached for step in item.restore.thresholds),
                "past its thresholds",
            )
        assert len(world.messages(DEADLINE)) > before
    entries = check_all(world)
    told = [
        (fact.percent, fact.skipped)  # type: ignore[union-attr]
        for entry in entries
        for fact in entry.facts
        if type(fact).__name__ == "ThresholdReached" and fact.clock == "restore"  # type: ignore[union-attr]
    ]
    assert told == [(80, (50,))], "only the highest threshold, naming the one below it"


def test_a_deadline_waits_for_the_abatement_in_the_backlog(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An abatement that lies in the backlog comes before a deadline that was written after it: no breach."""
    know_leaders(monkeypatch)
    deadline_behind_a_backlog(world)
    with world.running(Worker, *SMALL) as worker:
        world.await_entries(BACKLOG + 3)
        assert worker.metric("qosresolve_backlog_timeouts_total") == 0
    assert not overtook(check_all(world)), "the deadline overtook its backlog"


def test_a_rewound_group_does_nothing_twice(world: World) -> None:
    """Somebody sets the group back to the start: the positions skip what was taken."""
    with world.running(Worker):
        for number in range(20):
            world.degrade(f"P{number}")
        world.await_entries(20)
    rewind(world)
    with world.running(Worker):
        for number in range(20):
            world.abate(f"P{number}")
        world.await_entries(40)
    entries = check_all(world)
    assert len(entries) == 40


def test_a_resent_event_at_a_new_offset_is_a_no_op(world: World) -> None:
    """The same event sent twice is taken once; the same id with another body is refused."""
    event = degradation("P1", 1)
    value = RECORDS.write_input(event)[1]
    other = RECORDS.write_input(degradation("P1", 1, observed_at=event.observed_at, value="999"))[1]
    with world.running(Worker):
        for sent in (value, value, other):
            world.send(DEGRADATION, "P1", sent)
        entries = world.await_entries(3)
    assert [str(entry.rule) for entry in entries] == ["", "AlreadySeen", "SameIdOtherBody"]
    check_all(world)


def test_cold_restore_equals_warm_state(world: World) -> None:
    """What a restarted worker knows is what the one before it knew: the next decisions are the same."""
    with world.running(Worker):
        for number in range(30):
            world.degrade(f"P{number}")
        world.await_entries(30)
    before = world.reports()
    with world.running(Worker) as worker:
        await_that(lambda: worker.health.ready, "restore")
        assert isinstance(worker.role, Worker)
        held = {
            product: partition.store.get(product).open
            for partition in worker.role._assignment.held.values()
            for product in partition.store.products()
        }
    assert held == before
    assert all(report.status is Status.ACKNOWLEDGED for report in before.values())


def test_a_worker_without_first_offsets_refuses_to_start(world: World) -> None:
    """No offset and no state: it stops with the remedy instead of guessing where to begin."""
    settings = world.settings.model_copy(update={"group": f"{world.settings.prefix}other"})
    started = world.start(Worker, settings)
    await_that(lambda: started.failure, "refusal")
    started.stop_event.set()
    assert "topics create" in str(started.failure[0])


def test_sigterm_ends_a_process_cleanly(world: World) -> None:
    """SIGTERM ends `qosresolve run worker` with status 0, and a successor goes on at once."""
    process = process_of(world.settings, "qosresolve", "run", "worker")
    try:
        world.degrade("P1")
        world.await_entries(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
    with world.running(Worker):
        world.abate("P1")
        world.await_entries(2)
    check_all(world)
