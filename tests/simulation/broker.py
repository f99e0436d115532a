"""The cluster: topics and their logs, transactions and groups, and who is connected.

One broker, as far as clients can tell. Faults are the network's; what an operator or a fault does to the data
(compaction, truncation, a topic created anew) is called by name.
"""

from dataclasses import dataclass
from itertools import count, cycle

from confluent_kafka import KafkaError

from tests.simulation.classic import ClassicProtocol
from tests.simulation.groups import Groups, Offsets, Protocol
from tests.simulation.log import Batch, Log
from tests.simulation.membership import GroupMetadata
from tests.simulation.network import Network
from tests.simulation.processes import Process
from tests.simulation.reconciling import ConsumerProtocol
from tests.simulation.refusal import Refused
from tests.simulation.transactions import Identity, Place, TransactionCoordinator

LATE_MS = (
    3,
    40,
    400,
    2_000,
    9_000,
)  # when late copies come: in the same transaction, in the next, long after


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic; one created anew under the same name has another id."""

    name: str
    identity: int
    config: dict[str, str]
    logs: list[Log]


class Cluster:
    """All that the brokers know."""

    def __init__(self, network: Network) -> None:
        self.topics: dict[str, Topic] = {}
        self.version = 0  # raised by every change that a waiting reader may want to see
        self.groups = Groups(self._protocol)
        self._network = network
        self._ids = count(1)
        self.serial = count(1)  # of clients
        self.late_ms = cycle(LATE_MS)
        self.transactions = TransactionCoordinator(network, self, self.new_id)
        self._processes: list[Process] = []

    def new_id(self) -> int:
        """Return a number that was never given before: for producers and topics."""
        return next(self._ids)

    def _protocol(self, kind: str) -> Protocol:
        made = ClassicProtocol if kind == "classic" else ConsumerProtocol
        return made(self._network, self.partitions)

    def _moved(self) -> None:
        self.version += 1

    # -- topics

    def create_topic(self, name: str, partitions: int, config: dict[str, str] | None = None) -> None:
        """Create a topic. Raises Refused where it exists."""
        if name in self.topics:
            raise Refused(KafkaError.TOPIC_ALREADY_EXISTS)
        settings = dict(config or {})
        logs = [Log(settings, self._moved) for _ in range(partitions)]
        self.topics[name] = Topic(name, self.new_id(), settings, logs)
        self._moved()

    def delete_topic(self, name: str) -> None:
        """Delete a topic with all it holds. Raises Refused."""
        if self.topics.pop(name, None) is None:
            raise Refused(KafkaError.UNKNOWN_TOPIC_OR_PART)
        self._moved()

    def recreate(self, name: str) -> None:
        """Delete a topic and create it anew: empty, with another id."""
        old = self.topics[name]
        self.delete_topic(name)
        self.create_topic(name, len(old.logs), old.config)

    def partitions(self, topic: str) -> int:
        """Return a topic's partition count, 0 where there is none."""
        found = self.topics.get(topic)
        return len(found.logs) if found is not None else 0

    def log(self, topic: str, partition: int) -> Log:
        """Return a partition's log, to look at or to read. Raises Refused."""
        found = self.topics.get(topic)
        if found is None or not 0 <= partition < len(found.logs):
            raise Refused(KafkaError.UNKNOWN_TOPIC_OR_PART)
        return found.logs[partition]

    def high_watermark(self, topic: str, partition: int) -> int:
        """Return the next offset."""
        return self.log(topic, partition).end

    def last_stable_offset(self, topic: str, partition: int) -> int:
        """Return where the oldest open transaction begins."""
        return self.log(topic, partition).last_stable

    def compact(self, topic: str, partition: int) -> None:
        """Run the cleaner."""
        self.log(topic, partition).compact(self._network.now_ms())

    def truncate(self, topic: str, partition: int, end: int) -> None:
        """Lose the end of a log."""
        self.log(topic, partition).truncate(end)

    def delete_records(self, topic: str, partition: int, offset: int) -> None:
        """Delete records below an offset. Raises Refused."""
        self.log(topic, partition).delete_before(offset)

    # -- groups and transactions

    def committed_offsets(self, group: str) -> Offsets:
        """Return a group's offsets."""
        return dict(self.groups.of(group).offsets)

    def produce(self, place: Place, batch: Batch) -> tuple[int, int]:
        """Append a batch; return first offset and append time, -1 where that is the producer's."""
        log = self.log(*place)
        if batch.transactional and log.unverified(batch):
            self.transactions.verify((batch.producer_id, batch.epoch), place)
        now = self._network.now_ms()
        return log.append(batch, now), now if log.append_time else -1

    def hold(self, producer: tuple[int, int], by: GroupMetadata, offsets: Offsets) -> None:
        """Take a transaction's offsets. Raises Refused."""
        for place in offsets:
            self.log(*place)
        self.transactions.verify_group(producer, by.group)
        self.groups.of(by.group).hold(by, producer[0], offsets)

    def end_in_log(self, place: Place, identity: Identity) -> None:
        """Write the marker of a transaction, unless its topic is gone."""
        if place[0] in self.topics:
            now = self._network.now_ms()
            self.log(*place).mark(identity.producer_id, identity.epoch, now, commit=identity.commit)

    def end_in_group(self, group: str, identity: Identity) -> None:
        """Settle a transaction's offsets."""
        self.groups.of(group).settle(identity.producer_id, commit=identity.commit)

    # -- processes and time

    def connect(self, name: str) -> Process:
        """Note a process's life."""
        process = Process(name)
        self._processes.append(process)
        return process

    def kill(self, name: str) -> None:
        """End a process: what it holds open runs out by time."""
        for process in self._of(name):
            process.alive = False
            self._processes.remove(process)

    def freeze(self, name: str) -> None:
        """Stop a process, heartbeats included, as SIGSTOP does."""
        for process in self._of(name):
            process.frozen = True

    def thaw(self, name: str) -> None:
        """Let it go on."""
        for process in self._of(name):
            process.frozen = False
        self.groups.wake()

    def _of(self, name: str) -> list[Process]:
        return [process for process in self._processes if process.name == name]

    def expire(self, now: int) -> None:
        """Let time act: on members that are silent and on transactions that take too long."""
        if now >= self.transactions.due:
            self.transactions.expire(now)
        self.groups.expire(now)
