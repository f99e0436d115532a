"""Sending deadlines: every alarm is told what became of its own, whatever the producer does."""

import pytest
from confluent_kafka import KafkaError, KafkaException, Message
from prometheus_client import CollectorRegistry

from qosresolve.errors import FatalError
from qosresolve.kafka import clients
from qosresolve.kafka.alarms import Alarm, key_of
from qosresolve.kafka.deadlines import REBUILDS_PER_MINUTE, Deadlines
from qosresolve.settings import load
from qosresolve.telemetry.metrics import TimerMetrics
from qosresolve.topics import DEADLINE
from tests.kafka.harness import RECORDS

DUE = 1_700_000_000_000
ALARM = Alarm(key_of(b"line/7", b"R1"), 3, DUE)
FATAL = KafkaError(KafkaError._FATAL, "out of sequence", fatal=True)


class Producers:
    """Stands for every producer that is made, one after the other."""

    def __init__(self) -> None:
        self.made = 0
        self.closed = 0
        self.refusal: Exception | None = None
        self.answer: KafkaError | None = None
        self.surfaces: list[KafkaError] = []  # what the next calls raise that serve delivery reports
        self.sent: list[tuple[str, bytes, bytes, int]] = []
        self._told: list[object] = []

    def make(self, _settings: object) -> "Producers":
        self.made += 1
        return self

    def produce(self, topic: str, value: bytes, key: bytes, partition: int, on_delivery: object) -> None:
        """Take one record, or raise what the test wants."""
        if self.refusal is not None:
            raise self.refusal
        self.sent.append((topic, value, key, partition))
        self._told.append(on_delivery)

    def poll(self, _timeout: float) -> None:
        """Tell what became of all that was taken, or raise."""
        if self.surfaces:
            raise KafkaException(self.surfaces.pop())
        told, self._told = self._told, []
        for on_delivery in told:
            on_delivery(self.answer, Message(topic="t", partition=2, offset=9))  # type: ignore[operator]

    def purge(self) -> None:
        self.answer = KafkaError(KafkaError._PURGE_QUEUE)

    def flush(self, _timeout: float) -> None:
        self.closed += 1
        self.poll(0)


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch) -> Producers:
    producers = Producers()
    monkeypatch.setattr(clients, "plain_producer", producers.make)
    return producers


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def deadlines(producers: Producers, registry: CollectorRegistry) -> Deadlines:
    assert producers.made == 0
    return Deadlines(load(overrides=["prefix=x."]), RECORDS, TimerMetrics(registry))


def _send(deadlines: Deadlines, told: list[Message | None]) -> bool:
    return deadlines.send(2, ALARM, told.append)


def test_a_deadline_says_whose_alarm_it_is(deadlines: Deadlines, producers: Producers) -> None:
    """Product, report, number and due time; on the partition that holds the alarm, keyed by product."""
    told: list[Message | None] = []
    assert _send(deadlines, told)
    deadlines.poll()
    ((topic, value, key, partition),) = producers.sent
    assert (topic, key, partition) == (f"x.{DEADLINE.name}", b"line/7", 2)
    body = RECORDS.read_input(DEADLINE.record, value)
    assert (body.product_id, body.report_id, body.alarm, body.due) == ("line/7", "R1", 3, DUE)  # type: ignore[union-attr]
    assert [message.offset() for message in told if message is not None] == [9]


def test_a_full_queue_sends_nothing_and_waits_for_nothing(deadlines: Deadlines, producers: Producers) -> None:
    """The loop goes round: its heart beats, and the alarm has its turn again."""
    producers.refusal = BufferError("queue full")
    told: list[Message | None] = []
    assert not _send(deadlines, told)
    deadlines.poll()
    assert (told, producers.made) == ([], 1)


def test_what_is_not_delivered_is_told_and_counted(
    deadlines: Deadlines, producers: Producers, registry: CollectorRegistry
) -> None:
    """The broker was away for too long: the same producer goes on."""
    producers.answer = KafkaError(KafkaError._MSG_TIMED_OUT)
    told: list[Message | None] = []
    _send(deadlines, told)
    deadlines.poll()
    assert (told, producers.made) == ([None], 1)
    assert registry.get_sample_value("qosresolve_timer_undelivered_total") == 1


def test_a_producer_that_failed_for_good_is_replaced(
    deadlines: Deadlines, producers: Producers, registry: CollectorRegistry
) -> None:
    """What it still held is told as not delivered, and sent again by the next one."""
    told: list[Message | None] = []
    _send(deadlines, told)
    producers.refusal = KafkaException(FATAL)
    assert not _send(deadlines, told)
    producers._told, held = [], producers._told
    deadlines._producer.poll(0)
    producers._told = held
    producers.answer = FATAL
    deadlines.poll()
    assert (producers.made, producers.closed) == (2, 1)
    assert told == [None]
    assert registry.get_sample_value("qosresolve_timer_producer_rebuilds_total") == 1
    producers.refusal = producers.answer = None
    assert _send(deadlines, told)


def test_a_delivery_that_failed_for_good_replaces_too(deadlines: Deadlines, producers: Producers) -> None:
    """Nothing may be sent meanwhile that would raise."""
    producers.answer = FATAL
    told: list[Message | None] = []
    _send(deadlines, told)
    deadlines.poll()
    assert (told, producers.made) == ([None], 2)


@pytest.mark.parametrize("times", [1, 2])
def test_a_producer_that_says_in_between_that_it_failed_for_good(
    deadlines: Deadlines, producers: Producers, times: int
) -> None:
    """The client raises it out of whatever is called next: that is no reason to end, but to replace."""
    producers.surfaces = [FATAL] * times
    told: list[Message | None] = []
    deadlines.poll()
    assert producers.made == 2
    producers.answer = None
    assert _send(deadlines, told)
    deadlines.poll()
    assert [message.offset() for message in told if message is not None] == [9]


def test_a_producer_that_failed_while_nothing_is_to_do_any_more(
    deadlines: Deadlines, producers: Producers
) -> None:
    """The timer ends as it was told to."""
    producers.surfaces = [FATAL]
    deadlines.close()
    assert producers.surfaces == []


def test_producers_that_fail_one_after_the_other_stop_the_timer(
    deadlines: Deadlines, producers: Producers
) -> None:
    """Replacing does not help: somebody has to look, and the message names the page."""
    producers.refusal = KafkaException(FATAL)
    for _ in range(REBUILDS_PER_MINUTE):
        _send(deadlines, [])
        deadlines.poll()
    _send(deadlines, [])
    with pytest.raises(FatalError, match=r"docs/runbooks/timer-cannot-send\.md"):
        deadlines.poll()
    assert producers.made == 1 + REBUILDS_PER_MINUTE
