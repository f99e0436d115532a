"""What befalls requests and processes in the model: losses, late copies, kills, and time."""

import pytest
from confluent_kafka import KafkaError, TopicPartition
from confluent_kafka.admin._listoffsets import OffsetSpec

from qosresolve.telemetry.log import LibrdkafkaLog
from tests.simulation.log import Log, State
from tests.simulation.network import Fate
from tests.simulation.stage import AT, MEMBER, TOPIC, KilledError, Stage, refusal, written

# -- the flaw


def test_a_late_commit_ends_another_transaction() -> None:
    """KAFKA-17754: what a producer is about to abort is committed by the late copy of the commit before."""
    stage = Stage()
    producer = stage.producer()
    written(producer, b"first")
    stage.network.fates = {"EndTxn": [Fate.LATE_COPY]}
    producer.commit_transaction(5)
    written(producer, b"never")
    stage.pass_time(1)
    assert stage.values() == [(b"first", State.COMMITTED), (b"never", State.COMMITTED)]
    assert refusal(lambda: producer.abort_transaction(5)).code() == KafkaError.INVALID_TXN_STATE


def test_the_log_tells_and_a_new_producer_is_safe() -> None:
    """Librdkafka's line comes with the next poll; whoever replaces the producer then keeps the copy out."""
    stage = Stage()
    lines = LibrdkafkaLog()
    producer = stage.producer(logger=lines.logger)
    written(producer, b"first")
    stage.network.fates = {"EndTxn": [Fate.LATE_COPY]}
    producer.commit_transaction(5)
    assert not lines.take()
    producer.poll(0)
    assert "EndTxnRequest" in lines.take()
    again = stage.producer()
    written(again, b"never")
    stage.pass_time(1)
    again.abort_transaction(5)
    assert stage.values() == [(b"first", State.COMMITTED), (b"never", State.ABORTED)]


def test_late_records_are_known() -> None:
    """A record that arrives twice lies there once, within a transaction and without one."""
    stage = Stage()
    plain = stage.clients.producer({"enable.idempotence": True})
    stage.network.fates = {"Produce": [Fate.LATE_COPY]}
    plain.produce(TOPIC, b"1", partition=0)
    assert plain.flush(5) == 0
    stage.pass_time(20)
    assert stage.values() == [(b"1", State.COMMITTED)]


def test_late_records_without_idempotence_are_doubled() -> None:
    """The counterproof: it is the sequences that keep them out."""
    stage = Stage()
    careless = stage.clients.producer({"enable.idempotence": False})
    stage.network.fates = {"Produce": [Fate.LATE_COPY]}
    careless.produce(TOPIC, b"1", partition=0)
    careless.flush(5)
    stage.pass_time(20)
    assert stage.values() == [(b"1", State.COMMITTED)] * 2


# -- what is lost


