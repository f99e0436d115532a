"""The loop: one thread reads escalations, tells the receiver one after the other, and commits.

One at a time: nothing is under way when a partition is given up, so a late raise cannot overtake an end that
another process told. An offset is committed once its escalation was taken, and nothing more of its partition
is told before: at least once, and after a crash the last one of each partition again, with the same id.
"""

import threading
import time

import structlog
from confluent_kafka import KafkaError, Message
from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.errors import RetriableError
from qosresolve.kafka import clients, failures
from qosresolve.kafka.acls import Group, group_of
from qosresolve.kafka.assignment import Assignment
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.incoming import UNREADABLE
from qosresolve.kafka.notify import offsets
from qosresolve.kafka.notify.lane import Lane
from qosresolve.kafka.notify.letters import Letters
from qosresolve.kafka.notify.observe import Observer
from qosresolve.kafka.notify.telling import Telling
from qosresolve.kafka.outage import Outage
from qosresolve.notify.receivers import place, receiver_for
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.metrics import NotifyMetrics
from qosresolve.topics import ESCALATION, Names

ROLE = "notify"
BATCH = 200
ROUND_S = 10.0  # between two polls: a slow receiver must not cost us our place in the group
BACKOFF_S = 0.5
QUIET_S = 10.0  # without a failure of Kafka for so long, the next one is a new one
PATIENCE_S = 60.0  # how long Kafka may be away before the process asks to be looked at


class Notify:
    """Tells escalations of some partitions."""

    def __init__(
        self,
        settings: Settings,
        contracts: Contracts,
        *,
        registry: CollectorRegistry,
        health: Health,
        stop: threading.Event,
    ) -> None:
        receiver = receiver_for(settings)
        self._settings = settings.model_copy(update={"group": group_of(Group.NOTIFIERS, settings)})
        self._health = health
        self._stop = stop
        self._topic = Names(settings.prefix).of(ESCALATION)
        self._log = structlog.get_logger(role=ROLE)
        self._observer = Observer(NotifyMetrics(registry), place(settings))
        self._letters = Letters(self._settings)
        self._telling = Telling(self._settings, contracts, receiver, self._letters, self._observer)
        self._admin = clients.admin(self._settings)
        self._consumer = clients.worker_consumer(self._settings)
        self._assignment = Assignment(self._topic, lambda number: [(self._topic, number)], self._make, ROLE)
        self._outage = Outage(self._admin)

    def _make(self, number: int, epoch: int) -> Lane:
        return Lane(
            (self._topic, number), epoch, self._telling.new_wait(), Brake(self._settings.dead_letter_limit)
        )

    def run(self) -> None:
        """Tell until asked to stop. Raises FatalError, FencedError or ConfigError."""
        try:
            self._assignment.subscribe(self._consumer)
            while not self._stop.is_set():
                self._round()
        finally:
            self._close()

    def _round(self) -> None:
        self._beat()
        self._outage.begin()
        messages = self._poll()
        self._assignment.raise_if_failed()
        try:
            self._take(messages)
            self._outage.look_for_topics()
            self._begin()
            self._commit()  # what could not be before
            self._tell()
            self._say_what_is_awaited()
        except RetriableError as error:
            self._back_off(str(error))

    def _beat(self) -> None:
        held = self._assignment.held.values()
        if not any(map(len, held)):  # what failed, if anything, is another process's now
            self._telling.forget()
        self._observer.held(held, self._telling.paused)
        ready = self._assignment.joined and all(lane.ready and not lane.stopped for lane in held)
        self._health.beat(ROLE, ready=ready)

    def _say_what_is_awaited(self) -> None:
        if self._telling.paused is None:
            self._health.goes_on(ROLE)
        else:
            self._health.waits(ROLE, f"the receiver of escalations: {self._telling.why}")

    # -- reading

    def _poll(self) -> list[Message]:
        """Return what is there; do not wait for it where something is to be told."""
        wait_s = 0.0 if self._telling.due(self._assignment.held.values()) else self._settings.poll_ms / 1000
        return failures.polled(self._consumer, BATCH, wait_s, self._settings.slot)

    def _take(self, messages: list[Message]) -> None:
        for message in messages:
            lane = self._assignment.held.get(message.partition() or 0)
            error = message.error()
            if error is not None:
                self._noted(message, error, lane)
            elif lane is not None and lane.ready:
                lane.take(message)
        for lane in self._assignment.held.values():
            if lane.ready and lane.full != lane.paused:
                (self._consumer.pause if lane.full else self._consumer.resume)([lane.at])
                lane.paused = not lane.paused

    def _noted(self, message: Message, error: KafkaError, lane: Lane | None) -> None:
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own constant
            return
        if failures.stops(error):
            raise failures.stop(error, self._settings.slot)
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART and (missed := message.topic()):
            self._outage.missed(missed)
        self._log.warning("consumer", error=str(error))
        if error.code() in UNREADABLE and lane is not None and not lane.stopped:
            lane.stopped = True
            self._observer.stopped(lane, "a batch of escalations cannot be read", "unreadable-batch")

    def _begin(self) -> None:
        """Read what was assigned, from where the group stands."""
        fresh = [lane for lane in self._assignment.fresh if self._assignment.current(lane)]
        if fresh:
            places = [(self._topic, lane.number) for lane in fresh]
            found = offsets.begin(self._consumer, self._admin, places, self._settings)
            for lane in fresh:
                self._assignment.read(self._consumer, lane.number, found)
                lane.ready = True
        self._assignment.fresh = []

    # -- telling

    def _tell(self) -> None:
        """Tell one escalation of each partition, and commit each that was taken; for a bounded time."""
        end = time.monotonic() + ROUND_S
        for lane in self._telling.due(self._assignment.held.values()):
            if self._stop.is_set() or time.monotonic() > end or not self._telling.tell(lane):
                return
            self._commit()
            self._beat()

    def _commit(self) -> None:
        told = {lane: at for lane in self._assignment.held.values() if (at := lane.uncommitted) is not None}
        if told and offsets.commit(self._consumer, list(told.values()), self._settings.slot):
            for lane in told:
                lane.committed()

    # -- trouble

    def _back_off(self, why: str) -> None:
        """Kafka, or a schema registry, is away: what was read stays where it is."""
        self._outage.failed(why, quiet_s=QUIET_S, patience_s=PATIENCE_S)
        self._log.warning("waiting for a dependency", why=why)
        self._health.waits(ROLE, why)
        self._stop.wait(BACKOFF_S)
        self._outage.waited()

    def _close(self) -> None:
        self._telling.close()
        self._letters.close()
        clients.let_go(self._consumer, self._log)
        self._log.info("stopped")
