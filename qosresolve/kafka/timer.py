"""The timer: reads the alarm headers of reports and watches, and says `look now` when one is due.

It decides nothing: a deadline record makes the owner look, and what is due is decided then. So firing twice
is harmless and firing late is only late. It fires nothing before it has read to the end of what it watches.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.contracts import headers as head
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Deadline
from qosresolve.errors import FatalError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.alarms import Alarm, Alarms, Key
from qosresolve.kafka.broker_clock import BrokerClock, Look
from qosresolve.kafka.offsets import Place, ends
from qosresolve.kafka.reading import place_of
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.metrics import TimerMetrics
from qosresolve.topics import DEADLINE, PARTITION, REPORT, STATE, WATCH, Names

PASS_LIMIT = 5_000  # alarms fired between two polls
CHUNK = 10_000


@dataclass(slots=True)
class Held:
    """One partition of the timer: its alarms, and how far it was read."""

    alarms: Alarms = field(default_factory=Alarms)
    targets: dict[Place, int] = field(default_factory=dict)
    reached: dict[Place, int] = field(default_factory=dict)
    consumed: int = 0  # the worker's next offset of the deadline topic

    @property
    def caught_up(self) -> bool:
        """True when everything that lay there at the assignment was read."""
        return bool(self.targets) and all(
            self.reached.get(place, 0) >= target for place, target in self.targets.items()
        )


class Timer:
    """Fires the alarms of some partitions."""

    def __init__(
        self,
        settings: Settings,
        contracts: Contracts,
        *,
        registry: CollectorRegistry,
        health: Health,
        stop: threading.Event,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._settings = settings
        self._contracts = contracts
        self._health = health
        self._stop = stop
        self._clock = BrokerClock(clock)
        self._names = Names(settings.prefix)
        self._metrics = TimerMetrics(registry)
        self._log = structlog.get_logger(role="timer")
        self._admin = clients.admin(settings)
        self._consumer = clients.anchored_reader(settings, f"{settings.group}-timer")
        self._producer = clients.plain_producer(settings)
        self._held: dict[int, Held] = {}
        self._joined = False
        self._failure: Exception | None = None

    def run(self) -> None:
        """Fire until asked to stop."""
        self._consumer.subscribe(
            [self._names.of(REPORT)], on_assign=self._on_assign, on_revoke=self._drop, on_lost=self._drop
        )
        try:
            while not self._stop.is_set():
                self._round()
        finally:
            self._producer.flush(5)
            self._consumer.close()
            self._log.info("stopped")

    def _round(self) -> None:
        caught_up = all(held.caught_up for held in self._held.values())
        self._health.beat("timer", ready=self._joined and caught_up)
        for message in self._read():
            self._take(message)
        if self._failure is not None:
            raise self._failure
        self._learn_targets()
        self._fire()
        self._producer.poll(0)

    # -- assignment

    def _watched(self, anchors: list[TopicPartition]) -> list[TopicPartition]:
        return [
            TopicPartition(self._names.of(topic), anchor.partition, OFFSET_BEGINNING)
            for anchor in anchors
            for topic in STATE
        ]

    def _on_assign(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        self._joined = True
        try:
            if anchors:
                consumer.incremental_assign(self._watched(anchors))
            self._held |= {anchor.partition: Held() for anchor in anchors}
        except Exception as error:  # noqa: BLE001 - raised again from the loop
            self._failure = error

    def _drop(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        try:
            if anchors:
                consumer.incremental_unassign(self._watched(anchors))
            for anchor in anchors:
                self._held.pop(anchor.partition, None)
        except Exception as error:  # noqa: BLE001 - raised again from the loop
            self._failure = error

    def _learn_targets(self) -> None:
        """Ask, after the assignment, where everything ends; nothing is fired before that was read."""
        fresh = {number: held for number, held in self._held.items() if not held.targets}
        places = [(self._names.of(topic), number) for number in fresh for topic in STATE]
        try:
            found = ends(self._admin, places)
        except RetriableError as error:
            self._log.warning("waiting for a dependency", why=str(error))
            return
        for number, held in fresh.items():
            held.targets = {place: end for place, end in found.items() if place[1] == number}

    # -- reading

    def _read(self) -> list[Message]:
        dues = (held.alarms.next_due for held in self._held.values() if held.caught_up)
        return clients.drain(self._consumer, CHUNK, pause(dues, self._clock.now(), self._settings.poll_ms))

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
            if error.fatal() or error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
                raise FatalError(f"the timer's consumer cannot go on: {error}")
            self._log.warning("consumer", error=str(error))
            return
        place, offset = place_of(message)
        held = self._held.get(place[1])
        if held is None:
            return
        held.reached[place] = max(held.reached.get(place, 0), offset if error else offset + 1)
        if error is None:
            self._apply(held, message)

    def _apply(self, held: Held, message: Message) -> None:
        headers = message.headers()
        if message.topic() == self._names.of(PARTITION):
            held.consumed = head.read_deadline_next(headers) or held.consumed
            return
        key = _key(message, watch=message.topic() == self._names.of(WATCH))
        alarm = head.read_alarm(headers) if message.value() is not None else None
        if alarm is None:
            held.alarms.disarm(key)
        else:
            held.alarms.arm(key, alarm.alarm, alarm.due)

    # -- firing

    def _fire(self) -> None:
        now = self._clock.now()
        fired_by = self._clock.look().steady - self._settings.refire_ms
        for number, held in self._held.items():
            if held.caught_up:
                for alarm in held.alarms.due(now, PASS_LIMIT):
                    self._send(number, held, alarm, again=False)
                for alarm in held.alarms.overlooked(now, fired_by, held.consumed)[:PASS_LIMIT]:
                    self._send(number, held, alarm, again=True)
        self._tell(now)

    def _send(self, number: int, held: Held, alarm: Alarm, *, again: bool) -> None:
        product, report = alarm.key
        _, value = self._contracts.write_input(Deadline(product, report, alarm.number, alarm.due))
        sent = self._clock.look()
        held.alarms.fired(alarm, sent.steady)

        def delivered(error: KafkaError | None, message: Message) -> None:
            self._delivered(alarm, sent, error, message)

        while True:
            try:
                self._producer.produce(
                    self._names.of(DEADLINE), value, product.encode(), number, on_delivery=delivered
                )
            except BufferError:
                self._producer.poll(0.05)
            else:
                break
        self._metrics.fired.labels(str(again).lower()).inc()

    def _delivered(self, alarm: Alarm, sent: Look, error: KafkaError | None, message: Message) -> None:
        if error is not None:  # stays unsettled, so it is fired again
            self._log.warning("deadline not delivered", error=str(error))
            return
        at = message.timestamp()[1]
        alarm.offset = message.offset() or 0
        self._learn_skew(sent, at)
        self._metrics.lateness.observe(max(0, at - alarm.due) / 1000)

    def _learn_skew(self, sent: Look, at: int) -> None:
        self._clock.returned(sent, at)

    def _tell(self, now: int) -> None:
        self._metrics.armed.set(sum(len(held.alarms) for held in self._held.values()))
        self._metrics.skew.set(self._clock.skew / 1000)
        dues = [held.alarms.oldest_due for held in self._held.values()]
        oldest = min((due for due in dues if due is not None), default=now)
        self._metrics.oldest_overdue.set(max(0, now - oldest) / 1000)


def pause(dues: Iterable[int | None], now: int, longest_ms: int) -> float:
    """Return for how many seconds to wait for records: not beyond the next alarm, and never not at all."""
    nearest = min((due for due in dues if due is not None), default=now + longest_ms)
    return min(longest_ms, max(1, nearest - now)) / 1000


def _key(message: Message, *, watch: bool) -> Key:
    key = (message.key() or b"").decode()
    if watch:
        return (key, "")
    product, _, report = key.rpartition("/")
    return (product, report)
