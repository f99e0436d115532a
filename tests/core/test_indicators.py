"""One row of the indicator table: what each sample and the time make of it, field by field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qosresolve.core.facts import IndicatorMeasured
from qosresolve.core.indicators import (
    better,
    doubted,
    due,
    good_by_word,
    measured,
    new_row,
    outdated,
    sample_time,
    start_of,
    worse,
)
from qosresolve.core.policy import IndicatorRule, Policy
from qosresolve.core.record import changed
from qosresolve.core.report import Indicator
from qosresolve.core.vocabulary import IndicatorState, ObjectKind, Severity
from tests.core.builders import HOUR, MINUTE, POLICY, TIMES, Product, at, sample

SILENT = replace(
    POLICY, default_indicator=IndicatorRule(5 * MINUTE, Severity.WARNING, silence_after=30 * MINUTE)
)
RETARGETS = replace(POLICY, falls_retarget=True)
ROW = Indicator(
    name="latency",
    object_id="svc-1",
    object_kind=ObjectKind.SERVICE,
    source="monitor",
    state=IndicatorState.DEGRADED,
    severity=Severity.MAJOR,
    started_at=at("10:00"),
    rated_at=at("10:00"),
    sampled_at=at("10:00"),
    sequence=0,
    value="180",
    unit="ms",
)
DEBOUNCING = changed(
    ROW, state=IndicatorState.DEBOUNCING, good_since=at("10:10"), clear_at=at("10:15"), sampled_at=at("10:10")
)
FALLING = changed(ROW, falling_to=Severity.WARNING, falls_at=at("10:15"), sampled_at=at("10:10"))


def test_a_new_row_keeps_all_that_its_sample_said() -> None:
    """Name, object, owner, value; bad since the sample, and heard of again by the time of silence."""
    event = replace(sample("10:00", sequence=4), owner_party="carrier")
    row = new_row(event, SILENT, at("10:01"), since=at("10:00"), start=at("10:00"))
    wanted = changed(ROW, sequence=4, owner_party="carrier", silent_at=at("10:31"))
    assert row == wanted


def test_a_row_whose_clock_counts_from_later_says_since_when_it_is_bad() -> None:
    """In a window, or too long ago: the first bad sample is kept beside the start of the clock."""
    row = new_row(sample("10:00"), POLICY, at("10:30"), since=at("9:00"), start=at("10:30"))
    wanted = changed(ROW, started_at=at("10:30"), rated_at=at("10:30"), observed_from=at("9:00"))
    assert row == wanted


def test_another_sample_of_the_same_changes_only_what_was_measured() -> None:
    """Time, sequence and value are the newest; severity and start stay."""
    row = worse(ROW, replace(sample("10:05", sequence=3), value="200"), POLICY, at("10:06"))
    assert row == changed(ROW, sampled_at=at("10:05"), sequence=3, value="200")


def test_a_worse_sample_begins_a_new_severity() -> None:
    """The promise of the worse severity counts from its own first sample."""
    row = worse(ROW, replace(sample("10:05", "critical", sequence=3), value="300"), POLICY, at("10:06"))
    wanted = changed(
        ROW,
        severity=Severity.CRITICAL,
        rated_at=at("10:05"),
        sampled_at=at("10:05"),
        sequence=3,
        value="300",
    )
    assert row == wanted


def test_a_bad_sample_voids_the_debounce() -> None:
    """Good news is forgotten, the start stays, and somebody listens for silence again."""
    row = worse(DEBOUNCING, replace(sample("10:12", sequence=3), value="190"), SILENT, at("10:12"))
    wanted = changed(ROW, sampled_at=at("10:12"), sequence=3, value="190", silent_at=at("10:42"))
    assert row == wanted


def test_a_bad_sample_inside_a_window_stays_silenced() -> None:
    """Suppressed is not degraded; what was measured is kept all the same."""
    quiet = changed(ROW, state=IndicatorState.SUPPRESSED, silent_at=at("10:30"))
    row = worse(quiet, sample("10:12", "critical"), SILENT, at("10:12"))
    assert (row.state, row.severity) == (IndicatorState.SUPPRESSED, Severity.CRITICAL)
    assert row.silent_at == at("10:30"), "an alarm that is set stays"


def test_a_milder_sample_is_not_believed_at_once() -> None:
    """It falls after the debounce, to the worst that was measured since the fall began."""
    fell = worse(ROW, sample("10:10", "warning"), POLICY, at("10:10"))
    assert fell == FALLING
    again = worse(fell, sample("10:12", "minor"), POLICY, at("10:12"))
    assert again == changed(FALLING, falling_to=Severity.MINOR, sampled_at=at("10:12"))
    milder = worse(again, sample("10:13", "warning"), POLICY, at("10:13"))
    assert milder == changed(again, sampled_at=at("10:13"))


def test_a_sample_as_bad_as_before_ends_a_fall() -> None:
    """The fall is forgotten; the severity goes on from when it began."""
    row = worse(FALLING, sample("10:12", "major"), POLICY, at("10:12"))
    assert row == changed(ROW, sampled_at=at("10:12"))


def test_without_a_debounce_a_milder_sample_counts_at_once() -> None:
    """The target of the worse severity goes on, from when it began, unless the policy re-targets a fall."""
    jitter = changed(ROW, name="jitter")
    event = sample("10:10", "minor", indicator="jitter")
    milder = changed(jitter, severity=Severity.MINOR, sampled_at=at("10:10"))
    assert worse(jitter, event, POLICY, at("10:11")) == changed(milder, promised=Severity.MAJOR)
    assert worse(jitter, event, RETARGETS, at("10:11")) == changed(milder, rated_at=at("10:10"))


def test_the_target_that_goes_on_is_the_worst() -> None:
    """Up again below the severity that is promised its target stays; as bad as that it is the row's own."""
    fell = changed(ROW, severity=Severity.WARNING, promised=Severity.MAJOR)
    between = worse(fell, sample("10:12", "minor"), POLICY, at("10:12"))
    assert between == changed(fell, severity=Severity.MINOR, sampled_at=at("10:12"))
    assert worse(fell, sample("10:12", "major"), POLICY, at("10:12")) == changed(ROW, sampled_at=at("10:12"))
    worst = worse(fell, sample("10:12", "critical"), POLICY, at("10:12"))
    wanted = changed(ROW, severity=Severity.CRITICAL, rated_at=at("10:12"), sampled_at=at("10:12"))
    assert worst == wanted


