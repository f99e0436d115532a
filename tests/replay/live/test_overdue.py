"""Deadlines that nobody settles: by the brokers' time, once each, and settled when the record says so."""

from dataclasses import dataclass

from qosresolve.contracts.headers import Alarm
from qosresolve.replay.live.overdue import EntryClock, Overdue

ALLOWED = 60_000
NOON = 1_772_452_800_000


@dataclass
class Hands:
    """Two clocks that a test sets."""

    wall: int = NOON
    steady: float = 1_000.0

    def wait(self, ms: int) -> None:
        """Let both go on."""
        self.wall += ms
        self.steady += ms / 1000


def clock(hands: Hands) -> EntryClock:
    """Return the brokers' time by these clocks."""
    return EntryClock(lambda: hands.wall, lambda: hands.steady)


def test_a_deadline_is_overdue_when_more_than_allowed_has_passed() -> None:
    """Told once; settled when its record comes with another number, or goes."""
    overdue = Overdue()
    overdue.arm(b"P1/r", Alarm(NOON, 0))
    overdue.arm(b"P2/", Alarm(NOON + 1, 4))
    assert (overdue.look(NOON + ALLOWED - 1, ALLOWED), overdue.oldest) == (0, NOON)
    assert overdue.look(NOON + ALLOWED, ALLOWED) == 1
    assert overdue.look(NOON + ALLOWED + 1, ALLOWED) == 1
    assert overdue.look(NOON + ALLOWED + 2, ALLOWED) == 0
    assert overdue.count == 2
    overdue.arm(b"P1/r", Alarm(NOON + 2 * ALLOWED, 1))
    overdue.arm(b"P2/", None)
    assert overdue.look(NOON + ALLOWED + 3, ALLOWED) == 0
    assert (overdue.count, overdue.oldest) == (0, None)


def test_the_same_record_written_again_settles_nothing() -> None:
    """A report changes without its alarm being looked at: it stays overdue, and is not counted anew."""
    overdue = Overdue()
    overdue.arm(b"P1/r", Alarm(NOON, 0))
    assert overdue.look(NOON + ALLOWED, ALLOWED) == 1
    overdue.arm(b"P1/r", Alarm(NOON, 0))
    assert (overdue.look(NOON + 2 * ALLOWED, ALLOWED), overdue.count) == (0, 1)


def test_many_alarms_that_move_leave_nothing_behind() -> None:
    """An alarm that is moved again and again is due once, at its last instant."""
    overdue = Overdue()
    for number in range(5_000):
        overdue.arm(b"P1/r", Alarm(NOON + number, number))
    assert overdue.look(NOON + 5_000, ALLOWED) == 0
    assert overdue.oldest == NOON + 4_999
    assert overdue.look(NOON + 4_999 + ALLOWED, ALLOWED) == 1


def test_a_clock_that_runs_ahead_is_held_back_by_what_it_hears() -> None:
    """Ten minutes ahead of the brokers, and an entry takes 20 ms to be read: 20 ms behind is what is left."""
    hands = Hands(wall=NOON + 600_000)
    time = clock(hands)
    assert time.now() == NOON + 600_000, "nobody has told yet"
    time.heard(NOON - 5_000)  # an entry that waited
    time.heard(NOON - 20)
    assert time.now() == NOON - 20
    hands.wait(1_000)
    time.heard(NOON)  # slower than the best so far
    assert time.now() == NOON + 980


def test_a_clock_that_runs_behind_is_brought_forward() -> None:
    """An entry from the future tells how far behind we are."""
    time = clock(Hands(wall=NOON - 600_000))
    time.heard(NOON - 20)
    assert time.now() == NOON - 20


def test_a_step_of_the_clock_forgets_what_it_heard() -> None:
    """Set by hand, it is believed until the next entry."""
    hands = Hands()
    time = clock(hands)
    time.heard(NOON - 20)
    hands.wall += 3_600_000
    assert time.now() == NOON + 3_600_000
    time.heard(NOON)
    assert time.now() == NOON
