"""What a consumer fetches: from which partitions, from where on, and what it is told of ends and resets."""

from collections.abc import Callable, Iterable, Iterator
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

from tests.simulation.broker import Cluster
from tests.simulation.link import text
from tests.simulation.log import Log, Record
from tests.simulation.network import Fate
from tests.simulation.refusal import Refused, failure
from tests.simulation.transactions import Place

FETCH = 500  # records of one partition at a time
DELIVERED = Fate.DELIVERED


@dataclass(slots=True, eq=False)
class Assigned:
    """One assigned partition: where the next fetch begins, negative while that is not settled."""

    place: Place
    position: int
    delivered: int = OFFSET_INVALID
    end_told: int = -1
    paused: bool = False
    failed: bool = False


class Fetcher:
    """The partitions that are read. `fate` says whether a fetch brings anything this time."""

    def __init__(self, cluster: Cluster, config: dict[str, Any], fate: Callable[[], Fate]) -> None:
        self.committed_only = text(config, "isolation.level", "read_committed") == "read_committed"
        self._cluster = cluster
        self._fate = fate
        self._group = text(config, "group.id", "")
        self._tell_end = text(config, "enable.partition.eof", "False").lower() == "true"
        self._reset = text(config, "auto.offset.reset", "latest")
        self._assigned: dict[Place, Assigned] = {}
        self._turn = 0
        self._seen = -1  # the cluster's version at which there was nothing to fetch

    # -- the assignment

    def __iter__(self) -> Iterator[Place]:
        """Return what is read."""
        return iter(self._assigned)

    def clear(self) -> None:
        """Read nothing."""
        self._assigned.clear()

    def add(self, partitions: list[TopicPartition]) -> None:
        """Read these too."""
        for at in partitions:
            if (at.topic, at.partition) in self._assigned:
                raise failure(KafkaError._CONFLICT)
        for at in partitions:
            self._assigned[at.topic, at.partition] = Assigned((at.topic, at.partition), at.offset)
        self._seen = -1

    def remove(self, partitions: list[TopicPartition]) -> None:
        """Read these no more."""
        for at in partitions:
            if (at.topic, at.partition) not in self._assigned:
                raise failure(KafkaError._INVALID_ARG)
        self.discard(partitions)

    def discard(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these no more, whether they were or not."""
        for at in partitions:
            self._assigned.pop((at.topic, at.partition), None)

    def pause(self, partitions: list[TopicPartition], *, paused: bool) -> None:
        """Fetch these no more for now, or again; what is not read is passed over."""
        for at in partitions:
            assigned = self._assigned.get((at.topic, at.partition))
            if assigned is not None:
                assigned.paused = paused
        self._seen = -1

    def seek(self, at: TopicPartition) -> None:
        """Go on from an offset."""
        assigned = self._of(at)
        if assigned.failed:
            raise failure(KafkaError._STATE, "Failed to seek")
        assigned.position, assigned.end_told = at.offset, -1
        self._seen = -1

    def position(self, at: TopicPartition) -> int:
        """Return what follows the last record or end that was handed out."""
        return self._of(at).delivered

    def _of(self, at: TopicPartition) -> Assigned:
        found = self._assigned.get((at.topic, at.partition))
        if found is None:
            raise failure(KafkaError._STATE)
        return found

    # -- reading

    def next(self, most: int) -> list[Message]:
        """Return what there is: records, ends and errors."""
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
            limit = log.last_stable if self.committed_only else log.end
            if assigned.position < limit and self._fate() is not DELIVERED:
                return False
            most_here = min(most - len(found), FETCH)
            records, position = log.read(assigned.position, most_here, committed=self.committed_only)
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
            assigned.position = log.last_stable if self.committed_only else log.end
        else:
            group = self._cluster.groups.of(self._group)
            if self.committed_only and group.unstable(assigned.place):
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
