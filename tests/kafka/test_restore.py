"""Restore: what is read, what is not, and when it has to stop."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pytest
import structlog
from confluent_kafka import Message
from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.core.partition import PartitionState
from qosresolve.errors import FatalError
from qosresolve.kafka import clients, reading, restore
from qosresolve.kafka.cases import CaseStore
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.reading import Sweep
from qosresolve.kafka.restore import Restorer
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.settings import load
from qosresolve.telemetry.metrics import WorkerMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import PARTITION, REPORT, WATCH, Names, Topic
from tests.kafka.conftest import MakeWorld
from tests.kafka.harness import PARTITIONS, World, await_that
from tests.kafka.situations import open_transaction

NAMES = Names("x.")


@dataclass
class Held:
    """What a restore needs of a partition."""

    number: int
    store: CaseStore = field(default_factory=lambda: CaseStore(cast("Contracts", None), 10))
    ours: bool = True
    remembered_at: int | None = None

    def remembered(self, offset: int, _value: bytes) -> PartitionState:
        """Stand in for the decoding of the one record that is decoded."""
        self.remembered_at = offset
        return PartitionState(self.number, (), "")


class Reading:
    """Stands for a sweep: gives what a test put there, slice by slice."""

    def __init__(self, *_given: object) -> None:
        self.slices: list[list[Message]] = []
        self.left: list[Place] = []
        self.steps = 0
        self.expected = self.total = 0

    @property
    def remaining(self) -> int:
        return sum(map(len, self.slices))

    @property
    def pending(self) -> frozenset[Place]:
        return frozenset({("topic", 0)} if self.slices else ())

    def step(self, _timeout: float) -> list[Message]:
        self.steps += 1
        found = self.slices.pop(0)
        self.total += len(found)
        return found

    def monotonic(self) -> float:
        """Let a slice end with its step."""
        return float(self.steps)

    def leave(self, places: Iterable[Place]) -> None:
        self.left += places


class Bench:
    """A restorer without a broker; every slice takes one step, and time passes as a test wants it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reading = Reading()
        self.registry = CollectorRegistry()
        self.now = 0.0
        monkeypatch.setattr(clients, "admin", lambda _settings: None)
        monkeypatch.setattr(clients, "reader", lambda _settings: self)
        monkeypatch.setattr(restore, "Sweep", lambda *_given: self.reading)
        monkeypatch.setattr(restore, "time", self.reading)
        monkeypatch.setattr(restore, "Progress", partial(Progress, clock=lambda: self.now))
        settings = load(overrides=["prefix=x.", "restore_stall_ms=60000", "restore_budget_ms=3600000"])
        self.restorer = Restorer(
            settings,
            cast("Contracts", None),
            WorkerMetrics(self.registry),
            lambda partition: cast("Any", partition).ours,
        )

    def unassign(self) -> None:
        """Stand in for the consumer."""

    def begin(self, *partitions: Held, slices: list[list[Message]]) -> None:
        """Begin to restore."""
        self.reading.slices = slices
        self.reading.expected = self.reading.remaining
        self.restorer.begin(cast("list[Partition]", list(partitions)))

    def advance(self) -> list[tuple[Any, PartitionState | None]]:
        """Advance by one slice."""
        return list(self.restorer.advance())

    def last(self) -> None:
        """Advance until there is nothing more to read, half a minute each."""
        while self.reading.slices:
            self.now += 30
            self.advance()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def _record(topic: Topic, number: int, key: bytes, value: bytes | None, offset: int = 0) -> Message:
    return Message(topic=NAMES.of(topic), partition=number, key=key, value=value, offset=offset)


def test_nothing_is_decoded_but_what_the_partition_remembers(bench: Bench) -> None:
    """Reports and watches are indexed by key; of partition records only the last is looked at."""
    held = Held(0)
    bench.begin(
        held,
        slices=[
            [
                _record(REPORT, 0, b"P1/R1", b"never decoded"),
                _record(WATCH, 0, b"P2", b"never decoded"),
                _record(PARTITION, 0, b"0", b"old", 4),
                _record(REPORT, 0, b"P3/R1", b"removed below"),
                _record(REPORT, 0, b"P3/R1", None),
                _record(PARTITION, 0, b"0", b"new", 5),
            ]
        ],
    )
    (found,) = bench.advance()
    assert found == (held, PartitionState(0, (), ""))
    assert held.remembered_at == 5
    assert sorted(held.store.products()) == ["P1", "P2"]
    assert bench.restorer.idle


def test_a_partition_without_a_record_has_no_state(bench: Bench) -> None:
    """Whether that is a first start or a loss is told by others."""
    held = Held(0)
    bench.begin(held, slices=[])
    assert bench.advance() == [(held, None)]


