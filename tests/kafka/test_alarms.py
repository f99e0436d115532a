"""The timer's alarms: one a key, fired when due, again only when overlooked."""

import pytest

from qosresolve.kafka.alarms import DOUBLINGS, Alarm, Alarms, key_of
from qosresolve.kafka.schedule import SPAN_MS, Key

REPORT = key_of(b"P1", b"R1")
WATCH = key_of(b"P1")
REFIRE = 1_000


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


def _fire(alarms: Alarms, now: int, limit: int = 100) -> list[Alarm]:
    """Fire what is due, as the timer does: noting each before the next is asked for."""
    return [_sent(alarms, alarm, now) for alarm in alarms.due(now, limit)]


def _sent(alarms: Alarms, alarm: Alarm, instant: int) -> Alarm:
    firing = alarm.again(instant)
    alarms.fired(firing)
    return firing


def _overlooked(alarms: Alarms, instant: int, consumed: int, limit: int = 100) -> list[Alarm]:
    """Fire again what was overlooked, as the timer does; return the firings before."""
    found = []
    for alarm in alarms.overlooked(instant, REFIRE, consumed, limit):
        found.append(alarm)
        _sent(alarms, alarm, instant)
    return found


def _keys(fired: list[Alarm]) -> list[tuple[Key, int]]:
    return [(alarm.key, alarm.number) for alarm in fired]


def test_an_alarm_is_fired_at_its_time_once(alarms: Alarms) -> None:
    """Not before, and not again by the same pass of time."""
    alarms.arm(REPORT, 1, due=100)
    assert _fire(alarms, 99) == []
    assert alarms.next_due == 100
    assert _keys(_fire(alarms, 100)) == [(REPORT, 1)]
    assert _fire(alarms, 10_000) == []


def test_the_oldest_is_fired_first(alarms: Alarms) -> None:
    """After a downtime all that passed is fired in the order in which it was due."""
    for number, due in enumerate((300, 100, 200)):
        alarms.arm(key_of(b"P", b"%d" % number), 1, due)
    assert [alarm.due for alarm in _fire(alarms, 1_000)] == [100, 200, 300]


def test_a_pass_is_bounded(alarms: Alarms) -> None:
    """A hundred thousand alarms at once must not keep the timer from polling; the rest waits its turn."""
    for number in range(5):
        alarms.arm(key_of(b"P", b"%d" % number), 1, due=number)
    assert [alarm.due for alarm in _fire(alarms, 100, limit=3)] == [0, 1, 2]
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
    alarms.delivered(alarm, 7)
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
    alarms.delivered(alarm, 0)
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
    alarms.delivered(alarm, 7)
    assert _overlooked(alarms, 100 + REFIRE, 7) == []
    assert _overlooked(alarms, 99 + REFIRE, 8) == []
    assert _overlooked(alarms, 100 + REFIRE, 8) == [alarm]


def test_what_is_on_its_way_is_waited_for(alarms: Alarms) -> None:
    """The client repeats by itself until it tells what became of it: a copy would only fill its queue."""
    alarms.arm(REPORT, 1, due=100)
    _fire(alarms, 100)
    assert _overlooked(alarms, 1_000_000, 9) == []


def test_what_was_not_delivered_is_fired_again(alarms: Alarms) -> None:
    """Nobody can consume it: after the wait, counted from the failure, and each time the same wait."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 100)
    for failed_at in (5_000, 10_000, 15_000):
        alarms.failed(alarm, failed_at)
        assert _overlooked(alarms, failed_at + REFIRE - 1, 0) == []
        (again,) = alarms.overlooked(failed_at + REFIRE, REFIRE, 0, 1)
        alarm = _sent(alarms, again, failed_at + REFIRE)
    alarms.delivered(alarm, 0)
    assert _overlooked(alarms, 16_000 + REFIRE, 1) == [alarm]


def test_what_failed_does_not_wait_for_what_was_fired_before_it(alarms: Alarms) -> None:
    """The first lies in a backlog; the second lies nowhere."""
    alarms.arm(REPORT, 1, due=100)
    alarms.arm(WATCH, 1, due=101)
    first, second = _fire(alarms, 200)
    alarms.delivered(first, 50)
    alarms.failed(second, 200)
    assert _overlooked(alarms, 200 + REFIRE, 50) == [second]


def test_a_failure_of_what_is_settled_is_nothing(alarms: Alarms) -> None:
    """Its record was written meanwhile, for another reason."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 100)
    alarms.arm(REPORT, 2, due=90_000)
    alarms.failed(alarm, 200)
    alarms.early(alarm)
    assert _overlooked(alarms, 50_000, 9) == []
    assert _fire(alarms, 50_000) == []


