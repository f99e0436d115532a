"""How one client asks its brokers: a request, its fate, its repetitions, and what the client logs of them."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from confluent_kafka import KafkaError
from confluent_kafka.admin._metadata import (
    BrokerMetadata,
    ClusterMetadata,
    PartitionMetadata,
    TopicMetadata,
)

from tests.simulation.broker import Cluster
from tests.simulation.network import Fate, Network
from tests.simulation.processes import Process
from tests.simulation.refusal import NoAnswer, Refused, failure

T = TypeVar("T")
FOREVER = 1e9
REQUEST_S = 1.0  # after so long without an answer a request is taken for lost and sent again


class Link:
    """What consumer, producer and admin client share."""

    def __init__(
        self,
        cluster: Cluster,
        network: Network,
        process: Process,
        kind: str,
        logger: logging.Logger | None = None,
    ) -> None:
        self.cluster = cluster
        self.network = network
        self.process = process
        self.name = f"{process.name}/{kind}"
        self._logger = logger
        self._handle = f"{kind}-{next(cluster.serial)}"
        self._lines: list[str] = []

    def step(self, api: str) -> None:
        """Let others run, and time act."""
        self.network.checkpoint(self.name, api)
        self.cluster.expire(self.network.now_ms())

    def ask(self, api: str, apply: Callable[[], T], timeout: float) -> T:
        """Return the answer to a request, repeated until it comes. Raises NoAnswer in the end, or Refused."""
        end = self.end_of(timeout)
        while True:
            self.step(api)
            try:
                answer = self._once(api, apply)
            except NoAnswer:
                self._lines.append(f"Timed out {api}Request in flight (after {REQUEST_S * 1000:.0f}ms)")
                self.pause(REQUEST_S, end)
                continue
            self.network.checkpoint(self.name, api)
            return answer

    def _once(self, api: str, apply: Callable[[], T]) -> T:
        fate = self.network.fate(self.name, api)
        if fate is Fate.DELIVERED:
            return apply()
        if fate is Fate.REQUEST_LOST:
            raise NoAnswer
        if fate is Fate.LATE_COPY:
            self._lines.append(f"Timed out {api}Request in flight (after {REQUEST_S * 1000:.0f}ms)")
            self.network.later(next(self.cluster.late_ms), lambda: _unheard(apply))
            return apply()
        _unheard(apply)
        raise NoAnswer

    def pause(self, seconds: float, end: float) -> None:
        """Wait, but not beyond an end; raises NoAnswer at it."""
        left = (end - self.network.now_ms()) / 1000
        if left <= 0:
            raise NoAnswer
        self.network.wait(min(seconds, left))
        if end <= self.network.now_ms():
            raise NoAnswer

    def end_of(self, timeout: float) -> float:
        """Return the instant at which a time-out in seconds is over; -1 is never."""
        return self.network.now_ms() + (FOREVER if timeout < 0 else timeout * 1000)

    def left(self, end: float) -> float:
        """Return how many seconds are left."""
        return max(0.0, (end - self.network.now_ms()) / 1000)

    def log(self) -> None:
        """Write what librdkafka would have logged since the last call."""
        lines, self._lines = self._lines, []
        if self._logger is not None:
            for line in lines:
                self._logger.log(logging.WARNING, "%s [%s] %s", "REQTMOUT", self._handle, line)

    def metadata(self, timeout: float) -> ClusterMetadata:
        """Return the topics. Raises KafkaException."""
        try:
            return self.ask("Metadata", self._metadata, timeout)
        except NoAnswer:
            raise failure(KafkaError._TIMED_OUT, "Failed to get metadata") from None

    def _metadata(self) -> ClusterMetadata:
        found = ClusterMetadata()
        broker = BrokerMetadata()
        broker.id, broker.port = 1, 9092
        found.brokers = {1: broker}
        for name, topic in self.cluster.topics.items():
            entry = found.topics[name] = TopicMetadata()
            entry.topic = name
            for number in range(len(topic.logs)):
                part = entry.partitions[number] = PartitionMetadata()
                part.id, part.leader, part.replicas, part.isrs = number, 1, [1], [1]
        return found


def text(config: Mapping[str, Any], name: str, default: str) -> str:
    """Return a setting."""
    return str(config.get(name, default))


def number(config: Mapping[str, Any], name: str, default: int) -> int:
    """Return a setting that is a number."""
    return int(config.get(name, default))


def _unheard(apply: Callable[[], object]) -> None:
    """Apply a request whose answer nobody gets."""
    try:
        apply()
    except Refused:
        return
