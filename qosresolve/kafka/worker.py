"""The worker's loop: one thread, one consumer, one transactional producer.

No transaction is open while `consume()` runs, so a rebalance finds nothing to commit. Memory changes only
after a confirmed commit.
"""

import threading
import time
from collections.abc import Iterable

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.contracts.tmf.edge import Edge
from qosresolve.core.partition import PartitionState
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.errors import RetriableError
from qosresolve.kafka import clients, failures, positions, suspects
from qosresolve.kafka.assignment import Assignment
from qosresolve.kafka.examine import examine
from qosresolve.kafka.incoming import UNREADABLE
from qosresolve.kafka.observe import Observer
from qosresolve.kafka.offsets import Place, ends
from qosresolve.kafka.outage import Outage
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.policies import PolicyBook, configured
from qosresolve.kafka.positions import co_partitioned
from qosresolve.kafka.reading import place_of
from qosresolve.kafka.restore import Restorer
from qosresolve.kafka.spans.telling import telling
from qosresolve.kafka.spans.worker import TracedStaging
from qosresolve.kafka.staging import Shared, Staging
from qosresolve.kafka.transaction import AbortedError, OutcomeUnknownError, Transactions
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.metrics import WorkerMetrics
from qosresolve.topics import ANCHOR, JOURNAL, REQUESTS, STATE, Names

BACKOFF_S = 0.5
QUIET_S = 10.0  # without a failure for so long, the next one is a new one
PATIENCE_S = 60.0  # how long a dependency may be down before the process asks to be looked at


