"""How a clock stands at an instant: what breaks next, and the open time that has gone by. Pure."""

from dataclasses import dataclass

from qosresolve.core.calendar import Calendar
from qosresolve.core.clocks import Clock, spans_of
from qosresolve.core.report import Report
from qosresolve.core.spans import open_around
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import ClockName


@dataclass(frozen=True, slots=True)
class Next:
    """The promise that breaks next, or broke first and still runs: `left` ms, negative once it has passed.

    While `held` the clock stands still, and `left` is what there was when it was stopped.
    """

    clock: ClockName
    due_at: int
    left: int
    held: bool


def next_breach(report: Report, now: int) -> Next | None:
    """Return which clock is to be looked at first, None where none runs towards a deadline."""
    found = [item for name in CLOCKS if (item := _of(name, clock_of(report, name), now)) is not None]
    return min(found, key=lambda item: (item.held, item.left), default=None)


def _of(name: ClockName, clock: Clock, now: int) -> Next | None:
    if not clock.running or clock.due_at is None:
        return None
    held = clock.held_since is not None
    return Next(
        name, clock.due_at, clock.due_at - (now if clock.held_since is None else clock.held_since), held
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """How much of a clock's time has gone by: open ms of `target`, and ms of wall time since its start."""

    open_ms: int
    wall_ms: int
    target: int | None

    @property
    def percent(self) -> int | None:
        """Return whole percent of the target, rounded down: 100 is reached when it is due, not before."""
        return self.open_ms * 100 // self.target if self.target else None


def spent(clock: Clock, calendar: Calendar, now: int) -> Spent:
    """Return what has gone by of a clock: up to now, to where it was stopped, or to where it stands still."""
    ends = [at for at in (clock.stopped_at, clock.held_since, now) if at is not None]
    end = max(clock.started_at, min(ends))
    used = open_around(calendar, clock.started_at, end, spans_of(clock.paused))
    return Spent(used, end - clock.started_at, clock.target)
