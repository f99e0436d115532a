"""Why a clock's deadline lies at its minute: every target it had, and the walk to the last one. Pure.

Three things are confirmed of each target: its start and length are some indicator's promise, the time left
out is what holds and restorations left out, and the walk over the calendar ends where the fact says.
"""

from dataclasses import dataclass, replace

from qosresolve.core.calendar import Calendar
from qosresolve.core.clocks import Clock, Pause, with_pause
from qosresolve.core.facts import ClockStopped, TargetBreached, TargetSet, ThresholdReached
from qosresolve.core.policy import Policy
from qosresolve.core.report import Report
from qosresolve.core.spans import Span, due_around, open_around, united
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import ClockName
from qosresolve.replay.explain.history import History, Moment
from qosresolve.replay.explain.model import ClockStory, Mark, Standstill, Stretch, Version
from qosresolve.replay.explain.promises import origin_of_target, untargeted
from qosresolve.replay.explain.standstills import STOPPED, ends_with, spans, standstills
from qosresolve.replay.explain.walk import total, walked, wrong
from qosresolve.replay.explain.words import instant, lasting, span


def clock_stories(history: History, report: Report, policy: Policy) -> tuple[ClockStory, ...]:
    """Return the stories of both clocks of a report."""
    moments = history.about(report.report_id)
    return tuple(_Clock(history, report, policy, name, moments).story() for name in CLOCKS)


@dataclass(frozen=True, slots=True)
class _Clock:
    history: History
    report: Report
    policy: Policy
    name: ClockName
    moments: list[Moment]

    def story(self) -> ClockStory:
        """Return everything about this clock."""
        clock, calendar = clock_of(self.report, self.name), self.policy.calendar_of(self.report)
        versions = tuple(
            self._version(number, moment, moment.fact, calendar)
            for number, moment in enumerate(self.moments)
            if isinstance(moment.fact, TargetSet) and moment.fact.clock is self.name
        )
        stood = standstills(self.moments, self.name, self.history)
        until = self.history.at if clock.stopped_at is None else clock.stopped_at
        left_out = self._left_out(clock, until)
        stretches: tuple[Stretch, ...] = ()
        if clock.due_at is not None:
            stretches = walked(
                calendar, clock.started_at, clock.due_at, left_out, _reasons(stood, self.history.at)
            )
        used = open_around(calendar, clock.started_at, until, left_out) if until > clock.started_at else 0
        told = (*(item for version in versions for item in version.problems), *self._told_wrong())
        text = self._text(clock, calendar, used, until)
        if clock.due_at is not None and clock.target is not None:
            text = f"{total(stretches, clock.target)} by {instant(clock.due_at, calendar.zone)}; {text}"
        return ClockStory(
            self.name, clock.outcome, calendar.name, calendar.zone, versions, stretches, stood,
            self._marks(clock), clock.due_at, clock.target, clock.stopped_at, used, until, text, told,
        )  # fmt: skip

    def _version(self, number: int, moment: Moment, fact: TargetSet, calendar: Calendar) -> Version:
        report = moment.before.report(fact.report_id)
        why, problem = (
            origin_of_target(report, fact, self.policy) if report else ("", "set before the opening")
        )
        problems = [problem] if problem else []
        paused = fact.paused
        if fact.held_since is not None:  # as if the hold ended at once
            paused = with_pause(paused, fact.held_since, moment.entry.now)
        left_out = tuple((pause.since, pause.until) for pause in paused)
        stood = spans(standstills(self.moments[:number], self.name), moment.entry.now)
        ends = ends_with(moment, self.name) if fact.reason == STOPPED else None
        if _within(left_out, fact.started_at, ends) != _within(stood, fact.started_at, ends):
            said, holds = (_listed(item, calendar.zone) for item in (left_out, stood))
            problems.append(f"left out is {said}, but holds and restorations were {holds}")
        found = None
        if fact.target is not None and fact.due_at is not None:
            found = due_around(calendar, fact.started_at, fact.target, left_out)
            problems += _wrong_walk(fact, calendar, left_out, found)
        named = tuple(f"{self.name} clock, set for {fact.reason!r}: {item}" for item in problems)
        return Version(
            fact.reason, why, fact.started_at, fact.target, fact.due_at, found, fact.held_since, fact.paused,
            moment.origin, named,
        )  # fmt: skip

    def _left_out(self, clock: Clock, until: int) -> tuple[Span, ...]:
        paused: tuple[Pause, ...] = clock.paused
        if clock.held_since is not None:
            paused = with_pause(paused, clock.held_since, max(until, clock.held_since))
        return tuple((pause.since, pause.until) for pause in paused)

    def _told_wrong(self) -> list[str]:
        """Return what was told with another instant than the clock's own."""
        wrongly = []
        for moment in self.moments:
            fact, report = moment.fact, moment.before.report(self.report.report_id)
            if report is None or getattr(fact, "clock", None) is not self.name:
                continue
            clock = clock_of(report, self.name)
            dues = {item.percent: item.due_at for item in clock.thresholds}
            if isinstance(fact, ThresholdReached) and dues.get(fact.percent) != fact.due_at:
                wrongly.append(f"{fact.percent} % of the {self.name} target was told with another instant")
            if isinstance(fact, TargetBreached) and clock.due_at != fact.due_at:
                wrongly.append(f"the breach of the {self.name} target was told with another instant")
        return wrongly

    def _marks(self, clock: Clock) -> tuple[Mark, ...]:
        told = self._told()
        marks = [
            Mark(item.percent, item.level, item.due_at, told.get(item.percent) if item.reached else None)
            for item in clock.thresholds
        ]
        if clock.due_at is not None:
            level = self.policy.tier(self.report.tier).breach_level
            marks.append(Mark(100, level, clock.due_at, told.get(100)))
        return tuple(marks)

    def _told(self) -> dict[int, int]:
        """Return when each threshold was told, those that were skipped with the one above; 100 is breach."""
        told: dict[int, int] = {}
        for moment in self.moments:
            fact = moment.fact
            if isinstance(fact, ThresholdReached) and fact.clock is self.name:
                told |= dict.fromkeys((fact.percent, *fact.skipped), moment.entry.now)
            elif isinstance(fact, TargetBreached) and fact.clock is self.name:
                told[100] = moment.entry.now
        return told

    def _text(self, clock: Clock, calendar: Calendar, used: int, until: int) -> str:
        zone = calendar.zone
        if clock.target is None or clock.due_at is None:
            none = "; ".join(untargeted(self.report, self.policy, self.name))
            return "no target" + (f": {none}" if none else "")
        spent = f"{lasting(used)} of {lasting(clock.target)} used by {instant(until, zone)}"
        if clock.stopped_at is not None:
            end = next((m for m in reversed(self.moments) if _stops(m, self.name)), None)
            entered = f", entered {instant(end.entry.now, zone)}" if end and end.entry.now != until else ""
            return f"stopped {instant(clock.stopped_at, zone)}{entered}: {clock.outcome}, {spent}"
        if clock.held_since is not None:
            would = due_around(calendar, clock.started_at, clock.target, self._left_out(clock, until))
            return (
                f"stands still since {instant(clock.held_since, zone)}, {spent}: "
                f"were it to go on now, it would be due {instant(would, zone)}"
            )
        return f"{'breached, ' if clock.breached_at is not None else ''}{spent}"


