"""Which partitions are ours.

The group subscribes to the anchor only; each partition number of it brings all six inputs. The callbacks run
inside `consume()`: they note, or drop; they never commit, never restore and never raise.

Nothing is read before the restore says from where, and then from that offset: an assignment at a logical
offset (the end, say) that is moved by a seek may be moved back half a second later, when a late answer is
asked for again, and the records between are skipped.
"""

from collections.abc import Callable, Mapping

import structlog
from confluent_kafka import Consumer, TopicPartition

from qosresolve.kafka.partition import Partition
from qosresolve.topics import ANCHOR, Names


class Assignment:
    """The partitions held, by number."""

    def __init__(self, names: Names, make: Callable[[int, int], Partition]) -> None:
        self.held: dict[int, Partition] = {}
        self.fresh: list[Partition] = []
        self.joined = False
        self._reading: set[int] = set()
        self._names = names
        self._make = make
        self._epoch = 0
        self._failure: Exception | None = None
        self._log = structlog.get_logger(role="worker")

    def subscribe(self, consumer: Consumer) -> None:
        """Join the group."""
        consumer.subscribe(
            [self._names.of(ANCHOR)],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def inputs(self, number: int) -> list[TopicPartition]:
        """Return all six inputs of a partition."""
        return [TopicPartition(topic, number) for topic in self._names.inputs]

    def read(self, consumer: Consumer, number: int, offsets: Mapping[str, int]) -> None:
        """Read all six inputs of a partition from these offsets on."""
        consumer.incremental_assign(
            [TopicPartition(topic, number, offsets[topic]) for topic in self._names.inputs]
        )
        self._reading.add(number)

    def stop_reading(self, consumer: Consumer, number: int) -> None:
        """Read a partition's inputs no more, though it stays ours."""
        if number in self._reading:
            self._reading.remove(number)
            consumer.incremental_unassign(self.inputs(number))

    def current(self, partition: Partition) -> bool:
        """Tell whether a partition object belongs to the present assignment."""
        held = self.held.get(partition.number)
        return held is not None and held.epoch == partition.epoch

    def raise_if_failed(self) -> None:
        """Raise what a callback had to swallow."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _fail(self, error: Exception) -> None:
        """Keep what happened first: what follows is most likely a consequence."""
        self._failure = self._failure or error

    def _on_assign(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        self.joined = True
        try:
            self._assign(consumer, [anchor.partition for anchor in anchors])
        except Exception as error:  # noqa: BLE001 - raised again from the loop
            self._fail(error)

    def _assign(self, consumer: Consumer, numbers: list[int]) -> None:
        consumer.incremental_assign([])  # else the client would assign the anchor, and nothing but the anchor
        for number in numbers:
            self._epoch += 1
            self.held[number] = self._make(number, self._epoch)
            self.fresh.append(self.held[number])
        if numbers:
            self._log.info("partitions assigned", partitions=sorted(numbers))

    def _on_revoke(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        self._drop(consumer, anchors, "revoked")

    def _on_lost(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        self._drop(consumer, anchors, "lost")

    def _drop(self, consumer: Consumer, anchors: list[TopicPartition], why: str) -> None:
        try:
            numbers = [anchor.partition for anchor in anchors]
            read = [number for number in numbers if number in self._reading]
            # In one call: with static membership a second one within a callback never returned.
            consumer.incremental_unassign([at for number in read for at in self.inputs(number)])
            self._reading.difference_update(read)
            for number in numbers:
                self.held.pop(number, None)
            self.fresh = [partition for partition in self.fresh if self.current(partition)]
            if numbers:
                self._log.info("partitions given up", partitions=sorted(numbers), why=why)
        except Exception as error:  # noqa: BLE001 - raised again from the loop
            self._fail(error)