def test_a_good_sample_waits_to_be_believed() -> None:
    """Good since its first sample; nobody waits for a fall or for silence any more."""
    listened = changed(FALLING, silent_at=at("10:30"))
    row = better(listened, replace(sample("10:10", "good", sequence=2), value="20"), POLICY, at("10:11"))
    assert row == changed(DEBOUNCING, sequence=2, value="20")
    later = better(row, replace(sample("10:14", "good"), value="21"), POLICY, at("10:14"))
    assert later == changed(DEBOUNCING, sampled_at=at("10:14"), value="21")


def test_a_good_sample_that_ends_the_debounce_is_good() -> None:
    """The first good sample counts, also where the last one shows that the time is over."""
    row = better(DEBOUNCING, sample("10:15", "good"), POLICY, at("10:15"))
    good = changed(DEBOUNCING, state=IndicatorState.GOOD, clear_at=None)
    assert row == changed(good, sampled_at=at("10:15"))


def test_a_word_makes_good_from_its_instant() -> None:
    """A person's word needs no debounce, and ends what was waited for."""
    listened = changed(FALLING, silent_at=at("10:30"), clear_at=at("10:40"))
    row = good_by_word(listened, at("10:20"))
    wanted = changed(ROW, state=IndicatorState.GOOD, good_since=at("10:20"), sampled_at=at("10:10"))
    assert row == wanted


def test_what_no_longer_counts_as_good_is_stale() -> None:
    """A refused resolution: neither good nor measured bad."""
    good = changed(DEBOUNCING, state=IndicatorState.GOOD)
    assert doubted(good) == changed(ROW, state=IndicatorState.STALE, sampled_at=at("10:10"))


@pytest.mark.parametrize(
    ("observed", "sequence", "old"),
    [("9:59", 9, True), ("10:00", 4, True), ("10:00", 5, False), ("10:01", 0, False)],
)
def test_samples_are_ordered_by_time_and_sequence(observed: str, sequence: int, old: bool) -> None:
    """The source's number decides only between samples of one instant."""
    row = changed(ROW, sequence=5)
    assert outdated(row, replace(sample(observed), sequence=sequence), at("10:30")) is old


def test_a_sample_counts_no_later_than_its_record() -> None:
    """Beyond the tolerance the source's own time is kept beside it, within it not."""
    now = at("10:00")
    told = {}
    for clock in ("9:50", "10:00", "10:02", "10:03"):
        event = sample(clock)
        told[clock] = (sample_time(event, now), measured("r", ROW, event, POLICY, now).reported_at)
    assert told == {
        "9:50": (at("9:50"), None),
        "10:00": (now, None),
        "10:02": (now, None),
        "10:03": (now, at("10:03")),
    }


def test_the_maximum_backdate_is_still_believed() -> None:
    """One millisecond older counts from now."""
    now = at("10:00")
    assert start_of(sample(now - 4 * HOUR), TIMES, now) == now - 4 * HOUR
    assert start_of(sample(now - 4 * HOUR - 1), TIMES, now) == now


# -- what time does


def aged(row: Indicator, clock: str, policy: Policy = SILENT) -> Indicator:
    """Return what an instant makes of a row."""
    product = Product()
    product.sample("10:00")
    facts = due(changed(product.report, indicators=(row,)), policy, at(clock))
    rows = [fact.indicator for fact in facts if isinstance(fact, IndicatorMeasured)]
    return rows[0] if rows else row


def test_a_debounce_ends_in_its_instant() -> None:
    """Good from the first good sample on."""
    assert aged(DEBOUNCING, "10:14") == DEBOUNCING
    assert aged(DEBOUNCING, "10:15") == changed(DEBOUNCING, state=IndicatorState.GOOD, clear_at=None)


def test_a_fall_is_believed_in_its_instant() -> None:
    """Where the policy re-targets it the milder severity began when first measured, a debounce ago."""
    fell = changed(FALLING, severity=Severity.WARNING, falling_to=None, falls_at=None)
    assert aged(FALLING, "10:14") == FALLING
    assert aged(FALLING, "10:15") == changed(fell, promised=Severity.MAJOR)
    assert aged(FALLING, "10:15", RETARGETS) == changed(fell, rated_at=at("10:10"))


def test_silence_makes_stale_and_never_good() -> None:
    """Where samples came since, somebody looks again later; inside a window silence is expected."""
    listening = changed(ROW, silent_at=at("10:30"))
    assert aged(listening, "10:29") == listening
    assert aged(listening, "10:30") == changed(ROW, state=IndicatorState.STALE)
    heard = changed(listening, sampled_at=at("10:10"))
    assert aged(heard, "10:30") == changed(heard, silent_at=at("10:40"))
    quiet = changed(listening, state=IndicatorState.SUPPRESSED)
    assert aged(quiet, "10:30") == changed(quiet, silent_at=at("11:00"))
