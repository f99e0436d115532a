"""The timer's alarms: one a key, fired when due, again only when overlooked."""

import pytest

from qosresolve.kafka.alarms import Alarm, Alarms, Key

REPORT: Key = ("P1", "R1")
WATCH: Key = ("P1", "")
REFIRE = 1_000


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


def _fire(alarms: Alarms, now: int, limit: int = 100) -> list[Alarm]:
    """Fire what is due, as the timer does: noting each before the next is asked for."""
    fired = []
    for alarm in alarms.due(now, limit):
        alarms.fired(alarm, now)
        fired.append(alarm)
    return fired


def _overlooked(alarms: Alarms, now: int, consumed: int) -> list[Alarm]:
    """Return what the timer would fire again."""
    return alarms.overlooked(now, now - REFIRE, consumed)


def _keys(fired: list[Alarm]) -> list[tuple[Key, int]]:
    return [(alarm.key, alarm.number) for alarm in fired]


def test_an_alarm_is_fired_at_its_time_once(alarms: Alarms) -> None:
    """Not before, and not again by the same pass of time."""
    alarms.arm(REPORT, 1, due=100)
    assert alarms.next_due == 100
    assert _fire(alarms, 99) == []
    assert _keys(_fire(alarms, 100)) == [(REPORT, 1)]
    assert _fire(alarms, 10_000) == []


def test_the_oldest_is_fired_first(alarms: Alarms) -> None:
    """After a downtime all that passed is fired in the order in which it was due."""
    for number, due in enumerate((300, 100, 200)):
        alarms.arm(("P", str(number)), 1, due)
    assert [alarm.due for alarm in _fire(alarms, 1_000)] == [100, 200, 300]


def test_a_pass_is_bounded(alarms: Alarms) -> None:
    """A hundred thousand alarms at once must not keep the timer from polling; the rest waits its turn."""
    for number in range(5):
        alarms.arm(("P", str(number)), 1, due=number)
    assert [alarm.due for alarm in _fire(alarms, 100, limit=3)] == [0, 1, 2]
    assert alarms.next_due == 3
    assert [alarm.due for alarm in _fire(alarms, 100, limit=3)] == [3, 4]


@pytest.mark.parametrize("moved", [50, 500])
def test_an_alarm_that_was_moved_is_fired_at_its_new_time_only(alarms: Alarms, moved: int) -> None:
    """Earlier or later: what was armed before is worth nothing."""
    alarms.arm(REPORT, 1, due=100)
    alarms.arm(REPORT, 2, due=moved)
    assert _keys(_fire(alarms, moved)) == [(REPORT, 2)]
    assert _fire(alarms, 1_000) == []
    assert len(alarms) == 1


def test_a_move_there_and_back_fires_once(alarms: Alarms) -> None:
    """The old entries in the queue do not fire it twice."""
    for due in (100, 200, 100):
        alarms.arm(REPORT, 1, due)
    assert len(_fire(alarms, 500)) == 1


def test_a_record_read_again_changes_nothing(alarms: Alarms) -> None:
    """The same number and time: what was fired stays fired, what waits to be settled waits on."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 100)
    alarm.offset = 7
    alarms.arm(REPORT, 1, due=100)
    assert _fire(alarms, 200) == []
    assert _overlooked(alarms, 5_000, 8) == [alarm]


def test_older_records_read_again_end_with_the_newest(alarms: Alarms) -> None:
    """The last record of a key is the truth: reading the topic again arms what it armed before."""
    for number, due in ((1, 100), (2, 300), (1, 100), (2, 300)):
        alarms.arm(REPORT, number, due)
    assert _fire(alarms, 299) == []
    assert _keys(_fire(alarms, 300)) == [(REPORT, 2)]


def test_a_higher_number_settles(alarms: Alarms) -> None:
    """The owner has looked: nothing is overlooked, and the next alarm is armed."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 100)
    alarm.offset = 0
    alarms.arm(REPORT, 2, due=900)
    assert _overlooked(alarms, 5_000, 1) == []
    assert _keys(_fire(alarms, 900)) == [(REPORT, 2)]


