"""What the positions tell of the inputs, before a partition starts.

Below the positions a group's offset is a rewind: skipped. Above them state was lost. An input with another id
was created anew, one that ends below them was truncated, one that starts above them lost records to
retention. A report or watch topic that is not the one they were written beside lost the state. All but the
first stop the worker with what to do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

import structlog
from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from qosresolve.core.partition import PartitionState, Position, TopicIdentity
from qosresolve.errors import ConfigError, FatalError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.offsets import TIMEOUT, Place, ends, starts
from qosresolve.kafka.partition import Partition
from qosresolve.topics import BESIDE_INPUTS, PARTITION, REPORT, STATE, WATCH, Names, Topic

Offsets = Mapping[str, int]
Identities = Mapping[str, str]


def co_partitioned(admin: AdminClient, names: Names, topics: Iterable[Topic] = BESIDE_INPUTS) -> int:
    """Return the one partition count of some topics: all that a worker sees. Raises ConfigError."""
    metadata = clients.metadata(admin)
    counts = {
        names.of(topic): len(metadata[names.of(topic)].partitions) if names.of(topic) in metadata else 0
        for topic in topics
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
            remedy="records would leave their state; create the topics anew under another prefix, see "
            "docs/runbooks/partition-count.md",
        )
    return next(iter(counts.values()))


class Remembered(Protocol):
    """What a partition's record says of the topics that its positions, and its state, are of."""

    @property
    def partition(self) -> int: ...
    @property
    def topic_ids(self) -> tuple[TopicIdentity, ...]: ...


def committed(consumer: Consumer, inputs: list[TopicPartition]) -> dict[str, int]:
    """Return the group's offset of each input, -1 where it never had one."""
    return {topic: offset for (topic, _), offset in committed_at(consumer, inputs).items()}


def committed_at(consumer: Consumer, inputs: list[TopicPartition]) -> dict[Place, int]:
    """Return the same by topic and partition."""
    try:
        found = consumer.committed(inputs, timeout=10)
    except KafkaException as error:
        raise_if_denied(error)
        raise RetriableError(f"cannot read the group's offsets: {error}") from error
    return {(at.topic, at.partition): at.offset if at.offset >= 0 else -1 for at in found}


def identities(admin: AdminClient, topics: Iterable[str]) -> dict[str, str]:
    """Return the id that the brokers gave each topic; one created anew under its name has another."""
    futures = admin.describe_topics(TopicCollection(list(topics)), request_timeout=TIMEOUT)
    try:
        return {topic: str(future.result().topic_id) for topic, future in futures.items()}
    except KafkaException as error:
        raise_if_denied(error)
        raise RetriableError(f"cannot describe the inputs: {error}") from error


def checked(
    admin: AdminClient, partition: Partition, restored: PartitionState | None, offsets: Offsets
) -> PartitionState:
    """Return the state to start from. Raises with the remedy where it does not fit group and inputs."""
    state = [partition.names.of(topic) for topic in STATE]
    topic_ids = identities(admin, [*offsets, *state])
    whole(starts(admin, _places(partition.number, state)))
    if restored is None:
        return initial(admin, partition, offsets, topic_ids)
    names = partition.names
    same_state(restored, topic_ids, names.of(PARTITION), (names.of(REPORT), names.of(WATCH)))
    check(admin, restored, offsets, topic_ids)
    partition.counters.skipped += below(restored, offsets)
    return replace(restored, topic_ids=_listed(topic_ids))


def unchecked(partition: Partition, offsets: Offsets) -> PartitionState:
    """Return the state of a partition that never ran on a broker that keeps neither offsets nor ids."""
    return _state(partition.number, offsets, {})


def initial(
    admin: AdminClient, partition: Partition, offsets: Offsets, topic_ids: Identities
) -> PartitionState:
    """Return the state of a partition that never ran; `topics create` wrote the group's first offsets.

    Those are where the inputs began. Raises ConfigError where there are none, FatalError where the group is
    beyond them: whoever moved it wrote a partition record too, and that is gone.
    """
    for topic, offset in offsets.items():
        if offset < 0:
            raise ConfigError(
                f"group has no offset for {topic} partition {partition.number}, and the partition no state",
                setting="group",
                remedy="run `qosresolve topics create` once before the first start: it writes first offsets",
            )
    if len(partition.store):
        raise FatalError(
            f"partition {partition.number} has {len(partition.store)} products but no partition record: "
            "state was lost or written by something else; see docs/runbooks/lost-state.md"
        )
    for (topic, number), start in starts(admin, _places(partition.number, offsets)).items():
        if offsets[topic] > start:
            raise FatalError(
                f"the group's offset of {topic} partition {number} is {offsets[topic]}, the input starts at "
                f"{start}, and there is no partition record: state was lost, or somebody moved the group "
                "forward; see docs/runbooks/lost-state.md"
            )
    return _state(partition.number, offsets, topic_ids)


