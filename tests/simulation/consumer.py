"""The stand-in for confluent_kafka's Consumer."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from confluent_kafka import OFFSET_INVALID, KafkaError, Message, TopicPartition
from confluent_kafka.admin._metadata import ClusterMetadata

from tests.simulation.broker import Cluster
from tests.simulation.fetcher import Fetcher
from tests.simulation.link import Link, number, text
from tests.simulation.membership import Event, GroupMetadata, Kind, Membership
from tests.simulation.network import Network
from tests.simulation.processes import Process
from tests.simulation.refusal import NoAnswer, Refused, failure

Callback = Callable[[Any, list[TopicPartition]], None]
SLICE_S = 0.05  # how long a consumer waits before it looks again
STABLE_S = 0.1


class Consumer:
    """A consumer of the model."""

    def __init__(
        self,
        cluster: Cluster,
        network: Network,
        process: Process,
        config: dict[str, Any],
        logger: logging.Logger | None = None,
    ) -> None:
        self._link = Link(cluster, network, process, "consumer", logger)
        self._cluster = cluster
        self._network = network
        self._config = config
        self._group = text(config, "group.id", "")
        self._fetcher = Fetcher(cluster, config, partial(network.fate, self._link.name, "Fetch"))
        self._membership: Membership | None = None
        self._callbacks: dict[Kind, Callback | None] = {}
        self._handled = False
        self._closed = False

    # -- the group

    def subscribe(
        self,
        topics: list[str],
        on_assign: Callback | None = None,
        on_revoke: Callback | None = None,
        on_lost: Callback | None = None,
    ) -> None:
        """Join the group; the callbacks run in `consume` and `close`."""
        (topic,) = topics
        self._callbacks = {Kind.ASSIGN: on_assign, Kind.REVOKE: on_revoke, Kind.LOST: on_lost or on_revoke}
        session_ms = number(self._config, "session.timeout.ms", 45_000)
        self._membership = Membership(
            self._group,
            topic,
            self._link.process,
            session_ms=session_ms,
            heartbeat_ms=number(self._config, "heartbeat.interval.ms", 3_000),
            max_poll_ms=number(self._config, "max.poll.interval.ms", 300_000),
            instance=self._config.get("group.instance.id"),
        )
        kind = text(self._config, "group.protocol", "classic")
        self._link.step("JoinGroup")
        self._cluster.groups.enter(self._membership, kind, self._network.now_ms())

    def consumer_group_metadata(self) -> bytes:
        """Return who we are in the group by now."""
        return self._who().write()

    def _who(self) -> GroupMetadata:
        self._cluster.expire(self._network.now_ms())
        return GroupMetadata(self._group) if self._membership is None else self._membership.metadata()

    def memberid(self) -> str | None:
        """Return the member id, if there is one."""
        return self._who().member or None

    def _serve_callbacks(self) -> Message | None:
        member = self._membership
        if member is None or not member.events:
            return None
        error = member.serve(self._call)
        if member.fatal:
            self._fetcher.clear()
        return None if error is None else Message(error=error)

    def _call(self, event: Event) -> None:
        member = self._membership
        if member is None:
            return
        partitions = [TopicPartition(member.topic, number) for number in sorted(event.partitions)]
        self._handled = False
        callback = self._callbacks[event.kind]
        try:
            if callback is not None:
                callback(self, partitions)
        finally:
            if not self._handled:
                self._by_default(event.kind, partitions)

    def _by_default(self, kind: Kind, partitions: list[TopicPartition]) -> None:
        """Assign or give up what the callback did not."""
        if kind is Kind.ASSIGN:
            self.incremental_assign(partitions)
        else:
            self._fetcher.discard(partitions)

    # -- the assignment

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Read these and no others."""
        self.unassign()
        self._fetcher.add(partitions)

    def unassign(self) -> None:
        """Read nothing."""
        self._assigning()
        self._fetcher.clear()

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        """Read these too."""
        self._assigning()
        self._fetcher.add(partitions)

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        """Read these no more."""
        self._assigning()
        self._fetcher.remove(partitions)

    def _assigning(self) -> None:
        self._check_open()
        self._handled = True

    def assignment(self) -> list[TopicPartition]:
        """Return what is read."""
        self._check_open()
        return [TopicPartition(*place) for place in self._fetcher]

    def pause(self, partitions: list[TopicPartition]) -> None:
        """Fetch these no more for now."""
        self._check_open()
        self._fetcher.pause(partitions, paused=True)

    def resume(self, partitions: list[TopicPartition]) -> None:
        """Fetch these again."""
        self._check_open()
        self._fetcher.pause(partitions, paused=False)

    def seek(self, partition: TopicPartition) -> None:
        """Go on from an offset."""
        self._check_open()
        self._fetcher.seek(partition)

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Return what follows the last record that was handed out."""
        self._check_open()
        return [TopicPartition(at.topic, at.partition, self._fetcher.position(at)) for at in partitions]

    # -- reading

    def poll(self, timeout: float = -1) -> Message | None:
        """Return the next record, end of a partition or error."""
        found = self.consume(1, timeout)
        return found[0] if found else None

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        """Return records, ends and errors; waits all of the time-out when there are fewer than asked for."""
        self._check_open()
        self._link.step("Fetch")
        end = self._link.end_of(timeout)
        member = self._membership
        if member is not None:
            member.polling = True
            member.polled = self._network.now_ms()
        try:
            found = self._wait_for(num_messages, end)
        finally:
            if member is not None:
                member.polling = False
                member.polled = self._network.now_ms()
        self._link.log()
        self._network.checkpoint(self._link.name, "Fetch")
        return found

    def _wait_for(self, most: int, end: float) -> list[Message]:
        found = self._next(most)
        while len(found) < most and (left := self._link.left(end)) > 0:
            self._network.wait(min(SLICE_S, left))
            self._cluster.expire(self._network.now_ms())
            found += self._next(most - len(found))
        return found

    def _next(self, most: int) -> list[Message]:
        error = self._serve_callbacks()
        return self._fetcher.next(most) if error is None else [error]

    # -- offsets and topics

    def committed(self, partitions: list[TopicPartition], timeout: float = -1) -> list[TopicPartition]:
        """Return the group's offsets; waits for transactions that hold some, when reading committed."""
        self._check_open()
        end = self._link.end_of(timeout)
        places = [(at.topic, at.partition) for at in partitions]
        group = self._cluster.groups.of(self._group)

        def fetch() -> list[int] | None:
            if self._fetcher.committed_only and any(group.unstable(place) for place in places):
                return None
            return [group.offsets.get(place, OFFSET_INVALID) for place in places]

        try:
            while (offsets := self._link.ask("OffsetFetch", fetch, self._link.left(end))) is None:
                self._link.pause(STABLE_S, end)
        except NoAnswer:
            raise failure(KafkaError._TIMED_OUT, "Failed to get committed offsets") from None
        return [TopicPartition(*place, offset) for place, offset in zip(places, offsets, strict=True)]

    def commit(
        self, *, offsets: list[TopicPartition], asynchronous: bool = True
    ) -> list[TopicPartition] | None:
        """Write the group's offsets."""
        self._check_open()
        wanted = {(at.topic, at.partition): at.offset for at in offsets}
        group = self._cluster.groups.of(self._group)
        by = self._who()

        def write() -> None:
            for place in wanted:
                self._cluster.log(*place)
            group.commit(by, wanted)

        try:
            self._link.ask("OffsetCommit", write, 60)
        except NoAnswer:
            raise failure(KafkaError._TIMED_OUT, "Commit failed", retriable=True) from None
        except Refused as refused:
            raise failure(refused.code, "Commit failed") from None
        return None if asynchronous else list(offsets)

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = -1, *, cached: bool = False
    ) -> tuple[int, int]:
        """Return start and end; the end that this consumer's isolation sees."""
        log = self._cluster.log(partition.topic, partition.partition)
        end = log.last_stable if self._fetcher.committed_only else log.end
        return (
            (log.start, end) if cached else self._link.ask("ListOffsets", lambda: (log.start, end), timeout)
        )

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> ClusterMetadata:  # noqa: ARG002
        """Return the topics."""
        return self._link.metadata(timeout)

    def close(self) -> None:
        """Give everything up, leave the group."""
        if self._closed:
            return
        self._link.step("LeaveGroup")
        member = self._membership
        if member is not None and not member.fatal:
            member.give_up()
            member.serve(self._call)
            self._leave(member)
        self._fetcher.clear()
        self._closed = True
        self._network.checkpoint(self._link.name, "LeaveGroup")

    def _leave(self, member: Membership) -> None:
        protocol = self._cluster.groups.of(self._group).protocol
        if protocol is not None:
            protocol.leave(member, self._network.now_ms())

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Consumer closed")
