"""Exactly once by hand: consume, produce, offsets and commit, one transaction a batch.

Written as librdkafka's own documentation has it, with the two options that it is slow without; nothing that
is needed only when something fails.
"""

import argparse
import signal
import threading
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

Work = Callable[[list[Message], "Produce"], None]
Produce = Callable[..., None]  # topic is bound: value, key, partition

WAIT_S = 0.05
CALL_S = 30.0


def run(work: Work) -> None:
    """Let `work` make the outputs of each batch, until SIGTERM."""
    given = arguments()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    consumer, producer = Consumer(_reading(given)), Producer(_writing(given))
    producer.init_transactions(CALL_S)
    consumer.subscribe([given.input])

    def produce(value: bytes | None, key: bytes | None, partition: int | None) -> None:
        producer.produce(given.output, value, key, partition or 0)

    while not stop.is_set():
        messages = consumer.consume(given.batch, WAIT_S)
        if messages:
            offsets = _next_offsets(messages)
            producer.begin_transaction()
            work(messages, produce)
            producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), CALL_S)
            producer.commit_transaction(CALL_S)
    consumer.close()


def _next_offsets(messages: list[Message]) -> list[TopicPartition]:
    last: dict[int, int] = {}
    for message in messages:
        if message.error() is not None:
            raise KafkaException(message.error())
        last[message.partition()] = message.offset()  # type: ignore[index, assignment] # it was delivered
    topic = messages[0].topic() or ""
    return [TopicPartition(topic, number, offset + 1) for number, offset in last.items()]


def arguments() -> argparse.Namespace:
    """Return what every peer is told."""
    parser = argparse.ArgumentParser()
    for name in ("--bootstrap", "--input", "--output", "--group"):
        parser.add_argument(name, required=True)
    parser.add_argument("--batch", type=int, default=2_000, help="most records in one transaction")
    return parser.parse_args()


def _reading(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "bootstrap.servers": given.bootstrap,
        "group.id": given.group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "fetch.queue.backoff.ms": 5,  # by default a second: the fetcher sleeps whenever its queue was full
    }


def _writing(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "bootstrap.servers": given.bootstrap,
        "transactional.id": given.group,
        "retry.backoff.ms": 10,  # by default 100, and the first produce after each commit is told to retry
        "linger.ms": 5,
        "compression.type": "lz4",
    }
