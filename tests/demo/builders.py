"""Small reports and journal entries for the demonstration's pure parts."""

from qosresolve.core import facts as f
from qosresolve.core.clocks import Clock
from qosresolve.core.facts import Entry, Fact
from qosresolve.core.inputs import Cause
from qosresolve.core.report import Escalation, Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ClockOutcome, Jeopardy, Outcome, Severity, Status

NOW = 1_790_000_000_000


def report(
    product: str,
    *,
    left: int | None = None,
    status: Status = Status.IN_PROGRESS,
    level: int = 0,
    updated: int = 0,
) -> Report:
    """A report with so many ms left to restore; without any, its clock was met."""
    due = None if left is None else NOW + left
    outcome = ClockOutcome.MET if due is None else ClockOutcome.RUNNING
    clock = Clock(NOW - 10_000, 10_000, due, outcome)
    jeopardy = Jeopardy.NONE if not level else Jeopardy.BREACHED if (left or 0) < 0 else Jeopardy.AT_RISK
    return Report(
        f"report-{product}", product, "customer", "gold", "", "", "policy", status, Severity.MAJOR,
        NOW - 10_000, NOW + updated, NOW - 10_000, 1, 1, clock, clock, Escalation(level, jeopardy),
    )  # fmt: skip


def entry(
    *facts: Fact,
    product: str = "p",
    rule: Rule = Rule.NONE,
    outcome: Outcome = Outcome.APPLIED,
    offset: int = 0,
) -> Entry:
    """A journal entry."""
    cause = Cause("qos.degradation.v1", 0, offset, "event")
    return Entry(product, cause, NOW, outcome, rule, "policy", b"", facts)


def status(
    to: Status, was: Status = Status.IN_PROGRESS, reason: str = "restored", actor: str = ""
) -> f.StatusChanged:
    """A status change of the report of p."""
    return f.StatusChanged("report-p", was, to, NOW, reason, actor)
