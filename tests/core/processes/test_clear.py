"""Clear: restored is not cleared."""

from __future__ import annotations

from dataclasses import replace

from qosresolve.core import facts as f
from qosresolve.core.vocabulary import ClockOutcome, IndicatorState
from tests.core.builders import Product, at, sample


def test_the_clock_stops_at_the_first_good_sample() -> None:
    """The debounce costs the promise nothing."""
    product = Product()
    product.sample("10:00")
    product.sample("11:58", "good")
    product.run_until("12:03")
    assert product.report.restored_at == at("11:58")
    assert product.report.restore.outcome is ClockOutcome.MET


def test_what_was_still_open_is_named() -> None:
    """Cleared by rule after the wait, the resolution names the work that still ran."""
    product = Product()
    product.sample("10:00")
    product.answer("10:01", "analyse", "accepted", expected_at=at("15:00"))
    product.sample("10:10", "good")
    product.run_until("11:00")
    told = next(fact for fact in product.facts() if isinstance(fact, f.ResolutionRecorded))
    assert told.open_work == ("analyse",)


def test_a_forced_clear_leaves_no_indicator_bad() -> None:
    """An operator's word makes the table good, so that the next bad sample is a new beginning."""
    product = Product()
    product.sample("10:00")
    product.command("10:30", "clear")
    assert [row.state for row in product.report.indicators] == [IndicatorState.GOOD]
    product.sample("10:40")
    assert product.report.indicators[0].started_at == at("10:40")


def test_a_respond_target_that_passed_before_the_restoration_is_missed() -> None:
    """Not applicable means restored before the target, whenever the timer looked."""
    product = Product()
    product.sample("10:00")
    product.feed(replace(sample("10:20", "good"), sequence=2), "10:30")
    assert product.report.respond.outcome is ClockOutcome.MISSED
