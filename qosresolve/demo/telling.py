"""Journal entries in a few words for people. Pure."""

from collections.abc import Iterator

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
_ENDS = (Status.CLEARED, Status.CLOSED, Status.CANCELLED, Status.PENDING)


def told(entry: Entry) -> str:
    """Return what an entry tells, empty where it is of no interest."""
    phrases = [phrase for fact in entry.facts if (phrase := _phrase(fact))]
    return ", ".join(dict.fromkeys(phrases)) or _NOTED.get(entry.rule, "")


def newsworthy(entry: Entry) -> bool:
    """Tell whether an entry deserves a line of its own; routine requests, answers and samples do not."""
    return entry.rule in _NOTED or any(_news(fact) for fact in entry.facts)


def _news(fact: Fact) -> bool:
    match fact:
        case f.StatusChanged():
            return fact.status in _ENDS
        case f.ObligationChased():
            return "@" in fact.contact  # an outside party, by its mail address
        case f.ObligationEnded():
            return fact.state is ObligationState.GAVE_UP
        case _:
            return isinstance(fact, _NEWS)


def _phrase(fact: Fact) -> str:
    return _of_report(fact) or _of_work(fact) or _of_promise(fact)


def _of_report(fact: Fact) -> str:
    match fact:
        case f.ReportOpened():
            return f"report opened: {fact.severity}, {fact.tier} customer {fact.customer_id}"
        case f.ReportReopened():
            return "RELAPSE, the same report goes on" if fact.relapse else "reopened"
        case f.IndicatorMeasured():
            return _sample(fact)
        case f.Restored():
            return "restored"
        case f.StatusChanged():
            return _status(fact)
        case f.FalseEventDeclared():
            return f"false event ({fact.code})"
        case f.CloseReminded():
            return "Close reminded"
        case f.AbatementKept():
            return "abatement without a raise: kept for a while"
        case f.DeadLettered():
            return f"unreadable record put on the dead-letter topic ({fact.stage})"
        case _:
            return ""


def _sample(fact: f.IndicatorMeasured) -> str:
    row = fact.indicator
    if row.state is IndicatorState.DEGRADED:
        return f"{row.name} {row.value}{row.unit}"
    return f"{row.name} good" if row.state is IndicatorState.GOOD else f"{row.name} good, not yet believed"


def _status(fact: f.StatusChanged) -> str:
    by = f" by {fact.actor}" if fact.actor else ""
    if fact.status in (Status.CLEARED, Status.CLOSED, Status.CANCELLED):
        return f"{fact.status.upper()}{by}"
    return f"{fact.reason}{by}"


def _of_work(fact: Fact) -> str:
    match fact:
        case f.RootCauseIdentified():
            cause = fact.root_cause
            party = f" of {cause.party}" if cause.party else ""
            return f"root cause: {cause.kind} {cause.entity}{party}".rstrip()
        case f.RootCauseRevised():
            return "earlier root cause revised"
        case f.ObligationRequested():
            return f"asked {fact.contact}"
        case f.ObligationAnswered():
            return f"answer: {fact.state}"
        case f.ObligationChased():
            return f"{'turned to' if fact.reason == 'nextContact' else 'reminded'} {fact.contact}"
        case f.ObligationEnded() if fact.state is ObligationState.GAVE_UP:
            return "gave up, no answer after the last reminder"
        case f.WithdrawalRequested():
            return "request withdrawn"
        case _:
            return ""


def _of_promise(fact: Fact) -> str:
    match fact:
        case f.ThresholdReached():
            return f"{fact.percent} % of the {fact.clock} target has passed"
        case f.TargetBreached():
            return f"BREACH of the {fact.clock} target"
        case f.PlanInfeasible():
            return "the plan ends after the deadline"
        case f.EscalationRaised():
            why = f" ({fact.reason})" if fact.reason.startswith(("forecast", "not ack")) else ""
            return f"escalated to level {fact.level}, {fact.target}{why}"
        case f.EscalationAcknowledged():
            return f"{fact.actor} took the call"
        case f.EscalationEnded():
            return "escalation ended"
        case _:
            return ""


def phrases(entry: Entry) -> Iterator[str]:
    """Yield what an entry tells, fact by fact."""
    yield from filter(None, map(_phrase, entry.facts))