def test_a_removed_record_disarms(alarms: Alarms) -> None:
    """Nothing due any more: neither fired nor fired again."""
    alarms.arm(REPORT, 1, due=100)
    alarms.arm(WATCH, 1, due=100)
    alarms.disarm(REPORT)
    assert _keys(_fire(alarms, 100)) == [(WATCH, 1)]
    alarms.disarm(WATCH)
    assert _overlooked(alarms, 5_000, 9) == []
    assert len(alarms) == 0


def test_disarming_what_was_never_armed_is_nothing(alarms: Alarms) -> None:
    """A tombstone may be all that is left of a key."""
    alarms.disarm(REPORT)
    assert len(alarms) == 0


def test_an_alarm_armed_anew_after_its_removal_is_fired(alarms: Alarms) -> None:
    """A watch's numbers start again with a new watch."""
    alarms.arm(WATCH, 3, due=100)
    _fire(alarms, 100)
    alarms.disarm(WATCH)
    alarms.arm(WATCH, 0, due=100)
    assert _keys(_fire(alarms, 200)) == [(WATCH, 0)]


def test_again_only_after_it_was_consumed_and_waited_for(alarms: Alarms) -> None:
    """A deadline in a backlog is not overlooked; neither is one that was just taken."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 100)
    alarm.offset = 7
    assert _overlooked(alarms, 100 + REFIRE, 7) == []
    assert _overlooked(alarms, 99 + REFIRE, 8) == []
    assert _overlooked(alarms, 100 + REFIRE, 8) == [alarm]


def test_what_was_never_delivered_is_overlooked(alarms: Alarms) -> None:
    """Without an offset nobody can consume it."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 100)
    assert _overlooked(alarms, 100 + REFIRE, 0) == [alarm]


def test_again_is_counted_from_the_last_time(alarms: Alarms) -> None:
    """Fired again, it has its whole wait again."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 100)
    alarms.fired(alarm, 2_000)
    assert _overlooked(alarms, 2_999, 0) == []
    assert _overlooked(alarms, 3_000, 0) == [alarm]


def test_what_was_fired_too_early_is_fired_again_when_it_is_due(alarms: Alarms) -> None:
    """The clock ran ahead and was put right: not before its time, and without a wait on top of it."""
    alarms.arm(REPORT, 1, due=10_000)
    (alarm,) = alarms.due(11_000, 1)
    alarms.fired(alarm, 1_000)  # by the steady clock
    alarm.offset = 0
    assert alarms.overlooked(9_999, fired_by=8_999, consumed=1) == []
    assert alarms.overlooked(10_000, fired_by=9_000, consumed=1) == [alarm]


def test_a_clock_that_steps_fires_nothing_twice(alarms: Alarms) -> None:
    """Back: what is not due any more waits, what was fired stays fired. Ahead: each is fired once."""
    alarms.arm(REPORT, 1, due=100)
    alarms.arm(WATCH, 1, due=200)
    assert _keys(_fire(alarms, 150)) == [(REPORT, 1)]
    assert _fire(alarms, 50) == []
    assert _keys(_fire(alarms, 1_000_000)) == [(WATCH, 1)]
    assert _fire(alarms, 1_000_000) == []


def test_the_oldest_that_is_not_settled_is_known(alarms: Alarms) -> None:
    """For the gauge: fired counts until it is settled."""
    known = [alarms.oldest_due]
    alarms.arm(REPORT, 1, due=100)
    alarms.arm(WATCH, 1, due=200)
    known.append(alarms.oldest_due)
    _fire(alarms, 150)
    known.append(alarms.oldest_due)
    alarms.disarm(REPORT)
    known.append(alarms.oldest_due)
    assert known == [None, 100, 100, 200]
