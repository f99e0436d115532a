"""The timer's rounds without a broker: what it fires when, how much at once, and what becomes of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from confluent_kafka import KafkaError, Message
from prometheus_client import CollectorRegistry

from qosresolve.contracts.headers import alarm_headers, deadline_next
from qosresolve.core.inputs import Deadline
from qosresolve.core.step import TOO_EARLY
from qosresolve.kafka import clients
from qosresolve.kafka import timer as timer_module
from qosresolve.kafka.broker_clock import BrokerClock
from qosresolve.kafka.timer import PASS_LIMIT, PROBE_AFTER_MS, PROBE_PATIENCE_MS, Timer
from qosresolve.kafka.watched import Watched
from qosresolve.settings import load
from qosresolve.telemetry.health import Health
from qosresolve.topics import DEADLINE, PARTITION, REPORT, STATE, WATCH, Names
from tests.kafka.harness import RECORDS

START = 1_700_000_000_000
NAMES = Names("x.")
Told = Callable[[KafkaError | None, Message], None]


@dataclass
class Sent:
    """A deadline that was given to the client."""

    number: int
    deadline: Deadline
    told: Told
    at: int = 0  # the broker's time


@dataclass
class Site:
    """A timer of some partitions, a client that takes `room` deadlines, and a broker that answers or not."""

    partitions: int = 1
    room: int = 100_000
    passed: int = 0
    ahead: int = 0  # of our wall clock
    silent: set[int] = field(default_factory=set)  # partitions that do not answer
    waiting: list[Sent] = field(default_factory=list)
    fired: list[Sent] = field(default_factory=list)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        settings = load(overrides=["prefix=x.", "refire_ms=1000"])
        self.timer = Timer(settings, RECORDS, registry=self.registry, health=Health(), stop=threading.Event())
        self.timer._clock = BrokerClock(lambda: self.now + self.ahead, lambda: self.passed / 1000)
        for number in range(self.partitions):
            held = self.timer._held[number] = Watched(number, NAMES)
            held.learn({(NAMES.of(topic), number): 0 for topic in STATE})
            for topic in STATE:
                held.reach(NAMES.of(topic), 0)

    @property
    def now(self) -> int:
        """Return the right time."""
        return START + self.passed

    # -- what the timer takes for its producer

    def produce(self, _topic: str, value: bytes, _key: bytes, number: int, on_delivery: Told) -> None:
        """Take a deadline, as long as there is room."""
        if len(self.waiting) >= self.room:
            raise BufferError
        body = RECORDS.read_input(DEADLINE.record, value)
        assert isinstance(body, Deadline)
        self.waiting.append(Sent(number, body, on_delivery))

    def poll(self, _timeout: float) -> None:
        """Deliver what the broker answers."""
        left, self.waiting = (
            [item for item in self.waiting if item.number in self.silent],
            [item for item in self.waiting if item.number not in self.silent],
        )
        answered, self.waiting = self.waiting, left
        for item in answered:
            item.at = self.now
            self.fired.append(item)
            item.told(None, _stamped(len(self.fired), self.now))

    # -- what a test does

    def arm(self, product: str, due_in: int, number: int = 0, alarm: int = 1) -> None:
        """Write a report's record."""
        headers = alarm_headers(self.now + due_in, alarm)
        key = f"{product}/R".encode()
        self._record(REPORT.name, number, key, headers)

    def consume(self, upto: int, number: int = 0) -> None:
        """Let the worker have taken deadlines, without settling anything."""
        self._record(PARTITION.name, number, b"0", deadline_next(upto))

    def _record(self, topic: str, number: int, key: bytes, headers: list[tuple[str, bytes]]) -> None:
        message = Message(
            topic=NAMES.prefix + topic,
            partition=number,
            key=key,
            value=b"v",
            offset=0,
            headers=headers,  # type: ignore[arg-type] # the stub wants strings as well
        )
        self.timer._take([message])

    def round(self, passed: int = 0) -> list[str]:
        """Let time pass and a round go by; return the products of what was delivered in it."""
        self.passed += passed
        before = len(self.fired)
        self.timer._fire()
        self.timer._deadlines.poll()
        self.timer._tell()
        return [item.deadline.product_id for item in self.fired[before:]]

    def metric(self, name: str, **labels: str) -> float:
        """Return a metric of the timer."""
        return self.registry.get_sample_value(f"qosresolve_timer_{name}", labels) or 0.0


def _stamped(offset: int, at: int) -> Message:
    return Message(topic=NAMES.of(DEADLINE), partition=0, offset=offset, timestamp=(2, at))


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    sites: list[Site] = []
    monkeypatch.setattr(clients, "admin", lambda _settings: None)
    monkeypatch.setattr(clients, "anchored_reader", lambda _settings, _group: None)

    class Producer:
        def __getattr__(self, name: str) -> object:
            return getattr(sites[-1], name)

    monkeypatch.setattr(clients, "plain_producer", lambda _settings: Producer())

    def made(**given: int) -> Site:
        sites.append(Site(**given))  # type: ignore[arg-type]
        return sites[-1]

    return made


def _sure(site: Site) -> Site:
    """Let it learn the brokers' time."""
    site.arm("first", 0)
    assert site.round() == ["first"]
    assert site.timer._clock.unsure_since is None
    return site


# -- time


def test_the_first_is_fired_alone(make: Callable[..., Site]) -> None:
    """What comes back tells the time; only then the rest, and only what is really due."""
    site = make(ahead=3_600_000)
    for number in range(5):
        site.arm(f"soon{number}", 1_000_000)
    assert len(site.round()) == 1
    assert site.round() == []
    assert site.metric("clock_skew_seconds") == -3_600
    assert len(site.round(1_000_000)) == 5, "the early one came again"
    assert site.metric("fired_total", again="false") == 6


