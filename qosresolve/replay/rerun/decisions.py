"""Decisions: what of a journal entry somebody outside would notice, by report. Pure.

Samples, notes and the settling of alarms are no decisions. A decision is known by its kind and by what it is
about, in words that are the same whichever record opened the report: so two accounts can be laid side by
side.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from qosresolve.core import facts as f
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.vocabulary import Status


class Kind(StrEnum):
    """What was decided."""

    OPENED = "opened"
    REOPENED = "reopened"
    SEVERITY = "severity"
    DUE = "due"
    HELD = "held"
    RESUMED = "resumed"
    JEOPARDY = "jeopardy"
    ESCALATED = "escalated"
    CALLED_OFF = "called off"
    BREACHED = "breached"
    INFEASIBLE = "infeasible"
    REQUESTED = "requested"
    REMINDED = "reminded"
    OVERDUE = "overdue"
    WITHDRAWN = "withdrawn"
    GIVEN_UP = "ended"
    RESTORED = "restored"
    CLEARED = "cleared"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    STATUS = "status"


class Decision(NamedTuple):
    """One decision: `what` it is about, `at` ms since the epoch, `value` what else it says, for people.

    A clock's new deadline (`due`) has it as its instant, 0 where there is none.
    """

    kind: Kind
    what: str
    at: int
    value: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells it from other decisions about the same report."""
        return self.kind, self.what


Namer = Callable[[str, str], str]  # report id, obligation id -> what the work is called
_Told = Callable[[Any, int, str], Decision]


def decisions(entry: Entry, name: Namer) -> Iterator[tuple[str, Decision]]:
    """Yield (report id, decision) of an entry, in the order of its facts."""
    for fact in entry.facts:
        kind = type(fact)
        if kind in _OF_REPORT:
            yield fact.report_id, _OF_REPORT[kind](fact, entry.now, "")  # type: ignore[union-attr]
        elif kind in _OF_WORK:
            work = name(fact.report_id, fact.obligation_id)  # type: ignore[union-attr]
            yield fact.report_id, _OF_WORK[kind](fact, entry.now, work)  # type: ignore[union-attr]


def work_name(node: str, target: str, attempt: int) -> str:
    """Return what a piece of work is called, whatever its report's id."""
    name = f"{node} for {target}" if target else node
    return f"{name}, attempt {attempt}" if attempt > 1 else name


def work_in(case: Case, report_id: str, obligation_id: str) -> str:
    """Return what a case calls a piece of work, empty where it does not know it."""
    report = case.report(report_id)
    item = report.obligation(obligation_id) if report is not None else None
    return "" if item is None else work_name(item.node, item.target, item.attempt)


def _status(fact: f.StatusChanged, _now: int, _work: str) -> Decision:
    kind = _ENDS.get(fact.status, Kind.STATUS)
    return Decision(kind, str(fact.status) if kind is Kind.STATUS else "", fact.at, fact.reason)


def _due(fact: f.TargetSet, _now: int, _work: str) -> Decision:
    return Decision(Kind.DUE, str(fact.clock), fact.due_at or 0, fact.reason)


def _escalated(fact: f.EscalationRaised, _now: int, _work: str) -> Decision:
    return Decision(Kind.ESCALATED, f"level {fact.level}", fact.at, fact.target)


_ENDS = {Status.CLEARED: Kind.CLEARED, Status.CLOSED: Kind.CLOSED, Status.CANCELLED: Kind.CANCELLED}
_OF_REPORT: dict[type[Any], _Told] = {
    f.ReportOpened: lambda fact, _now, _: Decision(Kind.OPENED, "", fact.opened_at, str(fact.severity)),
    f.ReportReopened: lambda fact, _now, _: Decision(
        Kind.REOPENED, "relapse" if fact.relapse else "refused", fact.at
    ),
    f.SeverityChanged: lambda fact, now, _: Decision(Kind.SEVERITY, str(fact.severity), now),
    f.TargetSet: _due,
    f.HoldStarted: lambda fact, _now, _: Decision(Kind.HELD, fact.hold.reason, fact.hold.since),
    f.HoldEnded: lambda fact, _now, _: Decision(Kind.RESUMED, fact.reason, fact.at),
    f.ThresholdReached: lambda fact, now, _: Decision(
        Kind.JEOPARDY, f"{fact.clock} {fact.percent} %", now, f"level {fact.level}"
    ),
    f.EscalationRaised: _escalated,
    f.EscalationEnded: lambda fact, _now, _: Decision(
        Kind.CALLED_OFF, f"level {fact.level}", fact.at, fact.reason
    ),
    f.TargetBreached: lambda fact, now, _: Decision(Kind.BREACHED, str(fact.clock), now),
    f.PlanInfeasible: lambda _fact, now, _: Decision(Kind.INFEASIBLE, "", now),
    f.Restored: lambda fact, _now, _: Decision(Kind.RESTORED, "", fact.at),
    f.StatusChanged: _status,
    f.CloseReminded: lambda fact, _now, _: Decision(Kind.REMINDED, "close", fact.at),
}
_OF_WORK: dict[type[Any], _Told] = {
    f.ObligationRequested: lambda fact, _now, work: Decision(Kind.REQUESTED, work, fact.at, fact.contact),
    f.ObligationChased: lambda fact, now, work: Decision(Kind.REMINDED, work, now, fact.contact),
    f.ObligationOverdue: lambda _fact, now, work: Decision(Kind.OVERDUE, work, now),
    f.WithdrawalRequested: lambda fact, _now, work: Decision(Kind.WITHDRAWN, work, fact.at, fact.reason),
    f.ObligationEnded: lambda fact, _now, work: Decision(
        Kind.GIVEN_UP, f"{work}: {fact.state}", fact.at, fact.reason
    ),
}
DECIDING = frozenset(_OF_REPORT) | frozenset(_OF_WORK)
