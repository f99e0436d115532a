"""How a replay is shown: a bar with rate and ETA while it runs, then a table, JSON lines, or a page."""

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as BarTask
from rich.text import Text

from qosresolve.cli.output import console, dump_lines, line, table
from qosresolve.cli.replay.page import written
from qosresolve.cli.replay.starting import begin
from qosresolve.cli.times import shown
from qosresolve.errors import ConfigError
from qosresolve.replay.rerun.counts import Counts
from qosresolve.replay.rerun.differences import About, EntryDifference, Line, Pair, Unprovable
from qosresolve.replay.rerun.judge import Finding
from qosresolve.replay.rerun.part import Told
from qosresolve.replay.rerun.question import Question
from qosresolve.replay.rerun.running import Outcome
from qosresolve.replay.rerun.running import replayed as running
from qosresolve.settings import Settings

Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is wanted of the result: at most so many rows and timelines, JSON, a page."""

    limit: int
    as_json: bool
    html: Path | None


def replayed(
    settings: Settings, question: Question, wanted: Shown, *, jobs: int, into: Settings | None
) -> bool:
    """Replay and show the result; return whether anything differs. Raises ConfigError on an empty range."""
    if wanted.html is not None and not wanted.html.parent.is_dir():
        raise ConfigError(
            f"there is no folder {wanted.html.parent}", setting="--html", remedy="make it first"
        )
    with (
        _bar() as told,
        running(settings, question, jobs=jobs, prepare=begin, told=told, into=into) as outcome,
    ):
        counts = outcome.counts
        if wanted.html is not None:
            wanted.html.write_text(written(_lines(outcome, wanted.limit), counts, question), encoding="utf-8")
        if wanted.as_json:
            dump_lines(_trees(outcome))
        else:
            _tables(outcome, question, wanted)
        if not counts.replayed + counts.told:
            raise ConfigError(
                "no input lies in the range" + (", or none that can be proved" if counts.unprovable else ""),
                setting="--from",
                remedy="widen it; inputs are kept for the retention of their topics (14 days by default)",
            )
        return counts.differs


class _Rate(ProgressColumn):
    """Journal records a second."""

    def render(self, task: BarTask) -> Text:
        """Return the rate, `-` before there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "-")


@contextmanager
def _bar() -> Iterator[Told]:
    """Show a bar over all partitions; give what their processes tell it by."""
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("replaying", total=None)
        parts: dict[int, tuple[int, int]] = {}

        def told(number: int, done: int, expected: int) -> None:
            parts[number] = done, expected
            bar.update(
                task,
                completed=sum(done for done, _ in parts.values()),
                total=sum(expected for _, expected in parts.values()),
            )

        yield told


# -- JSON