def test_one_is_fired_ahead_of_its_time_when_none_is_due(make: Callable[..., Site]) -> None:
    """Otherwise a clock that is behind would tell nobody until it is an hour late."""
    site = make(ahead=-3_600_000)
    site.arm("P1", 60_000)
    assert site.round() == []
    assert site.round(PROBE_AFTER_MS - 1) == []
    assert site.round(1) == ["P1"]
    assert site.metric("clock_skew_seconds") == 3_600
    assert site.round(60_000 - PROBE_AFTER_MS - 1) == []
    assert site.round(1) == ["P1"]


def test_an_alarm_that_is_early_by_less_than_is_tolerated_is_settled(make: Callable[..., Site]) -> None:
    """The owner takes it: it is not fired again at its time."""
    site = make()
    site.arm("P1", PROBE_AFTER_MS + TOO_EARLY)
    assert site.round(PROBE_AFTER_MS) == ["P1"]
    assert site.round(TOO_EARLY) == []


def test_a_partition_that_does_not_answer_holds_up_nobody(make: Callable[..., Site]) -> None:
    """Not at the start: the time is asked of another one."""
    site = make(partitions=2)
    site.silent = {0}
    for number in (0, 1):
        for at in range(3):
            site.arm(f"P{number}-{at}", at - 10, number)
    assert site.round() == []
    assert site.round(PROBE_PATIENCE_MS - 1) == []
    assert site.round(1) == ["P1-0"]
    assert site.round() == ["P1-1", "P1-2"]
    site.silent = set()
    assert sorted(site.round()) == ["P0-0", "P0-1", "P0-2"]


def test_nor_later(make: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due there stays out of the client beyond its share, however much older it is."""
    monkeypatch.setattr(timer_module, "IN_FLIGHT_LIMIT", 20)
    site = _sure(make(partitions=2))
    site.silent = {0}
    for at in range(100):
        site.arm(f"old{at}", -10_000, 0)
        site.arm(f"young{at}", 0, 1)
    fired = [name for _ in range(20) for name in site.round()]
    assert len(fired) == 100
    assert all(name.startswith("young") for name in fired)
    assert len(site.waiting) == 10
    site.silent = set()
    assert len([name for _ in range(20) for name in site.round()]) == 100


# -- how much


def test_a_pass_is_bounded_over_all_partitions(make: Callable[..., Site]) -> None:
    """The loop polls in between; each has its share, and none is forgotten."""
    site = _sure(make(partitions=4))
    for number in range(4):
        for at in range(PASS_LIMIT // 2):
            site.arm(f"P{number}-{at}", -1, number)
    passes = [len(site.round()) for _ in range(3)]
    assert passes == [PASS_LIMIT, PASS_LIMIT, 0]


def test_what_the_client_does_not_take_waits(make: Callable[..., Site]) -> None:
    """A full queue ends the pass; the next begins with what was left, in order."""
    site = _sure(make(room=3))
    for at in range(8):
        site.arm(f"P{at}", at - 100)
    rounds = [site.round() for _ in range(4)]
    assert rounds == [["P0", "P1", "P2"], ["P3", "P4", "P5"], ["P6", "P7"], []]


# -- again


def test_what_is_consumed_and_not_settled_is_fired_again(make: Callable[..., Site]) -> None:
    """After its wait; as soon as a record with a higher number comes, no more."""
    site = _sure(make())
    site.arm("P1", 0)
    assert site.round() == ["P1"]
    site.consume(len(site.fired) + 1)
    assert site.round(999) == []
    assert sorted(site.round(1)) == ["P1", "first"]
    assert site.metric("fired_total", again="true") == 2
    site.arm("P1", 60_000, alarm=2)
    site.consume(len(site.fired) + 1)
    assert site.round(2_000) == ["first"]


def test_what_was_not_delivered_is_fired_again(make: Callable[..., Site]) -> None:
    """The broker was away for longer than the client repeats."""
    site = _sure(make())
    site.arm("P1", 0)
    site.silent = {0}
    assert site.round() == []
    (lost,) = site.waiting
    site.waiting = []
    lost.told(KafkaError(KafkaError._MSG_TIMED_OUT), _stamped(0, 0))
    site.silent = set()
    assert site.round(999) == []
    assert site.round(1) == ["P1"]
    assert site.metric("undelivered_total") == 1
    assert site.metric("oldest_overdue_seconds") > 0


def test_the_oldest_that_nobody_settled_is_told(make: Callable[..., Site]) -> None:
    """From its due time on, fired or not; settled it counts no more."""
    site = _sure(make())
    site.arm("first", 90_000, alarm=2)
    site.arm("P1", 500)
    site.round(5_500)
    assert site.metric("oldest_overdue_seconds") == 5
    site.arm("P1", 90_000, alarm=2)
    site.round()
    assert site.metric("oldest_overdue_seconds") == 0
    assert site.metric("armed") == 2


def test_a_watch_has_an_alarm_of_its_own(make: Callable[..., Site]) -> None:
    """Its key is the product; a report of the same product is another."""
    site = _sure(make())
    site.arm("P1", 0)
    site._record(WATCH.name, 0, b"P1", alarm_headers(site.now, 7))
    site.round()
    told = [(item.deadline.report_id, item.deadline.alarm) for item in site.fired[1:]]
    assert sorted(told) == [("", 7), ("R", 1)]
