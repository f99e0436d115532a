"""Clocks of sources: told by many samples, never by one that came late."""

from qosresolve.intake.skew import Clocks

NOW = 1_800_000_000_000
LIMIT = 300_000


def test_a_clock_that_is_behind_or_ahead_is_told() -> None:
    """When each of the last samples is off in one direction it is the clock."""
    clocks = Clocks(LIMIT)
    behind = [clocks.off("a", NOW + at - 400_000, NOW + at) for at in range(4)]
    ahead = [clocks.off("b", NOW + at + 400_000, NOW + at) for at in range(4)]
    assert behind == ahead == [False, False, True, True]
    assert clocks.wrong() == {"a": 400_000, "b": -400_000}


def test_one_good_sample_acquits_a_source() -> None:
    """What came late among what came in time is only late."""
    clocks = Clocks(LIMIT)
    told = [clocks.off("a", NOW - delay, NOW) for delay in (900_000, 900_000, 20, 900_000, 900_000)]
    assert not any(told)
    assert clocks.wrong() == {}
    assert clocks.skews() == {"a": 20}


def test_a_clock_that_was_set_right_is_believed_at_once() -> None:
    """The first good sample ends it, whatever came before."""
    clocks = Clocks(LIMIT)
    assert [clocks.off("a", NOW - delay, NOW) for delay in (400_000,) * 3 + (0,)] == [
        False,
        False,
        True,
        False,
    ]


def test_off_in_both_directions_is_no_clock() -> None:
    """A source that replays the past and promises the future has no skew."""
    clocks = Clocks(LIMIT)
    for delay in (900_000, -900_000, 900_000, -900_000):
        assert not clocks.off("a", NOW - delay, NOW)


def test_the_table_is_bounded() -> None:
    """Sources beyond the limit push out those that were not heard for longest."""
    clocks = Clocks(LIMIT, sources=2)
    for source in ("a", "b", "a", "c"):
        clocks.off(source, NOW, NOW)
    assert set(clocks.skews()) == {"a", "c"}
