"""A report or a watch that is full: nothing new fits, and all that is there goes on to its end."""

from dataclasses import dataclass, field

import pytest

from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Command, Deadline, Degradation
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import DegradationKind, Outcome, Verb
from qosresolve.kafka.outputs import NEW_ROWS, REPORT_CAPS, SAID, WATCH_CAPS
from qosresolve.topics import DEAD_LETTERS, JOURNAL
from tests.kafka.bench import Bench, journal, of
from tests.kafka.harness import RECORDS, command, degradation, wall_ms

DAY = 86_400_000


@dataclass
class Full:
    """A product whose report, or watch, holds as many rows as it may."""

    now: int = field(default_factory=wall_ms)
    sequence: int = 0
    bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self.bench = Bench(clock=lambda: self.now, limit=10**9)

    def fill(self, **changes: object) -> Degradation:
        """Send rows, smaller and smaller, until nothing fits any more; return one that did."""
        padding, kept = 240, None
        while padding > 0:
            event = self.row(padding, **changes)
            if self.take(event)[-1].outcome is Outcome.DEAD_LETTER:
                padding -= 40
            else:
                kept = event
        assert kept is not None
        return kept

    def row(self, padding: int, **changes: object) -> Degradation:
        """Return an event of an indicator of its own."""
        self.sequence += 1
        values = {"object_id": f"{self.sequence:04}{'x' * padding}", "observed_at": self.now, **changes}
        return degradation("P1", self.sequence, **values)

    def take(self, body: Degradation | Command | Deadline) -> list[Entry]:
        """Take an input in a batch of its own."""
        self.bench.take(self.bench.record(body))
        self.bench.partition.asked(dict.fromkeys(self.bench.partition.backlog, 0))
        self.bench.partition.settle(0.0)
        return journal(self.bench.commit())

    @property
    def report(self) -> Report:
        """Return the newest report."""
        report = self.bench.partition.store.get("P1").latest
        assert report is not None
        return report

    def wake(self) -> Entry:
        """Fire the report's alarm when it is due."""
        assert self.report.due is not None
        self.now = max(self.now, self.report.due)
        (entry,) = self.take(Deadline("P1", self.report.report_id, self.report.alarm, self.report.due))
        return entry


@pytest.fixture(scope="module")
def size() -> int:
    """Return how large a full report is."""
    full = Full()
    full.fill()
    return len(RECORDS.write_report(full.report))


def test_no_new_row_fits_into_a_full_report(size: int) -> None:
    """Rows fill it to the cap, and not beyond."""
    assert REPORT_CAPS[NEW_ROWS] - 200 < size <= REPORT_CAPS[NEW_ROWS]


def test_the_deadlines_of_a_full_report_are_settled() -> None:
    """They add to it: buried, each would be fired again for ever, and the promise would break in silence."""
    full = Full()
    full.fill()
    told = [full.wake() for _ in range(20)]
    assert {entry.outcome for entry in told} == {Outcome.APPLIED}
    assert any(type(fact).__name__ == "EscalationRaised" for entry in told for fact in entry.facts)
    assert len(RECORDS.write_report(full.report)) > REPORT_CAPS[NEW_ROWS]
    (entry,) = full.take(full.row(0))
    assert (entry.outcome, str(entry.rule)) == (Outcome.DEAD_LETTER, "TooLarge")


def test_a_full_report_comes_to_its_end() -> None:
    """Good news and what people order are taken: it can be cleared."""
    full = Full()
    row = full.fill()
    full.wake()
    rows = {"object_id": row.object_id, "indicator": row.indicator}
    for sequence, kind in ((1, DegradationKind.UPDATE), (2, DegradationKind.ABATE)):
        event = degradation("P1", full.sequence + sequence, kind=kind, observed_at=full.now, **rows)
        assert full.take(event)[0].outcome is Outcome.APPLIED
    (entry,) = full.take(command("P1", Verb.CANCEL, reason="falseAlarm", role="operator"))
    assert entry.outcome is Outcome.APPLIED
    assert not full.report.open


def test_one_row_too_many_costs_that_row_alone() -> None:
    """In one batch with what is said of the report: that is taken all the same."""
    full = Full()
    row = full.fill()
    full.wake()
    bench = full.bench
    good = degradation("P1", 9_999, kind=DegradationKind.ABATE, object_id=row.object_id, observed_at=full.now)
    bench.take(bench.record(good), bench.record(full.row(200)), bench.record(command("P1", Verb.NOTE)))
    outputs = bench.commit()
    outcomes = sorted((entry.cause.topic, entry.outcome) for entry in journal(outputs))
    assert [outcome for _, outcome in outcomes].count(Outcome.DEAD_LETTER) == 1
    assert len(of(outputs, DEAD_LETTERS)) == 1
    assert len(of(outputs, JOURNAL)) == 3


def test_a_watch_has_its_cap_too() -> None:
    """Abatements of what was never raised are kept for a while: no product may fill a record with them."""
    full = Full()
    row = full.fill(kind=DegradationKind.ABATE)
    case = full.bench.partition.store.get("P1")
    assert case.watch is not None
    written = len(RECORDS.write_watch(case.watch))
    assert WATCH_CAPS[NEW_ROWS] - 200 < written <= WATCH_CAPS[NEW_ROWS] < WATCH_CAPS[SAID]
    raised = degradation("P1", full.sequence + 1, object_id=row.object_id, observed_at=full.now - 1_000)
    assert full.take(raised)[0].outcome is not Outcome.DEAD_LETTER  # its abatement was here first
    assert case.watch.due is not None
    full.now = case.watch.due
    (entry,) = full.take(Deadline("P1", "", case.watch.alarm, case.watch.due))
    assert entry.outcome is Outcome.APPLIED
