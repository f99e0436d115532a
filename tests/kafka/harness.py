"""A small world around the real worker and timer, for tests on a real broker.

Everything is awaited on a condition, read from the topics as a neighbour would read them: committed records
only.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from confluent_kafka import Message
from prometheus_client import CollectorRegistry

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import AnswerState, DegradationKind, ObjectKind, Severity, Verb
from qosresolve.kafka import clients, topics_admin
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.notify.role import Notify
from qosresolve.kafka.reading import read_all
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.replay.live.auditor import Auditor
from qosresolve.settings import Settings, load
from qosresolve.telemetry.health import Health
from qosresolve.topics import (
    ACTIVITY_STATUS,
    COMMAND,
    DEADLINE,
    DEGRADATION,
    JOURNAL,
    REPORT,
    Names,
    Topic,
)

T = TypeVar("T")
Role = Worker | Timer | Auditor | Intake | Notify
PARTITIONS = 4
POLICY = Path(__file__).parent / "policy.yaml"
DEMO_POLICY = "policy_file=qosresolve/demo/demo_policy.yaml"
PATIENCE_S = 90.0  # a machine that does much else is slow; nobody waits who need not
RECORDS = Contracts(SingleObjectCodec())


def settings_for(bootstrap: str, prefix: str, *more: str, slot: str = "0") -> Settings:
    """Return settings with short time-outs, under a prefix of the test's own."""
    return load(
        overrides=[
            f"bootstrap_servers={bootstrap}",
            f"prefix={prefix}",
            f"group={prefix}group",
            f"transactional_id_prefix={prefix}",
            f"slot={slot}",
            f"partitions={PARTITIONS}",
            "replication_factor=1",
            f"policy_file={POLICY}",
            "session_timeout_ms=6000",
            "transaction_timeout_ms=5000",
            "refire_ms=1000",
            *more,
        ]
    )


def await_that(condition: Callable[[], T | None], what: str, seconds: float = PATIENCE_S) -> T:
    """Return the first truthy answer of a condition, or fail saying what did not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"within {seconds:.0f} s there was no {what}")


@dataclass
class Running:
    """A role in a thread of its own, as `qosresolve run` has it."""

    role: Role
    health: Health
    registry: CollectorRegistry
    stop_event: threading.Event
    failure: list[BaseException] = field(default_factory=list)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.role.run()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.failure.append(error)

    def stop(self) -> None:
        """Ask it to end, as SIGTERM does, and wait."""
        self.stop_event.set()
        self.thread.join(30)
        assert not self.thread.is_alive(), "a role did not stop"

    def metric(self, name: str, **labels: str) -> float:
        """Return a metric's value, 0 where it was never touched."""
        return self.registry.get_sample_value(name, labels) or 0.0


