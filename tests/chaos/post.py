"""Sending inputs whose fate is known: what a broker acknowledged is in the history with its place.

What was not acknowledged may lie there or not; the history says that too.
"""

import random
import threading
import time

from confluent_kafka import KafkaError, Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Answer, Command, Degradation
from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.settings import Settings
from qosresolve.topics import BY_RECORD, DEGRADATION, Names, Topic
from tests.chaos.history import History

NOTE_S = 0.5  # acknowledgements are told in bundles
DOUBLED = 0.06  # of the answers come twice

Headers = list[tuple[str, bytes | None]]


class Post:
    """Sends to the input topics and tells the history what was acknowledged, and as what."""

    def __init__(
        self, settings: Settings, contracts: Contracts, history: History, dice: random.Random
    ) -> None:
        self.count = 0
        self._names = Names(settings.prefix)
        self._partitions = settings.partitions
        self._contracts = contracts
        self._history = history
        self._dice = dice
        self._producer = clients.plain_producer(settings)
        self._acknowledged: list[tuple[str, int, int, str]] = []
        self._noted_at = time.monotonic()
        self._lock = threading.Lock()

    # -- as qosresolve.demo's neighbours speak

    def send(self, body: Degradation | Command) -> None:
        """Send an event or a command where its product belongs."""
        record, value = self._contracts.write_input(body)
        self.put(BY_RECORD[record], body.product_id, value, body.identity())

    def answer(self, topic: Topic, answer: Answer) -> None:
        """Send an answer; now and then twice."""
        value = self._contracts.write_answer(topic.record, answer)
        for _ in range(2 if self._dice.random() < DOUBLED else 1):
            self.put(topic, answer.product_id, value, answer.identity())

    def garbage(self, product_id: str, value: bytes) -> None:
        """Send bytes that are no degradation event."""
        self.put(DEGRADATION, product_id, value, "")

    # -- whatever a test wants

    def put(
        self,
        topic: Topic,
        product: str,
        value: bytes | None,
        identity: str,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Send a record; `identity` is what its journal record should name, empty for what is no input."""
        at = partition_of(product, self._partitions) if partition is None else partition

        def delivered(error: KafkaError | None, message: Message) -> None:
            self._delivered(identity, error, message)

        while True:
            try:
                self._producer.produce(
                    self._names.of(topic),
                    value,
                    product.encode(),
                    at,
                    on_delivery=delivered,
                    headers=headers,  # type: ignore[arg-type] # the stub knows no null header
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self.count += 1
                return

    def _delivered(self, identity: str, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._history.note("unacknowledged", topic=message.topic(), id=identity, why=error.str())
            return
        place = (message.topic() or "", message.partition() or 0, message.offset() or 0, identity)
        with self._lock:
            self._acknowledged.append(place)

    def poll(self) -> None:
        """Serve acknowledgements, and tell those that have gathered."""
        self._producer.poll(0)
        if time.monotonic() - self._noted_at > NOTE_S:
            self._note()

    def _note(self) -> None:
        self._noted_at = time.monotonic()
        with self._lock:
            told, self._acknowledged = self._acknowledged, []
        if told:
            self._history.note("acknowledged", inputs=told)

    def close(self, seconds: float) -> int:
        """Wait for what is on its way; return how much was not acknowledged in that time."""
        left = self._producer.flush(seconds)
        self._note()
        if left:
            self._history.note("unacknowledged", topic="", id="", why=f"{left} still on their way at the end")
        return left
