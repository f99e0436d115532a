"""Protections of what is committed, each taken off: who may commit, and what goes together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qosresolve.kafka import clients, transaction
from qosresolve.kafka.assignment import Assignment
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.transaction import Transactions
from qosresolve.kafka.worker import Worker
from qosresolve.telemetry.log import LibrdkafkaLog
from qosresolve.topics import DEAD_LETTERS, PARTITION
from tests.simulation.membership import GroupMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confluent_kafka import Consumer, TopicPartition

    from qosresolve.kafka.outputs import Output
    from qosresolve.settings import Settings
    from tests.simulation.patches import Patch

    Offsets = list[TopicPartition]
    Metadata = Callable[[], Any]


def without_generation() -> list[Patch]:
    """Every transaction carries metadata of before the first join: the broker takes it without looking."""
    commit = Transactions.commit

    def unfenced(self: Transactions, outputs: Iterable[Output], offsets: Offsets, _: Metadata) -> None:
        commit(self, outputs, offsets, GroupMetadata(self._settings.group).write)

    return [(Transactions, "commit", unfenced), (transaction, "never_joined", lambda _: False)]


def with_the_first_generation() -> list[Patch]:
    """The metadata of a worker's first transaction is used for all of them."""
    commit = Transactions.commit

    def cached(self: Transactions, outputs: Iterable[Output], offsets: Offsets, metadata: Metadata) -> None:
        first = vars(self).setdefault("first_metadata", metadata())
        commit(self, outputs, offsets, lambda: first)

    return [(Transactions, "commit", cached)]


def without_epoch() -> list[Patch]:
    """A partition that comes back is taken for the one that went: with what was staged and known then."""
    drop, assign = Assignment._drop, Assignment._assign

    def dropped(self: Assignment[Any], consumer: Consumer, anchors: Offsets, why: str) -> None:
        kept = vars(self).setdefault("kept", {})
        kept.update({at.partition: self.held[at.partition] for at in anchors if at.partition in self.held})
        drop(self, consumer, anchors, why)

    def assigned(self: Assignment[Any], consumer: Consumer, numbers: list[int]) -> None:
        assign(self, consumer, numbers)
        for number in numbers:
            old = vars(self).get("kept", {}).get(number)
            if old is not None and old.ready:
                self.fresh = [item for item in self.fresh if item.number != number]
                self.held[number] = old
                self.read(consumer, number, old.next_offsets())

    return [(Assignment, "_drop", dropped), (Assignment, "_assign", assigned)]


def with_ids_of_their_own() -> list[Patch]:
    """Every producer has a transactional id of its own: nobody fences, or ends, what its forerunner left."""
    made: list[str] = []

    def unique(settings: Settings) -> str:
        made.append(settings.slot)
        return f"{settings.transactional_id_prefix}{settings.slot}-{len(made)}"

    return [(clients, "transactional_id", unique)]


def without_rebuild_when_ambiguous() -> list[Patch]:
    """What the client says of requests that timed out is not heard."""
    return [(LibrdkafkaLog, "take", lambda _: "")]


def without_rebuild_after_failure() -> list[Patch]:
    """A producer goes on after a transaction that failed, and after whatever it heard."""

    def kept(self: Transactions, reason: str, detail: str) -> None:
        self._log.warning("producer kept", reason=reason, detail=detail)

    return [(Transactions, "_discard", kept), (LibrdkafkaLog, "take", lambda _: "")]


def without_restore_after_unknown() -> list[Patch]:
    """A transaction of unknown outcome is taken for aborted: memory stays as it was."""
    return [(Worker, "_start_over", Worker._rewind)]


def without_rewind() -> list[Patch]:
    """After an aborted transaction reading goes on where it was."""
    return [(Worker, "_rewind", lambda *_: None)]


def with_memory_ahead() -> list[Patch]:
    """Memory changes before the commit."""
    outputs = Partition.outputs

    def merged(self: Partition) -> list[Output]:
        found = outputs(self)
        self._keep(found)
        return found

    return [(Partition, "outputs", merged)]


def with_dead_letters_apart() -> list[Patch]:
    """Dead letters go out by themselves, at once."""
    commit = Transactions.commit

    def apart(self: Transactions, outputs: Iterable[Output], offsets: Offsets, metadata: Metadata) -> None:
        every = list(outputs)
        producer = clients.plain_producer(self._settings)
        for item in every:
            if item.topic == DEAD_LETTERS.name:
                headers: Any = list(item.headers)
                producer.produce(item.topic, item.value, item.key, item.partition, headers=headers)
        producer.flush(10)
        commit(self, [item for item in every if item.topic != DEAD_LETTERS.name], offsets, metadata)

    return [(Transactions, "commit", apart)]


def with_positions_apart() -> list[Patch]:
    """The partition record goes out in a transaction of its own."""
    commit = Transactions.commit

    def apart(self: Transactions, outputs: Iterable[Output], offsets: Offsets, metadata: Metadata) -> None:
        every = list(outputs)
        commit(self, [item for item in every if item.topic != PARTITION.name], offsets, metadata)
        commit(self, [item for item in every if item.topic == PARTITION.name], offsets, metadata)

    return [(Transactions, "commit", apart)]
