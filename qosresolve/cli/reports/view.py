"""One report, or a product's reports, with the journal behind them."""

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console

from qosresolve.cli.output import console, dump, safe, table
from qosresolve.cli.reports.listing import remaining, told
from qosresolve.cli.reports.words import tell
from qosresolve.cli.times import left, now_ms, shown
from qosresolve.core.clocks import Clock
from qosresolve.core.facts import Entry
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.errors import ConfigError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import journal_of, stored_reports
from qosresolve.settings import Settings


def show(settings: Settings, name: str, *, as_json: bool) -> None:
    """Show the report of that id, or all of the product of that id."""
    contracts = contracts_for(settings)
    reports = stored_reports(settings, contracts, lambda product, report: name in (product, report))
    product = reports[0].product_id if reports else name
    entries = list(journal_of(settings, contracts, product))
    if not reports and not entries:
        raise ConfigError(
            f"neither a report nor a product with a journal: {name}",
            setting="REPORT_ID|PRODUCT_ID",
            remedy="see `qosresolve reports list`; a forgotten report is found by its product",
        )
    entries = [entry for entry in entries if _about(entry, reports, name)]
    if as_json:
        _dump(reports, entries)
        return
    screen = console()
    for report in reports:
        _show(screen, report)
    _show_journal(screen, entries)


def _about(entry: Entry, reports: Sequence[Report], name: str) -> bool:
    """Of one report, leave out what is about another of the product."""
    named = {getattr(fact, "report_id", "") for fact in entry.facts} - {""}
    return not named or name in named or not any(report.report_id == name for report in reports)


def _dump(reports: Sequence[Report], entries: Sequence[Entry]) -> None:
    now = now_ms()
    dump(
        {
            "reports": [told(report, now) for report in reports],
            "journal": [_entry(entry) for entry in entries],
        }
    )


def _entry(entry: Entry) -> dict[str, object]:
    """Return an entry with its facts as objects that name their kind, and in words."""
    plain: dict[str, object] = msgspec.to_builtins(changed(entry, facts=()))
    facts = [{"fact": type(fact).__name__, **msgspec.to_builtins(fact)} for fact in entry.facts]
    return plain | {"facts": facts, "words": [tell(fact) for fact in entry.facts]}


def _show(screen: Console, report: Report) -> None:
    screen.print(table(f"report {report.report_id}", ("what", "is"), _state(report, now_ms())))
    sections = (
        ("indicators", ("indicator", "object", "state", "severity", "value", "since", "source"), _indicators),
        ("clocks", ("clock", "outcome", "target", "due", "breached", "stopped"), _clocks),
        ("root causes", ("kind", "entity", "party", "explains", "source", "at"), _causes),
        ("obligations", ("node", "kind", "for", "party", "attempt", "state", "due", "id"), _obligations),
        ("status history", ("at", "status", "reason", "actor"), _history),
    )
    for title, columns, rows in sections:
        found = list(rows(report))
        if found:
            screen.print(table(title, columns, found))


def _state(report: Report, now: int) -> Iterator[tuple[str, str]]:
    call = report.escalation
    rows = (
        ("product", report.product_id),
        ("customer", report.customer_id),
        ("tier", report.tier),
        ("site", report.site),
        ("status", report.status),
        ("severity", report.severity),
        ("time left", left(remaining(report, now))),
        ("jeopardy", f"{call.jeopardy}, level {call.level}" + (f", {call.target}" if call.target else "")),
        ("assignee", report.assignee),
        ("opened", shown(report.opened_at)),
        ("restored", shown(report.restored_at)),
        ("cleared", shown(report.cleared_at)),
        ("resolution", report.resolution),
        ("reopened", str(report.reopened or "")),
        ("predecessor", report.predecessor),
        ("successor", report.successor),
        ("description", report.description),
        ("customer ticket", report.customer_ticket),
        ("next alarm", shown(report.due)),
        ("revision", f"{report.revision}, information {report.information_revision}"),
        ("policy", report.policy),
    )
    return (row for row in rows if row[1] not in ("", "-"))


def _indicators(report: Report) -> Iterator[tuple[str, ...]]:
    for row in report.indicators:
        value = f"{row.value} {row.unit}".strip() or "-"
        yield row.name, row.object_id, row.state, row.severity, value, shown(row.started_at), row.source


def _clocks(report: Report) -> Iterator[tuple[str, ...]]:
    yield _clock("respond", report.respond)
    yield _clock("restore", report.restore)


def _clock(name: str, clock: Clock) -> tuple[str, ...]:
    times = (shown(clock.due_at), shown(clock.breached_at), shown(clock.stopped_at))
    return name, clock.outcome, left(clock.target), *times


def _causes(report: Report) -> Iterator[tuple[str, ...]]:
    for cause in report.root_causes:
        explains = ", ".join(cause.explains) or "all"
        yield cause.kind, cause.entity or "-", cause.party or "-", explains, cause.source, shown(cause.at)


def _obligations(report: Report) -> Iterator[tuple[str, ...]]:
    for item in report.obligations:
        whom = (item.target or "-", item.party or "-", str(item.attempt))
        yield item.node, item.kind, *whom, item.state, shown(item.due_at), item.obligation_id


def _history(report: Report) -> Iterator[tuple[str, ...]]:
    for change in report.history:
        yield shown(change.at), change.status, change.reason, change.actor or "-"


def _show_journal(screen: Console, entries: Sequence[Entry]) -> None:
    screen.print("journal")
    for entry in entries:
        cause = entry.cause
        rule = f" by rule {entry.rule}" if entry.rule else ""
        place = f"{cause.topic}-{cause.partition}@{cause.offset}"
        screen.print(safe(f"{shown(entry.now)}  {entry.outcome}{rule}  {place}  {cause.event_id}"))
        for fact in entry.facts:
            screen.print(safe(f"    {tell(fact)}"))
