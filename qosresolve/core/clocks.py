"""The two clocks of a report: targets, thresholds, and when each falls due.

A clock's numbers are computed once, when a fact sets them, and stored; folding reads no calendar. How open
time is walked is `calendar`'s business, who is told is Escalate's.
"""

from dataclasses import dataclass

from qosresolve.core.calendar import Calendar, due
from qosresolve.core.vocabulary import ClockOutcome


@dataclass(frozen=True, slots=True)
class Threshold:
    """A percentage of a target's open time, the escalation level it asks for, and its instant."""

    percent: int
    level: int
    due_at: int
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock as it stands. `target` is open time in ms, None where the policy says none."""

    started_at: int
    target: int | None
    due_at: int | None
    outcome: ClockOutcome
    thresholds: tuple[Threshold, ...] = ()
    breached_at: int | None = None
    stopped_at: int | None = None

    @property
    def running(self) -> bool:
        """Still ticking towards its deadline."""
        return self.outcome is ClockOutcome.RUNNING

    @property
    def next_due(self) -> int | None:
        """Return the next threshold or the deadline itself, whichever is still to be told."""
        if not self.running:
            return None
        pending = [threshold.due_at for threshold in self.thresholds if not threshold.reached]
        if self.breached_at is None and self.due_at is not None:
            pending.append(self.due_at)
        return min(pending, default=None)


def targeted(
    calendar: Calendar,
    started_at: int,
    target: int | None,
    *,
    levels: tuple[tuple[int, int], ...],
    reached: frozenset[int] = frozenset(),
) -> Clock:
    """Return a running clock: `levels` are (percent, escalation level); `reached` stay reached."""
    if target is None:
        return Clock(started_at, None, None, ClockOutcome.UNTARGETED)
    thresholds = tuple(
        Threshold(percent, level, due(calendar, started_at, target * percent // 100), percent in reached)
        for percent, level in levels
    )
    return Clock(started_at, target, due(calendar, started_at, target), ClockOutcome.RUNNING, thresholds)


def verdict(clock: Clock, stopped_at: int) -> ClockOutcome:
    """Return how a running clock ends when it stops at an instant."""
    if clock.due_at is None:
        return ClockOutcome.UNTARGETED
    return ClockOutcome.MET if stopped_at <= clock.due_at else ClockOutcome.MISSED
