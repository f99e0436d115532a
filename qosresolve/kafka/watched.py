"""One partition that the timer watches: its alarms, and how far its records were read.

Of a record only key and headers are looked at. Nothing in here talks to a broker.
"""

from collections.abc import Mapping

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.contracts.limits import EARLIEST, LATEST
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.alarms import Alarms, key_of
from qosresolve.kafka.incoming import headers_of
from qosresolve.kafka.offsets import Place
from qosresolve.topics import PARTITION, STATE, WATCH, Names


class Watched:
    """A partition, from its assignment to its loss."""

    def __init__(self, number: int, names: Names) -> None:
        self.alarms = Alarms()
        self.places: tuple[Place, ...] = tuple((names.of(topic), number) for topic in STATE)
        self.consumed = 0  # the worker's next offset of the deadline topic
        self.in_flight = 0  # deadlines of which it is not known what became of them
        self.targets: dict[str, int] = {}
        self._reached: dict[str, int] = {}
        self._watch = names.of(WATCH)
        self._partition = names.of(PARTITION)

    def learn(self, ends: Mapping[Place, int]) -> None:
        """Take what `ends` said, after the assignment: nothing is fired before that was read."""
        self.targets = {topic: ends[topic, number] for topic, number in self.places}

    @property
    def remaining(self) -> int:
        """Return how many offsets are still ahead, as far as the ends are known."""
        reached = self._reached
        return sum(max(0, end - reached.get(topic, 0)) for topic, end in self.targets.items())

    @property
    def caught_up(self) -> bool:
        """True when everything that lay there at the assignment was read, and each topic was heard of.

        Of an empty one that is its end: before, the client may not have opened it, and does not say so if the
        right to read it were taken away.
        """
        return bool(self.targets) and not self.pending

    @property
    def pending(self) -> list[Place]:
        """Return what was not read to its end; all of it while the ends are not known."""
        reached, ends = self._reached, self.targets
        return [at for at in self.places if at[0] not in ends or reached.get(at[0], -1) < ends[at[0]]]

    def reach(self, topic: str, offset: int) -> None:
        """Note the next offset of a topic; the end of a partition counts, control records lie behind it."""
        self._reached[topic] = offset

    def take(self, topic: str, message: Message) -> None:
        """Arm, move or disarm what a record is about. Raises PoisonRecordError for broken headers."""
        if topic == self._partition:
            self.consumed = head.read_deadline_next(headers_of(message)) or self.consumed
            return
        key = message.key() or b""
        if topic == self._watch:
            key = key_of(key)
        alarm = head.read_alarm(headers_of(message)) if message.value() is not None else None
        if alarm is None:
            self.alarms.disarm(key)
            return
        if alarm.alarm < 0 or not EARLIEST <= alarm.due < LATEST:
            raise PoisonRecordError(f"alarm {alarm.alarm} is due at {alarm.due}", stage="validate")
        self.alarms.arm(key, alarm.alarm, alarm.due)
