"""Which partitions are ours.

The group subscribes to an anchor only; each partition number of it brings all inputs of that number (the
worker's six, intake's share of what others write). The callbacks run inside `consume()`: they note, or drop;
they never commit, never restore and never raise.

Nothing is read before the restore says from where, and then from that offset: an assignment at a logical
offset (the end, say) that is moved by a seek may be moved back half a second later, when a late answer is
asked for again, and the records between are skipped.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

import structlog
from confluent_kafka import Consumer, TopicPartition

from qosresolve.kafka.offsets import Place


class Held(Protocol):
    """As much of a partition as an assignment looks at; `epoch` tells this assignment from any other."""

    number: int
    epoch: int


P = TypeVar("P", bound=Held)


class Assignment(Generic[P]):
    """The partitions held, by number. `inputs` says what a number brings, in the order it is read."""

    def __init__(
        self,
        anchor: str,
        inputs: Callable[[int], Iterable[Place]],
        make: Callable[[int, int], P],
        role: str = "worker",
    ) -> None:
        self.held: dict[int, P] = {}
        self.fresh: list[P] = []
        self.joined = False
        self._reading: dict[int, list[Place]] = {}
        self._anchor = anchor
        self._inputs = inputs
        self._make = make
        self._epoch = 0
        self._failure: Exception | None = None
        self._log = structlog.get_logger(role=role)

    def subscribe(self, consumer: Consumer) -> None:
        """Join the group."""
        consumer.subscribe(
            [self._anchor],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def inputs(self, number: int) -> list[TopicPartition]:
        """Return all inputs of a partition: those that are read, else those that are to be."""
        places = self._reading.get(number)
        return _parts(self._inputs(number) if places is None else places)

    def read(self, consumer: Consumer, number: int, offsets: Mapping[Place, int]) -> None:
        """Read all inputs of a partition from these offsets on."""
        places = list(self._inputs(number))
        consumer.incremental_assign([TopicPartition(*place, offsets[place]) for place in places])
        consumer.resume(_parts(places))  # a pause outlives the loss of a partition, and would never end
        self._reading[number] = places

    def stop_reading(self, consumer: Consumer, number: int) -> None:
        """Read a partition's inputs no more, though it stays ours."""
        places = self._reading.pop(number, None)
        if places is not None:
            consumer.incremental_unassign(_parts(places))

    def current(self, partition: P) -> bool:
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
            for number in read:
                del self._reading[number]
            for number in numbers:
                self.held.pop(number, None)
            self.fresh = [partition for partition in self.fresh if self.current(partition)]
            if numbers:
                self._log.info("partitions given up", partitions=sorted(numbers), why=why)
        except Exception as error:  # noqa: BLE001 - raised again from the loop
            self._fail(error)


def _parts(places: Iterable[Place]) -> list[TopicPartition]:
    return [TopicPartition(*place) for place in places]