def _state(number: int, offsets: Offsets, topic_ids: Identities) -> PartitionState:
    return PartitionState(
        number,
        tuple(Position(topic, max(0, offset)) for topic, offset in offsets.items()),
        active_policy="",
        topic_ids=_listed(topic_ids),
    )


def _listed(topic_ids: Identities) -> tuple[TopicIdentity, ...]:
    return tuple(TopicIdentity(topic, identity) for topic, identity in topic_ids.items())


def check(admin: AdminClient, state: PartitionState, offsets: Offsets, topic_ids: Identities) -> None:
    """Compare what was restored with the group and the inputs. Raises FatalError with the remedy."""
    same_inputs(state, topic_ids, offsets)
    places = _places(state.partition, [at.topic for at in state.positions])
    last, first = ends(admin, places), starts(admin, places)
    for at in state.positions:
        place = (at.topic, state.partition)
        within(place, at.next_offset, first[place], last[place])
        not_ahead(place, at.next_offset, offsets[at.topic])
        tell_rewound(place, at.next_offset, offsets[at.topic])


def _places(number: int, topics: Iterable[str]) -> list[Place]:
    return [(topic, number) for topic in topics]


def whole(first: Mapping[Place, int]) -> None:
    """Refuse state topics that lost their beginning: compaction leaves it at 0, deletion does not."""
    for (topic, number), start in first.items():
        if start > 0:
            raise FatalError(
                f"{topic} partition {number} starts at {start}: records were deleted, not compacted, and "
                "state with them; see docs/runbooks/lost-state.md"
            )


def same_state(
    state: Remembered, topic_ids: Identities, record: str, beside: Iterable[str], role: str = "worker"
) -> None:
    """Refuse a topic of state that was created anew `beside` the topic of the positions, which was not.

    A record of positions on another topic than it knew is a copy, which somebody made on purpose: believed.
    """
    known = {item.topic: item.id for item in state.topic_ids}
    if known.get(record, topic_ids[record]) != topic_ids[record]:
        structlog.get_logger(role=role).warning(
            "the state was copied from another topic", partition=state.partition, topic=record
        )
        return
    for topic in beside:
        if known.get(topic, topic_ids[topic]) != topic_ids[topic]:
            raise FatalError(
                f"{topic} has the id {topic_ids[topic]}, partition {state.partition} knew it as "
                f"{known[topic]}: it was created anew and its records are gone, while the positions are not; "
                "see docs/runbooks/lost-state.md"
            )


def same_inputs(state: Remembered, topic_ids: Identities, inputs: Iterable[str]) -> None:
    """Refuse an input that was created anew. Raises FatalError."""
    inputs = frozenset(inputs)
    for known in state.topic_ids:
        if known.topic in inputs and topic_ids[known.topic] != known.id:
            raise FatalError(
                f"{known.topic} has the id {topic_ids[known.topic]}, partition {state.partition} knew it as "
                f"{known.id}: it was created anew, its offsets mean other records; see "
                "docs/runbooks/truncated-input.md"
            )


def within(place: Place, position: int, first: int, last: int) -> None:
    """Refuse an input that does not reach to the position, or not back to it. Raises FatalError."""
    where = "{} partition {}".format(*place)
    if last < position:
        raise FatalError(
            f"{where} ends at {last}, below our position {position}: it was truncated or created anew; see "
            "docs/runbooks/truncated-input.md"
        )
    if first > position:
        raise FatalError(
            f"{where} starts at {first}, above our position {position}: records aged out unread; see "
            "docs/runbooks/retention-passed.md"
        )


def not_ahead(place: Place, position: int, group_offset: int) -> None:
    """Refuse a group that is ahead of the position. Raises FatalError."""
    topic, number = place
    if group_offset > position:
        raise FatalError(
            f"the group's offset of {topic} partition {number} is {group_offset}, our position is "
            f"{position}: state was lost, or somebody moved the group forward; see "
            "docs/runbooks/lost-state.md"
        )


def rewound(position: int, group_offset: int) -> bool:
    """Tell whether the group is below the position: what lies between is skipped."""
    return 0 <= group_offset < position


def below(state: PartitionState, offsets: Offsets) -> int:
    """Return by how many records the group was set back: reading begins above them, none is seen."""
    return sum(
        at.next_offset - offsets[at.topic]
        for at in state.positions
        if rewound(at.next_offset, offsets[at.topic])
    )


def tell_rewound(place: Place, position: int, group_offset: int, role: str = "worker") -> None:
    """Log that the group is below the position, where it is."""
    if rewound(position, group_offset):
        structlog.get_logger(role=role).warning(
            "group was rewound; records below the position are skipped",
            topic=place[0],
            partition=place[1],
            group_offset=group_offset,
            position=position,
        )
