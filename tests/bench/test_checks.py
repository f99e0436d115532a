"""The benchmark's checks: what is right passes, and every kind of wrong answer is refused."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.bench.peers import simple
from tests.bench.whole.answers import identified
from tests.bench.whole.checks import Place, each_once, same_reports, same_sums, sums, up_to_date
from tests.bench.whole.data import Shape, made
from tests.bench.whole.measuring import FailedError
from tests.core.builders import Product

EVENTS = list(made(Shape(events=500, products=20)))
ROWS = [(event.partition, event.product.encode(), event.value) for event in EVENTS]
PLACES: set[Place] = {(0, 0), (0, 1), (1, 0)}


def test_a_whole_copy_passes_in_any_order() -> None:
    """Partitions are read side by side, so the checksum must not ask for an order."""
    same_sums(sums(ROWS), sums(reversed(ROWS)))


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:-1],
        [*ROWS, ROWS[0]],
        [*ROWS[:-1], ROWS[0]],
        [*ROWS[:-1], (ROWS[-1][0], ROWS[-1][1], ROWS[-1][2] + b"!")],
        [*ROWS[:-1], ((ROWS[-1][0] + 1) % 12, *ROWS[-1][1:])],
        [],
    ],
    ids=["one missing", "one twice", "one for another", "other bytes", "other partition", "nothing"],
)
def test_a_wrong_copy_is_refused(rows: list[tuple[int, bytes, bytes]]) -> None:
    """A record that is missing, doubled, changed or elsewhere is noticed."""
    with pytest.raises(FailedError, match="partitions differ"):
        same_sums(sums(ROWS), sums(rows))


def test_simple_reports_survive_their_bytes() -> None:
    """What a peer writes is what the reference folds to, once it is read again."""
    reports = simple.folded(event.value for event in EVENTS)
    read = {name: simple.read_report(simple.write_report(report)) for name, report in reports.items()}
    same_reports(reports, read)
    assert sum(report["events"] for report in reports.values()) == len(EVENTS)


def test_a_report_that_lost_an_event_is_refused() -> None:
    """One event less, twice or in another order is another report."""
    values = [event.value for event in EVENTS]
    expected = simple.folded(values)
    for wrong in (values[:-1], [*values, values[-1]], values[::-1], []):
        with pytest.raises(FailedError, match="reports are wrong"):
            same_reports(expected, simple.folded(wrong))


@pytest.mark.parametrize(
    "taken",
    [
        [(0, 0), (0, 1)],
        [(0, 0), (0, 1), (1, 0), (1, 0)],
        [(0, 0), (0, 1), (1, 0), (1, 1)],
    ],
    ids=["one missing", "one twice", "one that is not there"],
)
def test_a_journal_with_gaps_or_doubles_is_refused(taken: list[Place]) -> None:
    """Every event has to be in the journal exactly once."""
    with pytest.raises(FailedError, match="taken twice"):
        each_once(PLACES, Counter(taken))
    each_once(PLACES, Counter(PLACES))


def test_a_report_that_is_behind_or_missing_is_refused() -> None:
    """The report has to have taken its product's last event, and there is one for each product."""
    product = Product()
    product.sample("10:00")
    report = product.case.reports[0]
    last = {report.product_id: report.indicators[0].sequence}
    up_to_date(last, [report])
    row = report.indicators[0]
    behind = replace(report, indicators=(replace(row, sequence=row.sequence - 1),))
    for wrong in ([], [behind], [report, report], [report, replace(report, product_id="P2")]):
        with pytest.raises(FailedError, match="wrong report"):
            up_to_date(last, wrong)


def test_a_journal_record_names_its_event() -> None:
    """The offset is told for the input that is asked about, and for no other."""
    headers: list[tuple[str, str | bytes | None]] = [("ce_type", b"x"), ("ce_id", b"b.in/3/41")]
    assert identified(headers, "b.in") == 41
    assert identified(headers, "b.other") is None
    assert identified([], "b.in") is None
