"""The stand-in for confluent_kafka's Consumer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    OFFSET_INVALID,
    KafkaError,
    Message,
    TopicPartition,
)
from confluent_kafka.admin._metadata import ClusterMetadata

from tests.simulation.broker import Cluster
from tests.simulation.link import Link, number, text
from tests.simulation.log import Log, Record
from tests.simulation.membership import Event, GroupMetadata, Kind, Membership
from tests.simulation.network import Fate, Network
from tests.simulation.processes import Process
from tests.simulation.refusal import NoAnswer, Refused, failure
from tests.simulation.transactions import Place

Callback = Callable[[Any, list[TopicPartition]], None]
SLICE_S = 0.05  # how long a consumer waits before it looks again
FETCH = 500  # records of one partition at a time
STABLE_S = 0.1
_DELIVERED = Fate.DELIVERED


@dataclass(slots=True, eq=False)
class Assigned:
    """One assigned partition: where the next fetch begins, negative while that is not settled."""

    place: Place
    position: int
    delivered: int = OFFSET_INVALID
    end_told: int = -1
    paused: bool = False
    failed: bool = False


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
        self._committed_only = text(config, "isolation.level", "read_committed") == "read_committed"
        self._tell_end = text(config, "enable.partition.eof", "False").lower() == "true"
        self._reset = text(config, "auto.offset.reset", "latest")
        self._group = text(config, "group.id", "")
        self._assigned: dict[Place, Assigned] = {}
        self._turn = 0
        self._seen = -1  # the cluster's version at which there was nothing to fetch
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
        self._cluster.groups.join(self._membership, kind, self._network.now_ms())

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
            self._assigned.clear()
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
            for at in partitions:
                self._assigned.pop((at.topic, at.partition), None)

    # -- the assignment

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Read these and no others."""
        self._assigned.clear()
        self.incremental_assign(partitions)

    def unassign(self) -> None:
        """Read nothing."""
        self._check_open()
        self._handled = True
        self._assigned.clear()

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        """Read these too."""
        self._check_open()
        self._handled = True
        for at in partitions:
            if (at.topic, at.partition) in self._assigned:
                raise failure(KafkaError._CONFLICT)
        for at in partitions:
            self._assigned[at.topic, at.partition] = Assigned((at.topic, at.partition), at.offset)
        self._seen = -1

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        """Read these no more."""
        self._check_open()
        self._handled = True
        for at in partitions:
            if (at.topic, at.partition) not in self._assigned:
                raise failure(KafkaError._INVALID_ARG)
        for at in partitions:
            del self._assigned[at.topic, at.partition]

    def assignment(self) -> list[TopicPartition]:
        """Return what is read."""
        self._check_open()
        return [TopicPartition(*place) for place in self._assigned]

    def pause(self, partitions: list[TopicPartition]) -> None:
        """Fetch these no more for now; what is not read is passed over."""
        for assigned in self._among(partitions):
            assigned.paused = True

    def resume(self, partitions: list[TopicPartition]) -> None:
        """Fetch these again."""
        for assigned in self._among(partitions):
            assigned.paused = False
        self._seen = -1

    def _among(self, partitions: list[TopicPartition]) -> list[Assigned]:
        self._check_open()
        found = (self._assigned.get((at.topic, at.partition)) for at in partitions)
        return [assigned for assigned in found if assigned is not None]

    def seek(self, partition: TopicPartition) -> None:
        """Go on from an offset."""
        assigned = self._of(partition)
        if assigned.failed:
            raise failure(KafkaError._STATE, "Failed to seek")
        assigned.position, assigned.end_told = partition.offset, -1
        self._seen = -1

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Return what follows the last record that was handed out."""
        return [TopicPartition(at.topic, at.partition, self._of(at).delivered) for at in partitions]

    def _of(self, at: TopicPartition) -> Assigned:
        self._check_open()
        found = self._assigned.get((at.topic, at.partition))
        if found is None:
            raise failure(KafkaError._STATE)
        return found

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
        found = self._next(num_messages)
        while len(found) < num_messages and (left := end - self._network.now_ms()) > 0:
            self._network.wait(min(SLICE_S, left / 1000))
            self._cluster.expire(self._network.now_ms())
            found += self._next(num_messages - len(found))
        self._link.log()
        if member is not None:
            member.polling = False
            member.polled = self._network.now_ms()
        self._network.checkpoint(self._link.name, "Fetch")
        return found

    def _next(self, most: int) -> list[Message]:
        error = self._serve_callbacks()
        if error is not None:
            return [error]
        if self._seen == self._cluster.version:
            return []
        version = self._cluster.version
        found: list[Message] = []
        complete = True
        waiting = list(self._assigned.values())
        self._turn = (self._turn + 1) % len(waiting) if waiting else 0
        for assigned in waiting[self._turn :] + waiting[: self._turn]:
            if assigned.paused or assigned.failed:
                continue
            complete &= self._fetch(assigned, most, found)
            if len(found) >= most:
                complete = False
                break
        if complete:
            self._seen = version
        return found

    def _fetch(self, assigned: Assigned, most: int, found: list[Message]) -> bool:
        """Fetch from one partition; return False when there is more to come from it."""
        try:
            log = self._cluster.log(*assigned.place)
            if assigned.position < 0 and not self._settle(assigned, log):
                return False
            limit = log.last_stable if self._committed_only else log.end
            if assigned.position < limit and self._network.fate(self._link.name, "Fetch") is not _DELIVERED:
                return False
            most_here = min(most - len(found), FETCH)
            records, position = log.read(assigned.position, most_here, committed=self._committed_only)
        except Refused:  # out of range, nothing committed, or a topic that is gone: all one to the client
            return self._out_of_range(assigned, found)
        found.extend(_message(assigned.place, log, record) for record in records)
        assigned.position = position
        if records:
            assigned.delivered = records[-1].offset + 1
        return position >= limit and self._told_end(assigned, most, found)

    def _told_end(self, assigned: Assigned, most: int, found: list[Message]) -> bool:
        if self._tell_end and assigned.end_told != assigned.position:
            if len(found) >= most:
                return False
            assigned.end_told = assigned.delivered = assigned.position
            found.append(
                _event(assigned.place, assigned.position, KafkaError._PARTITION_EOF, "No more messages")
            )
        return True

    def _settle(self, assigned: Assigned, log: Log) -> bool:
        """Find where to begin; return False while that is not known."""
        if assigned.position == OFFSET_BEGINNING:
            assigned.position = log.start
        elif assigned.position == OFFSET_END:
            assigned.position = log.last_stable if self._committed_only else log.end
        else:
            group = self._cluster.groups.of(self._group)
            if self._committed_only and group.unstable(assigned.place):
                return False
            offset = group.offsets.get(assigned.place)
            if offset is None:
                raise Refused(KafkaError.OFFSET_OUT_OF_RANGE)
            assigned.position = offset
        return True

    def _out_of_range(self, assigned: Assigned, found: list[Message]) -> bool:
        if self._reset in ("earliest", "smallest", "beginning"):
            assigned.position = OFFSET_BEGINNING
            return False
        if self._reset != "error":
            assigned.position = OFFSET_END
            return False
        assigned.failed = True
        found.append(
            _event(assigned.place, assigned.position, KafkaError._AUTO_OFFSET_RESET, "offset out of range")
        )
        return True

    # -- offsets and topics

    def committed(self, partitions: list[TopicPartition], timeout: float = -1) -> list[TopicPartition]:
        """Return the group's offsets; waits for transactions that hold some, when reading committed."""
        self._check_open()
        end = self._link.end_of(timeout)
        places = [(at.topic, at.partition) for at in partitions]
        group = self._cluster.groups.of(self._group)

        def fetch() -> list[int] | None:
            if self._committed_only and any(group.unstable(place) for place in places):
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
        end = log.last_stable if self._committed_only else log.end
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
        self._assigned.clear()
        self._closed = True
        self._network.checkpoint(self._link.name, "LeaveGroup")

    def _leave(self, member: Membership) -> None:
        protocol = self._cluster.groups.of(self._group).protocol
        if protocol is not None:
            protocol.leave(member, self._network.now_ms())

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Consumer closed")


def _message(place: Place, log: Log, record: Record) -> Message:
    body = record.body
    return Message(
        topic=place[0],
        partition=place[1],
        offset=record.offset,
        key=body.key,
        value=body.value,
        headers=body.headers,  # type: ignore[arg-type] # the stub knows no null header; the broker does
        timestamp=(2 if log.append_time else 1, record.timestamp),
    )


def _event(place: Place, offset: int, code: int, reason: str) -> Message:
    return Message(topic=place[0], partition=place[1], offset=offset, error=KafkaError(code, reason))
