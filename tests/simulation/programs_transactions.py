"""Programs about transactions: what is seen of them, who is fenced, and with which error."""

from confluent_kafka import TopicPartition

from tests.simulation.surface import Surface, Trace, attempt


def seen(surface: Surface, topic: str) -> Trace:
    return [surface.rows(topic), surface.rows(topic, "read_uncommitted"), surface.ends(topic)]


def commit_is_seen_when_it_is_done(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    producer.begin_transaction()
    producer.produce(topic, b"1", b"a")
    producer.produce(topic, b"2", b"b")
    producer.flush(10)
    trace = seen(surface, topic)
    producer.commit_transaction(10)
    surface.settled(topic)
    return trace + seen(surface, topic)


def aborted_is_hidden(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    producer.begin_transaction()
    producer.produce(topic, b"1", b"a")
    producer.flush(10)
    producer.abort_transaction(10)
    producer.begin_transaction()
    producer.produce(topic, b"2", b"a")
    producer.commit_transaction(10)
    surface.settled(topic)
    return seen(surface, topic)


def abort_drops_what_was_not_sent(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional(linger_ms=5000)
    producer.begin_transaction()
    reports: Trace = []
    producer.produce(topic, b"1", on_delivery=lambda error, _: reports.append(error and error.name()))
    trace: Trace = [attempt(lambda: producer.abort_transaction(10))]
    producer.begin_transaction()
    producer.produce(topic, b"2")
    producer.commit_transaction(10)
    surface.settled(topic)
    return [*trace, reports, [row[2] for row in surface.rows(topic)]]


def open_transaction_holds_the_end_down(surface: Surface) -> Trace:
    topic = surface.topic()
    first, second = surface.transactional("x"), surface.transactional("y")
    first.begin_transaction()
    first.produce(topic, b"open", b"a")
    first.flush(10)
    second.begin_transaction()
    second.produce(topic, b"done", b"b")
    second.commit_transaction(10)
    surface.until(lambda: surface.ends(topic)[2] == 3, "second's marker")
    trace = seen(surface, topic)
    first.abort_transaction(10)
    surface.settled(topic)
    return trace + seen(surface, topic)


def plain_records_wait_behind_an_open_transaction(surface: Surface) -> Trace:
    topic = surface.topic()
    first, plain = surface.transactional(), surface.producer()
    plain.produce(topic, b"before")
    plain.flush(10)
    first.begin_transaction()
    first.produce(topic, b"open")
    first.flush(10)
    plain.produce(topic, b"after")
    plain.flush(10)
    trace = seen(surface, topic)
    first.commit_transaction(10)
    surface.settled(topic)
    return trace + seen(surface, topic)


def two_partitions_one_transaction(surface: Surface) -> Trace:
    topic = surface.topic(partitions=2)
    producer = surface.transactional()
    producer.begin_transaction()
    producer.produce(topic, b"1", partition=0)
    producer.produce(topic, b"2", partition=1)
    producer.produce(topic, b"3", partition=1)
    producer.commit_transaction(10)
    for number in (0, 1):
        surface.settled(topic, number)
    return [surface.rows(topic, partition=number) for number in (0, 1)] + [surface.ends(topic, 1)]


def second_producer_fences_the_first(surface: Surface) -> Trace:
    topic = surface.topic()
    first = surface.transactional()
    first.begin_transaction()
    first.produce(topic, b"first")
    first.flush(10)
    second = surface.transactional()
    surface.settled(topic)
    trace: Trace = [
        attempt(lambda: first.commit_transaction(10)),
        attempt(lambda: first.abort_transaction(10)),
    ]
    second.begin_transaction()
    second.produce(topic, b"second")
    second.commit_transaction(10)
    surface.settled(topic)
    return trace + seen(surface, topic)


def fenced_before_its_first_record(surface: Surface) -> Trace:
    topic = surface.topic()
    first = surface.transactional()
    surface.transactional()
    trace: Trace = [attempt(first.begin_transaction)]
    first.produce(topic, b"first")
    trace += [
        attempt(lambda: first.flush(10)),
        attempt(lambda: first.flush(10)),
        attempt(lambda: first.produce(topic, b"more")),
        attempt(lambda: first.commit_transaction(10)),
        attempt(lambda: first.abort_transaction(10)),
        attempt(first.begin_transaction),
    ]
    return trace + seen(surface, topic)


def fenced_between_two_records(surface: Surface) -> Trace:
    topic = surface.topic()
    first = surface.transactional()
    first.begin_transaction()
    first.produce(topic, b"first")
    first.flush(10)
    surface.transactional()
    surface.settled(topic)
    first.produce(topic, b"more")
    trace: Trace = [attempt(lambda: first.flush(10)), attempt(lambda: first.commit_transaction(10))]
    return [*trace, attempt(lambda: first.abort_transaction(10)), *seen(surface, topic)]


def fenced_and_closed(surface: Surface) -> Trace:
    topic = surface.topic()
    first = surface.transactional()
    first.begin_transaction()
    first.produce(topic, b"first")
    first.flush(10)
    surface.transactional()
    trace: Trace = [attempt(lambda: first.commit_transaction(10)), attempt(first.purge)]
    return [*trace, attempt(lambda: first.flush(0)), attempt(lambda: first.poll(0))]


def fenced_when_it_sends_offsets(surface: Surface) -> Trace:
    topic = surface.topic()
    first = surface.transactional()
    surface.transactional()
    consumer = surface.consumer()
    offsets = [TopicPartition(topic, 0, 5)]
    first.begin_transaction()
    return [
        attempt(lambda: first.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 10)),
        attempt(lambda: first.commit_transaction(10)),
        [at.offset for at in consumer.committed(offsets, timeout=10)],
    ]


def fenced_when_it_aborts(surface: Surface) -> Trace:
    topic = surface.topic()
    first = surface.transactional()
    first.begin_transaction()
    first.produce(topic, b"first")
    first.flush(10)
    surface.transactional()
    return [attempt(lambda: first.abort_transaction(10)), attempt(first.begin_transaction)]


def transaction_runs_out(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional(transaction_timeout_ms=1000)
    producer.begin_transaction()
    producer.produce(topic, b"late")
    producer.flush(10)
    trace: Trace = [surface.ends(topic)]
    surface.settled(topic)
    trace += [attempt(lambda: producer.commit_transaction(10))]
    again = surface.transactional()
    again.begin_transaction()
    again.produce(topic, b"again")
    again.commit_transaction(10)
    surface.settled(topic)
    return trace + seen(surface, topic)


def produce_after_the_transaction_ran_out(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional(transaction_timeout_ms=1000)
    producer.begin_transaction()
    producer.produce(topic, b"late")
    producer.flush(10)
    surface.settled(topic)
    producer.produce(topic, b"too late")
    trace: Trace = [attempt(lambda: producer.flush(10)), attempt(lambda: producer.commit_transaction(10))]
    return trace + seen(surface, topic)


def empty_transactions(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.transactional()
    consumer = surface.consumer()
    trace: Trace = []
    producer.begin_transaction()
    trace.append(attempt(lambda: producer.commit_transaction(10)))
    producer.begin_transaction()
    trace.append(attempt(lambda: producer.abort_transaction(10)))
    producer.begin_transaction()
    trace.append(
        attempt(lambda: producer.send_offsets_to_transaction([], consumer.consumer_group_metadata(), 10))
    )
    trace.append(attempt(lambda: producer.commit_transaction(10)))
    return [*trace, surface.ends(topic)]


def calls_out_of_order(surface: Surface) -> Trace:
    topic = surface.topic()
    producer = surface.producer(**{"transactional.id": surface.name("x")})
    trace: Trace = [attempt(producer.begin_transaction), attempt(lambda: producer.produce(topic, b"1"))]
    producer.init_transactions(20)
    trace += [
        attempt(lambda: producer.produce(topic, b"1")),
        attempt(lambda: producer.commit_transaction(5)),
        attempt(lambda: producer.abort_transaction(5)),
        attempt(producer.begin_transaction),
        attempt(producer.begin_transaction),
        attempt(lambda: producer.commit_transaction(5)),
        attempt(lambda: producer.commit_transaction(5)),
    ]
    return trace


def too_large_for_the_topic(surface: Surface) -> Trace:
    topic = surface.topic(max_message_bytes="1000")
    producer = surface.transactional()
    producer.begin_transaction()
    reports: Trace = []
    producer.produce(topic, b"x" * 5000, on_delivery=lambda error, _: reports.append(error and error.name()))
    trace: Trace = [
        attempt(lambda: producer.flush(10)),
        attempt(lambda: producer.produce(topic, b"more")),
        attempt(producer.begin_transaction),
        attempt(lambda: producer.commit_transaction(10)),
        attempt(lambda: producer.abort_transaction(10)),
        attempt(producer.begin_transaction),
        attempt(lambda: producer.produce(topic, b"x" * 2_000_000)),
        attempt(lambda: producer.produce(topic, b"after")),  # with a sequence that the broker does not expect
        attempt(lambda: producer.commit_transaction(10)),
    ]
    return [*trace, reports, surface.rows(topic)]


PROGRAMS = (
    commit_is_seen_when_it_is_done,
    aborted_is_hidden,
    abort_drops_what_was_not_sent,
    open_transaction_holds_the_end_down,
    plain_records_wait_behind_an_open_transaction,
    two_partitions_one_transaction,
    second_producer_fences_the_first,
    fenced_before_its_first_record,
    fenced_between_two_records,
    fenced_and_closed,
    fenced_when_it_sends_offsets,
    fenced_when_it_aborts,
    transaction_runs_out,
    produce_after_the_transaction_ran_out,
    empty_transactions,
    calls_out_of_order,
    too_large_for_the_topic,
)