def test_every_time_it_waits_twice_as_long(alarms: Alarms) -> None:
    """An alarm that nobody settles must not fill the journal; the wait ends to grow at some time."""
    alarms.arm(REPORT, 1, due=100)
    (alarm,) = _fire(alarms, 0 + 100)
    instant = 100
    for offset in range(DOUBLINGS + 3):
        alarms.delivered(alarm, offset)
        wait = REFIRE << min(offset, DOUBLINGS)
        assert _overlooked(alarms, instant + wait - 1, offset + 1) == []
        instant += wait
        (again,) = alarms.overlooked(instant, REFIRE, offset + 1, 1)
        alarm = _sent(alarms, again, instant)


def test_what_was_fired_too_early_is_fired_again_when_it_is_due(alarms: Alarms) -> None:
    """The clock ran ahead and was put right: not before its time, and without a wait on top of it."""
    alarms.arm(REPORT, 1, due=10_000)
    (alarm,) = _fire(alarms, 11_000)
    alarms.delivered(alarm, 0)
    alarms.early(alarm)
    assert _fire(alarms, 9_999) == []
    assert alarms.oldest_due == 10_000
    assert _keys(_fire(alarms, 10_000)) == [(REPORT, 1)]


def test_what_could_not_be_sent_is_not_lost(alarms: Alarms) -> None:
    """The producer's queue was full: the pass ends, and the next one begins with the same alarm."""
    for number in range(3):
        alarms.arm(key_of(b"P", b"%d" % number), 1, due=number)
    next(alarms.due(100, 10))
    assert [alarm.due for alarm in _fire(alarms, 100)] == [0, 1, 2]
    for offset, alarm in enumerate(list(alarms._unsettled.by_key.values())):
        alarms.delivered(alarm, offset)
    next(alarms.overlooked(100 + REFIRE, REFIRE, 3, 10))
    assert [alarm.due for alarm in _overlooked(alarms, 100 + REFIRE, 3)] == [0, 1, 2]


def test_what_is_fired_again_is_bounded_too(alarms: Alarms) -> None:
    """The rest waits its turn, in the order in which it was fired."""
    for number in range(5):
        alarms.arm(key_of(b"P", b"%d" % number), 1, due=number)
    for offset, alarm in enumerate(_fire(alarms, 100)):
        alarms.delivered(alarm, offset)
    assert [alarm.due for alarm in _overlooked(alarms, 100 + REFIRE, 5, limit=3)] == [0, 1, 2]
    assert [alarm.due for alarm in _overlooked(alarms, 100 + REFIRE, 5, limit=3)] == [3, 4]


@pytest.mark.parametrize(("number", "due"), [(-1, 5), (1, -5), (1, 1 << 50)])
def test_what_can_be_no_alarm_is_refused(alarms: Alarms, number: int, due: int) -> None:
    """Nothing is armed at an instant that is none."""
    with pytest.raises(ValueError, match="is due at"):
        alarms.arm(REPORT, number, due)
    assert len(alarms) == 0


def test_a_number_may_be_large(alarms: Alarms) -> None:
    """It only ever rises."""
    alarms.arm(REPORT, 10**15, due=100)
    assert _keys(_fire(alarms, 100)) == [(REPORT, 10**15)]


def test_one_that_comes_soonest_is_found_ahead_of_its_time(alarms: Alarms) -> None:
    """For whoever has to ask the brokers for the time: not one that is settled or moved."""
    assert alarms.one(None) is None
    alarms.arm(REPORT, 1, due=50 * SPAN_MS)
    alarms.arm(WATCH, 1, due=7 * SPAN_MS)
    alarms.arm(WATCH, 2, due=90 * SPAN_MS)
    found = alarms.one(None)
    assert found is not None
    assert (found.key, found.number, found.due) == (REPORT, 1, 50 * SPAN_MS)
    assert alarms.one(49 * SPAN_MS) is None


def test_the_names_are_in_the_key() -> None:
    """Product ids may have slashes; a watch is not mistaken for a report of another product."""
    assert Alarm(key_of(b"line/7", b"R1"), 1, 1).names == ("line/7", "R1")
    assert Alarm(key_of(b"line/7"), 1, 1).names == ("line/7", "")


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
    _fire(alarms, 50)
    known.append(alarms.oldest_due)
    _fire(alarms, 150)
    known.append(alarms.oldest_due)
    alarms.disarm(REPORT)
    known.append(alarms.oldest_due)
    assert known == [None, 100, 100, 200]
