"""The loop: one thread reads escalations, tells the receiver one after the other, and commits.

One at a time: nothing is under way when a partition is given up, so a late raise cannot overtake an end that
another process told. An offset is committed once its escalation was taken, and nothing more of its partition
is told before: at least once, and after a crash the last one of each partition again, with the same id.
"""

import random
import threading
import time

import structlog
from confluent_kafka import KafkaError, KafkaException, Message
from prometheus_client import CollectorRegistry

from qosresolve.contracts import headers as head
from qosresolve.contracts.records import Contracts
from qosresolve.contracts.tmf.edge import Edge
from qosresolve.errors import ConfigError, PoisonRecordError, RetriableError
from qosresolve.kafka import clients, failures
from qosresolve.kafka.acls import Group, group_of
from qosresolve.kafka.assignment import Assignment
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.incoming import UNREADABLE, headers_of
from qosresolve.kafka.notify import offsets
from qosresolve.kafka.notify.lane import Lane
from qosresolve.kafka.notify.letters import Letters
from qosresolve.kafka.notify.observe import Observer
from qosresolve.kafka.outage import Outage
from qosresolve.notify.answers import Answer, Came, Wait
from qosresolve.notify.call import Call, Reader
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
_REMEDY = "the receiver's log says why it refuses this one; tell people by hand: nobody was told"


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
        self._receiver = receiver_for(settings)
        self._settings = settings.model_copy(update={"group": group_of(Group.NOTIFIERS, settings)})
        self._contracts = contracts
        self._health = health
        self._stop = stop
        self._topic = Names(settings.prefix).of(ESCALATION)
        self._reader = Reader(contracts, Edge(settings.edge_version, settings.edge_party))
        self._log = structlog.get_logger(role=ROLE)
        self._observer = Observer(NotifyMetrics(registry), place(settings))
        self._wait = self._new_wait()
        self._paused: Came | None = None
        self._admin = clients.admin(self._settings)
        self._consumer = clients.worker_consumer(self._settings)
        self._assignment = Assignment(self._topic, lambda number: [(self._topic, number)], self._make, ROLE)
        self._letters = Letters(self._settings)
        self._outage = Outage(self._admin)

    def _new_wait(self) -> Wait:
        return Wait(self._settings.notify_backoff_ms / 1000, random.random)

    def _make(self, number: int, epoch: int) -> Lane:
        return Lane((self._topic, number), epoch, self._new_wait(), Brake(self._settings.dead_letter_limit))

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
        except RetriableError as error:
            self._back_off(str(error))

    def _beat(self) -> None:
        held = self._assignment.held.values()
        if self._paused is not None and not any(map(len, held)):  # what failed is another process's now
            self._paused = None
            self._wait.worked()
        self._observer.held(held, self._paused)
        ready = self._assignment.joined and all(lane.ready and not lane.stopped for lane in held)
        self._health.beat(ROLE, ready=ready and self._paused is None)

    # -- reading

    def _poll(self) -> list[Message]:
        """Return what is there; do not wait for it where something is to be told."""
        wait_s = 0.0 if self._due() else self._settings.poll_ms / 1000
        try:
            return clients.drain(self._consumer, BATCH, wait_s)
        except KafkaException as error:  # so the client tells that it died
            raise failures.stop(error.args[0], self._settings.slot) from None

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
            self._halted(lane, "a batch of escalations cannot be read", "unreadable-batch")

    def _halted(self, lane: Lane, why: str, page: str) -> None:
        self._log.error(
            f"partition stopped: {why}", partition=lane.number, runbook=f"docs/runbooks/{page}.md"
        )

    def _begin(self) -> None:
        """Read what was assigned, from where the group stands."""
        fresh = [lane for lane in self._assignment.fresh if self._assignment.current(lane)]
        if fresh:
            places = [(self._topic, lane.number) for lane in fresh]
            found = offsets.begin(self._consumer, self._admin, places, self._settings)
            for lane in fresh:
                self._assignment.read(self._consumer, lane.number, found)
                self._consumer.resume([lane.at])  # a pause outlives the loss of a partition
                lane.ready = True
        self._assignment.fresh = []

    # -- telling

    def _due(self) -> list[Lane]:
        now = time.monotonic()
        if not self._wait.over(now):
            return []
        due = [lane for lane in self._assignment.held.values() if lane.due(now)]
        return sorted(due, key=lambda lane: lane.tried_at)

    def _tell(self) -> None:
        """Tell one escalation of each partition, and commit each that was taken; for a bounded time."""
        end = time.monotonic() + ROUND_S
        for lane in self._due():
            message, now = lane.first, time.monotonic()
            if message is None or self._stop.is_set() or now > end or not self._wait.over(now):
                return
            lane.tried_at = now
            self._tell_one(lane, message)
            self._commit()
            self._beat()

    def _tell_one(self, lane: Lane, message: Message) -> None:
        try:
            call = self._read(message)
        except PoisonRecordError as error:
            self._bury(lane, message, error)
            return
        answer = self._attempt(call)
        if answer.came is Came.REFUSED:
            self._works(lane)
            why = PoisonRecordError(
                f"the receiver refuses it: {answer.what}", stage="refused", remedy=_REMEDY
            )
            self._bury(lane, message, why)
        elif answer.came is Came.TAKEN:
            self._works(lane)
            lane.done(dead=False)
            self._observer.taken(call)
        else:
            self._failed(lane, answer)

    def _read(self, message: Message) -> Call:
        pairs = headers_of(message)
        said = dict(pairs)
        self._contracts.forget()
        return self._reader.read(
            message.value(),
            _text(said.get("content-type")),
            _text(said.get("ce_dataschema")),
            head.traceparent(pairs),
        )

    def _attempt(self, call: Call) -> Answer:
        began = time.monotonic()
        try:
            answer = self._receiver.tell(call)
        except ConfigError as error:  # a file with a secret is not to be read, for now
            answer = Answer(Came.SETTINGS, str(error).partition("\n")[0])
        self._observer.attempted(answer, time.monotonic() - began)
        return answer

    def _works(self, lane: Lane) -> None:
        if self._wait.failures or lane.wait.failures:
            self._observer.works()
        self._wait.worked()
        self._paused = None

    def _failed(self, lane: Lane, answer: Answer) -> None:
        """Wait: with everything, or with this partition where it may be about this escalation alone."""
        now = time.monotonic()
        wait = lane.wait if answer.alone else self._wait
        if answer.alone:
            self._wait.worked()
        self._paused = None if answer.alone else answer.came
        wait.failed(now, answer.wait_s)
        self._observer.failed(answer, lane, wait.failures, wait.until - now)

    def _bury(self, lane: Lane, message: Message, why: PoisonRecordError) -> None:
        self._letters.write(message, why)
        lane.done(dead=True)
        self._observer.buried(lane, message, why)
        if lane.stopped:
            self._halted(lane, "too many escalations in a row were refused", "notify-refused")

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
        self._stop.wait(BACKOFF_S)
        self._outage.waited()

    def _close(self) -> None:
        self._receiver.close()
        self._letters.close()
        try:
            self._consumer.close()
        except KafkaException as error:
            self._log.warning("closing the consumer", error=str(error))
        self._log.info("stopped")


def _text(value: bytes | str | None) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value or ""