class Worker:
    """Owns some partitions: takes their inputs, decides, and commits the outcome."""

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
        self._metrics = WorkerMetrics(registry)
        self._observer = Observer(self._metrics, self._names)
        self._log = structlog.get_logger(role="worker")
        self._telling = telling(settings, "worker")
        self._admin = clients.admin(settings)
        self._policies = PolicyBook(settings, contracts)
        self._default_policy = self._publish_policy()
        self._observer.know(self._policies.policies(self._default_policy).active)
        contracts.announce(written(settings))  # a registry that refuses one is found out now, not weeks later
        self._transactions = Transactions(settings, self._metrics)
        self._consumer = clients.worker_consumer(settings)
        self._assignment = Assignment(self._names.of(ANCHOR), self._inputs, self._make)
        self._restorer = Restorer(settings, contracts, self._metrics, self._assignment.current)
        self._outage = Outage(self._admin)
        self._offsets: dict[int, dict[str, int]] = {}  # the group's, when a restore began
        self._suspects = suspects.opened(settings)
        self._shared = self._share()

    def _publish_policy(self) -> str:
        self._policies.refresh()
        canonical, name = configured(self._settings)
        return self._policies.publish(canonical, name, _wall_ms())

    def _make(self, number: int, epoch: int) -> Partition:
        return Partition(number, epoch, self._shared, TracedStaging if self._telling else Staging)

    def _inputs(self, number: int) -> list[Place]:
        return [(topic, number) for topic in self._names.inputs]

    def _share(self) -> Shared:
        return Shared(
            partitions=co_partitioned(self._admin, self._names),
            names=self._names,
            contracts=self._contracts,
            policies=self._policies.policies,
            cached_cases=self._settings.cached_cases,
            dead_letter_limit=self._settings.dead_letter_limit,
            backlog_wait_s=self._settings.backlog_wait_ms / 1000,
            suspects=self._suspects,
            edge=edge_of(self._settings),
        )

    def run(self) -> None:
        """Work until asked to stop. Raises FencedError, FatalError or ConfigError."""
        try:
            self._look_back()
            self._assignment.subscribe(self._consumer)
            while not self._stop.is_set():
                self._round()
        finally:
            self._close()

    def _look_back(self) -> None:
        """Look at the records at which earlier processes of this slot died."""
        if self._suspects.known:
            examine(
                self._suspects,
                self._settings,
                beat=lambda: self._health.beat("worker", ready=False),
                stop=self._stop,
            )

    def _round(self) -> None:
        self._health.beat("worker", ready=self._ready())
        self._outage.begin()
        messages = self._poll()
        self._assignment.raise_if_failed()
        try:
            self._transactions.poll()
            self._stage(messages)
            self._outage.look_for_topics()
            self._commit()
            self._restore()  # last: what was polled before a partition started must not be taken by it
            self._health.goes_on("worker")
        except RetriableError as error:
            self._back_off(str(error))
        except UnknownPolicyError as error:
            self._look_for_policy(error.policy_hash)

    # -- reading

    def _poll(self) -> list[Message]:
        """Return a batch: small when idle, as large as allowed under a backlog."""
        own = self._settings
        return failures.polled(self._consumer, own.batch_records, own.poll_ms / 1000, own.slot)

    def _stage(self, messages: list[Message]) -> None:
        now = time.monotonic()
        for message in messages:
            error = message.error()
            partition = self._assignment.held.get(message.partition() or 0)
            if error is not None:
                self._noted(message, error, partition)
            elif partition is not None and partition.ready:
                partition.take(message, now)
        self._settle(now)

    def _noted(self, message: Message, error: KafkaError, partition: Partition | None) -> None:
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own constant
            if partition is not None and partition.ready:
                (topic, _), offset = place_of(message)
                partition.reach(topic, offset)
        else:
            if failures.stops(error):
                raise failures.stop(error, self._settings.slot)
            if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART and (missed := message.topic()):
                self._outage.missed(missed)
            self._log.warning("consumer", error=str(error))
            if error.code() in UNREADABLE and partition is not None and partition.stuck(*place_of(message)):
                self._halt(partition, message, error)

    def _settle(self, now: float) -> None:
        """Ask for the ends that newly arrived deadlines have to wait for; stage those that may go."""
        held = [partition for partition in self._assignment.held.values() if partition.ready]
        unasked = [partition for partition in held if partition.unasked]
        found = ends(self._admin, [(topic, item.number) for item in unasked for topic in item.backlog])
        for partition in unasked:
            partition.asked({topic: found[topic, partition.number] for topic in partition.backlog})
        for partition in held:
            partition.settle(now)

    # -- writing

    def _commit(self) -> None:
        batch = [partition for partition in self._assignment.held.values() if partition.staged]
        if not batch:
            return
        began = time.monotonic()
        outputs = {partition.number: partition.outputs() for partition in batch}
        offsets = [
            TopicPartition(topic, partition.number, offset)
            for partition in batch
            for topic, offset in partition.next_offsets().items()
        ]
        try:
            self._transactions.commit(
                (output for records in outputs.values() for output in records),
                offsets,
                self._consumer.consumer_group_metadata,
            )
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
            staging = partition.accept(outputs[partition.number])
            done.append(staging)
            self._observer.committed(partition, staging)
            if partition.brake.pulled:
                self._brake(partition)
        inputs, written = sum(len(staging.entries) for staging in done), sum(map(len, outputs.values()))
        took_s = time.monotonic() - began
        self._observer.batch(inputs, written, took_s)
        if self._telling is not None:
            self._telling.committed(done, written, took_s)

    def _tell_failed(self, error: Exception, began: float) -> None:
        if self._telling is not None:
            self._telling.failed(error, time.monotonic() - began)

    def _rewind(self, partitions: Iterable[Partition]) -> None:
        """Take the last batch again from the committed positions; what cannot be sought is restored."""
        for partition in list(partitions):
            if partition.ready:
                try:
                    self._seek(partition.number, partition.rewind())
                except KafkaException as error:
                    self._log.warning(
                        "cannot rewind, restoring", partition=partition.number, error=str(error)
                    )
                    self._start_over([partition])

    def _seek(self, number: int, offsets: dict[str, int]) -> None:
        for topic, offset in offsets.items():
            self._consumer.seek(TopicPartition(topic, number, offset))

    def _start_over(self, partitions: Iterable[Partition]) -> None:
        """Memory may lag the log: drop it and restore."""
        for partition in partitions:
            self._assignment.stop_reading(self._consumer, partition.number)
            again = self._make(partition.number, partition.epoch)
            self._assignment.held[partition.number] = again
            self._assignment.fresh.append(again)

    def _brake(self, partition: Partition) -> None:
        partition.ready = False
        self._consumer.pause(self._assignment.inputs(partition.number))
        self._log.error(
            "partition stopped: too many dead letters in a row; the fault is likely not in the records",
            partition=partition.number,
            limit=self._settings.dead_letter_limit,
            runbook="docs/runbooks/poison-flood.md",
        )

    def _halt(self, partition: Partition, message: Message, error: KafkaError) -> None:
        partition.ready = False
        self._consumer.pause(self._assignment.inputs(partition.number))
        self._log.error(
            "partition stopped: a batch of an input cannot be read",
            topic=message.topic(),
            partition=partition.number,
            offset=message.offset(),
            error=error.name(),
            runbook="docs/runbooks/unreadable-batch.md",
        )

    # -- restoring

    def _restore(self) -> None:
        fresh = self._assignment.fresh
        if self._restorer.idle and fresh:
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

    def _committed(self, partition: Partition) -> dict[str, int]:
        """Return the group's offsets. Asked before the ends: what another owner commits later is not lost."""
        return positions.committed(self._consumer, self._assignment.inputs(partition.number))

    def _start(self, partition: Partition, state: PartitionState | None) -> None:
        offsets = self._offsets[partition.number]
        if self._settings.broker == "embedded":
            state = state or positions.unchecked(partition, offsets)
        else:
            state = positions.checked(self._admin, partition, state, offsets)
        partition.start(state)
        if not state.active_policy:
            partition.activate(self._default_policy, _wall_ms())
        read_from = {(topic, partition.number): at for topic, at in partition.positions.items()}
        self._assignment.read(self._consumer, partition.number, read_from)
        self._observer.started(partition)

    def _ready(self) -> bool:
        held = self._assignment.held.values()
        self._observer.held(held, self._consumer)
        return self._assignment.joined and all(partition.ready for partition in held)

    # -- trouble

    def _look_for_policy(self, policy_hash: str) -> None:
        """Read the policy topic to its end; go on if the policy is there, else wait for it."""
        try:
            self._policies.refresh()
            why = _unknown_policy(policy_hash)
        except (RetriableError, KafkaException) as error:
            why = f"cannot read the policies: {error}"
        if policy_hash in self._policies:
            self._rewind(self._assignment.held.values())
        else:
            self._back_off(why)

    def _back_off(self, why: str) -> None:
        """A dependency is down: take the batch again later; nothing of it becomes a dead letter."""
        self._outage.failed(why, quiet_s=QUIET_S, patience_s=PATIENCE_S)
        self._log.warning("waiting for a dependency", why=why)
        self._health.waits("worker", why)
        self._rewind(self._assignment.held.values())
        self._stop.wait(BACKOFF_S)
        self._outage.waited()

    def _close(self) -> None:
        self._transactions.close()
        self._restorer.close()
        clients.let_go(self._consumer, self._log)
        self._suspects.close()
        if self._telling is not None:
            self._telling.close()
        self._log.info("stopped")


def _unknown_policy(policy_hash: str) -> str:
    return (
        f"policy {policy_hash} is named by a report or a command but is not on the policy topic; publish it "
        "with `qosresolve policy publish FILE`, see docs/runbooks/unknown-policy.md"
    )


def written(settings: Settings) -> list[str]:
    """Return the records that a worker writes in Avro."""
    requests = REQUESTS if settings.edge_format == "avro" else ()
    return [topic.record for topic in (*STATE, JOURNAL, *requests)]


def edge_of(settings: Settings) -> Edge | None:
    """Return what speaks TM Forum's JSON to neighbours, None where they read Avro."""
    return Edge(settings.edge_version, settings.edge_party) if settings.edge_format == "json" else None


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
