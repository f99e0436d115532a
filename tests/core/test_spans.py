"""Open time that skips pauses, and spans that become one."""

from __future__ import annotations

import pytest

from qosresolve.core.spans import Span, due_around, open_around, united
from tests.core.builders import BUSINESS, HOUR, MINUTE, ROUND_THE_CLOCK, at


def spans(*bounds: str) -> tuple[Span, ...]:
    """Return spans written as `10:00-11:00`."""
    parts = [tuple(at(clock) for clock in text.split("-")) for text in bounds]
    return tuple((start, end) for start, end in parts)


@pytest.mark.parametrize(
    ("told", "one"),
    [
        (["10:00-11:00", "11:00-12:00"], ["10:00-12:00"]),
        (["10:00-11:00", "11:01-12:00"], ["10:00-11:00", "11:01-12:00"]),
        (["11:00-12:00", "10:00-11:30"], ["10:00-12:00"]),
        (["10:00-13:00", "11:00-12:00"], ["10:00-13:00"]),
        (["10:00-10:00"], []),
        (["11:00-10:00"], []),
    ],
)
def test_spans_that_touch_are_one(told: list[str], one: list[str]) -> None:
    """Time is never counted twice; a span that holds none is dropped."""
    assert united(spans(*told)) == spans(*one)


@pytest.mark.parametrize(
    ("open_time", "due"),
    [
        (0, "10:00"),
        (30 * MINUTE, "10:30"),  # used up when the pause begins: due then, not after it
        (30 * MINUTE + 30_000, "11:00"),
        (60 * MINUTE, "11:30"),
        (HOUR + 40 * MINUTE, "12:40"),
    ],
)
def test_a_promise_does_not_count_its_pauses(open_time: int, due: str) -> None:
    """The time after a pause follows on that before it; what lay before the start is no matter."""
    paused = spans("9:00-9:30", "10:30-11:00", "12:00-12:30")
    late = 30_000 if open_time % MINUTE else 0
    assert due_around(ROUND_THE_CLOCK, at("10:00"), open_time, paused) == at(due) + late


def test_a_promise_that_begins_in_a_pause_counts_from_its_end() -> None:
    """The clock stands still from the first instant on."""
    assert due_around(ROUND_THE_CLOCK, at("10:00"), HOUR, spans("9:30-10:20")) == at("11:20")


def test_a_pause_takes_only_open_time() -> None:
    """A pause over closing costs the hours that were open: the next day is a holiday, Wednesday counts."""
    paused = ((at("17:00"), at("+2 9:00")),)
    assert due_around(BUSINESS, at("16:00"), 2 * HOUR, paused) == at("+2 10:00")


@pytest.mark.parametrize(
    ("start", "end", "counted"),
    [
        ("10:00", "12:00", 90),
        ("10:40", "10:50", 0),
        ("10:45", "11:15", 15),
        ("10:15", "10:45", 15),
        ("11:00", "12:00", 60),
        ("9:00", "10:30", 90),
    ],
)
def test_elapsed_time_leaves_pauses_out(start: str, end: str, counted: int) -> None:
    """Of a pause only the part inside of the interval is left out."""
    paused = spans("10:30-11:00", "17:30-18:30")
    assert open_around(ROUND_THE_CLOCK, at(start), at(end), paused) == counted * MINUTE
    assert open_around(BUSINESS, at("17:00"), at("19:00"), paused) == 30 * MINUTE
