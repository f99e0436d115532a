"""The small texts of a policy file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.contracts.policy.words import (
    MAX_DURATION,
    format_duration,
    parse_days,
    parse_duration,
    parse_span,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", 500),
        ("0s", 0),
        ("30s", 30_000),
        ("15m", 900_000),
        ("4h", 14_400_000),
        ("2d", 172_800_000),
        ("1h30m", 5_400_000),
        ("90m", 5_400_000),
        ("1d1h1m1s1ms", 90_061_001),
    ],
)
def test_a_duration_is_counts_and_units(text: str, expected: int) -> None:
    """Units go from large to small, each at most once."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "4x", "4", "h", "1.5h", "-1h", "30m1h", "1h 30m", "1h1h", "none", "٣s"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    """The error says what was written and what to write."""
    with pytest.raises(ValueError, match="is not a duration") as caught:
        parse_duration(text)
    assert caught.value.args == (f'"{text}" is not a duration', "write e.g. 30s, 15m, 4h or 2d")


def test_more_than_ten_years_are_no_duration() -> None:
    """A deadline must stay within the calendar's years."""
    assert parse_duration("3650d") == MAX_DURATION
    with pytest.raises(ValueError, match="ten years"):
        parse_duration("3650d1ms")


@given(st.integers(min_value=0, max_value=MAX_DURATION))
def test_a_duration_reads_back_as_it_was_told(duration: int) -> None:
    """Formatting loses nothing."""
    assert parse_duration(format_duration(duration)) == duration


def test_an_explicit_none_is_told_as_none() -> None:
    """No target is a word, not a gap."""
    assert format_duration(None) == "none"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("08:00-18:00", (480, 1080)), ("0:00-24:00", (0, 1440)), ("09:30 - 12:15", (570, 735))],
)
def test_a_span_is_two_times_of_one_day(text: str, expected: tuple[int, int]) -> None:
    """Minutes of the local day; 24:00 is its end."""
    assert parse_span(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("8-18", "is not a span of the day"),
        ("closed", "is not a span of the day"),
        ("08:00-24:01", "is no time of day"),
        ("08:60-09:00", "is no time of day"),
        ("22:00-06:00", "ends before it starts"),
        ("08:00-08:00", "ends before it starts"),
    ],
)
def test_what_is_not_a_span_is_refused(text: str, problem: str) -> None:
    """A night has to be split at midnight."""
    with pytest.raises(ValueError, match=problem):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("mon", [0]), ("mon-fri", [0, 1, 2, 3, 4]), ("sat-sun", [5, 6]), ("sun-sun", [6])]
)
def test_days_are_named_from_monday(text: str, expected: list[int]) -> None:
    """One day or a run of days."""
    assert list(parse_days(text)) == expected


def test_daily_is_every_day() -> None:
    """A word for the whole week."""
    assert list(parse_days("daily")) == list(range(7))


@pytest.mark.parametrize("text", ["", "Mon", "monday", "mon-", "-fri", "mon-fri-sun"])
def test_what_names_no_days_is_refused(text: str) -> None:
    """Short English names only; a dash needs both ends."""
    with pytest.raises(ValueError, match="names no days"):
        parse_days(text)


def test_days_do_not_run_backward() -> None:
    """The week starts on Monday."""
    with pytest.raises(ValueError, match="runs backward"):
        parse_days("sat-mon")
