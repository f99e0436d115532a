"""What the positions tell of the inputs, before a partition starts.

Below the positions a group's offset is a rewind: skipped. Above them state was lost. An input that ends below
them was truncated or created anew; one that starts above them lost records to retention. All but the first
stop the worker with what to do.
"""

from collections.abc import Mapping

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from qosresolve.core.partition import PartitionState, Position
from qosresolve.errors import ConfigError, FatalError, RetriableError
from qosresolve.kafka.offsets import ends, starts
from qosresolve.kafka.partition import Partition
from qosresolve.topics import TOPICS, Names

Offsets = Mapping[str, int]


def co_partitioned(admin: AdminClient, names: Names) -> int:
    """Return the one partition count of the co-partitioned topics. Raises ConfigError where there is none."""
    metadata = admin.list_topics(timeout=10).topics
    counts = {
        names.of(topic): len(metadata[names.of(topic)].partitions) if names.of(topic) in metadata else 0
        for topic in TOPICS
        if topic.co_partitioned
    }
    missing = [name for name, count in counts.items() if count == 0]
    if missing:
        raise ConfigError(
            f"topic {missing[0]} does not exist",
            setting="prefix",
            remedy="run `qosresolve topics create` first",
        )
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ConfigError(
            f"the co-partitioned topics differ in their partition counts: {listed}",
            setting="partitions",
            remedy="records would leave their state; create the topics anew under another prefix",
        )
    return next(iter(counts.values()))


def committed(consumer: Consumer, inputs: list[TopicPartition]) -> dict[str, int]:
    """Return the group's offset of each input, -1 where it never had one."""
    try:
        found = consumer.committed(inputs, timeout=10)
    except KafkaException as error:
        raise RetriableError(f"cannot read the group's offsets: {error}") from error
    return {at.topic: at.offset if at.offset >= 0 else -1 for at in found}


def initial(partition: Partition, offsets: Offsets, *, embedded: bool) -> PartitionState:
    """Return the state of a partition that never ran; `topics create` wrote the group's first offsets."""
    missing = [topic for topic, offset in offsets.items() if offset < 0]
    if missing and not embedded:
        raise ConfigError(
            f"group has no offset for {missing[0]} partition {partition.number}, and the partition has no state",
            setting="group",
            remedy="run `qosresolve topics create` once before the first start; it writes the first offsets",
        )
    if len(partition.store):
        raise FatalError(
            f"partition {partition.number} has {len(partition.store)} products but no partition record: state "
            "was lost or written by something else; see docs/runbooks/lost-state.md"
        )
    positions = tuple(Position(topic, max(0, offset)) for topic, offset in offsets.items())
    return PartitionState(partition.number, positions, "")


def check(admin: AdminClient, state: PartitionState, offsets: Offsets) -> None:
    """Compare restored positions with the group and the inputs. Raises FatalError with the remedy."""
    places = {(at.topic, state.partition): at.next_offset for at in state.positions}
    last, first = ends(admin, places), starts(admin, places)
    for (topic, number), position in places.items():
        where = f"{topic} partition {number}"
        if last[topic, number] < position:
            raise FatalError(
                f"{where} ends at {last[topic, number]}, below our position {position}: it was truncated or "
                "created anew; see docs/runbooks/truncated-input.md"
            )
        if first[topic, number] > position:
            raise FatalError(
                f"{where} starts at {first[topic, number]}, above our position {position}: records aged out "
                "unread; see docs/runbooks/retention-passed.md"
            )
        if offsets[topic] > position:
            raise FatalError(
                f"the group's offset of {where} is {offsets[topic]}, our position is {position}: state was "
                "lost, or somebody moved the group forward; see docs/runbooks/lost-state.md"
            )
        if 0 <= offsets[topic] < position:
            structlog.get_logger(role="worker").warning(
                "group was rewound; records below the position are skipped",
                topic=topic,
                partition=number,
                group_offset=offsets[topic],
                position=position,
            )
