"""Programs about reading: positions, ends, resets, seeking, and what was deleted or compacted."""

from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    KafkaError,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.cimpl import NewTopic

from tests.simulation.surface import Surface, Trace, attempt, errors, told


def write(surface: Surface, topic: str, *values: bytes, partition: int = 0) -> None:
    producer = surface.producer()
    for value in values:
        producer.produce(topic, value, partition=partition)
    producer.flush(10)


def ends_and_positions_over_markers(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    for value, commit in ((b"1", True), (b"2", False), (b"3", True), (b"4", False)):
        producer.begin_transaction()
        producer.produce(topic, value)
        producer.flush(10)
        (producer.commit_transaction if commit else producer.abort_transaction)(10)
        surface.settled(topic)
    consumer = surface.reader(topic)
    trace: Trace = [position(consumer, topic), surface.read(consumer), position(consumer, topic)]
    producer.begin_transaction()
    producer.produce(topic, b"5")
    producer.commit_transaction(10)
    surface.settled(topic)
    return [*trace, surface.read(consumer), position(consumer, topic)]


def position(consumer: Any, topic: str) -> int:  # noqa: ANN401
    return int(consumer.position([TopicPartition(topic, 0)])[0].offset)


def end_is_told_below_an_open_transaction(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1")
    producer = surface.transactional()
    producer.begin_transaction()
    producer.produce(topic, b"2")
    producer.flush(10)
    committed, all_ = surface.reader(topic), surface.reader(topic, isolation_level="read_uncommitted")
    trace: Trace = [surface.read(committed), surface.read(all_)]
    producer.abort_transaction(10)
    surface.settled(topic)
    return [*trace, surface.read(committed), surface.read(all_)]


def reading_from_the_middle_of_markers(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    producer.begin_transaction()
    producer.produce(topic, b"1")
    producer.commit_transaction(10)
    surface.settled(topic)
    return [surface.read(surface.reader(topic, offset)) for offset in (1, 2)]


def beginning_and_end(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1", b"2")
    producer = surface.transactional()
    producer.begin_transaction()
    producer.produce(topic, b"3")
    producer.flush(10)
    return [
        surface.read(surface.reader(topic, OFFSET_BEGINNING)),
        surface.read(surface.reader(topic, OFFSET_END)),
        surface.read(surface.reader(topic, OFFSET_END, isolation_level="read_uncommitted")),
    ]


def seeking(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1", b"2", b"3")
    consumer = surface.reader(topic)
    trace: Trace = [surface.read(consumer)]
    for offset in (1, 3, 0):
        consumer.seek(TopicPartition(topic, 0, offset))
        trace.append(surface.read(consumer))
    return trace


def assigning_one_by_one(surface: Surface) -> Trace:
    topic = surface.topic(partitions=3)
    for number in range(3):
        write(surface, topic, b"1", b"2", partition=number)
    consumer = surface.consumer()
    consumer.list_topics(timeout=10)
    trace: Trace = [attempt(lambda: consumer.incremental_assign([TopicPartition(topic, 0, 1)]))]
    trace.append(surface.read(consumer))
    trace.append(attempt(lambda: consumer.incremental_assign([TopicPartition(topic, 1, 0)])))
    trace.append(surface.read(consumer))
    trace.append(sorted(at.partition for at in consumer.assignment()))
    trace.append(attempt(lambda: consumer.incremental_assign([TopicPartition(topic, 1, 0)])))
    trace.append(attempt(lambda: consumer.incremental_assign([])))
    trace.append(attempt(lambda: consumer.incremental_unassign([TopicPartition(topic, 0)])))
    trace.append(attempt(lambda: consumer.incremental_unassign([TopicPartition(topic, 2)])))
    trace.append(attempt(lambda: consumer.seek(TopicPartition(topic, 2, 0))))
    trace.append(attempt(lambda: consumer.pause([TopicPartition(topic, 2)])))
    trace.append(sorted(at.partition for at in consumer.assignment()))
    trace.append(attempt(consumer.unassign))
    trace.append(attempt(consumer.unassign))
    return [*trace, consumer.assignment()]


def pausing(surface: Surface) -> Trace:
    topic = surface.topic(partitions=2)
    consumer = surface.reader(topic, partitions=2)
    trace: Trace = [surface.read(consumer, ends=2)[0]]
    consumer.pause([TopicPartition(topic, 0)])
    write(surface, topic, b"paused")
    write(surface, topic, b"going", partition=1)
    trace.append(surface.read(consumer)[0])
    consumer.resume([TopicPartition(topic, 0)])
    return [*trace, surface.read(consumer)[0]]


def nothing_to_begin_from(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1")
    consumer = surface.reader(topic, offset=-1001)
    return [await_error(surface, consumer)]


def beyond_the_end(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1")
    consumer = surface.reader(topic, offset=9)
    trace: Trace = [await_error(surface, consumer)]
    trace.append(attempt(lambda: consumer.seek(TopicPartition(topic, 0, 0))))
    consumer.incremental_unassign([TopicPartition(topic, 0)])
    consumer.incremental_assign([TopicPartition(topic, 0, 0)])
    return [*trace, surface.read(consumer)]


def beyond_the_end_with_a_reset(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1")
    return [surface.read(surface.reader(topic, 9, auto_offset_reset="earliest"))]


def await_error(surface: Surface, consumer: Any) -> object:  # noqa: ANN401
    found: Trace = []

    def failed() -> bool:
        messages = consumer.consume(10, 0.05)
        found.extend(
            (*told(message.error()), message.partition(), message.offset())
            for message in messages
            if errors([message])
        )
        return bool(found)

    surface.until(failed, "error")
    return found


def deleted_records(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1", b"2", b"3")
    admin = surface.admin()
    trace: Trace = []
    for offset in (2, 1, 9):
        (future,) = admin.delete_records([TopicPartition(topic, 0, offset)]).values()
        trace.append(attempt(future.result))
    trace += [surface.ends(topic), surface.rows(topic)]
    trace.append(await_error(surface, surface.reader(topic)))
    return [*trace, surface.read(surface.reader(topic, auto_offset_reset="earliest"))]


def everything_deleted(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1", b"2")
    (future,) = surface.admin().delete_records([TopicPartition(topic, 0, OFFSET_END)]).values()
    trace: Trace = [future.result().low_watermark, surface.ends(topic)]
    return [*trace, surface.read(surface.reader(topic, 2))]


def topic_created_anew(surface: Surface) -> Trace:
    topic = surface.topic()
    write(surface, topic, b"1", b"2")
    before = identity(surface, topic)
    admin = surface.admin()
    admin.delete_topics([topic])[topic].result()
    surface.until(lambda: topic not in admin.list_topics(timeout=10).topics, "deletion")
    surface.topic()
    surface.until(lambda: surface.ends(topic) == (0, 0, 0), "new topic")
    again = identity(surface, topic)
    return [before == again, again == identity(surface, topic), surface.ends(topic)]


def identity(surface: Surface, topic: str) -> str:
    (future,) = surface.admin().describe_topics(TopicCollection([topic])).values()
    return str(future.result().topic_id)


def what_admins_are_refused(surface: Surface) -> Trace:
    topic = surface.topic()
    admin = surface.admin()
    missing = surface.name("missing")
    asked = [
        *admin.create_topics([NewTopic(topic, 1, 1)]).values(),
        *admin.describe_topics(TopicCollection([missing])).values(),
        *admin.delete_topics([missing]).values(),
    ]
    return [attempt(future.result) for future in asked]


def times_of_records(surface: Surface) -> Trace:
    own = surface.topic("own", retention_ms="-1")  # a record of 1970 would not live long
    append = surface.topic("append", retention_ms="-1", message_timestamp_type="LogAppendTime")
    producer = surface.producer()
    reports: list[tuple[int, bool]] = []
    for topic in (own, append):
        producer.produce(
            topic, b"1", timestamp=1_000, on_delivery=lambda _, message: reports.append(stamp(message))
        )
        producer.flush(10)
    seen = [stamp(records(surface, surface.reader(topic), 1)[0]) for topic in (own, append)]
    return [reports, seen]


def records(surface: Surface, consumer: Any, count: int) -> list[Message]:  # noqa: ANN401
    """Return the next records."""
    found: list[Message] = []

    def enough() -> bool:
        found.extend(message for message in consumer.consume(10, 0.05) if message.error() is None)
        return len(found) >= count

    surface.until(enough, "records")
    return found


def stamp(message: Message) -> tuple[int, bool]:
    kind, at = message.timestamp()
    return kind, at == 1_000


def headers_keys_and_tombstones(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.producer()
    producer.produce(topic, None, b"k", headers={"a": b"1", "b": "text"})
    producer.produce(topic, b"", b"", headers=[("a", None), ("a", b"")])
    producer.produce(topic, "text", None)
    producer.produce(topic, b"v", headers=[])
    producer.flush(10)
    found = records(surface, surface.reader(topic), 4)
    return [(message.offset(), message.key(), message.value(), message.headers()) for message in found]


def where_keys_go(surface: Surface) -> Trace:
    topic = surface.topic(partitions=7)
    keys = [b"P%d" % number for number in range(20)]
    trace: Trace = []
    for partitioner in ("murmur2_random", "consistent_random"):
        producer = surface.producer(partitioner=partitioner)
        producer.list_topics(timeout=10)
        went: dict[bytes, int] = {}
        for key in keys:
            producer.produce(
                topic, b"1", key, on_delivery=lambda _, m, w=went: w.__setitem__(m.key(), m.partition())
            )
        producer.flush(10)
        trace.append(sorted(went.items()))
    return trace


def delivery_reports(surface: Surface) -> Trace:
    topic = surface.topic(max_message_bytes="1000")
    producer = surface.producer()
    reports: Trace = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        reports.append((error and error.name(), message.partition(), message.offset()))

    producer.produce(topic, b"1", b"a", on_delivery=delivered)
    producer.produce(topic, b"2", b"b", 0, on_delivery=delivered)
    left = producer.flush(10)
    producer.produce(topic, b"3" * 5000, on_delivery=delivered)
    producer.flush(10)
    return [left, reports, surface.ends(topic)]


def compaction(surface: Surface) -> Trace:
    topic = surface.topic(
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.001",
        delete_retention_ms="600000",
    )
    producer = surface.transactional()
    for rows, commit in (
        ([(b"a", b"1"), (b"b", b"1")], True),
        ([(b"a", b"2")], True),
        ([(b"b", b"never")], False),
        ([(b"c", b"1"), (b"b", None)], True),
    ):
        producer.begin_transaction()
        for key, value in rows:
            producer.produce(topic, value, key)
        producer.flush(10)
        (producer.commit_transaction if commit else producer.abort_transaction)(10)
    surface.settled(topic)
    surface.host.sleep(0.2)
    write_key(surface, topic, b"d")
    surface.host.compacted(surface, topic, 4)
    return [surface.rows(topic), surface.rows(topic, "read_uncommitted"), surface.ends(topic)]


def compaction_below_an_open_transaction(surface: Surface) -> Trace:
    topic = surface.topic(cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.001")
    for value in (b"1", b"2"):
        write_key(surface, topic, b"a", value)
    surface.host.sleep(0.2)  # the cleaner goes by segments: the open transaction has to begin one
    open_ = surface.transactional()
    open_.begin_transaction()
    open_.produce(topic, b"open", b"a")
    open_.flush(10)
    for value in (b"3", b"4"):
        write_key(surface, topic, b"a", value)
    surface.host.sleep(0.2)
    write_key(surface, topic, b"d")
    surface.host.compacted(surface, topic, 1)
    return [surface.rows(topic), surface.rows(topic, "read_uncommitted"), surface.ends(topic)]


def write_key(surface: Surface, topic: str, key: bytes, value: bytes = b"1") -> None:
    producer = surface.producer()
    producer.produce(topic, value, key)
    producer.flush(10)


PROGRAMS = (
    ends_and_positions_over_markers,
    end_is_told_below_an_open_transaction,
    reading_from_the_middle_of_markers,
    beginning_and_end,
    seeking,
    assigning_one_by_one,
    pausing,
    nothing_to_begin_from,
    beyond_the_end,
    beyond_the_end_with_a_reset,
    deleted_records,
    everything_deleted,
    topic_created_anew,
    what_admins_are_refused,
    times_of_records,
    headers_keys_and_tombstones,
    where_keys_go,
    delivery_reports,
    compaction,
    compaction_below_an_open_transaction,
)