@pytest.mark.parametrize("lost", [Fate.REQUEST_LOST, Fate.ANSWER_LOST])
@pytest.mark.parametrize(
    "api", ["AddPartitionsToTxn", "Produce", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn"]
)
def test_a_lost_request_is_repeated(api: str, lost: Fate) -> None:
    """Whatever is lost on the way to a commit, once there or back: it is asked again, and counts once."""
    stage = Stage()
    producer = stage.producer()
    stage.network.fates = {api: [lost]}
    producer.begin_transaction()
    producer.produce(TOPIC, b"1", partition=0)
    consumer = stage.clients.consumer(MEMBER)
    producer.send_offsets_to_transaction([AT], consumer.consumer_group_metadata(), 5)
    producer.commit_transaction(5)
    assert stage.values() == [(b"1", State.COMMITTED)]
    assert stage.cluster.committed_offsets("g") == {(TOPIC, 0): 1}


@pytest.mark.parametrize(
    ("lost", "ended"), [(Fate.REQUEST_LOST, State.OPEN), (Fate.ANSWER_LOST, State.COMMITTED)]
)
def test_a_commit_out_of_time(lost: Fate, ended: State) -> None:
    """The caller cannot know: the same error, whether the broker committed or never heard of it."""
    stage = Stage()
    producer = stage.producer()
    written(producer, b"1")
    stage.network.fates = {"EndTxn": [lost]}
    error = refusal(lambda: producer.commit_transaction(0.5))
    assert (error.code(), error.retriable()) == (KafkaError._TIMED_OUT, True)
    assert stage.values() == [(b"1", ended)]
    producer.commit_transaction(5)
    assert stage.values() == [(b"1", State.COMMITTED)]


def test_a_leader_that_is_silent_has_no_offset() -> None:
    """One topic's leader does not answer: its offset is -1001, without an error; the other's is right."""
    stage = Stage()
    stage.cluster.create_topic("other", 1)
    admin = stage.clients.admin({})
    stage.network.fates = {"ListOffsets": [Fate.REQUEST_LOST]}
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = {AT: latest, TopicPartition("other", 0): latest}
    found = admin.list_offsets(asked, request_timeout=0.5)
    assert [future.result().offset for future in found.values()] == [-1001, 0]


# -- markers


def test_a_commit_is_answered_before_it_is_seen() -> None:
    """Partitions show a commit one after the other; the producer's next transaction waits for the last."""
    stage = Stage()
    producer = stage.producer()
    producer.begin_transaction()
    for partition in (0, 1):
        producer.produce(TOPIC, b"1", partition=partition)
    stage.network.fates = {"WriteTxnMarkers": [Fate.DELIVERED, Fate.REQUEST_LOST]}
    producer.commit_transaction(5)
    assert [stage.values(partition)[0][1] for partition in (0, 1)] == [State.COMMITTED, State.OPEN]
    before = stage.network.now_ms()
    written(producer, b"2")
    assert stage.network.now_ms() > before
    assert [stage.values(partition)[0][1] for partition in (0, 1)] == [State.COMMITTED, State.COMMITTED]


def test_the_network_says_when_records_go_out() -> None:
    """What is produced may hold the end down before the offsets are sent, or go out with the commit only."""
    stage = Stage()
    consumer = stage.clients.consumer(MEMBER)
    for linger, there in ((Fate.DELIVERED, 1), (Fate.REQUEST_LOST, 0)):
        producer = stage.producer()
        stage.network.fates = {"Linger": [linger]}
        end = stage.cluster.high_watermark(TOPIC, 0)
        producer.begin_transaction()
        producer.produce(TOPIC, b"1", partition=0)
        producer.send_offsets_to_transaction([AT], consumer.consumer_group_metadata(), 5)
        assert stage.cluster.high_watermark(TOPIC, 0) == end + there
        assert stage.cluster.last_stable_offset(TOPIC, 0) == end
        producer.commit_transaction(5)
        assert stage.cluster.last_stable_offset(TOPIC, 0) == end + 2


# -- processes


@pytest.mark.parametrize("api", ["Produce", "TxnOffsetCommit", "EndTxn"])
def test_a_killed_process_leaves_its_transaction_to_time(api: str) -> None:
    """It holds the end down until its time-out; then it is aborted, and its offsets never were."""
    stage = Stage()
    producer, consumer = stage.producer(), stage.clients.consumer(MEMBER)

    def transaction() -> None:
        written(producer, b"1")
        producer.send_offsets_to_transaction([AT], consumer.consumer_group_metadata(), 5)
        producer.commit_transaction(5)

    stage.network.killing = api
    with pytest.raises(KilledError):
        transaction()
    stage.network.killing = ""
    stage.cluster.kill("p")
    assert stage.cluster.transactions.open_ids() == ["x"]
    stage.pass_time(4)
    assert stage.cluster.transactions.open_ids() == ["x"]
    stage.pass_time(2)
    assert stage.cluster.transactions.open_ids() == []
    assert all(state is State.ABORTED for _, state in stage.values())
    assert stage.cluster.committed_offsets("g") == {}
    assert stage.cluster.last_stable_offset(TOPIC, 0) == stage.cluster.high_watermark(TOPIC, 0)


def test_the_next_life_takes_over_at_once() -> None:
    """A process that starts in the slot of a killed one aborts what that one left."""
    stage = Stage()
    written(stage.producer(), b"1")
    stage.cluster.kill("p")
    began = stage.network.now_ms()
    written(stage.producer(stage.process("p")), b"2")
    assert stage.network.now_ms() - began < 1_000
    assert stage.values() == [(b"1", State.ABORTED), (b"2", State.OPEN)]


# -- what it costs


def test_a_consumer_with_nothing_to_read_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty poll looks at no partition again before something has changed."""
    stage = Stage()
    looked_at: list[str] = []
    log = stage.cluster.log

    def looking(topic: str, partition: int) -> Log:
        looked_at.append(topic)
        return log(topic, partition)

    reader = stage.clients.consumer(MEMBER)
    reader.assign([TopicPartition(TOPIC, 0, 0), TopicPartition(TOPIC, 1, 0)])
    reader.consume(10, 0)
    monkeypatch.setattr(stage.cluster, "log", looking)
    for _ in range(100):
        assert reader.consume(10, 0) == []
    assert looked_at == []
    plain = stage.clients.producer({"enable.idempotence": True})
    plain.produce(TOPIC, b"1", partition=1)
    plain.flush(5)
    assert [message.value() for message in reader.consume(10, 0)] == [b"1"]


def test_lines_go_to_the_logger_that_was_given() -> None:
    """One producer's lines are not another's, and a client without a logger writes none."""
    stage = Stage()
    mine, other = LibrdkafkaLog(), LibrdkafkaLog()
    first = stage.producer(logger=mine.logger)
    second = stage.clients.producer({"transactional.id": "y"}, logger=other.logger)
    second.init_transactions(5)
    stage.network.fates = {"EndTxn": [Fate.REQUEST_LOST]}
    written(first, b"1")
    first.commit_transaction(5)
    first.poll(0)
    second.poll(0)
    assert mine.take()
    assert not other.take()
