"""What a worker counts of promises: opened, taken, restored, broken, called for; each once, by tier."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from qosresolve.core.inputs import Deadline
from qosresolve.core.vocabulary import DegradationKind, Severity, Verb
from qosresolve.kafka.observe import Observer
from qosresolve.telemetry.metrics import WorkerMetrics
from tests.core.builders import DAY, MONDAY
from tests.kafka.bench import NAMES, Bench
from tests.kafka.harness import command, degradation

if TYPE_CHECKING:
    from qosresolve.core.inputs import Command, Degradation
    from qosresolve.core.report import Report

PRODUCT = "P1"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SECOND = 1_000


class Told:
    """A partition, and what is counted of its batches."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.bench = Bench(clock=lambda: self.now)
        self.registry = CollectorRegistry()
        self.observer = Observer(WorkerMetrics(self.registry), NAMES)
        self.observer.know(self.bench.policies(self.bench.active).active)

    def take(self, body: Degradation | Command | Deadline, *, trace: str = "") -> None:
        """Take one input and commit it."""
        headers: list[tuple[str, bytes | None]] | None = [("traceparent", trace.encode())] if trace else None
        self.bench.take(self.bench.record(body, headers))
        partition = self.bench.partition
        partition.asked(dict.fromkeys(partition.backlog, 0))
        partition.settle(0.0)
        _, staging = self.bench.commit_staging()
        self.observer.committed(partition, staging)

    def event(self, sequence: int, kind: DegradationKind = DegradationKind.RAISE) -> None:
        """Take an event of now."""
        event = degradation(PRODUCT, sequence, kind=kind, severity=Severity.CRITICAL, observed_at=self.now)
        self.take(event, trace=TRACE)

    def order(self, verb: Verb) -> None:
        """Take an order."""
        order = command(PRODUCT, verb, command_id=f"{verb}-{self.now}", issued_at=self.now)
        self.take(replace(order, role="service-manager"))

    @property
    def report(self) -> Report:
        """Return the report as it stands."""
        found = self.bench.partition.store.get(PRODUCT).latest
        assert found is not None
        return found

    def value(self, name: str, **labels: str) -> float:
        """Return what is counted."""
        return self.registry.get_sample_value(f"qosresolve_{name}", labels) or 0.0


def test_a_report_that_is_taken_and_restored_is_counted_once() -> None:
    """Opened, acknowledged after a minute, restored after five: two times, no breach."""
    told = Told()
    told.event(1)
    told.now += 60 * SECOND
    told.order(Verb.ACKNOWLEDGE)
    told.now += 240 * SECOND
    told.order(Verb.RESTORE)
    assert told.value("reports_opened_total", tier="gold") == 1
    assert told.value("time_to_acknowledge_seconds_sum", tier="gold") == 60
    assert told.value("time_to_acknowledge_seconds_count", tier="gold") == 1
    assert told.value("time_to_restore_seconds_count", tier="gold") == 1
    assert told.value("time_to_restore_seconds_sum", tier="gold") == 300
    assert told.value("breaches_total", tier="gold", clock="restore") == 0


def test_a_restoration_that_nobody_took_is_no_acknowledgement() -> None:
    """The end of the promise stops the respond clock too; nobody answered."""
    told = Told()
    told.event(1)
    told.now += 60 * SECOND
    told.order(Verb.RESTORE)
    assert told.report.restored_at is not None
    assert told.value("time_to_restore_seconds_count", tier="gold") == 1
    assert told.value("time_to_acknowledge_seconds_count", tier="gold") == 0


def test_a_promise_that_breaks_is_counted_once() -> None:
    """When the deadline is settled, by its clock; the call that follows too."""
    told = Told()
    told.event(1)
    for _ in range(12):
        report = told.report
        if report.restore.breached_at is not None or report.due is None:
            break
        told.now = max(told.now, report.due)
        told.take(Deadline(PRODUCT, report.report_id, report.alarm, report.due))
    assert told.report.restore.breached_at is not None
    assert told.value("breaches_total", tier="gold", clock="restore") == 1
    assert told.value("breaches_total", tier="gold", clock="respond") == 1
    calls = [
        sample
        for family in told.registry.collect()
        for sample in family.samples
        if sample.name == "qosresolve_escalations_total"
    ]
    assert {sample.labels["jeopardy"] for sample in calls} >= {"atRisk", "breached"}


def test_a_breach_that_is_found_late_is_counted() -> None:
    """Nobody looked until it was restored: found out as the clock ended, counted all the same."""
    told = Told()
    told.event(1)
    told.now += 7 * DAY
    told.order(Verb.RESTORE)
    assert told.value("breaches_total", tier="gold", clock="restore") == 1


def test_a_time_names_its_report_and_trace() -> None:
    """The exemplar leads from a slow restoration to the report, and to the trace of what ended it."""
    told = Told()
    told.event(1)
    told.now += 60 * SECOND
    told.event(2, DegradationKind.ABATE)
    while told.report.restored_at is None and told.report.due is not None:  # the debounce ends
        told.now = max(told.now, told.report.due)
        report = told.report
        told.take(Deadline(PRODUCT, report.report_id, report.alarm, report.due or 0), trace=TRACE)
    found = [
        sample.exemplar.labels
        for family in told.registry.collect()
        for sample in family.samples
        if sample.name == "qosresolve_time_to_restore_seconds_bucket" and sample.exemplar
    ]
    assert found == [{"report_id": told.report.report_id, "trace_id": TRACE.split("-")[1]}]


def test_the_tiers_of_the_policy_begin_at_nothing() -> None:
    """So that the first breach of a tier is an increase."""
    told = Told()
    policy = told.bench.policies(told.bench.active).active
    for tier in policy.tiers:
        labels = {"tier": tier, "clock": "restore"}
        assert told.registry.get_sample_value("qosresolve_breaches_total", labels) == 0
