"""The intake's loop: one thread, one consumer, one transactional producer, as the worker's.

No transaction is open while `consume()` runs. Memory changes only after a confirmed commit. Nothing is read
before inventory and parked observations are restored.
"""

import threading
import time
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.errors import RetriableError
from qosresolve.intake import detect
from qosresolve.intake.reading import Reading
from qosresolve.intake.rules import Rules
from qosresolve.intake.skew import Clocks
from qosresolve.kafka import clients, failures
from qosresolve.kafka.assignment import Assignment
from qosresolve.kafka.incoming import UNREADABLE, Pairs
from qosresolve.kafka.intake import foreign, positions
from qosresolve.kafka.intake.observe import Observer
from qosresolve.kafka.intake.partition import Partition
from qosresolve.kafka.intake.restore import Restorer
from qosresolve.kafka.intake.rules import configured
from qosresolve.kafka.intake.shared import Shared
from qosresolve.kafka.intake.staging import Staging
from qosresolve.kafka.inventory import InventoryFeed
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.outage import Outage
from qosresolve.kafka.positions import co_partitioned, committed_at
from qosresolve.kafka.reading import place_of
from qosresolve.kafka.spans.intake import TracedStaging
from qosresolve.kafka.spans.telling import telling
from qosresolve.kafka.transaction import AbortedError, OutcomeUnknownError, Transactions
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.metrics import IntakeMetrics
from qosresolve.topics import BESIDE_INTAKE, INTAKE, Names

