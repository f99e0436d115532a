"""Journal entries in a few words for people. Pure."""

from collections.abc import Callable
from typing import Any

from qosresolve.core import facts as f
from qosresolve.core.facts import Entry, Fact
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import IndicatorState, ObligationState, Status

_NEWS = (
    f.ReportOpened, f.ReportReopened, f.RootCauseIdentified, f.ThresholdReached, f.TargetBreached,
    f.EscalationRaised, f.EscalationAcknowledged, f.FalseEventDeclared, f.AbatementKept, f.DeadLettered,
    f.CloseReminded,
)  # fmt: skip
_NOTED = {
    Rule.ALREADY_SEEN: "the same event again: dropped",
    Rule.ABATED_BEFORE_RAISE: "its abatement was here first: nothing to open",
    Rule.SUPPRESSED: "silenced as a false event: noted only",
}
_FINAL = (Status.CLEARED, Status.CLOSED, Status.CANCELLED)


def told(entry: Entry) -> str:
    """Return what an entry tells, empty where nothing; an answer only where nothing came of it."""
    phrases = {phrase: fact for fact in entry.facts if (phrase := _phrase(fact))}
    told = [phrase for phrase, fact in phrases.items() if not isinstance(fact, f.ObligationAnswered)]
    return ", ".join(told or phrases) or _NOTED.get(entry.rule, "")


def routine(entry: Entry) -> bool:
    """Tell whether an entry is but one more bad sample."""
    return all(
        isinstance(fact, f.IndicatorMeasured) and fact.indicator.state is IndicatorState.DEGRADED
        for fact in entry.facts
    )


def newsworthy(entry: Entry) -> bool:
    """Tell whether an entry deserves a line of its own; routine requests, answers and samples do not."""
    return entry.rule in _NOTED or any(_news(fact) for fact in entry.facts)


def _news(fact: Fact) -> bool:
    match fact:
        case f.StatusChanged():
            return fact.status in _FINAL
        case f.ObligationChased():
            return "@" in fact.contact  # an outside party, by its mail address
        case f.ObligationEnded():
            return fact.state is ObligationState.GAVE_UP
        case _:
            return isinstance(fact, _NEWS)


def _phrase(fact: Fact) -> str:
    phrase = _PHRASES.get(type(fact))
    return phrase(fact) if phrase else ""


def _sample(fact: f.IndicatorMeasured) -> str:
    row = fact.indicator
    if row.state is IndicatorState.DEGRADED:
        return f"{row.name} {row.value}{row.unit}".rstrip()
    return f"{row.name} good" if row.state is IndicatorState.GOOD else f"{row.name} good, not yet believed"


def _status(fact: f.StatusChanged) -> str:
    if fact.previous is Status.CLEARED and fact.status is Status.IN_PROGRESS:
        return ""  # the reopening tells it
    word = fact.status.upper() if fact.status in _FINAL else fact.reason
    return f"{word} by {fact.actor}" if fact.actor else word


def _cause(fact: f.RootCauseIdentified) -> str:
    cause = fact.root_cause
    party = f" of {cause.party}" if cause.party else ""
    return f"root cause: {cause.kind} {cause.entity}{party}".rstrip()


def _chased(fact: f.ObligationChased) -> str:
    return f"{'turned to' if fact.reason == 'nextContact' else 'reminded'} {fact.contact}"


def _ended(fact: f.ObligationEnded) -> str:
    return "gave up, no answer after the last reminder" if fact.state is ObligationState.GAVE_UP else ""


def _escalated(fact: f.EscalationRaised) -> str:
    why = f" ({fact.reason})" if fact.reason.startswith(("forecast", "not ack")) else ""
    return f"escalated to level {fact.level}, {fact.target}{why}"


_PHRASES: dict[type[Fact], Callable[[Any], str]] = {
    f.ReportOpened: lambda fact: f"report opened: {fact.severity}, {fact.tier} customer {fact.customer_id}",
    f.ReportReopened: lambda fact: "RELAPSE, the same report goes on" if fact.relapse else "reopened",
    f.IndicatorMeasured: _sample,
    f.RootCauseRevised: lambda _: "earlier root cause revised",
    f.RootCauseIdentified: _cause,
    f.ObligationRequested: lambda fact: f"asked {fact.contact}",
    f.ObligationAnswered: lambda fact: f"answer: {fact.state}",
    f.ObligationChased: _chased,
    f.ObligationEnded: _ended,
    f.WithdrawalRequested: lambda _: "request withdrawn",
    f.ThresholdReached: lambda fact: f"{fact.percent} % of the {fact.clock} target has passed",
    f.TargetBreached: lambda fact: f"BREACH of the {fact.clock} target",
    f.EscalationRaised: _escalated,
    f.EscalationAcknowledged: lambda fact: f"{fact.actor} took the call",
    f.EscalationEnded: lambda _: "escalation ended",
    f.Restored: lambda _: "restored",
    f.StatusChanged: _status,
    f.FalseEventDeclared: lambda fact: f"false event ({fact.code})",
    f.CloseReminded: lambda _: "Close reminded",
    f.AbatementKept: lambda _: "abatement without a raise: kept for a while",
    f.DeadLettered: lambda fact: f"unreadable record put on the dead-letter topic ({fact.stage})",
}
