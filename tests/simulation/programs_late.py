"""Programs about requests that reach the brokers twice, the first copy long after the second.

librdkafka has no KIP-890: what lies between two of its transactions is only the epoch of its producer, which
stays the same until somebody calls `init_transactions`.
"""

from typing import Any

from confluent_kafka import TopicPartition

from tests.simulation.programs_transactions import seen
from tests.simulation.surface import Surface, Trace, attempt


def written(producer: Any, topic: str, value: bytes) -> None:  # noqa: ANN401
    """Begin a transaction and bring one record to the log."""
    producer.begin_transaction()
    producer.produce(topic, value)
    producer.flush(10)


def late_commit_ends_the_next_transaction(surface: Surface) -> Trace:
    """KAFKA-17754: a transaction is committed that its producer aborts."""
    topic = surface.topic()
    producer = surface.transactional()
    written(producer, topic, b"first")
    surface.host.hold("EndTxn")
    trace: Trace = [attempt(lambda: producer.commit_transaction(20))]
    surface.settled(topic)
    written(producer, topic, b"never")
    surface.host.release()
    surface.settled(topic)
    trace += seen(surface, topic)
    trace.append(attempt(lambda: producer.abort_transaction(10)))
    return trace + seen(surface, topic)


def late_abort_ends_the_next_transaction(surface: Surface) -> Trace:
    """The same the other way round: what was to be committed is lost, and what follows it is alone."""
    topic = surface.topic()
    producer = surface.transactional()
    written(producer, topic, b"never")
    surface.host.hold("EndTxn")
    trace: Trace = [attempt(lambda: producer.abort_transaction(20))]
    surface.settled(topic)
    written(producer, topic, b"half")
    surface.host.release()
    surface.settled(topic)
    trace.append(attempt(lambda: producer.commit_transaction(10)))
    return trace + seen(surface, topic)


def late_commit_of_the_same_transaction_changes_nothing(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    written(producer, topic, b"first")
    surface.host.hold("EndTxn")
    producer.commit_transaction(20)
    surface.settled(topic)
    surface.host.release()
    trace = seen(surface, topic)
    written(producer, topic, b"second")
    return [*trace, attempt(lambda: producer.commit_transaction(10))]


def new_epoch_keeps_a_late_commit_out(surface: Surface) -> Trace:
    """What the worker does when it hears of a request whose fate it does not know."""
    topic = surface.topic()
    producer = surface.transactional()
    written(producer, topic, b"first")
    surface.host.hold("EndTxn")
    producer.commit_transaction(20)
    again = surface.transactional()
    written(again, topic, b"never")
    surface.host.release()
    trace = seen(surface, topic)
    again.abort_transaction(10)
    surface.settled(topic)
    return trace + seen(surface, topic)


def late_records_are_not_doubled(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.producer()
    surface.host.hold("Produce")
    producer.produce(topic, b"1")
    left = producer.flush(20)
    producer.produce(topic, b"2")
    producer.flush(10)
    surface.host.release()
    return [left, *seen(surface, topic)]


def late_records_of_a_transaction_that_ended(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    producer.begin_transaction()
    surface.host.hold("Produce")
    producer.produce(topic, b"1")
    producer.commit_transaction(20)
    surface.settled(topic)
    surface.host.release()
    trace = seen(surface, topic)
    producer.begin_transaction()
    producer.produce(topic, b"2")
    trace.append(attempt(lambda: producer.commit_transaction(10)))
    surface.settled(topic)
    return trace + seen(surface, topic)


def late_offsets_go_with_the_next_transaction(surface: Surface) -> Trace:
    """A group's offset falls back: nothing but the position in the same transaction tells."""
    topic = surface.topic()
    consumer, producer = surface.consumer(), surface.transactional()
    metadata = consumer.consumer_group_metadata()
    producer.begin_transaction()
    surface.host.hold("TxnOffsetCommit")
    producer.send_offsets_to_transaction([TopicPartition(topic, 0, 5)], metadata, 20)
    producer.commit_transaction(10)
    trace: Trace = [committed(consumer, topic)]
    producer.begin_transaction()
    producer.send_offsets_to_transaction([TopicPartition(topic, 0, 9)], metadata, 10)
    surface.host.release()
    producer.commit_transaction(10)
    return [*trace, committed(consumer, topic)]


def late_offsets_alone_are_refused(surface: Surface) -> Trace:
    topic = surface.topic()
    consumer, producer = surface.consumer(), surface.transactional()
    producer.begin_transaction()
    surface.host.hold("TxnOffsetCommit")
    metadata = consumer.consumer_group_metadata()
    producer.send_offsets_to_transaction([TopicPartition(topic, 0, 5)], metadata, 20)
    producer.commit_transaction(10)
    trace: Trace = [committed(consumer, topic)]
    surface.consumer().commit(offsets=[TopicPartition(topic, 0, 7)], asynchronous=False)
    surface.host.release()
    producer.begin_transaction()
    producer.produce(topic, b"1")
    producer.commit_transaction(10)
    return [*trace, committed(consumer, topic)]


def committed(consumer: Any, topic: str) -> int:  # noqa: ANN401
    """Return the group's offset once no transaction holds it."""
    return int(consumer.committed([TopicPartition(topic, 0)], timeout=10)[0].offset)


def late_take_over_fences_who_is_at_work(surface: Surface) -> Trace:
    """The first copy of an `init_transactions` that was repeated, once its producer is at work."""
    topic = surface.topic()
    producer = surface.producer(transactional_id=surface.name("x"))
    surface.host.hold("InitProducerId")
    producer.init_transactions(20)
    written(producer, topic, b"1")
    surface.host.release()
    surface.settled(topic)
    trace: Trace = [attempt(lambda: producer.commit_transaction(10))]
    return trace + seen(surface, topic)


def late_partitions_begin_a_transaction(surface: Surface) -> Trace:
    """A late AddPartitionsToTxn opens one that nobody works on; it makes no record and holds nothing down."""
    topic = surface.topic()
    producer = surface.transactional()
    producer.begin_transaction()
    surface.host.hold("AddPartitionsToTxn")
    producer.produce(topic, b"1")
    producer.commit_transaction(20)
    surface.settled(topic)
    surface.host.release()
    trace = seen(surface, topic)
    written(producer, topic, b"2")
    trace.append(attempt(lambda: producer.commit_transaction(10)))
    surface.settled(topic)
    return trace + seen(surface, topic)


PROGRAMS = (
    late_commit_ends_the_next_transaction,
    late_abort_ends_the_next_transaction,
    late_commit_of_the_same_transaction_changes_nothing,
    new_epoch_keeps_a_late_commit_out,
    late_records_are_not_doubled,
    late_records_of_a_transaction_that_ended,
    late_offsets_go_with_the_next_transaction,
    late_offsets_alone_are_refused,
    late_take_over_fences_who_is_at_work,
    late_partitions_begin_a_transaction,
)
