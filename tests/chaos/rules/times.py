"""Deadlines: none acts before its time, all of them act in the end; how late they were is told."""

from collections.abc import Iterator
from dataclasses import dataclass

from qosresolve.core.facts import AlarmSettled, TargetBreached
from qosresolve.core.rules import Rule
from qosresolve.core.step import TOO_EARLY
from qosresolve.core.vocabulary import Outcome
from tests.chaos.evidence import Violation
from tests.chaos.ledger import Ledger, place_of

Alarm = tuple[str, str, int, int]  # product, report, number, due
STUCK_MS = 10_000  # after its due time, when everything has been quiet for long


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late deadlines came, and were settled; seconds, sorted."""

    arrived: list[float]
    settled: list[float]
    too_early: int
    fired: int


def not_early(ledger: Ledger) -> Iterator[Violation]:
    """No target was breached, and no deadline settled, before its time by the brokers' clock."""
    for entry in ledger.journal:
        for fact in entry.facts:
            if isinstance(fact, TargetBreached) and entry.now < fact.due_at:
                yield Violation("early", f"{place_of(entry)}: {fact.clock} breached before {fact.due_at}")
    for entry, deadline, _ in ledger.deadlines():
        settled = any(isinstance(fact, AlarmSettled) for fact in entry.facts)
        if settled and entry.now + TOO_EARLY < deadline.due:
            yield Violation("early", f"{place_of(entry)}: {deadline.due - entry.now} ms before its time")


def not_stuck(ledger: Ledger) -> Iterator[Violation]:
    """At the end nothing is long overdue: every alarm was fired, and settled."""
    for key, state in ledger.final.items():
        if state.due is not None and state.due < ledger.evidence.quiet_at - STUCK_MS:
            late = (ledger.evidence.quiet_at - state.due) / 1000
            yield Violation("stuck", f"{key}: alarm {state.alarm} is {late:.0f} s overdue")


def lateness(ledger: Ledger) -> Lateness:
    """Return how late each alarm's first deadline came, and when it was settled."""
    first: dict[Alarm, int] = {}
    settled: dict[Alarm, int] = {}
    fired = too_early = 0
    for entry, deadline, record in ledger.deadlines():
        fired += 1
        too_early += entry.rule is Rule.TOO_EARLY
        if entry.outcome is Outcome.APPLIED and entry.rule is Rule.NONE:
            alarm = (deadline.product_id, deadline.report_id, deadline.alarm, deadline.due)
            first.setdefault(alarm, record.timestamp)
            settled.setdefault(alarm, entry.now)
    return Lateness(_late(first), _late(settled), too_early, fired)


def _late(instants: dict[Alarm, int]) -> list[float]:
    return sorted(max(0, at - alarm[-1]) / 1000 for alarm, at in instants.items())
