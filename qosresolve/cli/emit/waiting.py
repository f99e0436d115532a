"""Waiting for the worker's decision: the journal record of an input is its answer."""

import time
from collections.abc import Iterable

from confluent_kafka import TopicPartition

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import ends
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, Names

Where = tuple[str, int, int]  # topic, partition, offset of the input


class Journal:
    """The end of some partitions of the journal, from before the inputs were sent."""

    def __init__(self, settings: Settings, contracts: Contracts, partitions: Iterable[int]) -> None:
        self._contracts = contracts
        self._consumer = clients.reader(settings)
        name = Names(settings.prefix).of(JOURNAL)
        where = ends(clients.admin(settings), [(name, number) for number in partitions])
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in where.items()])

    def wait(self, inputs: set[Where], seconds: float) -> dict[Where, Entry]:
        """Return the entries of these inputs that come in time, then let go of the consumer."""
        found: dict[Where, Entry] = {}
        end = time.monotonic() + seconds
        try:
            while len(found) < len(inputs) and time.monotonic() < end:
                for message in self._consumer.consume(1_000, 0.1):
                    value = message.value()
                    if message.error() is None and value is not None:
                        self._note(found, inputs, self._contracts.read_entry(value))
        finally:
            self._consumer.close()
        return found

    def _note(self, found: dict[Where, Entry], inputs: set[Where], entry: Entry) -> None:
        where = (entry.cause.topic, entry.cause.partition, entry.cause.offset)
        if where in inputs:
            found[where] = entry
