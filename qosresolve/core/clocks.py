"""The two clocks of a report: targets, thresholds, and when each falls due.

A clock's numbers are computed once, when a fact sets them, and stored; folding reads no calendar. How open
time is walked is `calendar`'s business, who is told is Escalate's.
"""

from qosresolve.core.calendar import Calendar
from qosresolve.core.record import record
from qosresolve.core.spans import Span, due_around, united
from qosresolve.core.vocabulary import ClockName, ClockOutcome

_RUNNING = ClockOutcome.RUNNING  # looking a member up costs ten times a name


@record
class Threshold:
    """A percentage of a target's open time, the escalation level it asks for, and its instant."""

    percent: int
    level: int
    due_at: int
    reached: bool = False


def first_due(thresholds: tuple[Threshold, ...], end: int | None) -> int | None:
    """Return the first threshold that is still to be told, or the end where that comes sooner."""
    first = end
    for threshold in thresholds:
        if not threshold.reached and (first is None or threshold.due_at < first):
            first = threshold.due_at
    return first


@record
class Pause:
    """A span in which a clock stood still: a hold, or the time between a restoration and its relapse."""

    since: int
    until: int


@record
class Hold:
    """A reason why clocks stand still; `until` is when it ends by itself, None where only a word ends it.

    The newest of each `hold_id` stays with its `ended_at`: none may begin before an earlier one's end.
    """

    hold_id: str
    reason: str
    clocks: tuple[ClockName, ...]
    since: int
    until: int | None = None
    ended_at: int | None = None

    @property
    def active(self) -> bool:
        """Begun and not ended."""
        return self.ended_at is None


@record
class Clock:
    """One clock as it stands. `target` is open time in ms, None where the policy says none.

    While `held_since` is set the deadline and thresholds are those of that instant; they move when it ends.
    """

    started_at: int
    target: int | None
    due_at: int | None
    outcome: ClockOutcome
    thresholds: tuple[Threshold, ...] = ()
    breached_at: int | None = None
    stopped_at: int | None = None
    held_since: int | None = None
    paused: tuple[Pause, ...] = ()

    @property
    def running(self) -> bool:
        """Still ticking towards its deadline."""
        return self.outcome is _RUNNING

    @property
    def next_due(self) -> int | None:
        """Return the next threshold or the deadline itself, whichever is still to be told.

        Of a clock that stands still only what had passed when it was stopped.
        """
        if self.outcome is not _RUNNING:
            return None
        first = first_due(self.thresholds, None if self.breached_at is not None else self.due_at)
        stands = first is not None and self.held_since is not None and first > self.held_since
        return None if stands else first


def targeted(
    calendar: Calendar,
    started_at: int,
    target: int | None,
    *,
    levels: tuple[tuple[int, int], ...],
    reached: frozenset[int] = frozenset(),
    paused: tuple[Pause, ...] = (),
) -> Clock:
    """Return a running clock: `levels` are (percent, escalation level); `reached` stay reached."""
    if target is None:
        return Clock(started_at, None, None, ClockOutcome.UNTARGETED, paused=paused)
    spans = spans_of(paused)
    thresholds = tuple(
        Threshold(
            percent,
            level,
            due_around(calendar, started_at, target * percent // 100, spans),
            percent in reached,
        )
        for percent, level in levels
    )
    due_at = due_around(calendar, started_at, target, spans)
    return Clock(started_at, target, due_at, ClockOutcome.RUNNING, thresholds, paused=paused)


def spans_of(paused: tuple[Pause, ...]) -> tuple[Span, ...]:
    """Return pauses as spans of time."""
    return tuple([(pause.since, pause.until) for pause in paused]) if paused else ()


def with_pause(paused: tuple[Pause, ...], since: int, until: int) -> tuple[Pause, ...]:
    """Return a clock's pauses and one more, united: time is never left out twice."""
    spans = united([*spans_of(paused), (since, until)])
    return tuple(Pause(start, end) for start, end in spans)


def verdict(clock: Clock, stopped_at: int) -> ClockOutcome:
    """Return how a running clock ends when it stops at an instant; what was breached stays missed."""
    if clock.due_at is None:
        return ClockOutcome.UNTARGETED
    if clock.breached_at is not None:
        return ClockOutcome.MISSED
    return ClockOutcome.MET if stopped_at <= clock.due_at else ClockOutcome.MISSED
