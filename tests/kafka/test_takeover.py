"""A worker that was frozen and lost its partitions without knowing yet: the next owner is no lost state."""

import pytest
from confluent_kafka import Producer, TopicPartition

from qosresolve.core.partition import PartitionState
from qosresolve.kafka import clients
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.restore import Restorer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEGRADATION
from tests.kafka.harness import World, await_that

Restored = list[tuple[Partition, PartitionState | None]]


def test_another_owner_commits_while_we_restore(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets that move on between the restore and the start are another owner's, and stop nobody."""
    advance = Restorer.advance
    ahead: list[int] = []

    def advance_and_be_overtaken(self: Restorer) -> Restored:
        restored = advance(self)
        if restored and not ahead:
            ahead.append(restored[0][0].number)
            _commit_as_another(world, ahead[0])
        return restored

    with world.running(Worker):
        world.degrade("P1")
        world.await_entries(1)
    monkeypatch.setattr(Restorer, "advance", advance_and_be_overtaken)
    with world.running(Worker) as worker:
        await_that(lambda: worker.health.ready or worker.failure, "restore")
    assert ahead, "nobody was overtaken"


def _commit_as_another(world: World, number: int) -> None:
    """Move the group's offset, as whoever holds the partition now does with each transaction."""
    producer = Producer(
        {"bootstrap.servers": world.settings.bootstrap_servers, "transactional.id": f"{world.names.prefix}z"}
    )
    group = clients.reader(world.settings)  # never joined, so its metadata is of no generation: not fenced
    producer.init_transactions(30)
    producer.begin_transaction()
    moved = [TopicPartition(world.names.of(DEGRADATION), number, 1_000)]
    producer.send_offsets_to_transaction(moved, group.consumer_group_metadata())
    producer.commit_transaction(30)
    group.close()
