"""The auditor's loop without a broker: what goes away and comes back, and floods of findings."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import structlog
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.errors import FatalError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place
from qosresolve.replay.live import auditor as auditing
from qosresolve.replay.live.auditor import Auditor
from qosresolve.replay.live.findings import LINES, WINDOW_S, Finding, Told
from qosresolve.replay.live.overdue import EntryClock
from qosresolve.replay.live.telling import STALE_S, Telling
from qosresolve.settings import load
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.metrics import AuditorMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import JOURNAL, REPORT
from tests.kafka.bench import HERE, NAMES
from tests.kafka.harness import RECORDS
from tests.replay.live.topics import READ, Log, Reader

Rebalance = Callable[[Consumer, list[TopicPartition]], None]
ANCHOR = [TopicPartition(NAMES.of(REPORT), HERE)]


@dataclass
class Broker:
    """Stands in for the consumer and the admin's offsets: hands out a log, from where it was assigned."""

    log: Log
    most: int = 1_000  # records of a topic in one call
    at: dict[str, int] = field(default_factory=dict)
    next_calls: list[Callable[[], list[Message]]] = field(default_factory=list)
    callbacks: dict[str, Rebalance] = field(default_factory=dict)

    def subscribe(self, _: list[str], **callbacks: Rebalance) -> None:
        """Remember the callbacks, and give the one partition."""
        self.callbacks = callbacks
        self.next_calls.append(self.give)

    def give(self) -> list[Message]:
        """Assign the partition, inside of `consume`."""
        self.callbacks["on_assign"](self, ANCHOR)  # type: ignore[arg-type]
        return []

    def take_away(self) -> list[Message]:
        """Revoke it."""
        self.callbacks["on_revoke"](self, ANCHOR)  # type: ignore[arg-type]
        return []

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        """Read these, too."""
        self.at |= {place.topic: max(0, place.offset) for place in places}

    def incremental_unassign(self, places: list[TopicPartition]) -> None:
        """Read these no more."""
        for place in places:
            del self.at[place.topic]

    def consume(self, count: int, _: float) -> list[Message]:
        """Return what comes next: a callback's doing, else records."""
        return self.next_calls.pop(0)() if self.next_calls else self.records(min(count, self.most))

    def records(self, most: int) -> list[Message]:
        """Return records and ends of what is assigned."""
        found: list[Message] = []
        for topic in READ:
            name, rows = NAMES.of(topic), self.log.rows[topic]
            if name in self.at:
                begin = self.at[name]
                found += [
                    Message(name, HERE, offset, row.key, row.value, list(row.headers) or None)
                    for offset, row in enumerate(rows[begin : begin + most], begin)
                ]
                self.at[name] = min(len(rows), begin + most)
        return found

    def ends(self, _: object, places: list[Place]) -> dict[Place, int]:
        """Return where the log ends."""
        return {place: len(self.log.rows[NAMES.topic(place[0])]) for place in places}

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def log() -> Log:
    """Some reports, and what came of them."""
    log = Log(7)
    for _ in range(10):
        log.work(8)
    return log


