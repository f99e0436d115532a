"""Creating and checking the topics of the one table, and the group's first offsets.

Without first offsets a worker refuses to start: `auto.offset.reset` is always `error`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from qosresolve.errors import ConfigError, FatalError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied, raise_if_hidden
from qosresolve.kafka.offsets import Place, patiently, starts
from qosresolve.settings import Settings
from qosresolve.topics import ANCHOR, TOPICS, Names, Topic

TIMEOUT = 30.0
T = TypeVar("T")
Configs = dict[str, dict[str, str | None]]  # of each topic: its options, also those that it inherits


class About(StrEnum):
    """What a finding is about."""

    DONE = "done"
    MISSING = "missing"
    PARTITIONS = "partitions"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one topic: `wrong` must be mended, else it is for information."""

    topic: str
    what: str
    wrong: bool
    remedy: str = ""
    about: About = About.DONE


def create(settings: Settings, *, dry_run: bool = False) -> list[Finding]:
    """Create what is missing and write the group's first offsets; return what was, or would be, done."""
    client = clients.admin(settings)
    names = Names(settings.prefix)
    there = set(clients.metadata(client, TIMEOUT))
    missing = [topic for topic in TOPICS if names.of(topic) not in there]
    done = [Finding(names.of(topic), _plan_of(topic, settings), wrong=False) for topic in missing]
    if not dry_run:
        _create(client, missing, settings)
    return done + _first_offsets(client, settings, dry_run=dry_run, missing=bool(missing))


def make(settings: Settings, topics: list[Topic]) -> None:
    """Create some topics of the table, and nothing else."""
    _create(clients.admin(settings), topics, settings)


def _plan_of(topic: Topic, settings: Settings) -> str:
    cleanup = "compact" if topic.compacted else "delete"
    return f"created: {partitions(topic, settings)} partitions, {copies(settings)} replicas, {cleanup}"


def _create(client: AdminClient, missing: list[Topic], settings: Settings) -> None:
    names = Names(settings.prefix)
    wanted = [
        NewTopic(
            names.of(topic),
            partitions(topic, settings),
            copies(settings),
            config=options(topic, settings),
        )
        for topic in missing
    ]
    if not wanted:
        return
    for name, future in client.create_topics(wanted, request_timeout=TIMEOUT).items():
        try:
            future.result()
        except KafkaException as error:
            _explain(name, error.args[0], settings)
    _await(client, {names.of(topic) for topic in missing})


def _await(client: AdminClient, wanted: set[str]) -> None:
    """Wait until every broker's answer would name the new topics: creation is told before it is known."""
    end = time.monotonic() + TIMEOUT
    while not wanted <= set(clients.metadata(client, TIMEOUT)):
        if time.monotonic() > end:
            raise FatalError(f"topics were created but are not to be seen after {TIMEOUT:.0f} s")
        time.sleep(0.05)


def partitions(topic: Topic, settings: Settings) -> int:
    """Return how many partitions a topic is created with."""
    return settings.partitions if topic.co_partitioned else 1


def copies(settings: Settings) -> int:
    """Return how many replicas every topic is created with."""
    return settings.replication_factor


def options(topic: Topic, settings: Settings) -> dict[str, str]:
    """Return the broker configuration a topic is created with: one copy may be away, and no more."""
    return topic.config() | {"min.insync.replicas": str(max(1, copies(settings) - 1))}


def _explain(name: str, error: KafkaError, settings: Settings) -> None:
    if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
        return
    raise_if_denied(error, name, Operation.CREATE)
    if error.code() == KafkaError.INVALID_REPLICATION_FACTOR:
        raise ConfigError(
            f"cannot create {name}: {error.str()}",
            setting="replication_factor",
            remedy=f"it is {settings.replication_factor}; use at most the number of brokers",
        )
    raise FatalError(f"cannot create {name}: {error}")


def _first_offsets(client: AdminClient, settings: Settings, *, dry_run: bool, missing: bool) -> list[Finding]:
    """Write the start of each input as the group's offset where it has none. Never moves one that exists."""
    if missing and dry_run:
        return [Finding(settings.group, "first offsets of the group written", wrong=False)]
    consumer = clients.reader(settings)
    try:
        without = patiently(lambda: _without_offset(client, consumer, settings))
        _refuse_raised(without, settings, _count(client, Names(settings.prefix).of(ANCHOR)))
        if without and not dry_run:
            first = patiently(lambda: starts(client, without))
            offsets = [TopicPartition(topic, number, first[topic, number]) for topic, number in without]
            patiently(lambda: _asked(lambda: consumer.commit(offsets=offsets, asynchronous=False)))
    finally:
        consumer.close()
    if not without:
        return []
    return [Finding(settings.group, f"first offsets written for {len(without)} partitions", wrong=False)]


