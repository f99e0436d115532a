"""What a worker would have left on the topics, made without a broker: for the checker's own tests.

Inputs are taken by a partition on the bench; each commit appends its records, and moves the group's offsets.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from confluent_kafka import Message

from qosresolve.topics import Topic
from tests.chaos.evidence import Commit, End, Evidence, Record, record_of
from tests.kafka.bench import HERE, NAMES, Bench
from tests.kafka.harness import PARTITIONS, wall_ms


@dataclass
class Site:
    """One partition, and what lies on its topics."""

    bench: Bench = field(default_factory=Bench)
    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    commits: list[Commit] = field(default_factory=list)
    ends: Counter[tuple[str, int]] = field(default_factory=Counter)

    def take(self, *messages: Message) -> None:
        """Put inputs on their topics and step them."""
        for message in messages:
            self.records[message.topic() or ""].append(record_of(message))
        self.bench.take(*messages)
        self.bench.partition.asked(dict.fromkeys(self.bench.partition.backlog, 0))
        self.bench.partition.settle(0.0)

    def commit(self) -> None:
        """Commit what is staged: its records, and the group's offsets."""
        offsets = self.bench.partition.next_offsets()
        for output in self.bench.commit():
            at = (output.topic, output.partition)
            headers = list(output.headers)
            record = Record(output.partition, self.ends[at], wall_ms(), output.key, output.value, headers)
            self.records[output.topic].append(record)
            self.ends[at] += 1
        self.commits += [Commit(topic, HERE, offset, wall_ms()) for topic, offset in offsets.items()]

    def evidence(self, quiet_at: int | None = None) -> Evidence:
        """Return what a reader of all topics finds."""
        return Evidence(
            NAMES.prefix,
            PARTITIONS,
            "group",
            wall_ms() if quiet_at is None else quiet_at,
            {topic: list(records) for topic, records in self.records.items()},
            list(self.commits),
            self.commits[-len(NAMES.inputs) :],
            [End(topic, number, end, end) for (topic, number), end in self.ends.items()],
        )

    def of(self, topic: Topic) -> list[Record]:
        """Return a topic's records, to be doctored."""
        return self.records[NAMES.of(topic)]
