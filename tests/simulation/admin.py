"""The stand-in for confluent_kafka's AdminClient: what the product and its tests ask of it."""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import (
    OFFSET_INVALID,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    TopicCollection,
    TopicPartition,
    Uuid,
)
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._listoffsets import ListOffsetsResultInfo
from confluent_kafka.admin._metadata import ClusterMetadata
from confluent_kafka.admin._records import DeletedRecords
from confluent_kafka.admin._topic import TopicDescription
from confluent_kafka.cimpl import NewTopic

from tests.simulation.broker import Cluster
from tests.simulation.link import Link
from tests.simulation.membership import GroupMetadata
from tests.simulation.network import Network
from tests.simulation.processes import Process
from tests.simulation.refusal import NoAnswer, Refused, failure

K = TypeVar("K")
V = TypeVar("V")
EARLIEST, LATEST = -2, -1
_NOBODY = ListOffsetsResultInfo(OFFSET_INVALID, -1, -1)


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One setting of a topic."""

    name: str
    value: str


class AdminClient:
    """An admin client of the model."""

    def __init__(
        self,
        cluster: Cluster,
        network: Network,
        process: Process,
        config: dict[str, Any],  # noqa: ARG002 - none matters
        logger: logging.Logger | None = None,
    ) -> None:
        self._link = Link(cluster, network, process, "admin", logger)
        self._cluster = cluster

    def poll(self, timeout: float = -1) -> int:  # noqa: ARG002 - there is nothing to serve
        """Serve nothing."""
        return 0

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> ClusterMetadata:  # noqa: ARG002
        """Return the topics."""
        return self._link.metadata(timeout)

    def list_offsets(
        self,
        topic_partition_offsets: dict[TopicPartition, Any],
        *,
        isolation_level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
        request_timeout: float = 60,
    ) -> dict[TopicPartition, "Future[ListOffsetsResultInfo]"]:
        """Return where partitions begin and end: -1001, and no error, of a leader that does not answer.

        Leaders are asked one by one; here each topic has its own.
        """
        committed = isolation_level is IsolationLevel.READ_COMMITTED

        def offset(at: TopicPartition) -> ListOffsetsResultInfo:
            spec = topic_partition_offsets[at]._value
            log = self._cluster.log(at.topic, at.partition)
            if spec == EARLIEST:
                return ListOffsetsResultInfo(log.start, -1, -1)
            if spec == LATEST:
                return ListOffsetsResultInfo(log.last_stable if committed else log.end, -1, -1)
            found = log.after(spec)
            return ListOffsetsResultInfo(
                -1 if found is None else found.offset, -1 if found is None else found.timestamp, -1
            )

        leaders: dict[str, list[TopicPartition]] = {}
        for at in topic_partition_offsets:
            leaders.setdefault(at.topic, []).append(at)
        end = self._link.end_of(request_timeout)
        found: dict[TopicPartition, Future[ListOffsetsResultInfo]] = {}
        for led in leaders.values():
            found |= self._each("ListOffsets", led, offset, self._link.left(end), _NOBODY)
        return found

    def describe_topics(
        self, topics: TopicCollection, *, request_timeout: float = 60
    ) -> dict[str, "Future[TopicDescription]"]:
        """Return topics with their ids."""

        def describe(name: str) -> TopicDescription:
            found = self._cluster.topics.get(name)
            if found is None:
                raise Refused(KafkaError.UNKNOWN_TOPIC_OR_PART)
            return TopicDescription(name, Uuid(0, found.identity), False, [])

        return self._each("DescribeTopics", topics.topic_names, describe, request_timeout)

    def create_topics(
        self, new_topics: list[NewTopic], *, request_timeout: float = 60
    ) -> dict[str, "Future[None]"]:
        """Create topics."""
        wanted = {topic.topic: topic for topic in new_topics}

        def create(name: str) -> None:
            topic = wanted[name]
            self._cluster.create_topic(name, topic.num_partitions, dict(topic.config or {}))

        return self._each("CreateTopics", wanted, create, request_timeout)

    def delete_topics(self, topics: list[str], *, request_timeout: float = 60) -> dict[str, "Future[None]"]:
        """Delete topics."""
        return self._each("DeleteTopics", topics, self._cluster.delete_topic, request_timeout)

    def delete_records(
        self, topic_partition_offsets: list[TopicPartition], *, request_timeout: float = 60
    ) -> dict[TopicPartition, "Future[DeletedRecords]"]:
        """Delete records below offsets, -1 being all."""

        def delete(at: TopicPartition) -> DeletedRecords:
            log = self._cluster.log(at.topic, at.partition)
            log.delete_before(log.end if at.offset == LATEST else at.offset)
            return DeletedRecords(log.start)

        return self._each("DeleteRecords", topic_partition_offsets, delete, request_timeout)

    def describe_configs(
        self, resources: list[ConfigResource], *, request_timeout: float = 60
    ) -> dict[ConfigResource, "Future[dict[str, ConfigEntry]]"]:
        """Return what topics were created with."""

        def describe(resource: ConfigResource) -> dict[str, ConfigEntry]:
            found = self._cluster.topics.get(resource.name)
            if found is None:
                raise Refused(KafkaError.UNKNOWN_TOPIC_OR_PART)
            return {name: ConfigEntry(name, value) for name, value in found.config.items()}

        return self._each("DescribeConfigs", resources, describe, request_timeout)

    def alter_consumer_group_offsets(
        self, groups: list[ConsumerGroupTopicPartitions], *, request_timeout: float = 60
    ) -> dict[str, "Future[ConsumerGroupTopicPartitions]"]:
        """Move a group that has no members."""
        wanted = {group.group_id: group for group in groups}

        def alter(name: str) -> ConsumerGroupTopicPartitions:
            group = wanted[name]
            offsets = {(at.topic, at.partition): at.offset for at in group.topic_partitions or []}
            self._cluster.groups.of(name).commit(GroupMetadata(name), offsets)
            return group

        return self._each("OffsetCommit", wanted, alter, request_timeout)

    def _each(
        self, api: str, keys: Iterable[K], answer: Callable[[K], V], timeout: float, silent: V | None = None
    ) -> dict[K, "Future[V]"]:
        """Ask once for all; each has its own answer or error, or what stands for none."""
        wanted = list(keys)
        futures: dict[K, Future[V]] = {key: Future() for key in wanted}

        def apply() -> list[V | Refused]:
            answers: list[V | Refused] = []
            for key in wanted:
                try:
                    answers.append(answer(key))
                except Refused as refused:
                    answers.append(refused)
            return answers

        try:
            answers = self._link.ask(api, apply, timeout)
        except NoAnswer:
            for future in futures.values():
                if silent is None:
                    future.set_exception(failure(KafkaError._TIMED_OUT, "Failed while waiting for response"))
                else:
                    future.set_result(silent)
            return futures
        for key, found in zip(wanted, answers, strict=True):
            if isinstance(found, Refused):
                futures[key].set_exception(failure(found.code))
            else:
                futures[key].set_result(found)
        return futures