class World:
    """The topics of one test, what is sent to them and what lies there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = Names(settings.prefix)
        self._producer = clients.plain_producer(settings)
        topics_admin.create(settings)

    # -- roles

    @contextmanager
    def running(self, role: type[Role], *more: str, slot: str = "0") -> Iterator[Running]:
        """Run a role for the length of a block; what it raised fails the test."""
        settings = self.settings
        if more or slot != "0":
            settings = settings_for(settings.bootstrap_servers, settings.prefix, *more, slot=slot)
        started = self.start(role, settings)
        try:
            yield started
        finally:
            started.stop()
        assert not started.failure, started.failure

    @staticmethod
    def start(role: type[Role], settings: Settings) -> Running:
        """Start a role in a thread."""
        registry, health, stop = CollectorRegistry(), Health(), threading.Event()
        made = role(settings, RECORDS, registry=registry, health=health, stop=stop)
        return Running(made, health, registry, stop)

    # -- sending

    def send(self, topic: Topic, product: str, value: bytes | None, partition: int | None = None) -> None:
        """Produce one record where its product belongs, or where the test says."""
        place = partition_of(product, PARTITIONS) if partition is None else partition
        while True:
            try:
                self._producer.produce(self.names.of(topic), value, product.encode(), place)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def flush(self) -> None:
        """Wait until everything sent is acknowledged."""
        assert self._producer.flush(30) == 0

    def degrade(self, product: str, sequence: int = 1, **changes: object) -> None:
        """Send a degradation event; by default a critical raise of latency, now."""
        event = degradation(product, sequence, **changes)
        self.send(DEGRADATION, product, RECORDS.write_input(event)[1])

    def abate(self, product: str, sequence: int = 2, **changes: object) -> None:
        """Send the abatement of what `degrade` raised."""
        self.degrade(product, sequence, kind=DegradationKind.ABATE, **changes)

    def command(self, product: str, verb: Verb, **changes: object) -> None:
        """Send a command by an operator."""
        order = command(product, verb, **changes)
        self.send(COMMAND, product, RECORDS.write_input(order)[1])

    def answer(self, topic: Topic, product: str, obligation_id: str, state: AnswerState) -> None:
        """Send a party's answer."""
        party = "" if topic is ACTIVITY_STATUS else "party"
        answer = Answer(product, f"{obligation_id}-{state}", obligation_id, state, wall_ms(), party=party)
        self.send(topic, product, RECORDS.write_answer(topic.record, answer))

    def fire(self, product: str, report_id: str, alarm: int, due: int) -> None:
        """Send a deadline, as the timer would."""
        deadline = Deadline(product, report_id, alarm, due)
        self.send(DEADLINE, product, RECORDS.write_input(deadline)[1])

    # -- looking

    def messages(self, topic: Topic) -> list[Message]:
        """Return every committed record of a topic, partition by partition in order."""
        places = [(self.names.of(topic), number) for number in range(PARTITIONS)]
        found = list(read_all(self.settings, places, stall_s=20))
        return sorted(found, key=lambda message: (message.partition() or 0, message.offset() or 0))

    def journal(self) -> list[Entry]:
        """Return the journal, without the control entries."""
        entries = [RECORDS.read_entry(message.value() or b"") for message in self.messages(JOURNAL)]
        return [entry for entry in entries if entry.cause.event_id != "initial"]

    def reports(self) -> dict[str, Report]:
        """Return the last state of every report, by product."""
        last: dict[bytes, bytes | None] = {
            message.key() or b"": message.value() for message in self.messages(REPORT)
        }
        reports = [RECORDS.read_report(value) for value in last.values() if value is not None]
        return {report.product_id: report for report in sorted(reports, key=lambda item: item.opened_at)}

    def facts(self, product: str) -> list[str]:
        """Return the names of a product's facts in order."""
        return [
            type(fact).__name__
            for entry in self.journal()
            if entry.product_id == product
            for fact in entry.facts
        ]

    def await_entries(self, count: int) -> list[Entry]:
        """Return the journal once it has that many entries."""
        return await_that(
            lambda: entries if len(entries := self.journal()) >= count else None, f"{count} journal entries"
        )

    def await_report(self, product: str, wanted: Callable[[Report], bool], what: str) -> Report:
        """Return a product's report once it is as wanted."""
        return await_that(
            lambda: (
                report if (report := self.reports().get(product)) is not None and wanted(report) else None
            ),
            f"report of {product} that is {what}",
        )


def degradation(product: str, sequence: int, **changes: object) -> Degradation:
    """Return an event; ids and times follow from the sequence unless a test says otherwise."""
    values: dict[str, object] = {
        "product_id": product,
        "event_id": f"event-{product}-{sequence}",
        "source": "monitoring",
        "sequence": sequence,
        "kind": DegradationKind.RAISE,
        "indicator": "latency",
        "object_id": f"service-{product}",
        "object_kind": ObjectKind.SERVICE,
        "severity": Severity.CRITICAL,
        "observed_at": wall_ms(),
        "value": "120",
        "unit": "ms",
        "tier": "gold",
    }
    return Degradation(**(values | changes))  # type: ignore[arg-type]


def command(product: str, verb: Verb, **changes: object) -> Command:
    """Return a command by an operator."""
    values: dict[str, object] = {
        "product_id": product,
        "command_id": f"{verb}-{product}-{time.monotonic_ns()}",
        "verb": verb,
        "actor": "tester",
        "role": "service-manager",
        "reason": "test",
        "issued_at": wall_ms(),
    }
    return Command(**(values | changes))  # type: ignore[arg-type]


def wall_ms() -> int:
    """Return the present instant."""
    return time.time_ns() // 1_000_000


def offsets_of(entries: Iterable[Entry]) -> list[tuple[str, int, int]]:
    """Return where the inputs of entries lay."""
    return [(entry.cause.topic, entry.cause.partition, entry.cause.offset) for entry in entries]
