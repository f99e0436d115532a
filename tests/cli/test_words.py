"""What people read: facts in words, times, and the order of the list."""

from dataclasses import fields, replace
from typing import get_args

import pytest

from qosresolve.cli.output import safe
from qosresolve.cli.reports.filter import Filter
from qosresolve.cli.reports.listing import remaining
from qosresolve.cli.reports.words import tell
from qosresolve.cli.times import instant, left, shown
from qosresolve.core import facts as f
from qosresolve.core.vocabulary import ClockOutcome, Status
from qosresolve.replay.choices import Sort
from qosresolve.replay.ordering import in_order
from tests.core.builders import Product, at


@pytest.fixture
def product() -> Product:
    """A life with most kinds of facts in it."""
    product = Product()
    product.sample("10:00", "critical")
    product.find("10:02", "supplier", "line-7", party="carrier")
    product.run_until("10:50")
    product.sample("10:55", "good")
    product.run_until("+2 10:00")
    return product


def test_every_fact_of_a_life_is_told(product: Product) -> None:
    """No fact is silent, and none shows a raw instant."""
    for fact in product.facts():
        words = tell(fact)
        assert words
        assert "17724" not in words, words


def test_a_fact_without_words_of_its_own_is_told_by_its_fields() -> None:
    """A new kind of fact needs no new line here to be readable."""
    fact = f.WithdrawalRequested("r", "o1", at("10:00"), at("10:15"), "restored")
    assert tell(fact) == (
        "withdrawal requested: obligation id o1, at 2026-03-02 10:00:00.000Z, "
        "confirm by 2026-03-02 10:15:00.000Z, reason restored"
    )
    assert all(fields(kind) for kind in get_args(f.Fact))


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (None, "-"),
        (0, "0s"),
        (59_999, "59s"),
        (-61_000, "-1m 1s"),
        (3_600_000, "1h 0m"),
        (90_000_000, "1d 1h"),
    ],
)
def test_durations_have_two_units(duration: int | None, text: str) -> None:
    """Enough to act on; a minus says it has gone by."""
    assert left(duration) == text


def test_instants_are_read_back() -> None:
    """What is shown can be typed in again."""
    assert shown(at("10:00")) == "2026-03-02 10:00:00.000Z"
    assert instant(shown(at("10:00"))) == at("10:00")
    assert instant(str(at("10:00"))) == at("10:00")
    assert shown(10**18) == f"{10**18} ms"


def test_a_terminal_is_not_obeyed() -> None:
    """Free text from outside may hold escape sequences."""
    assert safe("a\x1b[2Jb") == "a\\x1b[2Jb"


def test_the_list_is_breach_first() -> None:
    """The most overdue first; what has no running deadline last."""
    opened = Product()
    opened.sample("10:00", "critical")
    report = opened.report
    due = report.restore.due_at
    assert due is not None
    late = replace(report, report_id="late", restore=replace(report.restore, due_at=due - 3_600_000))
    done = replace(report, report_id="done", restore=replace(report.restore, outcome=ClockOutcome.MET))
    ordered = in_order([done, report, late], Sort.BREACH, at("10:30"))
    assert [item.report_id for item in ordered] == ["late", report.report_id, "done"]
    assert remaining(report, at("10:30")) == due - at("10:30")
    assert remaining(done, at("10:30")) is None


def test_a_filter_takes_only_what_is_wanted(product: Product) -> None:
    """Filters are joined by and."""
    report = product.report
    assert Filter().takes(report)
    assert Filter(only_open=True).takes(report) is report.open
    assert not Filter(tiers=frozenset({"other"})).takes(report)
    assert not Filter(statuses=frozenset(Status) - {report.status}).takes(report)
