"""Sending inputs by hand, and waiting for their journal records: the worker's decisions."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import TopicPartition

from qosresolve.cli import bodies
from qosresolve.cli.sending import Sending, send
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Input
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import ends
from qosresolve.replay.reports import places
from qosresolve.settings import Settings
from qosresolve.topics import BY_RECORD, JOURNAL, Names

Where = tuple[str, int, int]  # topic, partition, offset of the input
Progress = Callable[[int], None]  # decisions so far


@dataclass(frozen=True, slots=True)
class Told:
    """An input that was sent: where it lies, and the decision on it if one came in time."""

    body: Input
    where: Where
    entry: Entry | None = None


class Asking:
    """Sends inputs of one topic, and reads the journal from before the first of them was sent."""

    def __init__(
        self, settings: Settings, contracts: Contracts, record: str, products: Iterable[str] | None
    ) -> None:
        """Read the journal of these products; of None nothing, for who does not wait."""
        topic = BY_RECORD[record]
        self._settings = settings
        self._contracts = contracts
        self._record = record
        self._topic = Names(settings.prefix).of(topic)
        self._count = len(places(settings, topic, Operation.WRITE))
        self._journal = None if products is None else Journal(settings, contracts, self._partitions(products))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._journal is not None:
            self._journal.close()

    def _partitions(self, products: Iterable[str]) -> set[int]:
        return {partition_of(product, self._count) for product in products}

    def ask(self, asked: Sequence[Input], seconds: float, progress: Progress = lambda _: None) -> list[Told]:
        """Send, wait for all decisions at most that long; return each with its decision or without."""
        sendings = [
            Sending(
                self._record,
                partition_of(body.product_id, self._count),
                body.product_id,
                bodies.encoded(self._contracts, self._record, body),
            )
            for body in asked
        ]
        offsets = send(self._settings, sendings)
        where = [
            (self._topic, item.partition, offset) for item, offset in zip(sendings, offsets, strict=True)
        ]
        entries = self._journal.wait(set(where), seconds, progress) if self._journal else {}
        return [Told(body, place, entries.get(place)) for body, place in zip(asked, where, strict=True)]


class Journal:
    """The end of some partitions of the journal, from before the inputs were sent."""

    def __init__(self, settings: Settings, contracts: Contracts, partitions: Iterable[int]) -> None:
        self._contracts = contracts
        self._consumer = clients.reader(settings)
        name = Names(settings.prefix).of(JOURNAL)
        where = ends(clients.admin(settings), [(name, number) for number in partitions])
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in where.items()])

    def wait(self, inputs: set[Where], seconds: float, progress: Progress) -> dict[Where, Entry]:
        """Return the entries of these inputs that come in time."""
        found: dict[Where, Entry] = {}
        end = time.monotonic() + seconds
        while len(found) < len(inputs) and time.monotonic() < end:
            for message in clients.drain(self._consumer, 1_000, 0.1):
                value = message.value()
                if message.error() is None and value is not None:
                    entry = self._contracts.read_entry(value)
                    where = (entry.cause.topic, entry.cause.partition, entry.cause.offset)
                    if where in inputs:
                        found[where] = entry
            progress(len(found))
        return found

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()
