"""How the reports stand: whatever is read first, in the end the figures are those of the reports held."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from qosresolve.contracts.glance import Glance, glance_of
from qosresolve.core.vocabulary import Jeopardy, Status
from qosresolve.errors import PoisonRecordError
from qosresolve.replay.live.gauges import Gauges
from qosresolve.replay.live.population import Population
from qosresolve.replay.live.store import Store, Writer
from qosresolve.telemetry.business import ReportMetrics
from tests.core.builders import HOUR, MONDAY
from tests.kafka.harness import RECORDS
from tests.replay.live.topics import READ, Log, Reader

EXAMPLES = 25


def held(log: Log) -> Counter[Glance]:
    """Return what the worker holds, at a glance."""
    rows = log.bench.partition.store.reports()
    return Counter(glance_of(RECORDS.read_report(value))[0] for _, value in rows)


@pytest.mark.slow
@given(seed=st.integers(0, 1 << 40))
@settings(max_examples=EXAMPLES)
def test_what_is_counted_is_what_is_held(seed: int) -> None:
    """Begun at any time, read and counted in any order, with reports that open, end and are forgotten."""
    log = Log(seed)
    for _ in range(log.random.randint(0, 10)):
        log.work(log.random.randint(1, 12))
    reader = Reader(log)
    population = reader.audit.population
    for _ in range(15):
        log.work(log.random.randint(1, 12))
        for _ in range(log.random.randint(0, 6)):
            reader.read(log.random.choice(READ), log.random.randint(1, 10))
            if log.random.random() < 0.5:
                reader.point()
            if log.random.random() < 0.3:
                population.advance(lambda: False)
    reader.catch_up()
    population.advance(lambda: False)
    assert population.complete
    assert population.counts == held(log)
    opened = [
        (report.tier, report.opened_at)
        for _, value in log.bench.partition.store.reports()
        if (report := RECORDS.read_report(value)).open
    ]
    assert population.oldest() == {
        tier: min(at for other, at in opened if other == tier) for tier in dict(opened)
    }


def glance(tier: str = "gold", status: str = "inProgress", **more: Any) -> Glance:  # noqa: ANN401 - as the fields are
    """Return a report's glance."""
    return Glance(tier, status, Jeopardy.NONE, unanswered=False, work=())._replace(**more)


class Rows(Store):
    """Reports by name, whose bytes say what the test says."""

    def __init__(self, said: dict[bytes, tuple[Glance, int]]) -> None:
        super().__init__(RECORDS, Writer(), 10)
        self.said = said
        for value in said:
            self.put(("P", value.decode()), value)

    def glance(self, value: bytes) -> tuple[Glance, int]:
        if value not in self.said:
            raise PoisonRecordError("garbage", stage="decode", remedy="none")
        return self.said[value]


def counted(*rows: tuple[str, Glance, int]) -> Population:
    """Return a partition with these reports: id, glance, and when it was opened."""
    store = Rows({name.encode(): (seen, at) for name, seen, at in rows})
    population = Population(store)
    population.begin(store.names())
    population.advance(lambda: False)
    return population


def test_what_the_journal_said_is_not_taken_back() -> None:
    """A report that was forgotten while the others are looked at is not counted for its record."""
    store = Rows({b"a": (glance(), 1), b"b": (glance(), 2)})
    population = Population(store)
    population.begin(store.names())
    population.take(("P", "a"), None)
    population.advance(lambda: False)
    assert population.counts == {glance(): 1}


def test_time_is_kept() -> None:
    """When time is up the rest is left for the next round, and nothing is told until then."""
    store = Rows({str(number).encode(): (glance(), number) for number in range(1_000)})
    population = Population(store)
    population.begin(store.names())
    looks = iter((False, True))
    population.advance(lambda: next(looks))
    assert 0 < population.uncounted < 1_000
    assert not population.complete
    population.advance(lambda: False)
    assert population.counts == {glance(): 1_000}


def test_a_report_that_nobody_can_read_is_not_counted() -> None:
    """It is the auditor's finding; the others are counted all the same."""
    store = Rows({b"a": (glance(), 1)})
    store.put(("P", "b"), b"garbage")
    population = Population(store)
    population.begin(store.names())
    population.advance(lambda: False)
    assert population.counts == {glance(): 1}