@pytest.fixture
def broker(log: Log, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """In place of the clients."""
    broker = Broker(log)
    monkeypatch.setattr(clients, "admin", lambda _: object())
    monkeypatch.setattr(clients, "anchored_reader", lambda *_: broker)
    monkeypatch.setattr(auditing, "ends", broker.ends)
    monkeypatch.setattr(auditing, "stable_ends", broker.ends)
    monkeypatch.setattr(auditing, "POINT_S", 0.0)
    monkeypatch.setattr(auditing, "BACKOFF_S", 0.0)
    return broker


@dataclass
class Rounds:
    """An auditor that goes round when a test says so."""

    contracts: Contracts
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    health: Health = field(default_factory=Health)
    auditor: Auditor = field(init=False)

    def __post_init__(self) -> None:
        settings = load(overrides=[f"prefix={NAMES.prefix}"])
        self.auditor = Auditor(
            settings, self.contracts, registry=self.registry, health=self.health, stop=threading.Event()
        )
        self.auditor._consumer.subscribe(
            [], on_assign=self.auditor._on_assign, on_revoke=self.auditor._drop, on_lost=self.auditor._drop
        )
        self.go()

    def go(self, rounds: int = 8) -> None:
        """Go round."""
        for _ in range(rounds):
            self.auditor._round()

    def found(self) -> float:
        """Return how much was found."""
        kinds = [sample for family in self.registry.collect() for sample in family.samples]
        return sum(sample.value for sample in kinds if sample.name == "qosresolve_audit_mismatches_total")

    def folded(self) -> float:
        """Return how many entries were folded."""
        return self.registry.get_sample_value("qosresolve_audit_entries_total") or 0.0


class Absent(Contracts):
    """A schema registry that is away now and then: whatever is read needs it."""

    def __init__(self) -> None:
        super().__init__(RECORDS._codec)
        self.away = 0

    def read_entry(self, data: bytes) -> Entry:
        """Read, if it is there."""
        if self.away:
            self.away -= 1
            raise RetriableError("the registry is down")
        return super().read_entry(data)


@pytest.mark.usefixtures("broker")
def test_what_cannot_be_read_for_now_is_read_later(log: Log) -> None:
    """A registry that is away holds everything up; nothing is left out, nothing is folded twice."""
    contracts = Absent()
    rounds = Rounds(contracts)
    assert rounds.health.ready
    before = len(log.rows[JOURNAL])
    for _ in range(5):
        log.work(10)
    contracts.away = 6
    rounds.go(20)
    assert contracts.away == 0
    assert rounds.folded() == len(log.rows[JOURNAL]) - before
    assert rounds.found() == 0


def test_a_partition_that_was_lost_and_came_back_within_one_call_begins_anew(
    broker: Broker, log: Log
) -> None:
    """Records from before the loss, in the same batch, are of no use: their offsets say nothing any more."""
    rounds = Rounds(RECORDS)
    first = rounds.auditor._held[HERE]
    log.work(10)
    broker.most = 3  # so that it takes several rounds until all is read again
    broker.next_calls = [lambda: broker.records(100), lambda: [*broker.take_away(), *broker.give()]]
    rounds.go(30)
    again = rounds.auditor._held[HERE]
    assert again is not first
    assert again.live
    assert sorted(broker.at) == sorted(NAMES.of(topic) for topic in READ)
    log.work(10)
    rounds.go()
    assert rounds.found() == 0


def test_a_partition_that_is_given_up_is_let_go(broker: Broker) -> None:
    """Nothing is read of it any more, and nothing is expected."""
    rounds = Rounds(RECORDS)
    broker.next_calls = [broker.take_away]
    rounds.go()
    assert (broker.at, rounds.auditor._held) == ({}, {})
    assert rounds.health.ready, "an auditor without partitions waits for some"


def test_an_offset_that_is_gone_stops_it(broker: Broker) -> None:
    """What was removed before it was read cannot be audited: it begins anew, by its supervisor."""
    rounds = Rounds(RECORDS)
    gone = KafkaError(KafkaError._AUTO_OFFSET_RESET)
    broker.next_calls = [lambda: [Message(NAMES.of(JOURNAL), HERE, 0, None, None, None, gone)]]
    with pytest.raises(FatalError, match="cannot go on"):
        rounds.go()


def test_a_start_that_does_not_move_stops_it(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open transaction holds the end back: said with what to look at."""
    monkeypatch.setattr(broker, "records", lambda _: [])
    monkeypatch.setattr(Progress, "stalled_s", 61.0)
    with pytest.raises(FatalError, match="no progress"):
        Rounds(RECORDS)


def test_a_flood_of_findings_is_no_flood_of_lines() -> None:
    """So many lines a minute; the rest is counted, and said to have been."""
    registry = CollectorRegistry()
    told = Told(AuditorMetrics(registry))
    with structlog.testing.capture_logs() as lines:
        for number in range(LINES + 7):
            told.found(Finding("missing", 0, "report", str(number)), first=True)
        told.pause(WINDOW_S)
        told.found(Finding("missing", 0, "report", "another"), first=True)
    assert len(lines) == LINES + 2
    assert lines[LINES]["findings"] == 7
    assert registry.get_sample_value("qosresolve_audit_mismatches_total", {"kind": "missing"}) == LINES + 8


@pytest.mark.parametrize(("seconds", "found"), [(STALE_S - 1, 1), (STALE_S + 1, 0)])
def test_what_was_read_long_ago_is_not_called_overdue(seconds: float, found: int) -> None:
    """An auditor that is behind does not know what was settled meanwhile."""
    log = Log(1)
    due = log.open().due
    assert due is not None
    reader = Reader(log)
    reader.catch_up()  # as of 0 s
    metrics, settings = reader.metrics, load()
    clock = EntryClock(lambda: due + settings.audit_overdue_ms, lambda: 0.0)
    Telling(settings, metrics, Told(metrics), clock, steady=lambda: seconds).tell([reader.following])
    assert reader.found("overdue") == found
