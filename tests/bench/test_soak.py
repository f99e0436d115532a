"""What `make bench-soak` makes of what it saw; no broker."""

import pytest

from tests.bench.journal import Taken
from tests.bench.soak import Sample, growth, rows
from tests.bench.whole.measuring import FailedError


def _run(*memory: float) -> list[Sample]:
    return [Sample(at * 1_000, at * 2.0, at * 0.5, rss) for at, rss in enumerate(memory, 1)]


def test_growth_is_of_the_last_third_against_the_middle_one() -> None:
    """What it takes to warm up does not count, nor does a single peak."""
    assert growth(_run(10, 50, 90, 100, 100, 100, 100, 500, 100)) == 0
    assert growth(_run(1, 1, 1, 100, 100, 100, 106, 106, 106)) == pytest.approx(0.06)
    assert growth(_run(1, 1, 1, 100, 100, 100, 90, 90, 90)) == pytest.approx(-0.1)


def test_a_steady_leak_is_seen() -> None:
    """Memory that rises by the same with every look is above the bound in the last third."""
    assert growth(_run(*range(100, 220))) > 0.2


def test_too_few_looks_are_no_verdict() -> None:
    """A run that was too short is refused."""
    with pytest.raises(FailedError, match="more events"):
        growth(_run(1, 1, 1, 1, 1, 1))


def test_the_table_has_some_lines_of_many_looks_and_the_last_one() -> None:
    """Rates are those since the line before, so no look is left out of them."""
    found = list(rows(_run(*range(100, 220)), 12))
    assert len(found) == 13
    assert found[1] == ("10,000", "109", "500", "2,000")
    assert found[-1] == ("120,000", "219", "500", "2,000")
    assert len(list(rows(_run(1, 2), 12))) == 3


def test_what_may_be_deleted_ends_at_the_first_event_that_is_not_named() -> None:
    """Whatever the journal names behind a gap, the gap is kept."""
    taken = Taken("in")
    assert taken.up_to(0) == 0
    for offset in (0, 1, 3):
        taken.note(0, offset)
    assert taken.up_to(0) == 2
    taken.note(0, 2)
    assert (taken.up_to(0), taken.count) == (4, 4)
