"""Reading some topics as records come, from their start or from now: assigned, committing nothing."""

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Message, TopicPartition

from qosresolve.kafka import clients
from qosresolve.settings import Settings
from qosresolve.topics import Names, Topic

MOST = 5_000


class Tail:
    """A reader of every partition of some topics."""

    def __init__(self, settings: Settings, *topics: Topic, news: bool = False) -> None:
        """`news`: what lies there already is not read."""
        self._names = Names(settings.prefix)
        self._consumer = clients.reader(settings)
        self._consumer.assign(
            [
                TopicPartition(self._names.of(topic), number, OFFSET_END if news else OFFSET_BEGINNING)
                for topic in topics
                for number in range(settings.partitions)
            ]
        )

    def read(self, wait_s: float) -> list[tuple[Topic, Message]]:
        """Return what came, after a wait at most."""
        found = clients.drain(self._consumer, MOST, wait_s)
        return [
            (self._names.topic(message.topic() or ""), message)
            for message in found
            if message.error() is None
        ]

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()
