"""Each way in which a stored case may differ from the fold of its journal is named."""

from dataclasses import replace

import pytest

from qosresolve.core.case import Case
from qosresolve.core.vocabulary import Severity
from qosresolve.core.watch import EarlyAbatement, Watch
from qosresolve.replay.differences import Mismatch, compare
from tests.core.builders import PRODUCT, Product


@pytest.fixture
def case() -> Case:
    """A product with one open report and no watch."""
    product = Product()
    product.sample("10:00", "critical")
    return product.case


WATCH = Watch(PRODUCT, 5, 1, (EarlyAbatement("latency", "svc-1", "monitor", 1, 0, 9),))


def test_equal_cases_have_no_mismatch(case: Case) -> None:
    """Equality is by value, whatever objects hold it."""
    same = replace(case, reports=tuple(replace(report) for report in case.reports))
    assert compare(case, same) == []


def test_a_report_that_only_the_journal_knows_is_missing(case: Case) -> None:
    """The topic lost a report."""
    (found,) = compare(case, Case(PRODUCT))
    assert (found.kind, found.report_id, found.journal) == (
        "missing",
        case.reports[0].report_id,
        "revision 1",
    )


def test_a_report_that_only_the_topic_knows_is_extra(case: Case) -> None:
    """Nothing in the journal says why it is there."""
    (found,) = compare(Case(PRODUCT), case)
    assert (found.kind, found.report_id, found.topic) == ("extra", case.reports[0].report_id, "revision 1")


def test_the_first_field_that_differs_is_named_by_its_path(case: Case) -> None:
    """Rows are counted from 0, fields come in the record's order."""
    report = case.reports[0]
    row = replace(report.indicators[0], severity=Severity.MINOR, value="7")
    stored = replace(case, reports=(replace(report, indicators=(row,), assignee="nobody"),))
    assert compare(case, stored) == [
        Mismatch(PRODUCT, report.report_id, "differs", "indicators[0].severity", "critical", "minor")
    ]


def test_rows_too_few_are_told_by_their_count(case: Case) -> None:
    """A table that was cut short differs as a whole, after its common rows."""
    report = case.reports[0]
    stored = replace(case, reports=(replace(report, obligations=()),))
    (found,) = compare(case, stored)
    assert (found.path, found.topic) == ("obligations", "0 rows")


def test_bytes_are_shown_in_hex(case: Case) -> None:
    """The ring of seen events is not for reading, but for comparing."""
    stored = replace(case, reports=(replace(case.reports[0], seen=b"\x01\xff"),))
    (found,) = compare(case, stored)
    assert (found.path, found.topic) == ("seen", "01ff")


def test_the_watch_is_compared_under_an_empty_report_id(case: Case) -> None:
    """Missing, extra and different, as a report."""
    watched = replace(case, watch=WATCH)
    later = replace(case, watch=replace(WATCH, alarm=3))
    assert [(found.report_id, found.kind) for found in compare(watched, case)] == [("", "missing")]
    assert [(found.report_id, found.kind) for found in compare(case, watched)] == [("", "extra")]
    assert [(found.path, found.journal, found.topic) for found in compare(watched, later)] == [
        ("alarm", "0", "3")
    ]
