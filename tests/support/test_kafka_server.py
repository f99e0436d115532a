"""The test broker keeps the promises that every other Kafka test builds on.

Scope: transactions, fencing and survival on the real broker, and how a missing one is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support import kafka_server
from tests.support.kafka_server import KafkaServer, NoKafkaError

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 30.0


def create_topic(bootstrap: str, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])[topic].result(TIMEOUT_S)


def transactional_producer(bootstrap: str, transactional_id: str) -> Producer:
    # Being fenced is what one test is about: librdkafka need not log it.
    config = {"bootstrap.servers": bootstrap, "transactional.id": transactional_id, "log_level": 0}
    producer = Producer(config)
    producer.init_transactions(TIMEOUT_S)
    return producer


def produce_in_transaction(producer: Producer, topic: str, value: bytes) -> None:
    producer.begin_transaction()
    producer.produce(topic, value)
    assert producer.flush(TIMEOUT_S) == 0


def first_committed_value(bootstrap: str, topic: str) -> bytes | None:
    """What a read_committed reader of partition 0 sees first.

    It waits for a record, not for the end of the partition: a commit is answered before its markers
    are written, so for a moment the end is still in front of what was committed.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}.reader",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    message = consumer.poll(TIMEOUT_S)
    consumer.close()
    assert message is not None, "nothing committed is to be seen"
    assert message.error() is None
    return message.value()


def test_an_aborted_record_is_hidden_and_a_committed_one_seen(kafka_bootstrap: str, prefix: str) -> None:
    """read_committed shows what was committed, and only that."""
    topic = f"{prefix}records"
    create_topic(kafka_bootstrap, topic)
    producer = transactional_producer(kafka_bootstrap, f"{prefix}writer")

    produce_in_transaction(producer, topic, b"aborted")
    producer.abort_transaction(TIMEOUT_S)
    produce_in_transaction(producer, topic, b"committed")
    producer.commit_transaction(TIMEOUT_S)

    assert first_committed_value(kafka_bootstrap, topic) == b"committed"


def test_a_second_producer_fences_the_first(kafka_bootstrap: str, prefix: str) -> None:
    """Of two producers with one transactional.id, only the later one can commit."""
    topic = f"{prefix}records"
    create_topic(kafka_bootstrap, topic)
    first = transactional_producer(kafka_bootstrap, f"{prefix}writer")
    produce_in_transaction(first, topic, b"first")

    second = transactional_producer(kafka_bootstrap, f"{prefix}writer")
    with pytest.raises(KafkaException) as fenced:
        first.commit_transaction(TIMEOUT_S)
    produce_in_transaction(second, topic, b"second")
    second.commit_transaction(TIMEOUT_S)

    assert fenced.value.args[0].code() in {KafkaError._FENCED, KafkaError.PRODUCER_FENCED}
    assert fenced.value.args[0].fatal()
    assert first_committed_value(kafka_bootstrap, topic) == b"second"


@pytest.mark.kafka
@pytest.mark.long
def test_a_killed_broker_comes_back_with_what_was_committed(prefix: str) -> None:
    """Killed and frozen brokers resume on the same address with the same log; closing leaves nothing."""
    topic = f"{prefix}records"
    with KafkaServer() as server:
        create_topic(server.bootstrap, topic)
        producer = transactional_producer(server.bootstrap, f"{prefix}writer")
        produce_in_transaction(producer, topic, b"kept")
        producer.commit_transaction(TIMEOUT_S)
        # KafkaServer.kill says what may happen to a commit whose markers are not written yet.
        assert first_committed_value(server.bootstrap, topic) == b"kept"

        server.kill()
        assert not server.alive()
        server.start()
        server.pause()
        server.resume()
        server.restart()

        assert first_committed_value(server.bootstrap, topic) == b"kept"
    assert not server.alive()
    assert not server.home.exists()


def test_where_no_kafka_can_be_had_the_error_names_the_remedies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No variable, no engine, no JVM: the message says what to do about each."""
    monkeypatch.delenv(kafka_server.BOOTSTRAP_VARIABLE, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(NoKafkaError) as error:
        kafka_server.find_broker()

    for remedy in (kafka_server.BOOTSTRAP_VARIABLE, "Docker engine", "Maven"):
        assert remedy in str(error.value)
    assert str(tmp_path) in str(error.value), "says where the engine was looked for"
