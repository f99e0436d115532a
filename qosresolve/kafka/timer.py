"""The timer: reads the alarm headers of reports and watches, and says `look now` when one is due.

It decides nothing: a deadline record makes the owner look, and what is due is decided then. So firing twice
is harmless and firing late is only late. It fires nothing before it has read to the end of what it watches.

While it is not sure of the brokers' time (at the start, or after its own clock was set) it fires one alarm at
a time, and if none is due for a while, one ahead of its time: what comes back tells the time, and the owner
refuses it as too early.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import ClassVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.core.step import TOO_EARLY
from qosresolve.errors import FatalError, PoisonRecordError, RetriableError
from qosresolve.kafka import clients, memory
from qosresolve.kafka.alarms import IN_FLIGHT, Alarm
from qosresolve.kafka.broker_clock import BrokerClock, Look
from qosresolve.kafka.deadlines import Deadlines
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.failures import stops
from qosresolve.kafka.offsets import ends
from qosresolve.kafka.reading import raise_if_stuck
from qosresolve.kafka.spans.timer import TracedDeadlines, TracedWatched
from qosresolve.kafka.watched import Watched
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.metrics import TimerMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.telemetry.spans import opened
from qosresolve.topics import REPORT, STATE, Names

PASS_LIMIT = 5_000  # alarms fired between two polls
IN_FLIGHT_LIMIT = 50_000  # deadlines in the client, which takes twice as many
CHUNK = 2_000
PROBE_AFTER_MS = 10_000  # unsure for so long, an alarm is fired ahead of its time
PROBE_PATIENCE_MS = 3_000  # with a partition that does not tell the time
Ready = Mapping[int, Watched]


class Timer:
    """Fires the alarms of some partitions."""

    learns: ClassVar[bool] = True  # the brokers' time, from their stamps on what was fired

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
        self._health = health
        self._stop = stop
        self._clock = BrokerClock(clock)
        self._names = Names(settings.prefix)
        self._metrics = TimerMetrics(registry)
        self._progress = Progress(self._metrics.catch_up, "timer", "catch-up")
        self._log = structlog.get_logger(role="timer")
        self._admin = clients.admin(settings)
        self._consumer = clients.anchored_reader(settings, f"{settings.group}-timer")
        self._held: dict[int, Watched] = {}
        self._make: Callable[[int, Names], Watched] = Watched
        self._deadlines = self._sending(settings, contracts)
        self._probe: Alarm | None = None  # the last deadline that was to tell the time
        self._asked: set[int] = set()  # the partitions from which one was sent
        self._steps = 0
        self._joined = False
        self._failure: Exception | None = None

    def _sending(self, settings: Settings, contracts: Contracts) -> Deadlines:
        """Return the producer; where tracing is on, one that tells, of partitions that know their traces."""
        sink = opened(settings, "timer")
        if sink is None:
            return Deadlines(settings, contracts, self._metrics)
        self._make = partial(TracedWatched, contracts)
        return TracedDeadlines(settings, contracts, self._metrics, sink, self._held)

    def run(self) -> None:
        """Fire until asked to stop."""
        self._consumer.subscribe(
            [self._names.of(REPORT)], on_assign=self._on_assign, on_revoke=self._drop, on_lost=self._drop
        )
        try:
            while not self._stop.is_set():
                self._round()
        finally:
            self._deadlines.close()
            self._consumer.close()
            self._log.info("stopped")

    def _round(self) -> None:
        self._take(self._read())
        if self._failure is not None:
            raise self._failure
        behind = [held for held in self._held.values() if not held.caught_up]
        self._catch_up(behind)
        self._fire()
        self._deadlines.poll()
        self._tell()
        self._health.beat("timer", ready=self._joined and not behind)

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
            self._held |= {anchor.partition: self._make(anchor.partition, self._names) for anchor in anchors}
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

    def _catch_up(self, behind: list[Watched]) -> None:
        """Ask, after the assignment, where everything ends, and tell how far it is until then."""
        if not behind:
            if self._progress.reading:
                memory.give_back()
            self._progress.done()
            return
        self._learn_targets([held for held in behind if not held.targets])
        self._progress.at(
            sum(sum(held.targets.values()) for held in behind), sum(held.remaining for held in behind)
        )
        raise_if_stuck(self._progress, [place for held in behind for place in held.pending], self._settings)

    def _learn_targets(self, fresh: list[Watched]) -> None:
        try:
            found = ends(self._admin, [place for held in fresh for place in held.places])
        except RetriableError as error:
            self._log.warning("waiting for a dependency", why=str(error))
            return
        for held in fresh:
            held.learn(found)

    # -- reading

    def _read(self) -> list[Message]:
        dues = (held.alarms.next_due for held in self._held.values() if held.caught_up)
        return clients.drain(self._consumer, CHUNK, pause(dues, self._clock.now(), self._settings.poll_ms))

    def _take(self, messages: list[Message]) -> None:
        for message in messages:
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
                self._refused(error)
                continue
            topic, offset = message.topic() or "", message.offset() or 0
            held = self._held.get(message.partition() or 0)
            if held is None:
                continue
            if error is not None:
                held.reach(topic, offset)
                continue
            held.reach(topic, offset + 1)
            try:
                held.take(topic, message)
            except PoisonRecordError as broken:
                self._metrics.malformed.inc()
                self._log.error("alarm left out", topic=topic, offset=offset, why=str(broken))

    def _refused(self, error: KafkaError) -> None:
        raise_if_denied(error)
        if stops(error):
            raise FatalError(
                f"the timer's consumer cannot go on: {error}; see docs/runbooks/consumer-stopped.md"
            )
        self._log.warning("consumer", error=str(error))

    # -- firing

    def _fire(self) -> None:
        ready = {number: held for number, held in self._held.items() if held.caught_up}
        if not ready:
            return
        if self.learns and self._clock.unsure_since is not None:
            self._ask_time(ready)
            return
        for number, alarm in self._to_fire(ready, max(1, PASS_LIMIT // len(ready))):
            if not self._send(number, ready[number], alarm):
                return

    def _to_fire(self, ready: Ready, limit: int) -> Iterator[tuple[int, Alarm]]:
        """Yield what is due, and what was overlooked, a bounded number of each partition.

        What a partition that does not answer holds back leaves room for the others.
        """
        now, steady, wait = self._clock.now(), self._clock.look().steady, self._settings.refire_ms
        room = max(1, IN_FLIGHT_LIMIT // len(self._held))
        for number, held in sorted(ready.items(), key=lambda item: item[1].alarms.next_due or now):
            for alarm in held.alarms.due(now, min(limit, room - held.in_flight)):
                yield number, alarm
            for alarm in held.alarms.overlooked(
                steady, wait, held.consumed, min(limit, room - held.in_flight)
            ):
                yield number, alarm

    def _ask_time(self, ready: Ready) -> None:
        """Fire one alarm and wait for what its delivery tells: one that is due, after a while any.

        A partition that does not answer is not waited for: the next one is asked.
        """
        steady, probe = self._clock.look().steady, self._probe
        if probe is not None and probe.offset == IN_FLIGHT and steady < probe.fired_at + PROBE_PATIENCE_MS:
            return
        if self._asked.issuperset(ready):
            self._asked.clear()
        fresh = {number: held for number, held in ready.items() if number not in self._asked}
        found = next(self._to_fire(fresh, 1), None)
        if found is None and steady >= (self._clock.unsure_since or 0) + PROBE_AFTER_MS:
            each = ((number, held.alarms.one(None)) for number, held in fresh.items())
            found = next(((number, alarm) for number, alarm in each if alarm is not None), None)
        if found is None:
            self._asked.clear()
            return
        number, alarm = found
        self._asked.add(number)
        self._send(number, ready[number], alarm)

    def _send(self, number: int, held: Watched, alarm: Alarm) -> bool:
        """Send one deadline; False where the producer takes no more at present."""
        sent = self._clock.look()
        firing = alarm.again(sent.steady)
        if not self._deadlines.send(number, firing, partial(self._delivered, held, firing, sent)):
            return False
        held.alarms.fired(firing)
        held.in_flight += 1
        self._metrics.fired.labels("true" if alarm.times else "false").inc()
        if self._clock.unsure_since is not None:
            self._probe = firing
        return True

    def _delivered(self, held: Watched, firing: Alarm, sent: Look, message: Message | None) -> None:
        held.in_flight -= 1
        if message is None:
            held.alarms.failed(firing, self._clock.look().steady)
            return
        at = message.timestamp()[1]
        held.alarms.delivered(firing, message.offset() or 0)
        self._metrics.lateness.observe(max(0, at - firing.due) / 1000)
        if self.learns:
            self._clock.returned(sent, at)
            if at + TOO_EARLY < firing.due:
                held.alarms.early(firing)

    def _tell(self) -> None:
        now, skew, held = self._clock.now(), self._clock.skew, self._held.values()
        self._metrics.armed.set(sum(len(item.alarms) for item in held))
        self._metrics.skew.set(skew / 1000)
        dues = [item.alarms.oldest_due for item in held if item.caught_up]
        oldest = min((due for due in dues if due is not None), default=now)
        self._metrics.oldest_overdue.set(max(0, now - oldest) / 1000)
        if self._clock.steps > self._steps:
            self._metrics.clock_steps.inc(self._clock.steps - self._steps)
            self._steps = self._clock.steps
            self._log.warning("the clock of this machine was set", skew_s=round(skew / 1000, 3))


def pause(dues: Iterable[int | None], now: int, longest_ms: int) -> float:
    """Return for how many seconds to wait for records: not beyond the next alarm, and never not at all."""
    nearest = min((due for due in dues if due is not None), default=now + longest_ms)
    return min(longest_ms, max(1, nearest - now)) / 1000
