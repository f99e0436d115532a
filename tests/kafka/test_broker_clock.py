"""The timer's idea of the brokers' time, and how long it waits for the next alarm."""

from dataclasses import dataclass, field

import pytest

from qosresolve.kafka.broker_clock import SAMPLES, BrokerClock
from qosresolve.kafka.timer import pause


@dataclass
class Machine:
    """A machine whose clock is off and can be set, and a broker whose clock is right."""

    ahead: int = 0
    passed: int = 0
    paused: int = 0  # of which the machine itself saw nothing until its clock was set
    corrected: int = 0
    clock: BrokerClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = BrokerClock(
            lambda: self.broker - self.corrected + self.ahead, lambda: self.passed / 1000
        )

    @property
    def broker(self) -> int:
        """Return the right time."""
        return 1_000_000_000 + self.passed + self.paused + self.corrected

    def round_trip(self, there: int, back: int) -> None:
        """Send something that the broker stamps on arrival."""
        sent = self.clock.look()
        self.passed += there
        at = self.broker
        self.passed += back
        self.clock.returned(sent, at)

    @property
    def off(self) -> int:
        """Return how wrong the corrected clock is."""
        return self.clock.now() - self.broker


def test_without_a_round_trip_the_own_clock_is_believed() -> None:
    """There is nothing better."""
    machine = Machine(ahead=700)
    assert (machine.clock.skew, machine.off) == (0, 700)


@pytest.mark.parametrize("ahead", [10_000, -10_000, 0])
def test_one_round_trip_corrects(ahead: int) -> None:
    """A clock that is off is right again after the first delivery report."""
    machine = Machine(ahead=ahead)
    machine.round_trip(5, 5)
    assert (machine.clock.skew, machine.off) == (-ahead, 0)


def test_the_quickest_round_trip_is_believed() -> None:
    """The error is at most half a round trip: a slow one does not spoil what a quick one told."""
    machine = Machine(ahead=10_000)
    machine.round_trip(1, 1)
    machine.round_trip(900, 0)
    assert machine.off == 0


def test_what_the_quick_one_told_is_not_believed_for_ever() -> None:
    """Clocks drift: after enough newer round trips the old one is forgotten."""
    machine = Machine(ahead=10_000)
    machine.round_trip(1, 1)
    for _ in range(SAMPLES):
        machine.ahead += 10  # a drift, no step
        machine.round_trip(2, 2)
    assert abs(machine.off) <= 10 * SAMPLES
    assert machine.clock.skew != -10_000


@pytest.mark.parametrize("step", [3_600_000, -3_600_000])
def test_a_step_of_our_clock_changes_nothing_but_the_skew(step: int) -> None:
    """Time is kept by the clock that nobody can set; the step is counted, and told as skew."""
    machine = Machine()
    machine.round_trip(1, 1)
    machine.ahead += step
    assert (machine.off, machine.clock.skew) == (0, -step)
    assert machine.clock.steps == 1
    machine.passed += 60_000
    assert (machine.off, machine.clock.skew) == (0, -step)
    assert machine.clock.steps == 1, "one step is one step"


@pytest.mark.parametrize("step", [3_600_000, -3_600_000])
def test_after_a_step_nothing_is_sure_until_a_round_trip(step: int) -> None:
    """It may also mean that the machine stood still; what was on its way before tells nothing of after."""
    machine = Machine()
    known = [machine.clock.unsure_since]
    machine.round_trip(1, 1)
    known.append(machine.clock.unsure_since)
    before = machine.clock.look()
    machine.passed += 10
    machine.ahead += step
    machine.clock.look()
    machine.clock.returned(before, machine.broker)
    known.append(machine.clock.unsure_since)
    machine.round_trip(1, 1)
    known.append(machine.clock.unsure_since)
    assert known == [0, None, 12, None]


def test_a_machine_that_stood_still_is_put_right_by_one_round_trip() -> None:
    """Its steady clock stood still too: the skew of before is an error of the whole pause."""
    machine = Machine()
    machine.round_trip(1, 1)
    machine.paused += 3_600_000
    assert machine.off == -3_600_000
    assert machine.clock.unsure_since is not None
    machine.round_trip(40, 40)
    assert machine.off == 0


def test_a_clock_that_was_put_right_is_no_news() -> None:
    """It ran ahead and was corrected for; after the operator set it, nothing is late."""
    machine = Machine(ahead=10_000)
    machine.round_trip(1, 1)
    machine.ahead = 0
    assert (machine.off, machine.clock.skew) == (0, 0)


def test_a_step_during_a_round_trip_does_not_matter() -> None:
    """Both of its ends are seen by the clock that nobody can set."""
    machine = Machine()
    sent = machine.clock.look()
    machine.passed += 5
    machine.ahead -= 60_000
    machine.clock.returned(sent, machine.broker)
    assert machine.off in range(4)


@pytest.mark.parametrize("step", [60_000, -60_000])
def test_a_step_of_the_brokers_clock_is_believed_at_once(step: int) -> None:
    """The quick round trips of before tell a time that is no more."""
    machine = Machine()
    machine.round_trip(1, 1)
    machine.corrected += step
    machine.round_trip(40, 40)
    assert machine.off == 0


@pytest.mark.parametrize(
    ("dues", "seconds"),
    [
        ([], 0.05),
        ([None, None], 0.05),
        ([1_020, None, 1_030], 0.02),
        ([9_000], 0.05),
        ([1_000], 0.001),
        ([10], 0.001),
    ],
)
def test_the_timer_waits_until_the_next_alarm(dues: list[int | None], seconds: float) -> None:
    """Never beyond the nearest, never longer than allowed, and never without letting the client work."""
    assert pause(dues, 1_000, longest_ms=50) == seconds