class Told:
    """Gauges that are told every three seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.now = 0.0
        self.gauges = Gauges(ReportMetrics(self.registry), ("gold", "silver"), lambda: self.now)

    def tell(self, *held: Population) -> None:
        self.now += 3
        self.gauges.tell(held, MONDAY + HOUR)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"qosresolve_{name}", labels)


def test_the_gauges_say_it_by_tier() -> None:
    """Open ones by status; at risk, broken, called for in vain; the age of the oldest; work by state."""
    told = Told()
    risky = glance(jeopardy=Jeopardy.AT_RISK, unanswered=True, work=((("supplier", "requested"), 2),))
    broken = glance("silver", jeopardy=Jeopardy.BREACHED)
    over = glance(status=Status.CLEARED, jeopardy=Jeopardy.BREACHED)  # is over: no promise is open any more
    told.tell(
        counted(("a", risky, MONDAY), ("b", over, MONDAY - HOUR)),
        counted(("c", broken, MONDAY + HOUR // 2), ("d", glance(""), MONDAY)),
    )
    assert told.value("reports", status="inProgress", tier="gold") == 1
    assert told.value("reports", status="cleared", tier="gold") == 1
    assert told.value("reports", status="inProgress", tier="none") == 1
    assert told.value("reports_in_jeopardy", tier="gold") == 1
    assert told.value("reports_breached", tier="gold") == 0
    assert told.value("reports_breached", tier="silver") == 1
    assert told.value("reports_unanswered", tier="gold") == 1
    assert told.value("oldest_open_report_seconds", tier="gold") == 3_600
    assert told.value("oldest_open_report_seconds", tier="silver") == 1_800
    assert told.value("engagements", kind="supplier", state="requested") == 2


def test_a_partition_that_is_lost_takes_its_reports_away() -> None:
    """After a rebalance nobody counts twice; what has no report any more is 0, not what it was."""
    told, lost, kept = Told(), counted(("a", glance(), MONDAY)), counted(("b", glance("silver"), MONDAY))
    told.tell(lost, kept)
    assert told.value("reports", status="inProgress", tier="gold") == 1
    told.tell(kept)
    assert told.value("reports", status="inProgress", tier="gold") == 0
    assert told.value("oldest_open_report_seconds", tier="gold") == 0
    assert told.value("reports", status="inProgress", tier="silver") == 1


def test_half_a_partition_is_not_told() -> None:
    """Its reports are told as uncounted until each was looked at."""
    told, store = Told(), Rows({b"a": (glance(), MONDAY)})
    population = Population(store)
    told.tell(population)
    population.begin(store.names())
    told.tell(population)
    assert told.value("reports_uncounted") == 1
    assert told.value("reports", status="inProgress", tier="gold") is None
    population.advance(lambda: False)
    told.tell(population)
    assert told.value("reports_uncounted") == 0
    assert told.value("reports", status="inProgress", tier="gold") == 1


def test_a_flood_of_tiers_is_no_flood_of_series() -> None:
    """A tier is what a sender writes: those of the policy are told apart, the others together."""
    told = Told()
    tiers = ("gold", *(f"tier-{number:04}" for number in range(100)))
    rows = [(tier, glance(tier), MONDAY) for tier in tiers]
    told.tell(counted(*rows))
    families = [family for family in told.registry.collect() if family.name == "qosresolve_reports"]
    assert len(families[0].samples) == 2
    assert told.value("reports", status="inProgress", tier="gold") == 1
    assert told.value("reports", status="inProgress", tier="other") == 100


@pytest.mark.parametrize("seed", range(3))
def test_bytes_and_report_are_one_glance(seed: int) -> None:
    """What is read without decoding is what the report says."""
    log = Log(seed)
    for _ in range(20):
        log.work(10)
    values = [value for _, value in log.bench.partition.store.reports()]
    assert values
    for value in values:
        report = RECORDS.read_report(value)
        assert RECORDS.read_glance(value) == glance_of(report)
        call = replace(report.escalation, level=3, jeopardy=Jeopardy.BREACHED, acknowledged_by="")
        called = replace(report, escalation=call)
        assert RECORDS.read_glance(RECORDS.write_report(called)) == glance_of(called)
        assert glance_of(called)[0].unanswered
