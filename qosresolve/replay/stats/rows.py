"""One report's row: of all that its journal says, what the figures need. Pure.

A row is made at the opening and takes one entry after the other. What the figures are is `figures`' business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from qosresolve.core import facts as f
from qosresolve.core.clocks import Hold, Pause, spans_of
from qosresolve.core.record import changed
from qosresolve.core.spans import Span, united
from qosresolve.core.vocabulary import (
    OPEN,
    Classification,
    ClockName,
    ClockOutcome,
    Jeopardy,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_RESPOND, _RESTORE = ClockName.RESPOND, ClockName.RESTORE


@dataclass(slots=True)
class Row:
    """What is kept of a report. Instants and durations in ms.

    `rests` are the spans from a restoration to its relapse; `warned` and `breached` say for each promise when
    it was first said to be at risk, by an earlier decision than the breach, and when it was due.
    """

    report_id: str
    tier: str
    customer_id: str
    site: str
    policy: str
    indicator: str
    opened_at: int
    started_at: int
    status: Status = Status.ACKNOWLEDGED
    classification: Classification = Classification.COUNTED
    acknowledged_at: int | None = None
    restored_at: int | None = None
    relapses: int = 0
    refusals: int = 0
    warned: dict[ClockName, int] = field(default_factory=dict)
    breached: dict[ClockName, int] = field(default_factory=dict)
    rests: tuple[Span, ...] = ()
    _due: dict[ClockName, int] = field(default_factory=dict)
    _respond_paused: tuple[Pause, ...] = ()
    _restore_paused: tuple[Pause, ...] = ()
    _held_since: int | None = None
    _holds: tuple[Hold, ...] = ()

    @property
    def open(self) -> bool:
        """Acknowledged, in progress, pending or held."""
        return self.status in OPEN

    @property
    def respond_pauses(self) -> tuple[Span, ...]:
        """Return when the respond clock stood still."""
        return united(spans_of(self._respond_paused))

    @property
    def restore_pauses(self) -> tuple[Span, ...]:
        """Return when the restore clock stood still: holds, windows, and while it was restored."""
        return united((*spans_of(self._restore_paused), *self.rests))

    @property
    def rested(self) -> int:
        """Return for how long it was restored before it relapsed."""
        return sum(until - since for since, until in self.rests)

    def take(self, facts: Iterable[f.Fact], now: int) -> None:
        """Take the facts about this report of one entry; `now` is the entry's time."""
        mine = list(facts)
        ended = False
        for fact in mine:
            self._take(fact, ended=ended)
            # What ends the promise also ends the respond clock of a report that nobody took.
            ended = ended or isinstance(fact, f.Restored | f.FalseEventDeclared)
        for fact in mine:
            if _broken(fact):
                self.breached.setdefault(fact.clock, self._due[fact.clock])
        for clock in _warnings(mine):
            if clock not in self.breached:
                self.warned.setdefault(clock, now)

    def _take(self, fact: Any, *, ended: bool) -> None:  # noqa: ANN401 - any fact
        match fact:
            case f.StatusChanged():
                self.status = fact.status
            case f.Classified():
                self.classification = fact.classification
            case f.FalseEventDeclared():
                self.classification = Classification.FALSE_POSITIVE
            case f.Restored():
                self.restored_at = fact.at
            case f.ReportReopened():
                self._reopened(fact)
            case f.TargetSet():
                self._target_set(fact)
            case f.ClockStopped(clock=ClockName.RESPOND):
                if not ended and fact.outcome is not ClockOutcome.NOT_APPLICABLE:
                    self._acknowledged(fact.at)
            case f.HoldStarted() | f.HoldEnded():
                self._hold(fact)

    def _reopened(self, fact: f.ReportReopened) -> None:
        if fact.relapse and self.restored_at is not None and fact.deducted:
            self.rests = (*self.rests, (self.restored_at, self.restored_at + fact.deducted))
        self.restored_at = None
        self.classification = Classification.COUNTED
        self.relapses += fact.relapse
        self.refusals += not fact.relapse

    def _target_set(self, fact: f.TargetSet) -> None:
        if fact.due_at is not None:
            self._due[fact.clock] = fact.due_at
        if fact.clock is _RESTORE:
            self._restore_paused = fact.paused
        elif fact.clock is _RESPOND:
            self._respond_paused, self._held_since = fact.paused, fact.held_since

    def _hold(self, fact: f.HoldStarted | f.HoldEnded) -> None:
        """Keep the holds of the respond clock until it was answered: its stop says nothing of them."""
        if self.acknowledged_at is not None:
            return
        if isinstance(fact, f.HoldEnded):
            self._holds = tuple(
                changed(hold, ended_at=fact.at) if hold.hold_id == fact.hold_id else hold
                for hold in self._holds
            )
        elif _RESPOND in fact.hold.clocks:
            since = fact.hold.since
            self._held_since = since if self._held_since is None else min(self._held_since, since)
            others = (hold for hold in self._holds if hold.hold_id != fact.hold.hold_id)
            self._holds = (*others, fact.hold)

    def _acknowledged(self, at: int) -> None:
        self.acknowledged_at = at
        if self._held_since is not None:
            stood = [_stood(hold, self._held_since, at) for hold in self._holds]
            self._respond_paused += tuple(pause for pause in stood if pause.since < pause.until)
        self._holds, self._held_since = (), None


def _stood(hold: Hold, began: int, at: int) -> Pause:
    """Return for how long a hold stopped a clock that ends at an instant."""
    until = at if hold.until is None else min(at, hold.until)
    return Pause(max(hold.since, began), until if hold.ended_at is None else hold.ended_at)


def _broken(fact: f.Fact) -> TypeGuard[f.TargetBreached | f.ClockStopped]:
    """Tell of a promise that broke: told, or found out only when it ended, as nobody had looked by then."""
    return isinstance(fact, f.TargetBreached) or (
        isinstance(fact, f.ClockStopped) and fact.outcome is ClockOutcome.MISSED
    )


def _warnings(facts: Iterable[f.Fact]) -> Iterable[ClockName]:
    """Yield the promises that were said to be at risk. Work that is late endangers the restoration."""
    for fact in facts:
        if isinstance(fact, f.ThresholdReached):
            yield fact.clock
        elif isinstance(fact, f.EscalationRaised) and fact.jeopardy is Jeopardy.AT_RISK:
            yield _RESPOND if fact.clock is _RESPOND else _RESTORE
