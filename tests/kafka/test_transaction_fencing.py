"""Who may commit, on a real broker: one process a slot, in time, and a member of the present generation."""

import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.errors import FencedError
from qosresolve.kafka import clients
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.transaction import AbortedError, Transactions
from qosresolve.telemetry.metrics import WorkerMetrics
from qosresolve.topics import ANCHOR, JOURNAL
from tests.kafka.harness import World, await_that, settings_for


class Slot:
    """The transactions of one process, and a member of the group whose metadata they carry."""

    def __init__(self, world: World, member: Consumer, *more: str) -> None:
        names = world.names
        self.registry = CollectorRegistry()
        settings = settings_for(world.settings.bootstrap_servers, world.settings.prefix, *more)
        self.transactions = Transactions(settings, WorkerMetrics(self.registry))
        self.member = member
        self._outputs = [Output(names.of(JOURNAL), 0, b"P1", b"value", [])]
        self._offsets = [TopicPartition(names.of(ANCHOR), 0, 1)]

    def commit(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Commit one output; something may happen between its writing and its end."""

        def metadata() -> object:
            found = self.member.consumer_group_metadata()
            meanwhile()
            return found

        self.transactions.commit(self._outputs, self._offsets, metadata)

    def rebuilt(self, reason: str) -> float:
        """Return how many producers were replaced for a reason."""
        labels = {"reason": reason}
        return self.registry.get_sample_value("qosresolve_producer_rebuilds_total", labels) or 0


@pytest.fixture
def member(world: World) -> Iterator[Consumer]:
    """A member of the group that holds all partitions."""
    consumer = clients.worker_consumer(world.settings)
    consumer.subscribe([world.names.of(ANCHOR)])
    await_that(lambda: consumer.consume(1, 0.1) or consumer.assignment(), "assignment")
    yield consumer
    consumer.close()


def test_the_newer_of_two_processes_in_a_slot_stays(world: World, member: Consumer) -> None:
    """The older one stops at once with 75, and takes nothing back: the newer one is not disturbed."""
    older = Slot(world, member)
    older.commit()
    newer = Slot(world, member)
    with pytest.raises(FencedError) as stopped:
        older.commit()
    assert "another process runs in slot '0'" in str(stopped.value)
    assert "it did not time out" in str(stopped.value)
    assert stopped.value.exit_code == 75
    newer.commit()
    newer.commit()
    assert len(world.messages(JOURNAL)) == 3


def test_a_transaction_that_took_too_long_says_so(world: World, member: Consumer) -> None:
    """The brokers answer as they do to a rival; how long it took tells one from the other."""
    slow = Slot(world, member, "transaction_timeout_ms=1000")
    slow.commit()
    with pytest.raises(FencedError, match=r"took \d\.\d s, longer than transaction_timeout_ms \(1000\)"):
        slow.commit(lambda: time.sleep(4))  # until the broker has looked for what is overdue
    assert len(world.messages(JOURNAL)) == 1


def test_a_member_of_an_older_generation_is_aborted(world: World, member: Consumer) -> None:
    """Whoever left the group in mid-batch commits nothing, and may go on as soon as it is back."""
    slot = Slot(world, member)
    slot.commit()

    def leave() -> None:
        member.unsubscribe()
        await_that(lambda: member.consume(1, 0.1) or not member.assignment(), "end of the membership")
        other = clients.worker_consumer(world.settings)
        other.subscribe([world.names.of(ANCHOR)])
        await_that(lambda: other.consume(1, 0.1) or other.assignment(), "assignment to another")
        other.close()

    with pytest.raises(AbortedError):
        slot.commit(leave)
    assert slot.rebuilt("group") == 1
    assert len(world.messages(JOURNAL)) == 1
    member.subscribe([world.names.of(ANCHOR)])
    await_that(lambda: member.consume(1, 0.1) or member.assignment(), "assignment")
    slot.commit()
    assert len(world.messages(JOURNAL)) == 2