ROLE = "intake"
BACKOFF_S = 0.5
QUIET_S = 10.0  # without a failure for so long, the next one is a new one
PATIENCE_S = 60.0  # how long a dependency may be down before the process asks to be looked at
LEARN_S = 0.2  # for reading what the inventory says anew, of one round
OVERDUE_S = 1.0  # between two looks at what waits for too long
LAYOUT_S = 60.0  # between two looks at how many partitions the foreign topics have


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Intake:
    """Owns some partitions: takes what others send, and commits what it means."""

    def __init__(
        self,
        settings: Settings,
        contracts: Contracts,
        *,
        registry: CollectorRegistry,
        health: Health,
        stop: threading.Event,
        clock: Callable[[], int] = _wall_ms,
    ) -> None:
        self._settings = foreign.own(settings)
        self._contracts = contracts
        self._health = health
        self._stop = stop
        self._clock = clock
        self._names = Names(settings.prefix)
        self._metrics = IntakeMetrics(registry)
        self._clocks = Clocks(settings.intake_skew_ms)
        self._observer = Observer(self._metrics, self._clocks)
        self._log = structlog.get_logger(role=ROLE)
        self._telling = telling(self._settings, ROLE)
        self._rules = configured(settings)
        self._formats = foreign.topics(settings, detect.names(self._rules))
        self._admin = clients.admin(self._settings)
        self._partitions = co_partitioned(self._admin, self._names, BESIDE_INTAKE)
        self._layout = foreign.layout(self._admin, self._formats)
        self._feed = InventoryFeed(self._settings, contracts, self._metrics.inventory_restore)
        self._shared = self._share()
        self._transactions = Transactions(self._settings, self._metrics, ROLE)
        self._consumer = clients.worker_consumer(self._settings)
        self._assignment = Assignment(self._names.of(INTAKE), self._places, self._make, ROLE)
        self._restorer = Restorer(self._settings, self._metrics.restore, self._assignment.current)
        self._outage = Outage(self._admin)
        self._offsets: dict[int, dict[Place, int]] = {}  # the group's, when a restore began
        self._looked_at = self._laid_out_at = time.monotonic()

    def _share(self) -> Shared:
        return Shared(
            partitions=self._partitions,
            names=self._names,
            contracts=self._contracts,
            formats=self._formats,
            read=_reader(self._rules),
            relations=self._feed.inventory.relations,
            clocks=self._clocks,
            wall_ms=self._clock,
            fold_ms=self._settings.intake_fold_ms,
            parked_ms=self._settings.parked_ms,
            parked_limit=self._settings.parked_limit,
            batch_records=self._settings.batch_records,
            dead_letter_limit=self._settings.dead_letter_limit,
        )

    def _make(self, number: int, epoch: int) -> Partition:
        return Partition(number, epoch, self._shared, TracedStaging if self._telling else Staging)

    def _places(self, number: int) -> list[Place]:
        return foreign.places(number, self._partitions, self._layout)

    def run(self) -> None:
        """Work until asked to stop. Raises FencedError, FatalError or ConfigError."""
        try:
            self._assignment.subscribe(self._consumer)
            while not self._stop.is_set():
                self._round()
        finally:
            self._close()

    def _round(self) -> None:
        self._health.beat(ROLE, ready=self._ready())
        self._outage.begin()
        messages = self._poll()
        self._assignment.raise_if_failed()
        try:
            self._transactions.poll()
            self._learn()
            self._stage(messages)
            self._outage.look_for_topics()
            self._commit()
            self._look_at_layout()
            self._restore()  # last: what was polled before a partition started must not be taken by it
            self._health.goes_on(ROLE)
        except RetriableError as error:
            self._back_off(str(error))

    # -- reading

    def _poll(self) -> list[Message]:
        """Return a batch: small when idle, as large as allowed under a backlog."""
        own = self._settings
        return failures.polled(self._consumer, own.batch_records, own.poll_ms / 1000, own.slot)

    def _learn(self) -> None:
        """Hear what the inventory says anew; what waits for it goes on with the next batch."""
        learned = self._feed.poll(LEARN_S)
        if learned:
            for partition in self._assignment.held.values():
                partition.learned(learned)

    def _stage(self, messages: list[Message]) -> None:
        held = self._assignment.held
        overdue = self._overdue_before()
        for partition in held.values():
            if partition.ready:
                partition.settle(overdue)
        taken: dict[int, list[Message]] = {}
        for message in messages:
            owner = held.get((message.partition() or 0) % self._partitions)
            error = message.error()
            if error is not None:
                self._noted(message, error, owner)
            elif owner is not None and owner.ready:
                taken.setdefault(owner.number, []).append(message)
        for number, some in taken.items():
            held[number].take(some)

    def _overdue_before(self) -> int | None:
        """Return before when what was parked is given up; None where it was looked for just now."""
        now = time.monotonic()
        if now - self._looked_at < OVERDUE_S:
            return None
        self._looked_at = now
        return self._clock() - self._settings.parked_ms

    def _noted(self, message: Message, error: KafkaError, owner: Partition | None) -> None:
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own constant
            return
        if failures.stops(error):
            raise failures.stop(error, self._settings.slot)
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART and (missed := message.topic()):
            self._outage.missed(missed)
        self._log.warning("consumer", error=str(error))
        if error.code() in UNREADABLE and owner is not None and owner.stuck(*place_of(message)):
            self._halt(owner, "a batch of a foreign topic cannot be read", "unreadable-batch")

    def _halt(self, partition: Partition, why: str, page: str) -> None:
        partition.ready = False
        self._consumer.pause(self._assignment.inputs(partition.number))
        self._log.error(
            f"partition stopped: {why}", partition=partition.number, runbook=f"docs/runbooks/{page}.md"
        )

    # -- writing

    def _commit(self) -> None:
        batch = [partition for partition in self._assignment.held.values() if partition.staged]
        if not batch:
            return
        began = time.monotonic()
        outputs = [output for partition in batch for output in partition.outputs()]
        # Of all that is read, also where nothing moved: without offsets the group would not fence.
        offsets = [
            TopicPartition(*place, partition.next_offsets[place])
            for partition in batch
            for place in self._places(partition.number)
        ]
        try:
            self._transactions.commit(outputs, offsets, self._consumer.consumer_group_metadata)
        except AbortedError as error:
            self._log.warning("transaction aborted", error=str(error))
            self._tell_failed(error, began)
            self._rewind(batch)
            self._stop.wait(self._transactions.pause_s)
            return
        except OutcomeUnknownError as error:
            self._log.warning("transaction outcome unknown, restoring", error=str(error))
            self._tell_failed(error, began)
            self._start_over(batch)
            self._stop.wait(self._transactions.pause_s)
            return
        done = []
        for partition in batch:
            staging = partition.accept()
            done.append(staging)
            self._observer.committed(partition, staging, self._clock())
            if partition.brake.pulled:
                self._halt(partition, "too many faults of intake in a row", "poison-flood")
        took_s = time.monotonic() - began
        self._observer.batch(sum(staging.tally.records for staging in done), len(outputs), took_s)
        if self._telling is not None:
            self._telling.committed(done, len(outputs), took_s)

    def _tell_failed(self, error: Exception, began: float) -> None:
        if self._telling is not None:
            self._telling.failed(error, time.monotonic() - began)

    def _rewind(self, partitions: Iterable[Partition]) -> None:
        """Take the last batch again from the committed positions; what cannot be sought is restored."""
        for partition in list(partitions):
            if partition.ready:
                try:
                    self._seek(partition)
                except KafkaException as error:
                    self._log.warning(
                        "cannot rewind, restoring", partition=partition.number, error=str(error)
                    )
                    self._start_over([partition])

    def _seek(self, partition: Partition) -> None:
        offsets = partition.rewind()
        for place in self._places(partition.number):
            self._consumer.seek(TopicPartition(*place, offsets[place]))

    def _start_over(self, partitions: Iterable[Partition]) -> None:
        """Memory may lag the log: drop it and restore."""
        for partition in partitions:
            self._assignment.stop_reading(self._consumer, partition.number)
            again = self._make(partition.number, partition.epoch)
            self._assignment.held[partition.number] = again
            self._assignment.fresh.append(again)

    # -- restoring

    def _look_at_layout(self) -> None:
        """Foreign topics may get more partitions: whoever they belong to begins anew, with them."""
        now = time.monotonic()
        if now - self._laid_out_at < LAYOUT_S:
            return
        self._laid_out_at = now
        found = foreign.layout(self._admin, self._formats)
        if found != self._layout:
            self._log.info("foreign topics have other partition counts", counts=found)
            self._layout = found
            self._start_over([held for held in self._assignment.held.values() if held.ready])

    def _restore(self) -> None:
        fresh = self._assignment.fresh
        if self._restorer.idle and fresh and self._feed.ready:
            self._transactions.poll()  # before the ends are asked for, nothing may be open under our id
            self._offsets = {partition.number: self._committed(partition) for partition in fresh}
            self._restorer.begin(fresh)
            self._assignment.fresh = []
        restored = self._restorer.advance()
        for at, (partition, state) in enumerate(restored):
            try:
                self._start(partition, state)
            except RetriableError:
                self._start_over(left for left, _ in restored[at:])
                raise

    def _committed(self, partition: Partition) -> dict[Place, int]:
        """Return the group's offsets. Asked before the ends: what another owner commits later is not lost."""
        return committed_at(self._consumer, self._assignment.inputs(partition.number))

    def _start(self, partition: Partition, state: positions.Restored) -> None:
        offsets = self._offsets[partition.number]
        if self._settings.broker == "embedded":
            begun = positions.unchecked(partition.number, state, offsets)
        else:
            begun = positions.checked(self._admin, partition, state, offsets, self._names)
        partition.start(begun)
        self._assignment.read(self._consumer, partition.number, partition.positions)
        self._observer.started(partition)

    def _ready(self) -> bool:
        held = self._assignment.held.values()
        self._observer.held(held, len(self._feed.inventory), self._clock())
        return self._assignment.joined and self._feed.ready and all(partition.ready for partition in held)

    # -- trouble

    def _back_off(self, why: str) -> None:
        """A dependency is down: take the batch again later; nothing of it becomes a dead letter."""
        self._outage.failed(why, quiet_s=QUIET_S, patience_s=PATIENCE_S)
        self._log.warning("waiting for a dependency", why=why)
        self._health.waits(ROLE, why)
        self._rewind(self._assignment.held.values())
        self._stop.wait(BACKOFF_S)
        self._outage.waited()

    def _close(self) -> None:
        self._transactions.close()
        self._restorer.close()
        self._feed.close()
        clients.let_go(self._consumer, self._log)
        if self._telling is not None:
            self._telling.close()
        self._log.info("stopped")


def _reader(rules: Rules) -> Callable[[str, Pairs, bytes], Reading]:
    read = detect.read
    return lambda form, headers, value: read(form, headers, value, rules)