def _refuse_raised(without: list[Place], settings: Settings, count: int) -> None:
    """Refuse first offsets for some partitions beside others that have theirs: those came later.

    Only the anchor tells: the broker forgets offsets of the other inputs, which nobody subscribes to.
    """
    anchor = Names(settings.prefix).of(ANCHOR)
    new = sorted(number for topic, number in without if topic == anchor)
    if 0 < len(new) < count:
        raise ConfigError(
            f"{anchor} has {count} partitions, and the group {settings.group} no offset for {new} of them: "
            "the count was raised after the first start, products would leave their state",
            setting="partitions",
            remedy="the count never changes; create the topics anew under another prefix, see "
            "docs/runbooks/partition-count.md",
        )


def _without_offset(client: AdminClient, consumer: Consumer, settings: Settings) -> list[Place]:
    """Return the inputs for which the group has no offset.

    Asked through a consumer: the admin client's own call crashes the process while the coordinator is loading
    (librdkafka issue 5040).
    """
    names = Names(settings.prefix)
    count = _count(client, names.inputs[0])
    inputs = [TopicPartition(topic, number) for topic in names.inputs for number in range(count)]
    found = _asked(lambda: consumer.committed(inputs, timeout=10))
    return [(at.topic, at.partition) for at in found if at.offset < 0]


def _asked(call: Callable[[], T]) -> T:
    """Return a coordinator's answer. Raises RetriableError while there is none, or it is loading."""
    try:
        return call()
    except KafkaException as error:
        raise_if_denied(error)
        if error.args[0].retriable() or error.args[0].code() in _UNSETTLED:
            raise RetriableError(f"the group coordinator is not ready: {error.args[0].str()}") from error
        raise FatalError(f"the group's offsets: {error.args[0].str()}") from error


_UNSETTLED = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError._TIMED_OUT,  # noqa: SLF001 - the client's own constants
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._WAIT_COORD,  # noqa: SLF001
)


def _count(client: AdminClient, topic: str) -> int:
    found = clients.metadata(client, TIMEOUT).get(topic)
    return len(found.partitions) if found is not None else 0


def check(settings: Settings) -> list[Finding]:
    """Compare the cluster with the table; the findings that are wrong say how to mend them."""
    client = clients.admin(settings)
    names = Names(settings.prefix)
    metadata = clients.metadata(client, TIMEOUT)
    findings: list[Finding] = []
    present = []
    for topic in TOPICS:
        if names.of(topic) in metadata:
            present.append(topic)
        else:
            raise_if_hidden(client, names.of(topic), Operation.DESCRIBE)
            findings.append(
                Finding(
                    names.of(topic),
                    "missing",
                    wrong=True,
                    remedy="qosresolve topics create",
                    about=About.MISSING,
                )
            )
    counts = {names.of(topic): len(metadata[names.of(topic)].partitions) for topic in present}
    findings += _counts(present, counts, names)
    return findings + _configs(client, present, names)


def _counts(present: list[Topic], counts: dict[str, int], names: Names) -> list[Finding]:
    shared = {counts[names.of(topic)] for topic in present if topic.co_partitioned}
    if len(shared) <= 1:
        return []
    return [
        Finding(
            names.of(topic),
            f"has {counts[names.of(topic)]} partitions; the co-partitioned topics differ: {sorted(shared)}",
            wrong=True,
            remedy="the count must be the same everywhere and never changes; create under another prefix",
            about=About.PARTITIONS,
        )
        for topic in present
        if topic.co_partitioned and counts[names.of(topic)] != max(shared)
    ]


_MATTERS = ("cleanup.policy", "message.timestamp.type")


def configs(client: AdminClient, topics: Iterable[str]) -> Configs:
    """Return the options of topics. Raises DeniedError, KafkaException."""
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
    if not resources:
        return {}
    found: Configs = {}
    for resource, future in client.describe_configs(resources, request_timeout=TIMEOUT).items():
        try:
            found[resource.name] = {name: entry.value for name, entry in future.result().items()}
        except KafkaException as error:
            raise_if_denied(error, resource.name, Operation.DESCRIBE_CONFIGS)
            raise
    return found


def _configs(client: AdminClient, present: list[Topic], names: Names) -> list[Finding]:
    actual = configs(client, map(names.of, present))
    return [
        Finding(
            names.of(topic),
            f"{option} is {found}, table says {wanted}",
            option in _MATTERS,
            f"kafka-configs.sh --alter --topic {names.of(topic)} --add-config {option}={wanted}",
            About.CONFIG,
        )
        for topic in present
        for option, wanted in topic.config().items()
        if (found := actual[names.of(topic)].get(option)) != wanted
    ]
