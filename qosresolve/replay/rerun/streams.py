"""Some partitions of topics read forward side by side, each as far as it is asked for.

One consumer reads them all; what comes faster than it is wanted is paused, so memory stays bounded however
long the topics are. Committed records only, up to the ends seen at the beginning.
"""

import time
from collections import deque
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from qosresolve.errors import FatalError
from qosresolve.kafka import clients, failures
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.offsets import Place, ends, patiently, starts
from qosresolve.kafka.reading import place_of, stalled
from qosresolve.replay.rerun.partition import NEVER
from qosresolve.settings import Settings

CHUNK = 500
MOST, FEW = 5_000, 1_000  # records that wait: paused above, read on below
STALL_S = 60.0


class Stream:
    """What is read ahead of one place. `target` is its end, `reached` how far it was read."""

    def __init__(self, place: Place, start: int, target: int) -> None:
        self.place = place
        self.reached = start
        self.target = target
        self.waiting: deque[Message] = deque()
        self.paused = False

    @property
    def drained(self) -> bool:
        """True when all that there is has been read."""
        return self.reached >= self.target


class Streams:
    """Places that are read forward together."""

    def __init__(self, settings: Settings) -> None:
        self._admin: AdminClient = clients.admin(settings)
        self._consumer: Consumer = clients.reader(settings)
        self._streams: dict[Place, Stream] = {}

    def first_offsets(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the first retained offset of each place."""
        wanted = list(places)
        return patiently(lambda: starts(self._admin, wanted))

    def end_offsets(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the end of each place, uncommitted records included."""
        wanted = list(places)
        return patiently(lambda: ends(self._admin, wanted))

    def add(self, offsets: Mapping[Place, int], targets: Mapping[Place, int]) -> None:
        """Read on in some more places, each from an offset to its target."""
        for place, offset in offsets.items():
            self._streams[place] = Stream(place, offset, targets[place])
        wanted = [TopicPartition(*place, offset) for place, offset in offsets.items()]
        self._consumer.incremental_assign(wanted)

    def head(self, place: Place) -> Message | None:
        """Return the next record of a place, None at its end. Raises FatalError when nothing comes."""
        stream = self._streams[place]
        if not stream.waiting and not stream.drained:
            self._await(stream)
        return stream.waiting[0] if stream.waiting else None

    def pop(self, place: Place) -> None:
        """Let go of the next record of a place."""
        stream = self._streams[place]
        stream.waiting.popleft()
        if stream.paused and len(stream.waiting) < FEW:
            self._consumer.resume([TopicPartition(*place)])
            stream.paused = False

    def _await(self, stream: Stream) -> None:
        moved, before = time.monotonic(), stream.reached
        while not stream.waiting and not stream.drained:
            self._read()
            if stream.reached > before:
                moved, before = time.monotonic(), stream.reached
            elif time.monotonic() - moved > STALL_S:
                raise FatalError(stalled([stream.place], STALL_S))

    def _read(self) -> None:
        for message in clients.drain(self._consumer, CHUNK, 0.2):
            error = message.error()
            place, offset = place_of(message)
            stream = self._streams[place]
            if error is not None:
                self._noted(stream, message, error, offset)
            elif offset >= stream.target:
                stream.reached = stream.target
            elif offset >= stream.reached:  # what was paused may come again
                stream.reached = offset + 1
                stream.waiting.append(message)
        for stream in self._streams.values():
            if len(stream.waiting) > MOST and not stream.paused:
                self._consumer.pause([TopicPartition(*stream.place)])
                stream.paused = True

    def _noted(self, stream: Stream, message: Message, error: KafkaError, offset: int) -> None:
        raise_if_denied(error, message.topic(), Operation.READ)
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own constant
            stream.reached = max(stream.reached, offset)
        elif failures.stops(error) or error.code() == KafkaError.OFFSET_OUT_OF_RANGE:
            raise KafkaException(error)

    def close(self) -> None:
        """Let go of the consumer."""
        self._consumer.close()


class TopicInputs:
    """The inputs of one partition, by streams. `first` and `targets` are their first and end offsets."""

    def __init__(
        self, streams: Streams, number: int, first: Mapping[Place, int], ends: Mapping[Place, int]
    ) -> None:
        self.skipped = 0
        self._streams = streams
        self._number = number
        self._first = first
        self._ends = ends
        self._known: set[str] = set()  # topics that the journal spoke of: from there on it lacks none
        self._timed: list[Place] = []

    def begin(self, positions: dict[str, int]) -> None:
        """Read from these offsets on, or from what is left of a topic."""
        places = {(topic, self._number): offset for topic, offset in positions.items()}
        offsets = {place: max(offset, self._first[place]) for place, offset in places.items()}
        self._known = {topic for topic, offset in positions.items() if offset > 0}
        self._timed = list(places)
        self._streams.add(offsets, self._ends)

    def get(self, topic: str, offset: int) -> Message | None:
        """Return the record at an offset, None where the topic has none there any more."""
        place = topic, self._number
        while (message := self._streams.head(place)) is not None:
            at = message.offset() or 0
            if at > offset:
                return None
            self._streams.pop(place)
            if at == offset:
                self._known.add(topic)
                return message
            self.skipped += topic in self._known
        return None

    def next_time(self) -> int:
        """Return the broker time of the oldest record that was not asked for; NEVER where there is none."""
        heads = (self._streams.head(place) for place in self._timed)
        return min((message.timestamp()[1] for message in heads if message is not None), default=NEVER)