def test_what_was_taken_away_is_read_no_more(bench: Bench) -> None:
    """The rest goes on; the worker that has it now is not waited for, and nobody starts it here."""
    stays, goes = Held(0), Held(1)
    records = [_record(REPORT, number, b"P1/R1", b"v") for number in (0, 1)]
    bench.begin(stays, goes, slices=[records[:1], records[1:], records[:1]])
    assert bench.advance() == []
    goes.ours = False
    assert bench.advance() == []
    assert bench.reading.left == [(NAMES.of(topic), 1) for topic in (REPORT, WATCH, PARTITION)]
    assert bench.advance() == [(stays, None)]
    assert (len(stays.store), len(goes.store)) == (1, 0)
    assert len(bench.reading.left) == 3, "told once"


def test_a_restore_that_stands_still_stops_with_a_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what it waits for."""
    records = [_record(REPORT, 0, b"P1/R1", b"v")]
    bench.begin(Held(0), slices=[records, records, [], records])
    monkeypatch.setattr(Reading, "remaining", property(lambda self: sum(1 for at in self.slices if at)))
    for bench.now in (0.0, 59.0, 118.0):  # the last brings nothing, but it moved a minute ago
        bench.advance()
    bench.reading.slices.insert(0, [])
    bench.now = 120.0
    with pytest.raises(FatalError, match=r"no progress for 61 s reading topic-0.*restore-stalled\.md"):
        bench.advance()


def test_a_restore_that_takes_too_long_stops_with_a_page(bench: Bench) -> None:
    """It moves, but tombstones expire before it has seen them: it has to begin from the start."""
    bench.begin(Held(0), slices=[[_record(REPORT, 0, b"P1/R1", b"v")] for _ in range(200)])
    with pytest.raises(FatalError, match=r"restore_budget_ms.*restore-stalled\.md"):
        bench.last()
    assert bench.now == 3_660, "it began with the first slice, at 30"


def test_how_far_it_is_can_be_seen(bench: Bench) -> None:
    """Remaining, rate and time left as gauges, and a line every five seconds."""
    bench.begin(Held(0), slices=[[_record(REPORT, 0, b"P%d/R" % at, b"v")] for at in range(40)])
    with structlog.testing.capture_logs() as lines:
        for _ in range(21):
            bench.advance()
            bench.now += 1
    value = bench.registry.get_sample_value
    assert value("qosresolve_restore_remaining_records") == 19
    assert value("qosresolve_restore_records_per_second") == pytest.approx(1)
    assert value("qosresolve_restore_eta_seconds") == pytest.approx(19)
    told = [(line["done"], line["expected"]) for line in lines if line["event"] == "restore"]
    assert told == [(6, 40), (11, 40), (16, 40), (21, 40)]


# -- on a real broker


def _reports(world: World, number: int, count: int) -> None:
    for at in range(count):
        world._producer.produce(world.names.of(REPORT), b"v" * 500, b"P%d/R" % at, number)
    world.flush()


def test_a_partition_is_left_in_the_middle_of_a_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are read to their ends, and of this one comes nothing more."""
    monkeypatch.setattr(reading, "CHUNK", 100)
    for number in range(PARTITIONS):
        _reports(world, number, 2_000)
    consumer, admin = clients.reader(world.settings), clients.admin(world.settings)
    try:
        sweep = Sweep(consumer, admin, [(world.names.of(REPORT), number) for number in range(PARTITIONS)])
        first = await_that(lambda: sweep.step(0.1), "a first record")
        gone = first[0].partition() or 0
        sweep.leave([(world.names.of(REPORT), gone)])
        rest: list[Message] = []
        while sweep.pending:
            rest += sweep.step(0.1)
    finally:
        consumer.close()
    assert {message.partition() for message in rest} == set(range(PARTITIONS)) - {gone}
    assert sweep.remaining == 0


@pytest.mark.parametrize("role", [Worker, Timer])
def test_what_reads_behind_a_hanging_transaction_stops(
    make_world: MakeWorld, role: type[Worker] | type[Timer]
) -> None:
    """Neither decides nor fires without the rest: it is never ready, and ends with the page's name."""
    world = make_world()
    number = partition_of("P1", PARTITIONS)
    foreign = open_transaction(world, number)
    _reports(world, number, 3)
    started = world.start(role, world.settings.model_copy(update={"restore_stall_ms": 1_000}))
    failure = await_that(lambda: started.failure, "stop")[0]
    started.stop()
    foreign.abort_transaction(10)
    assert isinstance(failure, FatalError)
    assert f"{world.names.of(REPORT)}-{number}" in str(failure)
    assert "docs/runbooks/restore-stalled.md" in str(failure)
    assert not started.health.ready


def test_a_timer_is_told_how_far_it_is(world: World) -> None:
    """While it waits behind a transaction, the gauge says how much is left; then it is ready."""
    number = partition_of("P1", PARTITIONS)
    foreign = open_transaction(world, number)
    _reports(world, number, 3)
    with world.running(Timer) as timer:
        await_that(
            lambda: timer.metric("qosresolve_timer_catch_up_remaining_records") == 4, "a timer that waits"
        )
        assert not timer.health.ready
        foreign.abort_transaction(10)
        await_that(lambda: timer.health.ready, "readiness")
        assert timer.metric("qosresolve_timer_catch_up_remaining_records") == 0