def _trees(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for finding in outcome.findings():
        yield from _told(finding)
    counts = asdict(outcome.counts)
    by_kind: dict[str, dict[str, int]] = {}
    for (kind, verdict), count in sorted(outcome.counts.decisions.items()):
        by_kind.setdefault(kind, {})[verdict] = count
    yield {
        "finding": "summary",
        "differs": outcome.counts.differs,
        **counts,
        "decisions": by_kind,
        "seconds": round(outcome.seconds, 3),
    }


def _told(finding: Finding) -> Iterator[dict[str, Any]]:
    if isinstance(finding, Line):
        for pair in finding.differing:
            yield {"finding": "decision", **asdict(finding.about), **_pair(pair)}
    elif isinstance(finding, EntryDifference):
        yield {"finding": "entry", **asdict(finding)}
    else:
        yield {"finding": "unprovable", **asdict(finding)}


def _pair(pair: Pair) -> dict[str, Any]:
    either, recorded, replayed = pair.either, pair.recorded, pair.replayed
    return {
        "decision": str(either.kind),
        "what": either.what,
        "verdict": str(pair.verdict),
        "recorded_at": recorded.at if recorded else None,
        "replayed_at": replayed.at if replayed else None,
        "recorded": recorded.value if recorded else None,
        "replayed": replayed.value if replayed else None,
    }


# -- tables


def _lines(outcome: Outcome, limit: int) -> list[Line]:
    """Return the reports that differ first, at most so many."""
    lines = (finding for finding in outcome.findings() if isinstance(finding, Line))
    return heapq.nsmallest(limit, lines, key=lambda item: min(pair.at for pair in item.differing))


def _tables(outcome: Outcome, question: Question, wanted: Shown) -> None:
    counts, screen = outcome.counts, console()
    if counts.decisions:
        rows = [(kind, verdict, str(count)) for (kind, verdict), count in sorted(counts.decisions.items())]
        screen.print(table("decisions that differ", ("decision", "replayed", "times"), rows))
        _decisions(outcome, wanted.limit)
    if counts.entries:
        _entries(outcome, wanted.limit)
    if counts.unprovable:
        _unprovable(outcome, wanted.limit)
    line(summary(counts, question, outcome.seconds))
    if wanted.html is not None:
        line(f"timelines of {min(counts.reports, wanted.limit)} of {counts.reports} reports: {wanted.html}")


def _decisions(outcome: Outcome, limit: int) -> None:
    pairs = (
        (pair.at, serial, line.about, pair)
        for serial, line in enumerate(finding for finding in outcome.findings() if isinstance(finding, Line))
        for pair in line.differing
    )
    first = heapq.nsmallest(limit, pairs, key=lambda item: item[:2])
    rows: Rows = [_decision_row(about, pair) for _, _, about, pair in first]
    columns = ("product", "report", "decision", "about", "replayed", "recorded at", "replayed at")
    total = sum(outcome.counts.decisions.values())
    console().print(table(_title("decisions", len(rows), total), columns, rows))


def _decision_row(about: About, pair: Pair) -> tuple[str, ...]:
    either, recorded, replayed = pair.either, pair.recorded, pair.replayed
    what = either.what
    if recorded and replayed and recorded.value != replayed.value:
        what = f"{what} ({recorded.value or '-'} -> {replayed.value or '-'})".strip()
    report = about.report_id + (f" ({about.replayed_id})" if about.replayed_id else "")
    times = (shown(side.at or None) if side else "" for side in (recorded, replayed))
    return (about.product_id, report, str(either.kind), what or "-", str(pair.verdict), *times)


def _entries(outcome: Outcome, limit: int) -> None:
    found = (item for item in outcome.findings() if isinstance(item, EntryDifference))
    # A product's first difference is where to look; the rest may follow from it.
    first = heapq.nsmallest(limit, found, key=lambda item: (not item.first, item.at, item.where))
    rows: Rows = [
        (item.product_id or "-", item.where, shown(item.at), item.path, item.recorded, item.replayed)
        for item in first
    ]
    columns = ("product", "input", "at", "first field", "recorded", "replayed")
    title = _title(
        "inputs with another entry, each product's first one before the rest",
        len(rows),
        outcome.counts.entries,
    )
    console().print(table(title, columns, rows))


def _unprovable(outcome: Outcome, limit: int) -> None:
    found = (item for item in outcome.findings() if isinstance(item, Unprovable))
    first = heapq.nsmallest(limit, found, key=lambda item: (item.at, item.product_id))
    rows: Rows = [(item.product_id or "-", item.where, shown(item.at), item.why) for item in first]
    title = _title("unprovable from there on", len(rows), outcome.counts.unprovable)
    console().print(table(title, ("product", "input", "at", "because"), rows))


def _title(what: str, rows: int, total: int) -> str:
    return what if rows == total else f"{what}: {rows} of {total}, see --limit"


def summary(counts: Counts, question: Question, seconds: float) -> str:
    """Return the last line: what was done, and what came of it."""
    done = (
        f"{counts.partitions} partitions, {counts.folded} entries folded, {counts.replayed} inputs replayed"
    )
    if question.policy is not None:
        done += f", {counts.told} recorded deadlines left out for {counts.fired} that fired"
    rate = (counts.folded + counts.replayed + counts.told) / seconds if seconds else 0.0
    done += f" in {seconds:.1f} s ({rate:,.0f}/s): "
    found = [f"{counts.reports} reports differ"]
    if question.policy is None:
        found.append(f"{counts.entries} entries differ")
    if counts.skipped:
        found.append(f"{counts.skipped} inputs that the journal does not know")
    if counts.unprovable:
        found.append(f"{counts.unprovable} products unprovable")
    if not counts.differs:
        found[0] = "nothing differs"
        found[1:] = found[2:] if question.policy is None else found[1:]
    return done + ", ".join(found)
