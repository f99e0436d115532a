"""The auditor: follows journal and state as they are written, and says when they tell different things.

It writes nothing and commits nothing. Several share the partitions. What it finds it tells, and goes on: a
worker that decides wrongly is not made better by an auditor that stops.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.contracts import headers as head
from qosresolve.contracts.records import Contracts
from qosresolve.errors import FatalError, PoisonRecordError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.failures import stops
from qosresolve.kafka.offsets import ends, stable_ends
from qosresolve.kafka.reading import place_of, raise_if_stuck
from qosresolve.replay.audit import Name
from qosresolve.replay.live.findings import Told
from qosresolve.replay.live.following import Following, Phase
from qosresolve.replay.live.history import History
from qosresolve.replay.live.overdue import EntryClock
from qosresolve.replay.live.partition import PartitionAudit
from qosresolve.replay.live.store import Store, Writer
from qosresolve.replay.live.telling import Telling
from qosresolve.replay.reports import key_of, split
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.metrics import AuditorMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import JOURNAL, PARTITION, REPORT, WATCH, Names

CHUNK = 10_000
POINT_S = 0.5  # between two common points
BACKOFF_S = 0.5
COUNT_S = 0.1  # a round, to look at reports of before


class Auditor:
    """Audits some partitions."""

    def __init__(
        self,
        settings: Settings,
        contracts: Contracts,
        *,
        registry: CollectorRegistry,
        health: Health,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._contracts = contracts
        self._health = health
        self._stop = stop
        self._names = Names(settings.prefix)
        self._log = structlog.get_logger(role="auditor")
        metrics = AuditorMetrics(registry)
        self._told = Told(metrics)
        self._telling = Telling(settings, metrics, self._told, EntryClock())
        self._progress = Progress(metrics.restore, "auditor", "catch-up")
        self._history = History(settings, contracts, metrics) if settings.audit_from_start else None
        self._writer = Writer()
        self._admin = clients.admin(settings)
        self._consumer = clients.anchored_reader(settings, f"{settings.group}-auditor")
        self._held: dict[int, Following] = {}
        self._left: set[int] = set()  # during the present call of the consumer
        self._unread: deque[Message] = deque()
        self._joined = False
        self._failure: Exception | None = None

    def run(self) -> None:
        """Audit until asked to stop. Raises FatalError where reading cannot go on."""
        self._consumer.subscribe(
            [self._names.of(REPORT)], on_assign=self._on_assign, on_revoke=self._drop, on_lost=self._drop
        )
        try:
            while not self._stop.is_set():
                self._round()
        finally:
            self._consumer.close()
            self._log.info("stopped")

    def _round(self) -> None:
        if not self._unread:
            self._unread.extend(self._read())
        if self._failure is not None:
            raise self._failure
        try:
            self._take_all()
            self._settle()
            self._count()
            if self._history is not None:
                self._history.advance()
            self._health.goes_on("auditor")
        except RetriableError as error:
            self._log.warning("waiting for a dependency", why=str(error))
            self._health.waits("auditor", str(error))
            self._stop.wait(BACKOFF_S)
        held = list(self._held.values())
        self._catch_up([following for following in held if not following.live])
        self._telling.tell(held)
        self._health.beat("auditor", ready=self._joined and all(following.live for following in held))

    # -- assignment

    def _on_assign(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        self._joined = True
        try:
            fresh = {anchor.partition: self._follow(anchor.partition) for anchor in anchors}
            if fresh:
                consumer.incremental_assign(_beginnings(fresh.values()))
            self._held |= fresh
        except Exception as error:  # noqa: BLE001 - raised again from the loop
            self._failure = error

    def _follow(self, number: int) -> Following:
        store = Store(self._contracts, self._writer, self._settings.cached_cases)
        return Following(PartitionAudit(number, self._contracts, store, self._told), self._names)

    def _drop(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        try:
            gone = [self._held.pop(anchor.partition) for anchor in anchors if anchor.partition in self._held]
            self._leave(consumer, gone)
            self._left.update(following.number for following in gone)
        except Exception as error:  # noqa: BLE001 - raised again from the loop
            self._failure = error

    def _leave(self, consumer: Consumer, gone: list[Following]) -> None:
        for following in gone:
            if self._history is not None:
                self._history.drop(following.number)
        if gone:  # in one call, see `kafka.assignment`
            consumer.incremental_unassign(
                [TopicPartition(*place) for following in gone for place in following.places]
            )

    def _again(self, numbers: set[int]) -> None:
        """Begin some partitions anew: what was read of them may be from before they were lost."""
        self._leave(self._consumer, [self._held[number] for number in numbers])
        fresh = {number: self._follow(number) for number in numbers}
        self._consumer.incremental_assign(_beginnings(fresh.values()))
        self._held |= fresh

    # -- points

    def _settle(self) -> None:
        """Conclude where a point was reached, and ask for the next ones, of all partitions in one go."""
        now = time.monotonic()
        for following in self._held.values():
            if following.settle(now) and self._history is not None:
                self._history.want(following.audit)
        wanting = [item for item in self._held.values() if item.wants_point(now, POINT_S)]
        if not wanting:
            return
        fresh = [item for item in wanting if item.phase is Phase.FRESH]
        begun = stable_ends(self._admin, [item.journal for item in fresh])
        found = ends(self._admin, [place for item in wanting for place in (*item.base, item.journal)])
        for item in fresh:
            item.start_at(begun[item.journal])
        for item in wanting:
            item.aim(found, now)
            if item.phase is Phase.OVERLAP:
                start = TopicPartition(*item.journal, item.begin_journal())
                self._consumer.incremental_assign([start])

    def _count(self) -> None:
        """Look, for a bounded time, at the reports that were there before. Raises RetriableError."""
        end = time.monotonic() + COUNT_S
        for following in self._held.values():
            following.audit.population.advance(lambda: time.monotonic() >= end)

    def _catch_up(self, behind: list[Following]) -> None:
        """Tell how far the beginning is; one that does not move is for a person to look at."""
        if not behind:
            self._progress.done()
            return
        self._progress.at(sum(item.expected for item in behind), sum(item.remaining for item in behind))
        raise_if_stuck(self._progress, [place for item in behind for place in item.pending], self._settings)

    # -- reading

    def _read(self) -> Iterable[Message]:
        """Return what came, the journal first: most of it then matches at once."""
        self._left.clear()
        messages = clients.drain(self._consumer, CHUNK, self._settings.poll_ms / 1000)
        again = self._left & self._held.keys()  # lost, and given back, within this very call
        if again:
            self._again(again)
        journal = self._names.of(JOURNAL)
        wanted = (message for message in messages if message.partition() not in again)
        return sorted(wanted, key=lambda message: message.topic() != journal)

    def _take_all(self) -> None:
        while self._unread:
            self._take(self._unread[0])
            self._unread.popleft()

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
            raise_if_denied(error)
            if stops(error):
                raise FatalError(
                    f"the auditor's consumer cannot go on: {error}; see docs/runbooks/consumer-stopped.md"
                )
            self._log.warning("consumer", error=str(error))
            return
        place, offset = place_of(message)
        following = self._held.get(place[1])
        if following is None:
            return
        if error is None:
            self._apply(following.audit, message, offset)
        following.reach(place, offset if error else offset + 1)

    def _apply(self, audit: PartitionAudit, message: Message, offset: int) -> None:
        topic, value = message.topic(), message.value()
        if topic == self._names.of(JOURNAL):
            audit.entry(value or b"", offset)
        elif topic == self._names.of(PARTITION):
            audit.positions(value, offset)
        else:
            watch = topic == self._names.of(WATCH)
            name: Name = (key_of(message), "") if watch else split(key_of(message))
            audit.record(name, value, _alarm(message), offset)


def _beginnings(fresh: Iterable[Following]) -> list[TopicPartition]:
    return [TopicPartition(*place, OFFSET_BEGINNING) for following in fresh for place in following.base]


def _alarm(message: Message) -> head.Alarm | None:
    """Return the alarm of a record; headers that make no sense arm nothing, as for the timer."""
    try:
        return head.read_alarm(message.headers())
    except PoisonRecordError:
        return None
