"""One report, or a product's reports, with the journal behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.reports.listing import told
from qosresolve.cli.reports.sections import sections, state
from qosresolve.cli.reports.words import tell
from qosresolve.cli.times import now_ms, shown
from qosresolve.core.facts import Entry, NoteAdded
from qosresolve.core.policy import Policy
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.errors import ConfigError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.clockwork import spent
from qosresolve.replay.explain.reading import SHORTEST
from qosresolve.replay.policies import policies_of
from qosresolve.replay.reports import journal_of, stored_reports
from qosresolve.settings import Settings


def show(settings: Settings, name: str, *, as_json: bool, from_start: bool = False) -> None:
    """Show the report of that id or whose id begins so, or all of the product of that id."""
    contracts = contracts_for(settings)
    reports = stored_reports(settings, contracts, lambda *key: _meant(name, *key))
    products = {report.product_id for report in reports} or {name}
    if len(products) > 1:
        there = ", ".join(f"{report.product_id}/{report.report_id}" for report in reports[:5])
        raise ConfigError(
            f"{name} may mean {there}", setting="REPORT_ID|PRODUCT_ID", remedy="write more of it"
        )
    since = None if from_start else begins(reports)
    entries = list(journal_of(settings, contracts, products.pop(), since=since))
    if not reports and not entries:
        raise ConfigError(
            f"neither a report nor a product with a journal: {name}",
            setting="REPORT_ID|PRODUCT_ID",
            remedy="see `qosresolve reports list`; a forgotten report is found by its product",
        )
    entries = [entry for entry in entries if _about(entry, reports, name)]
    policies = policies_of(settings, contracts, {report.policy for report in reports}) if reports else {}
    if as_json:
        _dump(reports, entries, policies)
        return
    _show(reports, entries, policies)
    if since is not None:
        line(f"the journal from {shown(since)} on: --from-start reads all that it holds of the product")


def _meant(name: str, product: str, report: str) -> bool:
    return name in (product, report) or (len(name) >= SHORTEST and report.startswith(name))


def begins(reports: Sequence[Report]) -> int | None:
    """Return where the journal of these reports may begin: at the first bad sample of the oldest of them."""
    return min((min(report.opened_at, report.started_at) for report in reports), default=None)


def _about(entry: Entry, reports: Sequence[Report], name: str) -> bool:
    """Of one report, leave out what is about another of the product."""
    named = {getattr(fact, "report_id", "") for fact in entry.facts} - {""}
    held = {report.report_id for report in reports}
    by_product = any(report.product_id == name for report in reports)
    return not named or not reports or by_product or bool(named & held)


def _dump(reports: Sequence[Report], entries: Sequence[Entry], policies: Mapping[str, Policy]) -> None:
    now = now_ms()
    dump(
        {
            "reports": [{**told(report, now), "spent": _spent(report, policies, now)} for report in reports],
            "notes": [
                {"at": entry.now, "report_id": note.report_id, "author": note.author, "text": note.text}
                for entry, note in notes(entries)
            ],
            "journal": [as_plain(entry) for entry in entries],
        }
    )


def _spent(report: Report, policies: Mapping[str, Policy], now: int) -> dict[str, object] | None:
    """Return what has gone by of each clock, None where the policy is not on its topic."""
    policy = policies.get(report.policy)
    if policy is None:
        return None
    found = {name: spent(clock_of(report, name), policy.calendar_of(report), now) for name in CLOCKS}
    return {str(name): {**asdict(item), "percent": item.percent} for name, item in found.items()}


def notes(entries: Sequence[Entry]) -> list[tuple[Entry, NoteAdded]]:
    """Return what people and parties wrote, which lies in the journal only."""
    return [(entry, fact) for entry in entries for fact in entry.facts if isinstance(fact, NoteAdded)]


def as_plain(entry: Entry) -> dict[str, object]:
    """Return an entry with its facts as objects that name their kind, and in words."""
    plain: dict[str, object] = msgspec.to_builtins(changed(entry, facts=()))
    facts = [{"fact": type(fact).__name__, **msgspec.to_builtins(fact)} for fact in entry.facts]
    return plain | {"facts": facts, "words": [tell(fact) for fact in entry.facts]}


def _show(reports: Sequence[Report], entries: Sequence[Entry], policies: Mapping[str, Policy]) -> None:
    screen, now = console(), now_ms()
    for report in reports:
        screen.print(table(f"report {report.report_id}", ("what", "is"), state(report, now)))
        for title, columns, rows in sections(report, policies.get(report.policy), now):
            screen.print(table(title, columns, rows))
    written = [(shown(entry.now), note.author or "-", note.text) for entry, note in notes(entries)]
    if written:
        screen.print(table("notes", ("at", "by", "text"), written))
    line("journal")
    for entry in entries:
        cause = entry.cause
        rule = f" by rule {entry.rule}" if entry.rule else ""
        place = f"{cause.topic}-{cause.partition}@{cause.offset}"
        line(f"{shown(entry.now)}  {entry.outcome}{rule}  {place}  {cause.event_id}")
        for fact in entry.facts:
            line(f"    {tell(fact)}")
