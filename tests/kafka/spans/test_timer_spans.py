"""The timer's spans: a deadline is told once, in its report's trace, and is the same record as ever."""

import pytest
from confluent_kafka import KafkaError, Message
from prometheus_client import CollectorRegistry

from qosresolve.kafka import clients
from qosresolve.kafka.alarms import Alarm, key_of
from qosresolve.kafka.deadlines import Deadlines
from qosresolve.kafka.spans import conventions as c
from qosresolve.kafka.spans.timer import TracedDeadlines, TracedWatched
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.watched import Watched
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import TimerMetrics
from qosresolve.telemetry.spans import of_traceparent
from qosresolve.topics import REPORT, Names
from tests.core.builders import Product
from tests.kafka.harness import RECORDS
from tests.kafka.spans.test_worker_spans import TRACE, Heard

NAMES = Names("")
PLACE = NAMES.of(REPORT)


class Sending:
    """A producer that acknowledges at once, or refuses."""

    def __init__(self) -> None:
        self.sent: list[tuple[object, ...]] = []
        self.error: KafkaError | None = None

    def produce(self, topic: str, value: bytes, key: bytes, partition: int, on_delivery: object) -> None:
        self.sent.append((topic, value, key, partition))
        message = Message(topic=topic, partition=partition, offset=7, key=key, value=value)
        on_delivery(self.error, message)  # type: ignore[operator]

    def flush(self, timeout: float) -> int:
        return int(timeout * 0)


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Sending:
    made = Sending()
    monkeypatch.setattr(clients, "plain_producer", lambda *_: made)
    return made


def armed(trace: str = TRACE) -> tuple[TracedWatched, Alarm]:
    """Return a partition that watches a report which was opened in a trace, and the report's alarm."""
    product = Product(trace=trace)
    product.sample("10:00")
    report, watched = product.report, TracedWatched(RECORDS, 0, NAMES)
    key = key_of(report.product_id.encode(), report.report_id.encode())
    due: list[tuple[str, str | bytes | None]] = [("due", b"%d" % (report.due or 0)), ("alarm", b"0")]
    value = RECORDS.write_report(report)
    watched.take(PLACE, Message(topic=PLACE, key=key, value=value, headers=due))
    return watched, Alarm(key, 0, report.due or 0)


def sender(watched: Watched, heard: Heard) -> TracedDeadlines:
    return TracedDeadlines(Settings(), RECORDS, TimerMetrics(CollectorRegistry()), heard, {0: watched})


def test_a_deadline_is_told_in_its_reports_trace(producer: Sending) -> None:
    """Once it lies on its topic, the first time: fired again it is the same deadline."""
    watched, alarm = armed()
    heard = Heard()
    deadlines = sender(watched, heard)
    producer.error = KafkaError(KafkaError._MSG_TIMED_OUT)
    assert deadlines.send(0, alarm.again(1), lambda _: None)
    assert not heard.spans
    producer.error = None
    for firing in (first := alarm.again(1)), first.again(2):
        assert deadlines.send(0, firing, lambda _: None)
    (span,) = heard.spans
    _, report = alarm.names
    assert span.me == c.fired(f"deadline|{report}|0", report, TRACE)
    assert (span.parent, span.attributes[c.OFFSET], span.attributes[c.REPORT]) == (
        of_traceparent(TRACE),
        7,
        report,
    )
    deadlines.close()
    assert heard.closed


def test_the_record_is_the_same_with_and_without(producer: Sending) -> None:
    """Tracing writes nothing into a deadline."""
    watched, alarm = armed()
    sender(watched, Heard()).send(0, alarm.again(1), lambda _: None)
    Deadlines(Settings(), RECORDS, TimerMetrics(CollectorRegistry())).send(0, alarm.again(1), lambda _: None)
    with_it, without = producer.sent
    assert with_it == without


def test_a_report_without_a_trace_is_its_own(producer: Sending) -> None:
    """And what was in one before is forgotten when its record comes without, or is removed."""
    watched, alarm = armed(trace="")
    heard = Heard()
    sender(watched, heard).send(0, alarm.again(1), lambda _: None)
    (span,) = heard.spans
    assert (span.me, span.parent) == (c.fired(f"deadline|{alarm.names[1]}|0", alarm.names[1], ""), None)
    traced, known = armed()
    assert traced.traces == {known.key: TRACE}
    traced.take(PLACE, Message(topic=PLACE, key=known.key, value=None))
    assert not traced.traces
    assert producer.sent


def test_off_is_the_very_timer_of_before(producer: Sending) -> None:
    """It watches and sends by the classes that know of no trace."""
    timer = Timer.__new__(Timer)
    timer._metrics = TimerMetrics(CollectorRegistry())
    timer._make = Watched
    assert type(timer._sending(Settings(), RECORDS)) is Deadlines
    assert timer._make is Watched
    assert not producer.sent
