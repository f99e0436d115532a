"""The whole worker while brokers, registry and group misbehave: it waits or stops, and buries nothing.

On the mock cluster, whose faults can be chosen. It shows aborted records to everybody: that everything is
taken only once is for the real broker to prove (`test_faults`).
"""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError
from fastavro.types import Schema
from prometheus_client import CollectorRegistry

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.vocabulary import DegradationKind, Outcome, Verb
from qosresolve.errors import FatalError, FencedError, RetriableError
from qosresolve.kafka import embedded, outage, topics_admin, transaction, worker
from qosresolve.kafka.denied import DeniedError
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.transaction import Transactions
from qosresolve.kafka.worker import Worker
from qosresolve.telemetry.health import Health
from qosresolve.topics import ANCHOR, COMMAND, DEAD_LETTERS
from tests.kafka.harness import PARTITIONS, RECORDS, Running, World, await_that, command, settings_for
from tests.kafka.mock import HASTY
from tests.support.mock_cluster import Api, MockCluster, mock_cluster

pytestmark = pytest.mark.slow

PREFIX = "faults."
LOOKS_OFTEN = HASTY | {"topic.metadata.refresh.interval.ms": "500"}
FETCH_ERRORS = [
    "NOT_LEADER_FOR_PARTITION",
    "LEADER_NOT_AVAILABLE",
    "REPLICA_NOT_AVAILABLE",
    "KAFKA_STORAGE_ERROR",
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_LEADER_EPOCH",
    "UNKNOWN_TOPIC_OR_PART",
    "NETWORK_EXCEPTION",
    "UNKNOWN",
]
Start = Callable[..., Running]


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    """One broker, which outlives all its clients: without it they would look for it until the run ends."""
    with mock_cluster() as made:
        yield made
        gc.collect()


@pytest.fixture
def world(cluster: MockCluster, monkeypatch: pytest.MonkeyPatch) -> World:
    """The topics on it."""
    hasty = [f"kafka.{name}={value}" for name, value in HASTY.items()]
    settings = settings_for(cluster.bootstrap, PREFIX, "broker=embedded", *hasty)
    monkeypatch.setattr(topics_admin, "create", embedded._make_topics)
    return World(settings)


@pytest.fixture
def start(world: World) -> Iterator[Start]:
    """Return a function that runs a worker until the test ends."""
    running: list[Running] = []

    def started(contracts: Contracts = RECORDS, **changes: object) -> Running:
        registry, health, stop = CollectorRegistry(), Health(), threading.Event()
        settings = world.settings.model_copy(update=changes)
        made = Worker(settings, contracts, registry=registry, health=health, stop=stop)
        running.append(Running(made, health, registry, stop))
        return running[-1]

    yield started
    for each in running:
        each.stop()


def _ready(running: Running) -> Running:
    await_that(lambda: running.failure or running.health.ready, "readiness")
    assert not running.failure, running.failure
    return running


def _fault(running: Running) -> BaseException:
    return await_that(lambda: running.failure, "stop")[0]


def _taken(world: World, running: Running, count: int) -> None:
    """So many inputs were applied, and none was buried."""
    world.flush()
    applied = str(Outcome.APPLIED)

    def seen() -> float:
        return sum(
            sample.value
            for family in running.registry.collect()
            for sample in family.samples
            if sample.name == "qosresolve_records_total" and sample.labels["outcome"] == applied
        )

    await_that(lambda: running.failure or seen() >= count, f"{count} inputs")
    assert not running.failure, running.failure
    assert seen() == count
    assert world.messages(DEAD_LETTERS) == []


# -- brokers


def test_fetches_that_fail_are_tried_again(world: World, cluster: MockCluster, start: Start) -> None:
    """What a broker says of a fetch passes: nothing is skipped, nothing stops."""
    running = _ready(start())
    for name in FETCH_ERRORS:
        cluster.answer(Api.FETCH, getattr(KafkaError, name))
        world.degrade(name)
        world.flush()
    _taken(world, running, len(FETCH_ERRORS))


