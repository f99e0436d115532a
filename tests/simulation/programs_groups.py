"""Programs about groups: who is given what, who may commit, and what a consumer is told that is out.

Which partition moves and who is told first differs from run to run: traces count partitions, and keep each
member's own order.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import TopicPartition

from tests.simulation.surface import Surface, Trace, attempt, told

CLASSIC = {
    "heartbeat_interval_ms": 100,
    "session_timeout_ms": 6000,
    "partition_assignment_strategy": "cooperative-sticky",
}


@dataclass
class Member:
    """A consumer in the group and all that it was told: what, and of how many partitions."""

    consumer: Any
    topic: str
    heard: list[tuple[object, ...]] = field(default_factory=list)

    def subscribe(self) -> "Member":
        """Join."""
        self.consumer.subscribe(
            [self.topic],
            on_assign=self._hear("assigned"),
            on_revoke=self._hear("revoked"),
            on_lost=self._hear("lost"),
        )
        return self

    def _hear(self, what: str) -> Callable[[object, list[TopicPartition]], None]:
        return lambda _, partitions: self.heard.append((what, len(partitions)))

    def owned(self) -> list[int]:
        """Return what it reads."""
        return sorted(at.partition for at in self.consumer.assignment())

    def metadata(self) -> bytes:
        """Return what commits are fenced by."""
        return bytes(self.consumer.consumer_group_metadata())

    def generation(self) -> int:
        """Return its generation or epoch."""
        return int.from_bytes(self.metadata()[7:11], sys.byteorder, signed=True)


def joined(surface: Surface, topic: str, **config: object) -> Member:
    settings = (config if "group_protocol" in config else CLASSIC | config) | {"enable_partition_eof": False}
    return Member(surface.consumer(**settings), topic).subscribe()


def started(surface: Surface, partitions: int) -> str:
    """Return a topic with first offsets of the group, as `topics create` writes them."""
    topic = surface.topic(partitions=partitions)
    offsets = places(topic, *range(partitions))
    for at in offsets:
        at.offset = 0
    surface.consumer().commit(offsets=offsets, asynchronous=False)
    return topic


def places(topic: str, *numbers: int) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in numbers]


def turns(surface: Surface, members: list[Member], until: Callable[[], object]) -> None:
    """Let members poll in turn until a condition holds; what they are told is noted."""

    def turn() -> object:
        for member in members:
            for message in member.consumer.consume(10, 0.02):
                error = message.error()
                if error is not None:
                    member.heard.append(told(error))
        return until()

    surface.until(turn, "agreement of the group")


def shares(*members: Member) -> list[int]:
    return [len(member.owned()) for member in members]


def moves(member: Member) -> list[tuple[object, ...]]:
    """Return what a member was told, without the rounds in which it got nothing: a busy one may miss some."""
    return [what for what in member.heard if what != ("assigned", 0)]


def sends(producer: Any, offset: TopicPartition, metadata: bytes) -> object:  # noqa: ANN401
    """Return how offsets are taken in a transaction, which is aborted then."""
    producer.begin_transaction()
    taken = attempt(lambda: producer.send_offsets_to_transaction([offset], metadata, 2))
    producer.abort_transaction(10)
    return taken


def handed_over(surface: Surface) -> Trace:
    topic = started(surface, 4)
    first = joined(surface, topic)
    turns(surface, [first], lambda: shares(first) == [4])
    trace: Trace = [first.generation()]
    second = joined(surface, topic)
    turns(surface, [first, second], lambda: shares(first, second) == [2, 2])
    turns(surface, [first, second], lambda: first.generation() == second.generation())
    trace += [first.generation(), second.generation(), sorted(first.owned() + second.owned())]
    second.consumer.close()
    turns(surface, [first], lambda: shares(first) == [4])
    return [*trace, first.generation(), ("assigned", 0) in first.heard, moves(first), moves(second)]


def three_members(surface: Surface) -> Trace:
    topic = started(surface, 4)
    members = [joined(surface, topic) for _ in range(3)]
    turns(surface, members, lambda: sorted(shares(*members)) == [1, 1, 2])
    return [sorted(number for member in members for number in member.owned())]


def one_that_does_not_poll_holds_up_the_others(surface: Surface) -> Trace:
    topic = started(surface, 2)
    first = joined(surface, topic)
    turns(surface, [first], lambda: shares(first) == [2])
    second = joined(surface, topic)
    turns(surface, [second], lambda: second.heard)
    surface.host.sleep(0.5)
    third = joined(surface, topic)
    for _ in range(20):
        turns(surface, [second, third], lambda: True)
    trace: Trace = [first.generation(), second.generation(), third.generation()]
    trace += [list(first.heard), list(second.heard)]
    everybody = [first, second, third]
    turns(surface, everybody, lambda: sorted(shares(*everybody)) == [0, 1, 1])
    return trace


def stale_generation(surface: Surface) -> Trace:
    topic = started(surface, 2)
    first = joined(surface, topic)
    turns(surface, [first], lambda: shares(first) == [2])
    producer, at = surface.transactional(), TopicPartition(topic, 0, 1)
    old = first.metadata()
    trace: Trace = [sends(producer, at, old)]
    second = joined(surface, topic)
    turns(surface, [first, second], lambda: shares(first, second) == [1, 1])
    trace.append(sends(producer, at, old))
    producer.begin_transaction()
    producer.produce(topic, b"torn")
    trace += [
        attempt(lambda: producer.send_offsets_to_transaction([at], old, 10)),
        attempt(lambda: producer.produce(topic, b"more")),
        attempt(lambda: producer.commit_transaction(10)),
        attempt(lambda: producer.abort_transaction(10)),
    ]
    trace += [sends(producer, at, first.metadata()), sends(producer, at, second.metadata())]
    gone = second.metadata()
    second.consumer.close()
    return [*trace, sends(producer, at, gone), len(surface.rows(topic))]


def metadata_of_before_the_join(surface: Surface) -> Trace:
    topic = started(surface, 2)
    fresh = surface.consumer()
    at = TopicPartition(topic, 0, 1)
    member = joined(surface, topic)
    turns(surface, [member], lambda: shares(member) == [2])
    producer = surface.transactional()
    producer.begin_transaction()
    producer.send_offsets_to_transaction([at], fresh.consumer_group_metadata(), 10)
    producer.commit_transaction(10)
    surface.until(lambda: fresh.committed([at], timeout=5)[0].offset == 1, "commit")
    return [
        attempt(lambda: fresh.commit(offsets=[at], asynchronous=False)),
        attempt(lambda: member.consumer.commit(offsets=[at], asynchronous=False)),
    ]


def offsets_of_a_transaction(surface: Surface) -> Trace:
    topic = started(surface, 2)
    consumer, anybody = surface.consumer(), surface.consumer(isolation_level="read_uncommitted")
    producer = surface.transactional()
    trace: Trace = []

    def offsets(asked: Any) -> list[int]:  # noqa: ANN401
        return [at.offset for at in asked.committed(places(topic, 0, 1), timeout=10)]

    for offset, commit in ((5, True), (6, False)):
        producer.begin_transaction()
        producer.send_offsets_to_transaction(
            [TopicPartition(topic, 0, offset)], consumer.consumer_group_metadata(), 10
        )
        trace.append(attempt(lambda: consumer.committed(places(topic, 0), timeout=0.5)))
        trace.append(attempt(lambda: consumer.committed(places(topic, 1), timeout=5)))
        trace.append(offsets(anybody))
        (producer.commit_transaction if commit else producer.abort_transaction)(10)
        trace.append(offsets(consumer))
    return trace


def offsets_that_cannot_be(surface: Surface) -> Trace:
    topic = started(surface, 1)
    consumer = surface.consumer()
    producer = surface.transactional()
    metadata = consumer.consumer_group_metadata()
    missing = TopicPartition(surface.name("missing"), 0, 1)
    trace = [sends(producer, at, metadata) for at in (TopicPartition(topic, 0, -1001), missing)]
    trace.append(attempt(lambda: consumer.commit(offsets=[missing], asynchronous=False)))
    return [*trace, [at.offset for at in consumer.committed(places(topic, 0), timeout=10)]]


def closing(surface: Surface) -> Trace:
    topic = started(surface, 3)
    member = joined(surface, topic)
    turns(surface, [member], lambda: shares(member) == [3])
    consumer = member.consumer
    consumer.close()
    calls = (
        lambda: consumer.consume(1, 0),
        consumer.close,
        consumer.assignment,
        lambda: consumer.pause(places(topic, 0)),
        lambda: consumer.seek(TopicPartition(topic, 0, 0)),
        lambda: consumer.committed(places(topic, 0), timeout=1),
    )
    return [member.heard, *(attempt(call) for call in calls)]


def callbacks_that_assign_nothing(surface: Surface) -> Trace:
    """The anchor is subscribed to; what is read is another topic."""
    topic = started(surface, 2)
    other = surface.topic("other", partitions=2)
    consumer = surface.consumer(**CLASSIC, enable_partition_eof=False)
    heard: Trace = []

    def assigned(client: Any, given: list[TopicPartition]) -> None:  # noqa: ANN401
        heard.append(("assigned", len(given)))
        client.incremental_assign([TopicPartition(other, at.partition, 0) for at in given[:1]])

    def revoked(client: Any, given: list[TopicPartition]) -> None:  # noqa: ANN401
        heard.append(("revoked", len(given)))
        client.incremental_unassign(client.assignment())

    consumer.subscribe([topic], on_assign=assigned, on_revoke=revoked)
    member = Member(consumer, topic)
    turns(surface, [member], lambda: heard)
    heard.append([at.topic == other for at in consumer.assignment()])
    consumer.close()
    return heard


def reading_from_committed_offsets(surface: Surface) -> Trace:
    topic = started(surface, 1)
    producer = surface.producer()
    for value in (b"1", b"2", b"3"):
        producer.produce(topic, value)
    producer.flush(10)
    surface.consumer().commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    consumer = surface.consumer(**CLASSIC)
    consumer.subscribe([topic])
    trace: Trace = [surface.read(consumer)]
    trace.append(attempt(lambda: consumer.commit(offsets=[TopicPartition(topic, 0, 3)], asynchronous=False)))
    return [*trace, [at.offset for at in consumer.committed(places(topic, 0), timeout=10)]]


def polled_too_late(surface: Surface) -> Trace:
    topic = started(surface, 2)
    member = joined(surface, topic, max_poll_interval_ms=2500, session_timeout_ms=2500)
    turns(surface, [member], lambda: shares(member) == [2])
    before, name = member.metadata(), member.consumer.memberid()
    surface.host.sleep(3.3)
    producer, at = surface.transactional(), TopicPartition(topic, 0, 1)
    trace: Trace = [member.generation(), sends(producer, at, member.metadata()), sends(producer, at, before)]
    turns(surface, [member], lambda: shares(member) == [2] and len(member.heard) == 4)
    trace += [sends(producer, at, member.metadata()), sends(producer, at, before)]
    return [*trace, member.consumer.memberid() != name, sorted(map(str, member.heard))]


def replaced_by_its_instance_id(surface: Surface) -> Trace:
    topic = started(surface, 2)
    first = joined(surface, topic, group_instance_id="one")
    turns(surface, [first], lambda: shares(first) == [2])
    second = joined(surface, topic, group_instance_id="one")
    turns(surface, [second], lambda: shares(second) == [2])
    producer, at = surface.transactional(), TopicPartition(topic, 0, 1)
    trace: Trace = [
        sends(producer, at, first.metadata()),
        sends(producer, at, second.metadata()),
        second.generation(),
    ]
    turns(surface, [first], lambda: len(first.heard) == 2)
    trace += [first.owned(), attempt(first.consumer.close)]
    return [*trace, moves(first), moves(second)]


def static_member_that_comes_back(surface: Surface) -> Trace:
    topic = started(surface, 2)
    first = joined(surface, topic, group_instance_id="one")
    turns(surface, [first], lambda: shares(first) == [2])
    other = joined(surface, topic, group_instance_id="two")
    turns(surface, [first, other], lambda: shares(first, other) == [1, 1])
    owned = first.owned()
    first.consumer.close()
    again = joined(surface, topic, group_instance_id="one")
    turns(surface, [again, other], lambda: shares(again) == [1])
    return [again.owned() == owned, first.heard[-1], list(again.heard), ("revoked", 1) in other.heard]


def handed_over_by_epochs(surface: Surface) -> Trace:
    """The same with KIP-848; a heartbeat every five seconds is as often as brokers allow."""
    topic = started(surface, 4)
    other = surface.topic("other")
    producer = surface.transactional()
    first = joined(surface, topic, group_protocol="consumer")
    turns(surface, [first], lambda: shares(first) == [4])
    old = first.metadata()
    trace: Trace = [first.generation(), sends(producer, TopicPartition(other, 0, 1), old)]
    second = joined(surface, topic, group_protocol="consumer")
    turns(surface, [first, second], lambda: shares(first, second) == [2, 2])
    kept, gone = first.owned()[0], second.owned()[0]
    asked = (TopicPartition(topic, kept, 1), TopicPartition(topic, gone, 1), TopicPartition(other, 0, 1))
    trace += [first.generation(), second.generation()]
    trace += [sends(producer, at, metadata) for metadata in (old, first.metadata()) for at in asked]
    fresh = surface.consumer()
    trace.append(sends(producer, asked[0], bytes(fresh.consumer_group_metadata())))
    trace.append(attempt(lambda: fresh.commit(offsets=list(asked), asynchronous=False)))
    left = second.metadata()
    second.consumer.close()
    trace.append(sends(producer, asked[0], left))
    return [*trace, moves(first), moves(second)]


PROGRAMS = (
    handed_over,
    three_members,
    one_that_does_not_poll_holds_up_the_others,
    stale_generation,
    metadata_of_before_the_join,
    offsets_of_a_transaction,
    offsets_that_cannot_be,
    closing,
    callbacks_that_assign_nothing,
    reading_from_committed_offsets,
    polled_too_late,
    replaced_by_its_instance_id,
    static_member_that_comes_back,
    handed_over_by_epochs,
)
