"""A report as one flat row, for spreadsheets and data lakes. Pure; writing it to a file is not its business.

Every column has a name, a kind and a meaning; docs/reports.md lists them from this table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from qosresolve.core.clocks import Clock
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import LinkKind, NodeKind

Value = str | int | bool | None


class Kind(StrEnum):
    """What a column holds; an instant is ms since the epoch, UTC. A number named `..._ms` is a duration."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes/no"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `of` takes its value from a report, None where there is none."""

    name: str
    kind: Kind
    meaning: str
    of: Callable[[Report], Value]


def _text(name: str, meaning: str, of: Callable[[Report], str]) -> Column:
    return Column(name, Kind.TEXT, meaning, lambda report: str(of(report)) or None)


def _number(name: str, meaning: str, of: Callable[[Report], int | None]) -> Column:
    return Column(name, Kind.NUMBER, meaning, of)


def _instant(name: str, meaning: str, of: Callable[[Report], int | None]) -> Column:
    return Column(name, Kind.INSTANT, meaning, of)


def _of_clock(name: str, clock: Callable[[Report], Clock]) -> tuple[Column, ...]:
    return (
        _text(f"{name}_outcome", f"how the {name} clock stands", lambda report: clock(report).outcome),
        _number(f"{name}_target_ms", "open time promised", lambda report: clock(report).target),
        _instant(f"{name}_due_at", "its deadline", lambda report: clock(report).due_at),
        _instant(
            f"{name}_breached_at", "the deadline that was broken", lambda report: clock(report).breached_at
        ),
        _instant(f"{name}_stopped_at", "when it ended", lambda report: clock(report).stopped_at),
        _instant(f"{name}_held_since", "since when it stands still", lambda report: clock(report).held_since),
    )


def _unfinished(report: Report, *kinds: NodeKind) -> int:
    return sum(item.unfinished for item in report.obligations if not kinds or item.kind in kinds)


COLUMNS = (
    _text("report_id", "its id", lambda report: report.report_id),
    _text("product_id", "the customer's product", lambda report: report.product_id),
    _text("customer_id", "the customer", lambda report: report.customer_id),
    _text("tier", "the promise's tier", lambda report: report.tier),
    _text("site", "the product's site", lambda report: report.site),
    _text("offering", "the product's offering", lambda report: report.offering),
    _text("status", "its status", lambda report: report.status),
    Column("open", Kind.YES_NO, "acknowledged, inProgress, pending or held", lambda report: report.open),
    _text("severity", "its severity", lambda report: report.severity),
    _number("priority", "1 to 5 and beyond, 1 first", lambda report: report.priority),
    _text("classification", "how it counts in the figures", lambda report: report.classification),
    _text("assignee", "with whom it lies", lambda report: report.assignee),
    _instant("started_at", "the first bad sample", lambda report: report.started_at),
    _instant("opened_at", "when it was opened", lambda report: report.opened_at),
    _instant("updated_at", "its last change", lambda report: report.updated_at),
    _instant("restored_at", "the first good sample of the last indicator", lambda report: report.restored_at),
    _instant("cleared_at", "when it was cleared", lambda report: report.cleared_at),
    _text("resolution", "cause/party/permanence of how it was cleared", lambda report: report.resolution),
    *_of_clock("respond", lambda report: report.respond),
    *_of_clock("restore", lambda report: report.restore),
    _text("jeopardy", "none, atRisk or breached", lambda report: report.escalation.jeopardy),
    _number("escalation_level", "0 to 10, 0: nobody is called", lambda report: report.escalation.level),
    _text("escalation_target", "who was called last", lambda report: report.escalation.target),
    _text("acknowledged_by", "who took the call", lambda report: report.escalation.acknowledged_by),
    _number("reopened", "how often it went back to work", lambda report: report.reopened),
    _number("relapses", "of these, as the product was bad again", lambda report: report.repeat_count),
    _text(
        "indicators",
        "names of those that are not good, with blanks between",
        lambda report: " ".join(sorted({row.name for row in report.degraded})),
    ),
    _text("cause_key", "what reports of one cause share", lambda report: report.cause_key),
    _text("master_problem", "the link to it", lambda report: report.link(LinkKind.MASTER_PROBLEM)),
    _text("change", "the link to a change", lambda report: report.link(LinkKind.CHANGE)),
    _text("known_error", "the link to a known error", lambda report: report.link(LinkKind.KNOWN_ERROR)),
    _text("sla", "the link to an agreement", lambda report: report.link(LinkKind.SLA)),
    _text(
        "root_cause_kind",
        "of the newest root cause",
        lambda report: report.root_causes[-1].kind if report.root_causes else "",
    ),
    _text(
        "root_cause_entity",
        "where it lies",
        lambda report: report.root_causes[-1].entity if report.root_causes else "",
    ),
    _text(
        "root_cause_party",
        "whose it is to mend",
        lambda report: report.root_causes[-1].party if report.root_causes else "",
    ),
    _number("unfinished_work", "requests planned or running", _unfinished),
    _number(
        "unfinished_troubles",
        "of these service troubles",
        lambda report: _unfinished(report, NodeKind.SERVICE_TROUBLE),
    ),
    _number(
        "unfinished_engagements",
        "of these at suppliers",
        lambda report: _unfinished(report, NodeKind.SUPPLIER),
    ),
    _text("predecessor", "the report before it", lambda report: report.predecessor),
    _text("successor", "the report after it", lambda report: report.successor),
    _text("customer_ticket", "the customer's own ticket", lambda report: report.customer_ticket),
    _text("description", "free text", lambda report: report.description),
    _number("revision", "how many inputs changed it", lambda report: report.revision),
    _text("policy", "hash of the policy that it follows", lambda report: report.policy),
)  # fmt: skip


def row(report: Report) -> dict[str, Value]:
    """Return a report's row, its columns in their order."""
    return {column.name: column.of(report) for column in COLUMNS}
