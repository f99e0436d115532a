"""How every Kafka client of ours is configured.

One place for the options that the guarantees rest on; what an operator passes through (SASL, TLS, tuning)
goes underneath them and cannot override them.
"""

import logging
from contextlib import suppress
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._metadata import TopicMetadata

from qosresolve.errors import ConfigError, RetriableError
from qosresolve.kafka.credentials import raise_if_changed
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTER_BYTES

Config = dict[str, Any]

# librdkafka waits a second before it fetches again once its queue was full, which throttles a fast consumer.
_FAST_FETCH: Config = {"fetch.queue.backoff.ms": 5, "fetch.wait.max.ms": 50}


# Whole topics are read from their start, dozens of partitions at a time, and each brings one fetch more than
# the queue may hold, still compressed: the defaults took 250 MB where these take 60, and were no quicker.
_SWEEPING: Config = {
    "enable.partition.eof": True,
    "queued.max.messages.kbytes": 16_384,
    "fetch.message.max.bytes": 262_144,
}


def transactional_id(settings: Settings) -> str:
    """Return the id that fences an older process in the same slot."""
    if not settings.slot:
        raise ConfigError(
            "a worker needs a stable, unique slot",
            setting="slot",
            remedy="set QOSRESOLVE_SLOT or --set slot=0, e.g. the pod's ordinal; never a random value",
        )
    return settings.transactional_id_prefix + settings.slot


def worker_consumer(settings: Settings) -> Consumer:
    """Return the consumer of the anchor's group; it never commits and never resets offsets by itself."""
    consumer = Consumer(_base(settings) | _group(settings) | _reading() | {"enable.partition.eof": True})
    _learn_leaders(consumer, settings)
    return consumer


def sole_member(settings: Settings) -> Consumer:
    """Return a consumer of the workers' group that none of them can join: it assigns in no way they know."""
    plain = settings.model_copy(update={"group_protocol": "classic", "static_membership": False})
    own = {"partition.assignment.strategy": "range"}
    consumer = Consumer(_base(plain) | _group(plain) | _reading() | own)
    _learn_leaders(consumer, plain)
    return consumer


def reader(settings: Settings) -> Consumer:
    """Return a consumer without a subscription: it is assigned, reads committed records, commits nothing.

    It carries the group's id only because librdkafka asks for one; it never joins.
    """
    consumer = Consumer(_base(settings) | _reading() | _SWEEPING | {"group.id": settings.group})
    _learn_leaders(consumer, settings)
    return consumer


def anchored_reader(settings: Settings, group: str) -> Consumer:
    """Return a consumer that joins another group to share partitions, and commits nothing."""
    return Consumer(_base(settings) | _group(settings) | _reading() | _SWEEPING | {"group.id": group})


def transactional_producer(settings: Settings, on_log: logging.Logger) -> Producer:
    """Return the worker's producer, before `init_transactions`. `on_log` sees librdkafka's log lines."""
    own = {
        "transactional.id": transactional_id(settings),
        "transaction.timeout.ms": settings.transaction_timeout_ms,
        # Right after a commit the coordinator answers CONCURRENT_TRANSACTIONS for some ms.
        "retry.backoff.ms": 10,
        "linger.ms": 5,
        "compression.type": "lz4",
        "message.max.bytes": DEAD_LETTER_BYTES,
    }
    return Producer(_base(settings) | {"enable.idempotence": True} | own, logger=on_log)


def plain_producer(settings: Settings, most_bytes: int | None = None) -> Producer:
    """Return an idempotent producer outside of transactions: for the timer, policies and commands.

    `most_bytes` is how large a record may be, where that is more than the client's megabyte.
    """
    own: Config = {"enable.idempotence": True, "partitioner": "murmur2_random", "linger.ms": 5}
    size: Config = {} if most_bytes is None else {"message.max.bytes": most_bytes}
    return Producer(_base(settings) | own | size)


def admin(settings: Settings) -> AdminClient:
    """Return an admin client."""
    client = AdminClient(_base(settings))
    _learn_leaders(client, settings)
    return client


def drain(consumer: Consumer, most: int, wait_s: float) -> list[Message]:
    """Return what is there: the first record ends the wait, the rest is what queued up meanwhile.

    `consume(n, t)` alone waits all of t when fewer than n records come.
    """
    first = consumer.consume(1, wait_s)
    return first + consumer.consume(most - 1, 0) if first else []


def let_go(consumer: Consumer, log: Any) -> None:  # noqa: ANN401 - a logger of structlog
    """Close a consumer at the end of a role; what it died of, once more, is told and no more."""
    try:
        consumer.close()
    except KafkaException as error:
        log.warning("closing the consumer", error=str(error))


def metadata(client: AdminClient | Consumer | Producer, timeout: float = 10.0) -> dict[str, TopicMetadata]:
    """Return what the brokers say of every topic. Raises RetriableError when none answers in time."""
    try:
        return client.list_topics(timeout=timeout).topics
    except KafkaException as error:
        raise RetriableError(f"no broker says which topics there are: {error.args[0].str()}") from error


def connect(producer: Producer) -> None:
    """Wait a little until a broker answers: without one, a request for a producer id waits half a second."""
    with suppress(KafkaException):  # whoever needs the producer hears of it
        producer.list_topics(timeout=1)


def _learn_leaders(client: AdminClient | Consumer, settings: Settings) -> None:
    """Fetch the metadata now: a client that does not know its leaders waits for up to 3 s on first use."""
    try:
        client.list_topics(timeout=10)
    except KafkaException as error:
        raise RetriableError(
            f"no broker answers at {settings.bootstrap_servers} ({error.args[0].str()}): check "
            "`bootstrap_servers` (QOSRESOLVE_BOOTSTRAP_SERVERS), the network, and the security options"
        ) from None


def _base(settings: Settings) -> Config:
    return {
        "log_level": 4,
        # Twice the wait between one attempt to connect and the next: a fresh client makes two before it
        # knows a broker, which took 55 ms where it takes 16, for every client of a start.
        "reconnect.backoff.ms": 20,
        **settings.kafka,
        "bootstrap.servers": settings.bootstrap_servers,
        "client.id": f"qosresolve-{settings.slot or 'tool'}",
    }


def _heard(error: KafkaError) -> None:
    """Take what a consumer tells of its brokers. What is raised here comes out of `consume()`."""
    raise_if_changed(error)
    structlog.get_logger().warning("librdkafka", line=error.str()[:500])


def _reading() -> Config:
    return _FAST_FETCH | {
        "error_cb": _heard,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
    }


def _group(settings: Settings) -> Config:
    config: Config = {
        "group.id": settings.group,
        "group.protocol": settings.group_protocol,
        "max.poll.interval.ms": max(settings.max_poll_interval_ms, settings.session_timeout_ms),
    }
    if settings.group_protocol == "classic":
        config["session.timeout.ms"] = settings.session_timeout_ms
        config["heartbeat.interval.ms"] = max(100, min(3_000, settings.session_timeout_ms // 3))
        config["partition.assignment.strategy"] = "cooperative-sticky"
    if settings.static_membership:
        config["group.instance.id"] = f"{settings.group}-{settings.slot}"
    if settings.broker == "embedded":
        config["allow.auto.create.topics"] = True
    return config
