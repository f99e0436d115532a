"""What happened, counted from the topics' records. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from qosresolve.core import facts as f
from qosresolve.core.facts import Entry
from qosresolve.core.requests import (
    ActivityRequest,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.vocabulary import ClockName, ClockOutcome, ObligationState, Status

_KINDS: dict[type[Request], str] = {
    ActivityRequest: "activity",
    TroubleRequest: "trouble",
    SupplierRequest: "supplier",
    EscalationNotice: "escalation",
}


@dataclass(slots=True)
class Counts:
    """Counts by name: facts by class, inputs by outcome and rule, requests by (kind, action)."""

    entries: int = 0
    dead_letters: int = 0
    relapses: int = 0
    opened: set[str] = field(default_factory=set)  # products
    facts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[Status] = field(default_factory=Counter)
    breaches: Counter[ClockName] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    stopped: Counter[ClockOutcome] = field(default_factory=Counter)  # the restore clock
    chases: Counter[str] = field(default_factory=Counter)
    gave_up: set[str] = field(default_factory=set)  # obligations
    engagements: set[str] = field(default_factory=set)  # obligations of suppliers
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    levels: Counter[int] = field(default_factory=Counter)

    @property
    def engagements_given_up(self) -> int:
        """Return how many suppliers were given up on."""
        return len(self.gave_up & self.engagements)


def count(entries: Iterable[Entry], requests: Iterable[Request], dead_letters: int) -> Counts:
    """Return the counts of a journal, of the request topics and of the dead-letter topic."""
    counts = Counts(dead_letters=dead_letters)
    for entry in entries:
        counts.entries += 1
        counts.outcomes[entry.outcome] += 1
        counts.rules[entry.rule] += 1
        for fact in entry.facts:
            counts.facts[type(fact).__name__] += 1
            _fact(counts, fact)
    for request in requests:
        _request(counts, request)
    return counts


def _fact(counts: Counts, fact: f.Fact) -> None:
    match fact:
        case f.ReportOpened():
            counts.opened.add(fact.product_id)
        case f.ReportReopened():
            counts.relapses += fact.relapse
        case f.StatusChanged():
            counts.statuses[fact.status] += 1
        case f.TargetBreached():
            counts.breaches[fact.clock] += 1
        case f.ClockStopped() if fact.clock is ClockName.RESTORE:
            counts.stopped[fact.outcome] += 1
        case f.ObligationChased():
            counts.chases[fact.reason] += 1
        case f.ObligationEnded() if fact.state is ObligationState.GAVE_UP:
            counts.gave_up.add(fact.obligation_id)
        case _:
            pass


def _request(counts: Counts, request: Request) -> None:
    if isinstance(request, EscalationNotice):
        counts.requests["escalation", "raise" if request.raised else "end"] += 1
        counts.levels[request.level] += request.raised
        return
    counts.requests[_KINDS[type(request)], request.action] += 1
    if isinstance(request, SupplierRequest):
        counts.engagements.add(request.request_id)
