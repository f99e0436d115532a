"""How a verification is shown: a bar while it runs, then counts, what differs, and what is behind it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.times import shown
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay import verify
from qosresolve.replay.differences import Field, Mismatch, Touch
from qosresolve.replay.verify import Scope, Verification
from qosresolve.settings import Settings

SHOWN = 50
FIELDS = 8  # of one record
STAMP = ("updated_at", "revision", "information_revision", "seen")  # differ with any other field


def verified(settings: Settings, scope: Scope, *, as_json: bool) -> bool:
    """Verify and show the result; return whether everything is equal."""
    with bar("reading") as progress:
        result = verify.verify(settings, contracts_for(settings), progress, scope)
    if as_json:
        dump({"equal": result.equal, **asdict(result)})
    else:
        _show(result)
    return result.equal


@contextmanager
def bar(what: str) -> Iterator[verify.Progress]:
    """Show how far a reading is, with the time that is left."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as shown_bar:
        task = shown_bar.add_task(what, total=None)
        yield lambda done, expected: shown_bar.update(task, completed=done, total=expected)


def _show(result: Verification) -> None:
    if result.mismatches:
        mismatches(result.mismatches[:SHOWN])
    if len(result.mismatches) > SHOWN:
        line(f"and {len(result.mismatches) - SHOWN} more: --json has them all")
    if result.unprovable:
        line(f"unprovable, their beginning is past the journal's retention: {len(result.unprovable)}")
        for name in result.unprovable[:SHOWN]:
            line(f"  {name}")
    if result.later:
        line(f"left out, the journal tells of them later: {result.later}")
    line(
        f"{result.partitions} partitions, {result.entries} journal entries, {result.products} products: "
        f"{result.reports} reports and {result.watches} watches equal, {len(result.mismatches)} differ"
    )


def mismatches(found: Iterable[Mismatch]) -> None:
    """Show what differs, a field a row, with the entry behind it."""
    columns = ("product", "report", "", "field", "journal says", "topic says", "journal entry")
    console().print(table("", columns, [row for item in found for row in _rows(item)]))


def _rows(item: Mismatch) -> Iterator[tuple[str, ...]]:
    """Yield the record's rows; what the topic does not know at all is said once."""
    head: tuple[str, str, str] = (item.product_id, item.report_id or "watch", item.kind)
    fields = ordered(item.fields)
    if not fields:
        yield (*head, item.path or "-", item.journal or "-", item.topic or "-", _entry(item.since))
    for field in fields[:FIELDS]:
        yield (*head, field.path, field.journal, field.topic, _entry(field.touched))
        head = ("", "", "")
    if len(fields) > FIELDS:
        yield ("", "", "", f"and {len(fields) - FIELDS} more", "", "", "")
    if fields and item.since is not None:
        yield ("", "", "", "first entry that the topic lacks", "", "", _entry(item.since))


def ordered(fields: Iterable[Field]) -> list[Field]:
    """Return fields with what every entry changes last."""
    return sorted(fields, key=lambda field: field.path in STAMP)


def _entry(touch: Touch | None) -> str:
    if touch is None:
        return "-"
    facts = ", ".join(dict.fromkeys(touch.facts))
    return (
        f"{touch.offset}, {shown(touch.at)}: {facts} ({touch.topic}/{touch.partition}/{touch.cause_offset})"
    )
