"""Rebalance callbacks: they never raise, and what went wrong in them is raised by the loop."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from qosresolve.kafka.assignment import Assignment
from qosresolve.topics import ANCHOR, Names
from tests.kafka.harness import await_that
from tests.kafka.mock import HASTY
from tests.support.mock_cluster import MockCluster, mock_cluster

NAMES = Names("assigned.")
BOTH = [TopicPartition(NAMES.of(ANCHOR), number) for number in (0, 1)]


class Held:
    """As much of a partition as an assignment looks at."""

    def __init__(self, number: int, epoch: int) -> None:
        self.number = number
        self.epoch = epoch


class Noting:
    """A consumer that notes what it is asked to do, and fails where told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.subscribed: dict[str, Any] = {}
        self.assigned: list[tuple[str, int]] = []
        self._failure = failure

    def subscribe(self, _: list[str], **callbacks: Callable[..., None]) -> None:
        self.subscribed = callbacks

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned += [(at.topic, at.partition) for at in partitions]

    def resume(self, partitions: list[TopicPartition]) -> None:
        assert {(at.topic, at.partition) for at in partitions} <= set(self.assigned)

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        if self._failure is not None:
            raise self._failure
        for at in partitions:
            self.assigned.remove((at.topic, at.partition))


def _inputs(number: int) -> list[tuple[str, int]]:
    return [(topic, number) for topic in NAMES.inputs]


def _assignment(make: Callable[[int, int], Held] = Held) -> Assignment[Held]:
    return Assignment(NAMES.of(ANCHOR), _inputs, make)


def _subscribed(assignment: Assignment[Held], consumer: Noting) -> dict[str, Callable[..., None]]:
    assignment.subscribe(cast("Consumer", consumer))
    return consumer.subscribed


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    """A broker with the anchor."""
    with mock_cluster() as made:
        made.create(NAMES.of(ANCHOR), 2)
        yield made


def test_a_callback_that_fails_is_told_by_the_loop(cluster: MockCluster) -> None:
    """Raised in the callback it would come out of `consume()`, with the assignment applied all the same."""

    def broken(_number: int, _epoch: int) -> Held:
        raise LookupError("no memory for that")

    own = {"bootstrap.servers": cluster.bootstrap, "group.id": "g", "auto.offset.reset": "error"}
    consumer = Consumer(own | HASTY | {"partition.assignment.strategy": "cooperative-sticky", "log_level": 0})
    assignment = _assignment(broken)
    assignment.subscribe(consumer)

    def joined() -> bool:
        assert consumer.consume(10, 0.1) == []
        return assignment.joined

    await_that(joined, "assignment")
    assert consumer.assignment() == [], "nothing is read whose state nobody holds"
    with pytest.raises(LookupError, match="no memory for that"):
        assignment.raise_if_failed()
    assignment.raise_if_failed()
    consumer.close()


@pytest.mark.parametrize("callback", ["on_revoke", "on_lost"])
def test_a_loss_that_fails_is_told_by_the_loop(callback: str) -> None:
    """The same on the way out."""
    consumer = Noting(RuntimeError("not now"))
    assignment = _assignment()
    callbacks = _subscribed(assignment, consumer)
    callbacks["on_assign"](consumer, BOTH)
    callbacks[callback](consumer, BOTH)
    with pytest.raises(RuntimeError, match="not now"):
        assignment.raise_if_failed()


def test_what_failed_first_is_what_is_told() -> None:
    """What fails after it is most likely a consequence."""
    consumer = Noting(RuntimeError("second"))
    failures = iter([LookupError("first")])

    def broken(_number: int, _epoch: int) -> Held:
        raise next(failures)

    assignment = _assignment(broken)
    callbacks = _subscribed(assignment, consumer)
    callbacks["on_assign"](consumer, BOTH)
    callbacks["on_lost"](consumer, BOTH)
    with pytest.raises(LookupError, match="first"):
        assignment.raise_if_failed()


@pytest.mark.parametrize("callback", ["on_revoke", "on_lost"])
def test_what_is_lost_is_dropped_with_all_its_inputs(callback: str) -> None:
    """Given up in order or lost to the session's time-out: nothing of it is held or read any more."""
    consumer = Noting()
    assignment = _assignment()
    callbacks = _subscribed(assignment, consumer)
    callbacks["on_assign"](consumer, BOTH)
    for number in (0, 1):
        assignment.read(cast("Consumer", consumer), number, dict.fromkeys(_inputs(number), 7))
    before = assignment.held[0]
    callbacks[callback](consumer, BOTH[:1])
    assert set(assignment.held) == {1}
    assert consumer.assigned == [(topic, 1) for topic in NAMES.inputs]
    assert [partition.number for partition in assignment.fresh] == [1]
    callbacks["on_assign"](consumer, BOTH[:1])
    assert not assignment.current(before), "what comes back is another one: what was staged is not its own"
    assignment.raise_if_failed()


def test_what_comes_back_is_read_though_it_was_paused(cluster: MockCluster) -> None:
    """The client keeps a pause over the loss of a partition: one that was stopped would stay silent."""
    topic = NAMES.of(ANCHOR)
    own = {"bootstrap.servers": cluster.bootstrap, "group.id": "g", "auto.offset.reset": "error"}
    consumer, producer = Consumer(own | HASTY), Producer({"bootstrap.servers": cluster.bootstrap})
    producer.produce(topic, b"first", partition=0)
    assert producer.flush(10) == 0
    assignment = Assignment(topic, lambda number: [(topic, number)], Held)
    read = partial(assignment.read, consumer, 0, {(topic, 0): 0})
    read()
    await_that(lambda: consumer.poll(0.1), "the record")  # so it is being fetched
    consumer.pause([TopicPartition(topic, 0)])
    assignment.stop_reading(consumer, 0)
    consumer.poll(0.1)
    read()
    message = await_that(lambda: consumer.poll(0.1), "the record")
    assert message.value() == b"first"
    consumer.close()
