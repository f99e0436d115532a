"""Each protection switched off: the fault comes, and a check finds it. So the other tests prove something."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from qosresolve.core.partition import PartitionState, Position
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import DegradationKind
from qosresolve.kafka import positions, reading
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.transaction import AbortedError, Transactions
from qosresolve.kafka.worker import Worker
from qosresolve.topics import REPORT
from tests.kafka.checks import check_each_input_once, check_fold, check_order
from tests.kafka.harness import Running, World, await_that
from tests.kafka.situations import (
    BACKLOG,
    SMALL,
    deadline_behind_a_backlog,
    know_leaders,
    open_transaction,
    overtook,
    rewind,
    write_like_a_worker,
)


def test_deadlines_that_do_not_wait_overtake(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not held for the backlog, the deadline is stepped before the abatement that was there first."""
    monkeypatch.setattr(Partition, "_caught_up", lambda *_: True)
    know_leaders(monkeypatch)
    deadline_behind_a_backlog(world)
    with world.running(Worker, *SMALL):
        world.await_entries(BACKLOG + 3)
    entries = world.journal()
    check_order(entries)  # within each input all is well: nothing else would tell
    assert overtook(entries)


def test_without_positions_a_rewind_is_taken_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that believes the group's offset takes every input again."""
    with world.running(Worker):
        for number in range(20):
            world.degrade(f"P{number}")
        world.await_entries(20)
    rewind(world)
    monkeypatch.setattr(positions, "checked", _as_the_group_says)
    with world.running(Worker):
        entries = world.await_entries(40)
    with pytest.raises(AssertionError, match="taken more than once"):
        check_each_input_once(world, entries)


def _as_the_group_says(
    _admin: AdminClient, _partition: Partition, restored: PartitionState | None, offsets: dict[str, int]
) -> PartitionState:
    assert restored is not None
    return replace(restored, positions=tuple(Position(topic, at) for topic, at in offsets.items()))


def test_a_restore_to_the_stable_offset_is_ready_too_early(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the end taken READ_COMMITTED, committed reports above a foreign open transaction are missing."""
    with world.running(Worker):
        world.degrade("P1")
        world.await_entries(1)
    number = world.messages(REPORT)[0].partition() or 0
    newer = replace(world.reports()["P1"], description="newer")
    foreign = open_transaction(world, number)
    write_like_a_worker(world, number, newer)
    monkeypatch.setattr(reading, "ends", _stable_ends)
    with world.running(Worker) as worker:
        await_that(lambda: worker.health.ready, "readiness")
        assert _description(worker, number) == "", "the state is not what was committed"
        foreign.abort_transaction(10)
    monkeypatch.undo()
    with world.running(Worker) as worker:
        await_that(lambda: worker.health.ready, "readiness")
        assert _description(worker, number) == "newer"


def _stable_ends(admin: AdminClient, places: Iterable[Place]) -> dict[Place, int]:
    wanted = {TopicPartition(*place): OffsetSpec.latest() for place in places}  # type: ignore[no-untyped-call]
    futures = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED)
    return {(at.topic, at.partition): future.result().offset for at, future in futures.items()}


def _description(worker: Running, number: int) -> str:
    assert isinstance(worker.role, Worker)
    report = worker.role._assignment.held[number].store.get("P1").open
    assert report is not None
    return report.description


def test_a_memory_that_runs_ahead_loses_what_was_aborted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Merged before the commit, an aborted batch looks as if it had been taken: its facts are nowhere."""
    outputs = Partition.outputs

    def merged_early(self: Partition) -> list[Output]:
        found = outputs(self)
        self._keep(found)
        return found

    monkeypatch.setattr(Partition, "outputs", merged_early)
    with world.running(Worker) as worker:
        await_that(
            lambda: worker.metric("qosresolve_transactions_total", outcome="committed"), "first commit"
        )
        aborted = _abort_once(monkeypatch)
        world.degrade("P1")
        await_that(lambda: aborted, "aborted transaction")
        world.degrade("P1", 2, kind=DegradationKind.UPDATE)
        entries = world.await_entries(2)
    assert entries[0].rule is Rule.ALREADY_SEEN
    assert "ReportOpened" not in world.facts("P1")
    with pytest.raises((AssertionError, LookupError)):
        check_fold(world, entries)


def _abort_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the next transaction have no effect, as the broker may."""
    commit = Transactions.commit
    aborted: list[str] = []

    def failing(self: Transactions, *given: Any) -> None:  # noqa: ANN401 - passed on as it is
        if not aborted:
            aborted.append("aborted")
            raise AbortedError("as a test wants it")
        commit(self, *given)

    monkeypatch.setattr(Transactions, "commit", failing)
    return aborted
