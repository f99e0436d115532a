"""Time, order and duplicates: what an event may move, and what only the journal sees."""

from __future__ import annotations

from dataclasses import replace

from qosresolve.core import facts as f
from qosresolve.core.case import Case
from qosresolve.core.facts import DeadLettered, Entry
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Cause
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from tests.core.builders import PRODUCT, Product, at, sample


def test_a_sample_from_the_future_counts_from_the_records_time() -> None:
    """Beyond the tolerance the raw time is kept beside the one that counts."""
    product = Product()
    done = product.feed(sample("11:00"), "10:00")
    measured = next(fact for fact in done.facts if isinstance(fact, f.IndicatorMeasured))
    assert (measured.indicator.started_at, measured.reported_at) == (at("10:00"), at("11:00"))


def test_a_start_too_long_ago_counts_from_the_records_time() -> None:
    """Older than the maximum backdate the clock starts now, flagged, the raw start kept."""
    product = Product()
    done = product.feed(sample("1:00"), "10:00")
    measured = next(fact for fact in done.facts if isinstance(fact, f.IndicatorMeasured))
    assert (measured.indicator.started_at, measured.indicator.observed_from) == (at("10:00"), at("1:00"))


def test_a_late_old_sample_opens_nothing_after_the_end() -> None:
    """A sample from before the newest one of a report that is still held is out of order there too."""
    product = Product()
    product.sample("10:00")
    product.sample("10:30", "good")
    product.command("10:40", "clear")
    product.command("10:41", "close", role="close")
    done = product.feed(sample("10:20", event_id="late"), "10:50")
    assert done.entry.rule is Rule.OUT_OF_ORDER


def test_time_never_goes_back() -> None:
    """A record with an older time is decided at the newest instant the case has seen."""
    product = Product()
    product.sample("10:00")
    done = product.feed(replace(sample("9:59", event_id="other"), indicator="loss"), "9:59")
    assert done.entry.now == at("10:00")


def test_a_dead_letter_is_about_no_case() -> None:
    """The shell's facts fold into nothing."""
    lost = DeadLettered("decode", "no schema", "ask the sender", 3, b"")
    entry = Entry(
        PRODUCT, Cause("t", 0, 0, ""), 1, Outcome.DEAD_LETTER, Rule.DOES_NOT_DECODE, "", b"", (lost,)
    )
    assert fold(Case(PRODUCT), entry) == Case(PRODUCT)