def test_all_brokers_away_for_a_while_are_waited_for(
    world: World, cluster: MockCluster, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch that was under way is taken again; no dead letter, no end of the process."""
    monkeypatch.setattr(transaction, "CALL_S", 0.5)
    waits = _waits(monkeypatch)
    running = _ready(start())
    world.degrade("P1")
    _taken(world, running, 1)
    world.degrade("P2")
    world.flush()
    cluster.down()
    await_that(lambda: running.failure or len(waits) > 2, "wait for the brokers")
    cluster.up()
    world.degrade("P3")
    world.flush()
    _taken(world, running, 3)


def test_brokers_that_stay_away_stop_the_worker(
    world: World, cluster: MockCluster, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody should know by then: status 70, what it waited for, and the page."""
    monkeypatch.setattr(transaction, "CALL_S", 0.3)
    monkeypatch.setattr(worker, "PATIENCE_S", 1.5)
    running = _ready(start())
    world.degrade("P1")
    _taken(world, running, 1)
    cluster.down()
    failure = _fault(running)
    cluster.up()
    assert isinstance(failure, FatalError)
    assert "cannot start transactions" in str(failure)
    assert "docs/runbooks/dependency-down.md" in str(failure)


def test_waiting_ends_however_long_each_attempt_takes(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that hangs until its time-out is the same outage as the one before it, not a new one."""
    monkeypatch.setattr(worker, "PATIENCE_S", 1.5)
    monkeypatch.setattr(worker, "QUIET_S", 0.2)
    running = _ready(start())

    def hangs(_: Transactions) -> None:
        time.sleep(0.4)
        raise RetriableError("no answer")

    monkeypatch.setattr(Transactions, "poll", hangs)
    failure = _fault(running)
    assert isinstance(failure, FatalError)
    assert "gave up after 2 s: no answer" in str(failure)


def _waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    waits: list[str] = []
    back_off = Worker._back_off

    def noted(self: Worker, why: str) -> None:
        waits.append(why)
        back_off(self, why)

    monkeypatch.setattr(Worker, "_back_off", noted)
    return waits


# -- the group


def test_a_group_that_is_busy_is_waited_for(world: World, cluster: MockCluster, start: Start) -> None:
    """Refused for its generation some times, the worker takes the batch again until it is not."""
    running = _ready(start())
    refused = (KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS, KafkaError.UNKNOWN_MEMBER_ID)
    cluster.answer(Api.TXN_OFFSET_COMMIT, *refused)
    world.degrade("P1")
    _taken(world, running, 1)
    assert running.metric("qosresolve_producer_rebuilds_total", reason="group") == 3
    assert running.metric("qosresolve_transactions_total", outcome="aborted") == 3


def test_a_coordinator_that_forgot_us_is_joined_again(
    world: World, cluster: MockCluster, start: Start
) -> None:
    """Heartbeats are refused: the partitions are lost, come back, and are restored."""
    running = _ready(start())
    world.degrade("P1")
    _taken(world, running, 1)
    before = _epochs(running)
    cluster.answer(Api.HEARTBEAT, KafkaError.UNKNOWN_MEMBER_ID)
    await_that(lambda: running.failure or len(_epochs(running) - before) == PARTITIONS, "new assignment")
    _ready(running)
    world.degrade("P1", 2, kind=DegradationKind.UPDATE)
    _taken(world, running, 2)


def _epochs(running: Running) -> set[int]:
    assert isinstance(running.role, Worker)
    return {partition.epoch for partition in list(running.role._assignment.held.values())}


def test_no_right_to_the_group_stops_the_worker(cluster: MockCluster, start: Start) -> None:
    """Not idle for ever with a warning: status 2, and the group is named by what the brokers said."""
    cluster.answer(Api.JOIN_GROUP, *[KafkaError.GROUP_AUTHORIZATION_FAILED] * 3)
    failure = _fault(start())
    assert isinstance(failure, DeniedError)
    assert failure.exit_code == 2
    assert "group" in str(failure).lower()


def test_a_member_that_was_replaced_stops(world: World, cluster: MockCluster, start: Start) -> None:
    """With static membership the next process in a slot ends the one before: status 75, the slot named.

    The client tells it by a fatal error that does not carry the flag, and is silent ever after.
    """
    running = _ready(start(static_membership=True))
    world.degrade("P1")
    _taken(world, running, 1)
    cluster.answer(Api.HEARTBEAT, KafkaError.FENCED_INSTANCE_ID)
    failure = _fault(running)
    assert isinstance(failure, FencedError)
    assert "as slot '0'" in str(failure)
    assert "docs/runbooks/slot-taken-over.md" in str(failure)


# -- transactions


def test_an_unknown_outcome_is_restored(world: World, cluster: MockCluster, start: Start) -> None:
    """Memory may lag behind the log: the partition is read anew, and goes on from what it says."""
    running = _ready(start())
    world.degrade("P1")
    _taken(world, running, 1)
    restored = running.metric("qosresolve_restored_records_total")
    cluster.answer(Api.END_TXN, KafkaError.UNKNOWN)
    world.degrade("P1", 2, kind=DegradationKind.UPDATE)
    await_that(lambda: running.metric("qosresolve_transactions_total", outcome="unknown"), "unknown outcome")
    await_that(lambda: running.metric("qosresolve_restored_records_total") > restored, "restore")
    _ready(running)
    world.degrade("P1", 3, kind=DegradationKind.UPDATE)
    await_that(lambda: world.reports()["P1"].indicators[0].sequence == 3, "third event")
    assert not running.failure
    assert world.messages(DEAD_LETTERS) == []


def test_a_rival_that_is_met_between_batches_stops(world: World, cluster: MockCluster, start: Start) -> None:
    """Whichever call tells it, the process ends with 75, not as one that crashed."""
    running = _ready(start())
    cluster.answer(Api.ADD_PARTITIONS_TO_TXN, KafkaError.INVALID_PRODUCER_EPOCH)  # only the worker asks that
    world.degrade("P1")
    failure = _fault(running)
    assert isinstance(failure, FencedError)


# -- topics, policies, registry


def _hide(world: World, cluster: MockCluster, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the anchor not be there any more; return what brings it back.

    The mock takes ten seconds to tell an admin client of a topic that has an error: that is told at once.
    """
    anchor = world.names.of(ANCHOR)
    cluster.topic_error(anchor, KafkaError.UNKNOWN_TOPIC_OR_PART)
    monkeypatch.setattr(outage, "partitions_of", lambda *_: 0)

    def show() -> None:
        cluster.topic_error(anchor, 0)
        monkeypatch.setattr(outage, "partitions_of", lambda *_: PARTITIONS)

    return show


def test_a_topic_that_is_not_there_for_a_moment_is_waited_for(
    world: World, cluster: MockCluster, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restart of the controller."""
    waits = _waits(monkeypatch)
    running = _ready(start(kafka=LOOKS_OFTEN))
    show = _hide(world, cluster, monkeypatch)
    await_that(lambda: running.failure or waits, "wait for the topic")
    assert f"topic {world.names.of(ANCHOR)} is not there" in waits[0]
    show()
    world.degrade("P1")
    _taken(world, running, 1)


def test_a_topic_that_is_gone_stops_the_worker(
    world: World, cluster: MockCluster, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client mentions it once and is silent ever after: the worker would look well and do nothing."""
    monkeypatch.setattr(worker, "PATIENCE_S", 1.0)
    running = _ready(start(kafka=LOOKS_OFTEN))
    _hide(world, cluster, monkeypatch)
    failure = _fault(running)
    assert isinstance(failure, FatalError)
    assert "docs/runbooks/truncated-input.md" in str(failure)


def test_policies_that_cannot_be_read_are_waited_for(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for an unknown policy is a dependency of its own: it may be down, too."""
    waits = _waits(monkeypatch)
    refresh = PolicyBook.refresh
    running = _ready(start())
    monkeypatch.setattr(PolicyBook, "refresh", _no_broker)
    order = command("", Verb.ACTIVATE_POLICY, role="policy-manager", value="f" * 64)
    world.send(COMMAND, "0", RECORDS.write_input(order)[1], 0)
    world.flush()
    await_that(lambda: running.failure or len(waits) > 1, "wait for the policies")
    assert waits[0] == "cannot read the policies: no broker answers"
    monkeypatch.setattr(PolicyBook, "refresh", refresh)
    await_that(lambda: running.failure or waits[-1] != waits[0], "look at the policies")
    assert "is not on the policy topic" in waits[-1]
    assert world.messages(DEAD_LETTERS) == []


def _no_broker(_: PolicyBook) -> None:
    raise RetriableError("no broker answers")


class Down(SingleObjectCodec):
    """A codec whose registry is down when told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False

    def today(self, record: str, data: bytes) -> int:
        return 0 if self.down else super().today(record, data)

    def decode(self, record: str, data: bytes, onto: Schema | None = None) -> Any:  # noqa: ANN401 - as the class above
        if self.down:
            raise RetriableError("schema registry, schema 7: it does not answer")
        return super().decode(record, data, onto)


def test_a_registry_that_is_down_buries_nothing(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records wait, and are taken once it answers."""
    waits = _waits(monkeypatch)
    codec = Down()
    running = _ready(start(Contracts(codec)))
    codec.down = True
    for number in range(1, 6):
        world.degrade(f"P{number}")
    world.flush()
    await_that(lambda: running.failure or len(waits) > 2, "wait for the registry")
    assert "schema registry" in waits[0]
    codec.down = False
    _taken(world, running, 5)


def test_a_registry_that_is_down_while_restoring_loses_nothing(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start in an outage waits; it never begins with less than what lies there."""
    first = _ready(start())
    world.degrade("P1")
    _taken(world, first, 1)
    first.stop()
    waits = _waits(monkeypatch)
    codec = Down()
    codec.down = True
    monkeypatch.setattr(PolicyBook, "refresh", lambda _: None)
    second = start(Contracts(codec))
    await_that(lambda: second.failure or len(waits) > 1, "wait for the registry")
    assert not second.health.ready
    codec.down = False
    _ready(second)
    assert isinstance(second.role, Worker)
    held = {product for item in second.role._assignment.held.values() for product in item.store.products()}
    assert held == {"P1"}
    world.degrade("P1", 2, kind=DegradationKind.UPDATE)
    _taken(world, second, 1)
