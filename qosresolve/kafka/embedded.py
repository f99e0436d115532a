"""The embedded broker: librdkafka's mock cluster, for the demo and quick tries, in this process.

It is no evidence of exactly once: it shows aborted records to everybody and drops the offsets of
transactions. Topics appear by use. What has to be different on it is here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Producer

from qosresolve.errors import FatalError
from qosresolve.kafka import clients
from qosresolve.kafka.timer import Timer
from qosresolve.settings import Settings
from qosresolve.topics import TOPICS, Names

PARTITIONS = 4  # the mock's own default
_QUIET: clients.Config = {"log_level": 2}


@contextmanager
def embedded(settings: Settings) -> Iterator[Settings]:
    """Run a mock cluster; yield the settings that point at it, its topics made."""
    host = Producer({"bootstrap.servers": "", "test.mock.num.brokers": 1} | _QUIET)
    brokers = host.list_topics(timeout=10).brokers.values()
    address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    changes = {
        "bootstrap_servers": address,
        "broker": "embedded",
        "partitions": PARTITIONS,
        "replication_factor": 1,
    }
    stop = threading.Event()
    server = threading.Thread(target=_serve, args=(host, stop), name="embedded-broker", daemon=True)
    server.start()
    try:
        ready = settings.model_copy(update=changes)
        _make_topics(ready)
        yield ready
    finally:
        stop.set()
        server.join(5)


def _serve(host: Producer, stop: threading.Event) -> None:
    while not stop.is_set():
        host.poll(0.5)


def _make_topics(settings: Settings) -> None:
    own: clients.Config = {"bootstrap.servers": settings.bootstrap_servers, "allow.auto.create.topics": True}
    producer = Producer(own | _QUIET)
    names = Names(settings.prefix)
    for topic in TOPICS:
        found = producer.list_topics(names.of(topic), timeout=10).topics[names.of(topic)]
        if len(found.partitions) != PARTITIONS:
            raise FatalError(f"the embedded broker made {len(found.partitions)} partitions of {topic.name}")


class EmbeddedTimer(Timer):
    """The timer on the mock, which acknowledges every record with append time 1234: no time is learned."""

    learns = False
