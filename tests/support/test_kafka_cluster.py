"""Three nodes keep what was committed through kills, freezes, rolling restarts and a full disk.

Scope: what the chaos runs build on. Needs a JVM, not the session's broker.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.kafka_broker import UnavailableError
from tests.support.kafka_cluster import KafkaCluster
from tests.support.small_disk import SmallDisk
from tests.support.tcp_proxy import END_TXN
from tests.support.test_kafka_server import (
    TIMEOUT_S,
    first_committed_value,
    produce_in_transaction,
    transactional_producer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kafka

TOPIC = "records"
DISK_MB = 96


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    """Three nodes behind proxies."""
    with KafkaCluster(nodes=3, proxied=True) as made:
        yield made


def make_topic(cluster: KafkaCluster, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": cluster.direct})
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=3)])[topic].result(TIMEOUT_S)
    cluster.await_in_sync()


def commit(cluster: KafkaCluster, topic: str, value: bytes) -> None:
    """Commit one record, however long the nodes take to agree."""
    producer = transactional_producer(cluster.bootstrap, f"{topic}.{value.decode()}")
    produce_in_transaction(producer, topic, value)
    end = time.monotonic() + 2 * TIMEOUT_S
    while True:
        try:
            return producer.commit_transaction(TIMEOUT_S)
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > end:
                raise


@pytest.mark.long
def test_a_commit_survives_every_node_in_turn(cluster: KafkaCluster, prefix: str) -> None:
    """Kill one, freeze another, restart all: what was committed is seen, and all come back in sync."""
    topic = f"{prefix}{TOPIC}"
    make_topic(cluster, topic)
    commit(cluster, topic, b"kept")

    cluster.nodes[0].kill()
    commit(cluster, topic, b"with-two")
    with pytest.raises(TimeoutError, match=r"not in sync within 1 s"):
        cluster.await_in_sync(1)
    cluster.nodes[1].pause()
    cluster.heal()
    cluster.rolling_restart()

    assert first_committed_value(cluster.bootstrap, topic) == b"kept"


@pytest.mark.long
def test_a_late_commit_ends_the_next_transaction(cluster: KafkaCluster, prefix: str) -> None:
    """KAFKA-17754: a producer that goes on after a cut EndTxn is not safe, on Kafka 4 too.

    The late copy commits what the producer then aborts. So the worker replaces a producer that may have
    left a request behind; this shows that the proxy makes the situation it does so for.
    """
    topic = f"{prefix}{TOPIC}"
    make_topic(cluster, topic)
    producer = transactional_producer(cluster.bootstrap, f"{prefix}writer")
    for proxy in cluster.proxies:
        proxy.hold(END_TXN)
    produce_in_transaction(producer, topic, b"first")
    producer.commit_transaction(TIMEOUT_S)
    for proxy in cluster.proxies:
        proxy.heal()
    assert sum(proxy.held for proxy in cluster.proxies) == 1

    produce_in_transaction(producer, topic, b"aborted")
    for proxy in cluster.proxies:
        proxy.release()
    with pytest.raises(KafkaException):
        producer.abort_transaction(TIMEOUT_S)

    assert committed_values(cluster, topic, 2) == [b"first", b"aborted"]


@pytest.mark.long
def test_a_full_disk_stops_one_node_and_no_commit(prefix: str) -> None:
    """The node whose log directory is full ends; two go on; with room again it catches up."""
    try:
        disk = SmallDisk.mounted(DISK_MB)
        with disk as small, KafkaCluster(nodes=3, data={2: small.data}) as cluster:
            fill_up(cluster, small, f"{prefix}{TOPIC}")
    except UnavailableError as reason:
        pytest.skip(str(reason))


def fill_up(cluster: KafkaCluster, disk: SmallDisk, topic: str) -> None:
    make_topic(cluster, topic)
    disk.fill()
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})
    end = time.monotonic() + 2 * TIMEOUT_S
    while cluster.nodes[2].alive():
        producer.produce(topic, b"x" * 100_000)
        assert producer.flush(TIMEOUT_S) == 0
        assert time.monotonic() < end, "a node went on with a full disk"

    commit(cluster, topic, b"with-two")
    disk.clear()
    cluster.heal()


def committed_values(cluster: KafkaCluster, topic: str, count: int) -> list[bytes | None]:
    """What a read_committed reader of partition 0 sees, up to so many records."""
    consumer = Consumer(
        {
            "bootstrap.servers": cluster.direct,
            "group.id": f"{topic}.reader",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = consumer.consume(count, TIMEOUT_S)
    consumer.close()
    return [message.value() for message in found]
