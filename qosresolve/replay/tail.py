"""The journal as it grows: committed entries from its end, or from an instant, on; no group is joined."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from confluent_kafka import KafkaException, Message, TopicPartition

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.kafka import clients, failures
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import patiently, stable_ends
from qosresolve.kafka.offsets import since as written_since
from qosresolve.kafka.reading import place_of
from qosresolve.replay.reports import places
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL

CHUNK = 500
TURN_S = 0.2  # between two looks: who presses Ctrl-C waits no longer


@dataclass(frozen=True, slots=True)
class Told:
    """An entry, and where in the journal it lies."""

    partition: int
    offset: int
    entry: Entry


class Tail:
    """Reads on and on; `since`, ms since the epoch, begins earlier than at the end.

    It begins where all is decided: what an open transaction holds is told once it is committed.
    """

    def __init__(
        self, settings: Settings, contracts: Contracts, products: Iterable[str] = (), since: int | None = None
    ) -> None:
        self._contracts = contracts
        where = places(settings, JOURNAL)
        wanted = {partition_of(product, len(where)) for product in products}
        mine = [where[number] for number in sorted(wanted)] or where
        admin = clients.admin(settings)
        begins = patiently(
            lambda: stable_ends(admin, mine) if since is None else written_since(admin, mine, since)
        )
        self._consumer = clients.reader(settings)
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in begins.items()])

    def turn(self) -> Iterator[Told]:
        """Yield what has come, in each partition's order; waits a little where nothing has."""
        for message in clients.drain(self._consumer, CHUNK, TURN_S):
            value = _value(message)
            if value is not None:
                (_, partition), offset = place_of(message)
                yield Told(partition, offset, self._contracts.read_entry(value))

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()


def _value(message: Message) -> bytes | None:
    """Return a record's value; raise what does not pass by itself."""
    error = message.error()
    if error is None:
        return message.value()
    raise_if_denied(error, message.topic(), Operation.READ)
    if failures.stops(error):
        raise KafkaException(error)
    return None
