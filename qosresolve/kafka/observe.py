"""What a committed batch means for metrics and the log: one line a transition, one a batch."""

import time
from collections import Counter
from collections.abc import Collection

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from qosresolve.core.facts import (
    DeadLettered,
    Entry,
    EscalationRaised,
    Fact,
    ReportOpened,
    StatusChanged,
    TargetBreached,
    WindowLifted,
    WindowSet,
)
from qosresolve.core.policy import Policy
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.promises import TOLD, Promises
from qosresolve.kafka.staging import Staging
from qosresolve.telemetry.metrics import WorkerMetrics
from qosresolve.topics import DEAD_LETTERS, INPUTS, JOURNAL, REQUESTS, Names

_TOLD: frozenset[type[Fact]] = TOLD | {StatusChanged, WindowSet, WindowLifted, DeadLettered}
COUNT_S = 5.0  # between two looks at how many products are held


class Observer:
    """Tells what was committed."""

    def __init__(self, metrics: WorkerMetrics, names: Names) -> None:
        self._metrics = metrics
        self._log = structlog.get_logger(role="worker")
        self._requests = frozenset(names.of(topic) for topic in REQUESTS)
        self._inputs = frozenset(names.of(topic) for topic in INPUTS)
        self._dead = names.of(DEAD_LETTERS)
        self._promises = Promises(metrics.promises, names.of(JOURNAL))
        self._counted_at = float("-inf")

    def know(self, policy: Policy) -> None:
        """Take the policy that the settings name: its tiers are told apart from the start."""
        self._promises.know(policy.tiers)

    def committed(self, partition: Partition, staging: Staging) -> None:
        """Count and log one partition's part of a committed batch."""
        records: Counter[tuple[str, str]] = Counter()
        facts: Counter[type[Fact]] = Counter()
        telling: dict[int, None] = {}  # places of entries that tell of a promise
        for place, entry in enumerate(staging.entries):
            records[entry.cause.topic, entry.outcome.value] += 1
            for fact in entry.facts:
                kind = type(fact)
                facts[kind] += 1
                if kind in _TOLD:
                    self._tell(entry, fact)
                    if kind in TOLD:
                        telling[place] = None
        for (topic, outcome), count in records.items():
            self._metrics.records.labels(topic, outcome).inc(count)
        for kind, count in facts.items():
            self._metrics.facts.labels(kind.__name__).inc(count)
        if telling:
            self._promises.committed(partition, staging, telling)
        if staging.refusals:
            self._refused(staging)
        self._sent(staging)
        self._drain(partition)

    def _sent(self, staging: Staging) -> None:
        for topic, count in Counter(output.topic for output in staging.outputs).items():
            if topic in self._requests:
                self._metrics.requests.labels(topic).inc(count)
            elif topic in self._inputs:
                self._metrics.forwarded.inc(count)

    def batch(self, inputs: int, outputs: int, seconds: float) -> None:
        """Log one committed batch."""
        self._log.debug("batch", inputs=inputs, outputs=outputs, ms=round(seconds * 1000, 1))

    def _refused(self, staging: Staging) -> None:
        """Tell where orders lie that make no sense, and what would; what they say stays out of the log."""
        offsets = {entry.cause.event_id: entry.cause.offset for entry in staging.entries}
        for command_id, error in staging.refusals:
            self._log.warning(
                "window refused",
                partition=staging.number,
                offset=offsets.get(f"command|{command_id}"),
                remedy=error.remedy,
            )

    def _drain(self, partition: Partition) -> None:
        counters = partition.counters
        self._metrics.skipped.inc(counters.skipped)
        self._metrics.backlog_timeouts.inc(counters.backlog_timeouts)
        counters.skipped = counters.backlog_timeouts = 0

    def _tell(self, entry: Entry, fact: Fact) -> None:
        match fact:
            case ReportOpened():
                self._log.info("report opened", report=fact.report_id, severity=str(fact.severity))
            case StatusChanged():
                self._log.info(
                    "status", report=fact.report_id, was=str(fact.previous), status=str(fact.status)
                )
            case TargetBreached():
                self._log.warning("target breached", report=fact.report_id, clock=str(fact.clock))
            case EscalationRaised():
                self._log.warning("escalation", report=fact.report_id, level=fact.level, why=fact.reason)
            case WindowSet():
                self._log.info("window set", partition=entry.cause.partition, offset=entry.cause.offset)
            case WindowLifted():
                self._log.info("window lifted", partition=entry.cause.partition, offset=entry.cause.offset)
            case DeadLettered():
                self._metrics.dead_letters.labels(fact.stage).inc()
                self._log.warning(
                    "dead letter",
                    topic=entry.cause.topic,
                    partition=entry.cause.partition,
                    offset=entry.cause.offset,
                    stage=fact.stage,
                    error=fact.error[:200] if fact.stage == "step" else fact.error.split(":")[0][:80],
                )
            case _:  # not in _TOLD
                pass

    def started(self, partition: Partition) -> None:
        """Log that a partition begins to take inputs."""
        self._log.info(
            "partition ready",
            partition=partition.number,
            products=len(partition.store),
            policy=partition.state.active_policy[:12],
        )

    def held(self, partitions: Collection[Partition], consumer: Consumer) -> None:
        """Set the gauges of what is held."""
        ready = sum(partition.ready for partition in partitions)
        self._metrics.partitions.labels("ready").set(ready)
        self._metrics.partitions.labels("restoring").set(len(partitions) - ready)
        now = time.monotonic()
        if now - self._counted_at >= COUNT_S:
            self._counted_at = now
            taking = [partition for partition in partitions if partition.ready]
            self._metrics.cases.set(sum(len(partition.store) for partition in taking))
            self._waiting(taking, consumer)

    def _waiting(self, partitions: Collection[Partition], consumer: Consumer) -> None:
        """Set the lag, by what the client learned with its last fetches: nothing is asked for."""
        lag: Counter[str] = Counter(dict.fromkeys(self._inputs, 0))
        for partition in partitions:
            for topic, at in partition.positions.items():
                lag[topic] += max(0, _end(consumer, topic, partition.number) - at)
        for topic, records in lag.items():
            self._metrics.lag.labels(topic).set(records)


def _end(consumer: Consumer, topic: str, number: int) -> int:
    try:
        found = consumer.get_watermark_offsets(TopicPartition(topic, number), cached=True)
    except KafkaException:
        return 0  # not fetched yet
    return found[1]