def _within(listed: tuple[Span, ...], start: int, end: int | None) -> tuple[Span, ...]:
    """Return what counts of some spans: nothing before the start of a clock, or behind its end."""
    return united((max(since, start), until if end is None else min(until, end)) for since, until in listed)


def _stops(moment: Moment, name: ClockName) -> bool:
    return isinstance(moment.fact, ClockStopped) and moment.fact.clock is name


def _wrong_walk(fact: TargetSet, calendar: Calendar, left_out: tuple[Span, ...], found: int) -> list[str]:
    """Return what is wrong with the deadline, and with each threshold, that a fact has set."""
    if fact.target is None or fact.due_at is None:
        return []
    parts = [("due", fact.target, fact.due_at, found)]
    for item in fact.thresholds:
        share = fact.target * item.percent // 100
        at = due_around(calendar, fact.started_at, share, left_out)
        parts.append((f"{item.percent} %", share, item.due_at, at))
    problems = []
    for what, length, at, right in parts:
        said = wrong(walked(calendar, fact.started_at, at, left_out), length, at, right)
        if said:
            there = f"{what} {instant(at, calendar.zone)}: {said}"
            problems.append(f"{there}; the walk ends {instant(right, calendar.zone)}")
    return problems


def _reasons(stood: tuple[Standstill, ...], now: int) -> dict[Span, str]:
    return {
        (item.since, now if item.until is None else item.until): _reason(item) for item in map(_plain, stood)
    }


def _plain(item: Standstill) -> Standstill:
    return replace(item, by="" if item.by == "by rule" else item.by)


def _reason(item: Standstill) -> str:
    by = f", {item.by}" if item.by else ""
    note = f", {item.note}" if item.note else ""
    ended = "ended by itself: " if item.by_itself and item.reason != "restored" else "ended: "
    return f"{item.reason}{by}{note}" + (f" ({ended}{item.ended_by})" if item.until is not None else "")


def _listed(listed: tuple[Span, ...], zone: str) -> str:
    return ", ".join(span(since, until, zone) for since, until in listed) or "nothing"
