"""Reading a topic from its start to its end, committed records only.

Serves restore, policies, verification and the tools. Done means: the position reached the READ_UNCOMMITTED
end that was taken after the assignment.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from qosresolve.errors import FatalError
from qosresolve.kafka import clients, failures
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied, raise_if_hidden
from qosresolve.kafka.offsets import Place, ends, patiently, starts
from qosresolve.kafka.offsets import since as starts_since
from qosresolve.settings import Settings
from qosresolve.telemetry.progress import Progress

CHUNK = 500  # records at once: still in the cores' caches when they are put away; 2,000 took a tenth more


class Sweep:
    """One pass over some partitions, from their starts to the ends seen when it began.

    `since` leaves out what was written before an instant, ms since the epoch.
    """

    def __init__(
        self, consumer: Consumer, admin: AdminClient, places: Iterable[Place], since: int | None = None
    ) -> None:
        self._consumer = consumer
        wanted = list(places)
        self._reached = starts(admin, wanted) if since is None else starts_since(admin, wanted, since)
        self.total = 0
        consumer.assign([TopicPartition(*place, self._reached[place]) for place in wanted])
        self._targets = ends(admin, wanted)
        self.expected = sum(self._targets[place] - self._reached[place] for place in wanted)

    @property
    def pending(self) -> frozenset[Place]:
        """Return the partitions that have not reached their end."""
        return frozenset(place for place, target in self._targets.items() if self._reached[place] < target)

    @property
    def remaining(self) -> int:
        """Return how many offsets are still ahead."""
        return sum(self._targets[place] - self._reached[place] for place in self.pending)

    def step(self, timeout: float) -> list[Message]:
        """Return the next records; ends of partitions are noted on the way."""
        records = clients.drain(self._consumer, CHUNK, timeout)
        told = [(message, error) for message in records if (error := message.error()) is not None]
        if told:
            records = [message for message in records if message.error() is None]
        # Records of a partition come in order: its last one tells how far it was read.
        for place, offset in map(place_of, {_where(message): message for message in records}.values()):
            self._reached[place] = max(self._reached[place], offset + 1)
        for message, error in told:
            self._noted(message, error)
        self.total += len(records)
        return records

    def _noted(self, message: Message, error: KafkaError) -> None:
        """Note an end that was reached, raise what does not pass by itself; the rest stalls at worst."""
        raise_if_denied(error, message.topic(), Operation.READ)
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own constant
            place, offset = place_of(message)
            self._reached[place] = max(self._reached[place], offset)
        elif failures.stops(error):
            raise KafkaException(error)

    def leave(self, places: Iterable[Place]) -> None:
        """Read some partitions no more."""
        gone = [place for place in places if place in self._targets]
        self._consumer.incremental_unassign([TopicPartition(*place) for place in gone])
        for place in gone:
            del self._targets[place]


def _where(message: Message) -> tuple[str | None, int | None]:
    return message.topic(), message.partition()


def place_of(message: Message) -> tuple[Place, int]:
    """Return (topic, partition) and offset of a delivered message or end-of-partition event."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise FatalError(
            f"the client gave a message without a place: {message.error()}; see "
            "docs/runbooks/consumer-stopped.md"
        )
    return (topic, partition), offset


def read_all(
    settings: Settings,
    places: Iterable[Place],
    *,
    stall_s: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
    since: int | None = None,
) -> Iterator[Message]:
    """Yield every committed record of the partitions up to their present end, from an instant on if given.

    Raises FatalError after `stall_s` seconds without progress, e.g. behind a hanging transaction.
    """
    admin, consumer = clients.admin(settings), clients.reader(settings)
    try:
        wanted = list(places)
        sweep = patiently(lambda: Sweep(consumer, admin, wanted, since))
        moved_at = time.monotonic()
        before = sweep.remaining
        while sweep.pending:
            yield from sweep.step(0.2)
            if sweep.remaining < before:
                before, moved_at = sweep.remaining, time.monotonic()
            elif time.monotonic() - moved_at > stall_s:
                raise FatalError(stalled(sweep.pending, stall_s))
            if progress is not None:
                progress(sweep.expected - sweep.remaining, sweep.expected)
    finally:
        consumer.close()


def raise_if_stuck(progress: Progress, pending: Collection[Place], settings: Settings) -> None:
    """Raise FatalError when a reading stands still, or takes so long that tombstones expire meanwhile."""
    if pending and progress.stalled_s * 1000 > settings.restore_stall_ms:
        raise FatalError(stalled(pending, progress.stalled_s))
    if progress.reading and progress.seconds * 1000 > settings.restore_budget_ms:
        raise FatalError(
            f"reading takes longer than restore_budget_ms ({settings.restore_budget_ms}): a tombstone that "
            "expires meanwhile brings back what was removed; see docs/runbooks/restore-stalled.md"
        )


def stalled(pending: Iterable[Place], seconds: float) -> str:
    """Return what to say, and what to look at, when reading makes no progress."""
    names = ", ".join(f"{topic}-{partition}" for topic, partition in sorted(pending))
    return (
        f"no progress for {seconds:.0f} s reading {names}: an open transaction holds the end back, or the "
        "brokers do not answer; see docs/runbooks/restore-stalled.md"
    )


def partitions_of(admin: AdminClient, topic: str, operation: Operation = Operation.READ) -> int:
    """Return the partition count of a topic, 0 where there is none. Raises DeniedError, RetriableError."""
    found = clients.metadata(admin).get(topic)
    if found is None or found.error is not None:
        raise_if_hidden(admin, topic, operation)
        return 0
    return len(found.partitions)
