"""The page of a replay: what differs, in numbers, then a timeline for each report. One file, alone.

Every text that came from outside is escaped. Where and how marks are drawn is `timeline`'s business.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape

from qosresolve.cli.replay.timeline import SIGNS, drawn
from qosresolve.cli.times import left, shown
from qosresolve.replay.rerun.counts import Counts
from qosresolve.replay.rerun.decisions import Decision
from qosresolve.replay.rerun.differences import Line, Pair, Verdict
from qosresolve.replay.rerun.question import Bound, Question

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6b7c; --line: #d4dae2; --paper: #fff;
  --card: #f6f8fa; --earlier: #0969da; --later: #bf5700; --missing: #c9252d; --new: #1a7f37;
  --other: #8250df; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa7b4; --line: #3a4350;
  --paper: #10151c; --card: #171e27; --earlier: #58a6ff; --later: #f0883e; --missing: #ff7b72;
  --new: #3fb950; --other: #bc8cff; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1080px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem;
  margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; margin-top: .5rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } tr:last-child td { border-bottom: 0; }
svg { width: 100%; height: auto; display: block; margin-top: .5rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); } svg .soft { fill: var(--soft); }
.earlier { color: var(--earlier); } .later { color: var(--later); } .missing { color: var(--missing); }
.new { color: var(--new); } .other { color: var(--other); } .same { color: var(--soft); }
.legend span { display: inline-block; margin-right: 1.2rem; }
.row td { white-space: nowrap; } .row td:nth-child(2) { white-space: normal; }
.sum { width: auto; } .sum td { padding-right: 2rem; }
"""
_MEANS = {
    Verdict.EARLIER: "decided earlier",
    Verdict.LATER: "decided later",
    Verdict.MISSING: "not decided any more",
    Verdict.NEW: "decided now, and not before",
    Verdict.OTHER: "decided at the same time, with another content",
    Verdict.SAME: "as recorded",
}


def written(lines: Iterable[Line], counts: Counts, question: Question) -> str:
    """Return the page. `lines` are the reports that are drawn, in their order."""
    drawn_lines = list(lines)
    body = "".join((*_top(counts, question), _totals(counts), _legend(), *map(_report, drawn_lines)))
    if len(drawn_lines) < counts.reports:
        more = counts.reports - len(drawn_lines)
        body += f"<p class=soft>{more} more reports differ: --limit draws more, --json lists all.</p>"
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>Replay</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _top(counts: Counts, question: Question) -> Iterator[str]:
    yield "<h1>What would be decided otherwise</h1>"
    how = (
        "under another policy"
        if question.policy is not None
        else "by today's code, each under its own policy"
    )
    since, until = (
        _bound(bound, end) for bound, end in ((question.since, "beginning"), (question.until, "end"))
    )
    yield f"<p>{counts.replayed:,} inputs from {since} to {until}, decided again {how}.</p>"
    names = (
        ("product", question.product),
        ("report", question.report),
        ("customer", question.customer),
        ("tier", question.tier),
    )
    only = ", ".join(f"{name} {escape(value)}" for name, value in names if value)
    if only:
        yield f"<p>Only {only}.</p>"
    told = [f"{counts.reports:,} reports differ" if counts.reports else "No report differs"]
    if counts.entries:
        told.append(f"{counts.entries:,} inputs have another entry in the journal")
    if counts.skipped:
        told.append(f"{counts.skipped:,} inputs are unknown to the journal")
    if counts.unprovable:
        told.append(f"{counts.unprovable:,} products are unprovable, their inputs or beginnings are gone")
    yield f"<p><strong>{'; '.join(told)}.</strong></p>"


def _bound(bound: Bound, end: str) -> str:
    if bound.where is not None:
        return escape("/".join(map(str, bound.where)))
    return f"the {end} of what is kept" if bound.at is None else shown(bound.at)


def _totals(counts: Counts) -> str:
    if not counts.decisions:
        return ""
    verdicts = [verdict for verdict in Verdict if verdict is not Verdict.SAME]
    head = "".join(f"<th class={verdict}>{verdict}</th>" for verdict in verdicts)
    rows = ""
    for kind in sorted({kind for kind, _ in counts.decisions}):
        cells = "".join(f"<td>{counts.decisions.get((kind, verdict)) or ''}</td>" for verdict in verdicts)
        rows += f"<tr><td>{escape(kind)}</td>{cells}</tr>"
    return f"<section><table class=sum><tr><th>decision</th>{head}</tr>{rows}</table></section>"


def _legend() -> str:
    spans = "".join(
        f"<span class={verdict}>{SIGNS[verdict]} {escape(_MEANS[verdict])}</span>" for verdict in Verdict
    )
    return (
        f"<p class=legend>{spans}</p><p class=soft>All times are UTC. Recorded is above, replayed below.</p>"
    )


def _report(line: Line) -> str:
    about = line.about
    who = [f"product {about.product_id}"]
    who += [f"customer {about.customer_id}"] if about.customer_id else []
    who += [f"tier {about.tier}"] if about.tier else []
    who += [f"opened by another record in the replay, as {about.replayed_id}"] if about.replayed_id else []
    counted = Counter(str(pair.verdict) for pair in line.differing)
    said = ", ".join(f"{count} {verdict}" for verdict, count in counted.most_common())
    rows = "".join(_row(number, pair) for number, pair in enumerate(line.differing, 1))
    return (
        f"<section><h2>Report {escape(about.report_id)}</h2><p class=soft>{escape(', '.join(who))}</p>"
        f"<p>{escape(said)}</p>{drawn(line)}"
        "<table><tr><th>#</th><th>decision</th><th>replayed</th><th>recorded at</th><th>replayed at</th>"
        f"<th>apart</th></tr>{rows}</table></section>"
    )


def _row(number: int, pair: Pair) -> str:
    either, recorded, replayed = pair.either, pair.recorded, pair.replayed
    what = f"{either.kind} {either.what}".strip()
    if recorded and replayed and recorded.value != replayed.value:
        what += f": {recorded.value or 'nothing'} became {replayed.value or 'nothing'}"
    elif either.value:
        what += f" ({either.value})"
    apart = (
        left(abs(replayed.at - recorded.at)) if recorded and replayed and recorded.at and replayed.at else ""
    )
    return (
        f"<tr class=row><td>{number}</td><td>{escape(what)}</td><td class={pair.verdict}>{pair.verdict}</td>"
        f"<td>{_at(recorded)}</td><td>{_at(replayed)}</td><td>{escape(apart)}</td></tr>"
    )


def _at(decision: Decision | None) -> str:
    if decision is None:
        return "&mdash;"
    return shown(decision.at) if decision.at else "no deadline"
