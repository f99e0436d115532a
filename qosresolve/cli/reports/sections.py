"""A report in tables: how it stands, its clocks, what is bad and why, and what was asked of whom."""

from collections.abc import Callable, Iterator

from qosresolve.cli.reports.listing import breaks_in
from qosresolve.cli.times import left, shown
from qosresolve.core.clocks import Clock
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import Policy
from qosresolve.core.report import Report
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import NodeKind
from qosresolve.replay.clockwork import Spent, next_breach, spent

Row = tuple[str, ...]
Section = tuple[str, Row, list[Row]]
BAR = 20  # cells
_WORK = (
    "node",
    "kind",
    "for",
    "party",
    "contact",
    "attempt",
    "state",
    "due",
    "expected",
    "external id",
    "id",
)
_OUTSIDE = {NodeKind.SERVICE_TROUBLE: "service troubles", NodeKind.SUPPLIER: "supplier engagements"}


def sections(report: Report, policy: Policy | None, now: int) -> list[Section]:
    """Return the tables that have something in them. Without its policy open time is not known."""
    made: tuple[Section, ...] = (
        (
            "clocks",
            ("clock", "outcome", "open time gone by", "target", "due", "breached", "stopped", "stands still"),
            [_clock(report, policy, name, now) for name in map(str, CLOCKS)],
        ),
        (
            "indicators",
            ("indicator", "object", "state", "severity", "value", "since", "source"),
            list(_indicators(report)),
        ),
        ("root causes", ("kind", "entity", "party", "explains", "source", "at"), list(_causes(report))),
        ("activities", _WORK, list(_work(report, lambda item: item.kind not in _OUTSIDE))),
        *(
            (title, _WORK, list(_work(report, lambda item, kind=kind: item.kind is kind)))  # type: ignore[misc]
            for kind, title in _OUTSIDE.items()
        ),
        ("holds", ("reason", "clocks", "since", "until", "ended"), list(_holds(report))),
        ("links", ("kind", "reference"), [(link.kind, link.reference) for link in report.links]),
        ("status history", ("at", "status", "reason", "actor"), list(_history(report))),
    )
    return [section for section in made if section[2]]


def state(report: Report, now: int) -> list[Row]:
    """Return what is to be said of a report in one word each, only where there is something to say."""
    item = next_breach(report, now)
    rows = (
        ("product", report.product_id),
        ("customer", report.customer_id),
        ("tier", report.tier),
        ("site", report.site),
        ("offering", report.offering),
        ("status", report.status),
        ("severity", report.severity + (" (pinned)" if report.pinned else "")),
        ("breaks in", f"{breaks_in(item)}, {item.clock} clock" if item else ""),
        ("escalation", _escalation(report)),
        ("assignee", report.assignee),
        ("opened", shown(report.opened_at)),
        ("bad since", shown(report.started_at)),
        ("restored", shown(report.restored_at)),
        ("cleared", shown(report.cleared_at)),
        ("resolution", report.resolution),
        ("counts as", "" if report.classification == "counted" else report.classification),
        ("reopened", f"{report.reopened}, {report.repeat_count} relapses" if report.reopened else ""),
        ("cause key", report.cause_key),
        ("predecessor", report.predecessor),
        ("successor", report.successor),
        ("description", report.description),
        ("customer ticket", report.customer_ticket),
        ("next alarm", shown(report.due)),
        ("revision", f"{report.revision}, information {report.information_revision}"),
        ("policy", report.policy),
    )
    return [row for row in rows if row[1] not in ("", "-")]


def _escalation(report: Report) -> str:
    call = report.escalation
    taken = f"; {call.acknowledged_by} took it until {shown(call.acknowledged_until)}"
    parts = (
        f"{call.jeopardy}, level {call.level}",
        f", {call.target} called {shown(call.raised_at)}" if call.target else "",
        f"; next {shown(call.next_at)}" if call.next_at is not None else "",
        taken if call.acknowledged_by else "",
    )
    return "".join(parts) if call.level or call.jeopardy != "none" else ""


def _clock(report: Report, policy: Policy | None, name: str, now: int) -> Row:
    clock = next(clock_of(report, one) for one in CLOCKS if one == name)
    used = None if policy is None else spent(clock, policy.calendar_of(report), now)
    times = (shown(clock.due_at), shown(clock.breached_at), shown(clock.stopped_at), shown(clock.held_since))
    return (name, clock.outcome, gone_by(clock, used), left(clock.target), *times)


def gone_by(clock: Clock, used: Spent | None) -> str:
    """Return open time as a bar with its percentage: `########............  41 % 1h 38m`."""
    if used is None:
        return "policy not published"
    if used.percent is None:
        return left(used.open_ms) if clock.stopped_at is None else "-"
    filled = min(BAR, used.percent * BAR // 100)
    return f"{'#' * filled}{'.' * (BAR - filled)} {used.percent:3} % {left(used.open_ms)}"


def _indicators(report: Report) -> Iterator[Row]:
    for row in report.indicators:
        value = f"{row.value} {row.unit}".strip() or "-"
        yield row.name, row.object_id, row.state, row.severity, value, shown(row.started_at), row.source


def _causes(report: Report) -> Iterator[Row]:
    for cause in report.root_causes:
        explains = ", ".join(cause.explains) or "all"
        yield cause.kind, cause.entity or "-", cause.party or "-", explains, cause.source, shown(cause.at)


def _work(report: Report, wanted: Callable[[Obligation], bool]) -> Iterator[Row]:
    for item in filter(wanted, report.obligations):
        other = report.obligation(item.target)
        yield (
            item.node,
            item.kind,
            other.node if other else item.target or "-",
            item.party or "-",
            item.contact or "-",
            str(item.attempt),
            _how(item),
            shown(item.due_at),
            shown(item.expected_at),
            item.external_id or "-",
            item.obligation_id,
        )


def _how(item: Obligation) -> str:
    """Return the state, with what makes somebody look at it."""
    more = (
        "overdue" if item.overdue_at is not None and item.running else "",
        "asks us" if item.question else "",
        f"reminded {item.reminders}x" if item.reminders else "",
        f"refused {item.refusals}x" if item.refusals else "",
        item.end_reason,
    )
    return ", ".join(text for text in (str(item.state), *more) if text)


def _holds(report: Report) -> Iterator[Row]:
    for hold in report.holds:
        clocks = ", ".join(hold.clocks) or "none"
        yield hold.reason, clocks, shown(hold.since), shown(hold.until), shown(hold.ended_at)


def _history(report: Report) -> Iterator[Row]:
    for change in report.history:
        yield shown(change.at), change.status, change.reason, change.actor or "-"
