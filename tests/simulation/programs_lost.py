"""Programs about brokers that do not answer for a while: what times out, what may be called meanwhile."""

from confluent_kafka import IsolationLevel, TopicCollection, TopicPartition
from confluent_kafka.admin._listoffsets import OffsetSpec

from tests.simulation.programs_groups import joined, sends, shares, started, turns
from tests.simulation.programs_late import written
from tests.simulation.surface import Surface, Trace, attempt

SHORT_S = 0.4


def commit_that_is_not_answered(surface: Surface) -> Trace:
    """It has to be called again, and nothing else may be."""
    topic = surface.topic()
    producer = surface.transactional()
    metadata = surface.consumer().consumer_group_metadata()
    offsets = [TopicPartition(topic, 0, 1)]
    written(producer, topic, b"1")
    surface.host.silence()
    trace: Trace = [
        attempt(lambda: producer.commit_transaction(SHORT_S)),
        attempt(lambda: producer.commit_transaction(SHORT_S)),
        attempt(lambda: producer.abort_transaction(SHORT_S)),
        attempt(producer.begin_transaction),
        attempt(lambda: producer.produce(topic, b"2")),
        attempt(lambda: producer.send_offsets_to_transaction(offsets, metadata, SHORT_S)),
        attempt(lambda: producer.init_transactions(SHORT_S)),
        attempt(lambda: producer.flush(SHORT_S)),
    ]
    surface.host.heal()
    trace += [
        attempt(lambda: producer.commit_transaction(20)),
        attempt(producer.begin_transaction),
        attempt(lambda: producer.commit_transaction(10)),
    ]
    surface.settled(topic)
    return [*trace, surface.rows(topic)]


def abort_that_is_not_answered(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    written(producer, topic, b"1")
    surface.host.silence()
    trace: Trace = [
        attempt(lambda: producer.abort_transaction(SHORT_S)),
        attempt(lambda: producer.commit_transaction(SHORT_S)),
        attempt(producer.begin_transaction),
    ]
    surface.host.heal()
    trace += [attempt(lambda: producer.abort_transaction(20)), attempt(producer.begin_transaction)]
    surface.settled(topic)
    return [*trace, surface.rows(topic)]


def take_over_that_is_not_answered(surface: Surface) -> Trace:
    producer = surface.producer(transactional_id=surface.name("x"))
    surface.host.silence()
    trace: Trace = [
        attempt(lambda: producer.init_transactions(SHORT_S)),
        attempt(producer.begin_transaction),
        attempt(lambda: producer.init_transactions(SHORT_S)),
    ]
    surface.host.heal()
    return [*trace, attempt(lambda: producer.init_transactions(20)), attempt(producer.begin_transaction)]


def records_that_are_not_acknowledged(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    written(producer, topic, b"1")
    surface.host.silence()
    producer.produce(topic, b"2")
    trace: Trace = [
        attempt(lambda: producer.flush(SHORT_S)),
        len(producer),
        attempt(lambda: producer.commit_transaction(SHORT_S)),
        attempt(lambda: producer.produce(topic, b"3")),
        attempt(lambda: producer.abort_transaction(SHORT_S)),
    ]
    surface.host.heal()
    trace.append(attempt(lambda: producer.commit_transaction(20)))
    surface.settled(topic)
    return [*trace, surface.rows(topic)]


def records_that_are_aborted_unacknowledged(surface: Surface) -> Trace:
    """What was on its way may lie in the log or not; the next transaction must go on in any case."""
    topic = surface.topic()
    producer = surface.transactional()
    written(producer, topic, b"1")
    surface.host.silence()
    producer.produce(topic, b"2")
    trace: Trace = [attempt(lambda: producer.flush(SHORT_S))]
    trace.append(attempt(lambda: producer.abort_transaction(SHORT_S)))
    surface.host.heal()
    trace.append(attempt(lambda: producer.abort_transaction(20)))
    written(producer, topic, b"3")
    trace.append(attempt(lambda: producer.commit_transaction(10)))
    surface.settled(topic)
    return [*trace, [row[2] for row in surface.rows(topic)]]


def questions_that_are_not_answered(surface: Surface) -> Trace:
    """A list of offsets says -1001, and nothing of an error."""
    topic = surface.topic()
    at = TopicPartition(topic, 0)
    consumer, admin = surface.consumer(), surface.admin()
    surface.until(lambda: consumer.committed([at], timeout=10), "coordinator")
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    level = IsolationLevel.READ_UNCOMMITTED
    surface.host.silence()
    (ends,) = admin.list_offsets({at: latest}, isolation_level=level, request_timeout=1).values()
    (description,) = admin.describe_topics(TopicCollection([topic]), request_timeout=1).values()
    trace: Trace = [
        ends.result(10).offset,
        attempt(lambda: description.result(10)),
        attempt(lambda: consumer.committed([at], timeout=SHORT_S)),
    ]
    surface.host.heal()
    return trace


def silence_longer_than_the_session(surface: Surface) -> Trace:
    """The client notes it by itself, and joins anew once it can."""
    topic = started(surface, 2)
    member = joined(surface, topic, session_timeout_ms=1500)
    turns(surface, [member], lambda: shares(member) == [2])
    before = member.metadata()
    surface.host.silence()
    turns(surface, [member], lambda: len(member.heard) == 2)
    trace: Trace = [shares(member), member.metadata() == before]
    surface.host.heal()
    turns(surface, [member], lambda: shares(member) == [2])
    at, producer = TopicPartition(topic, 0, 1), surface.transactional()
    trace.append(list(member.heard))
    return [*trace, sends(producer, at, before), sends(producer, at, member.metadata())]


PROGRAMS = (
    commit_that_is_not_answered,
    abort_that_is_not_answered,
    take_over_that_is_not_answered,
    records_that_are_not_acknowledged,
    records_that_are_aborted_unacknowledged,
    questions_that_are_not_answered,
    silence_longer_than_the_session,
)
