"""What came of a run, for people: faults by kind, counts, takeover, lateness, and one line that decides."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from qosresolve.topics import DEAD_LETTERS, JOURNAL, PARTITION, REPORT, REQUESTS, WATCH
from tests.chaos.evidence import Violation
from tests.chaos.history import Event
from tests.chaos.ledger import Ledger
from tests.chaos.rules.run import sent
from tests.chaos.rules.times import lateness
from tests.chaos.takeover import takeovers

SHOWN = 12  # violations of a kind


def tell(console: Console, ledger: Ledger, events: list[Event], violations: Sequence[Violation]) -> None:
    """Print all of it."""
    console.print(_faults(events))
    console.print(_counts(ledger, events))
    for kind, count in Counter(violation.kind for violation in violations).items():
        console.print(f"[bold]{kind}: {count}[/bold]")
        for violation in [each for each in violations if each.kind == kind][:SHOWN]:
            console.print(f"  {violation.text}", markup=False, highlight=False)
    console.print(verdict(events, violations), soft_wrap=True, markup=False)


def verdict(events: list[Event], violations: Sequence[Violation]) -> str:
    """Return one line: what was found, over how much."""
    run = next((event for event in events if event.kind == "run"), None)
    faults, kinds = faults_done(events)
    inputs = sum(1 for _ in sent(events))
    told = "; ".join(
        f"{count} {kind}" for kind, count in Counter(violation.kind for violation in violations).items()
    )
    what = f"BROKEN: {told}" if violations else "zero lost, doubled, reordered or torn"
    seed = run["seed"] if run else "?"
    nodes = run["nodes"] if run else "?"
    return f"seed {seed}, {nodes} nodes, {faults} faults of {kinds} kinds, {inputs} inputs: {what}"


def faults_done(events: Iterable[Event]) -> tuple[int, int]:
    """Return how many faults happened, and of how many kinds."""
    done = Counter(
        event["fault"] for event in events if event.kind == "healed" and event["outcome"] == "done"
    )
    return done.total(), len(done)


def _faults(events: list[Event]) -> Table:
    table = Table("fault", "done", "not reached", "seconds, p50", "max", title="Faults")
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, list[float]] = defaultdict(list)
    for event in events:
        if event.kind == "healed":
            outcomes[event["fault"]][event["outcome"]] += 1
            seconds[event["fault"]].append(event["seconds"])
    for name in sorted(outcomes):
        done = outcomes[name].pop("done", 0)
        took = sorted(seconds[name])
        table.add_row(name, str(done), str(outcomes[name].total() or ""), *_two(took))
    total, kinds = faults_done(events)
    table.add_section()
    table.add_row(f"{kinds} kinds", str(total))
    return table


def _counts(ledger: Ledger, events: list[Event]) -> Table:
    table = Table("what", "count", title="Counts")
    evidence = ledger.evidence
    outcomes = Counter(str(entry.outcome) for entry in ledger.journal)
    exits = Counter(event["code"] for event in events if event.kind == "exit")
    reports = {record.key for record in evidence.of(REPORT)}
    rows: list[tuple[str, object]] = [
        ("inputs acknowledged", sum(1 for _ in sent(events))),
        ("inputs, with deadlines and forwarded ones", len(ledger.inputs)),
        ("journal records", len(evidence.of(JOURNAL))),
        ("  of them", ", ".join(f"{name} {count}" for name, count in outcomes.most_common())),
        ("reports", len(reports)),
        ("requests", sum(len(evidence.of(topic)) for topic in REQUESTS)),
        ("dead letters", len(evidence.of(DEAD_LETTERS))),
        ("transactions, by partition", len(evidence.commits) // 6),
        ("state records compacted away", _compacted(ledger)),
        ("processes ended, by status", ", ".join(f"{code}: {count}" for code, count in exits.most_common())),
    ]
    stops = Counter(event["what"] for event in events if event.kind == "stopped")
    rows += [("stopped by themselves", f"{count}: {what}") for what, count in stops.most_common()]
    rows += _times(ledger, events)
    for name, value in rows:
        table.add_row(name, str(value))
    return table


def _times(ledger: Ledger, events: list[Event]) -> list[tuple[str, object]]:
    late = lateness(ledger)
    over = takeovers(ledger.evidence, events)
    alone = sorted(each.seconds for each in over if each.alone)
    drained = next((event["seconds"] for event in events if event.kind == "drained"), None)
    return [
        ("takeover after kill -9, nothing else broken", _spread(alone)),
        ("takeover after kill -9, whatever else was", _spread(sorted(each.seconds for each in over))),
        ("deadlines, of them too early", f"{late.fired}, {late.too_early}"),
        ("lateness of deadlines", _spread(late.arrived)),
        ("lateness of what they did", _spread(late.settled)),
        ("in order again after the last fault", "?" if drained is None else f"{drained:.1f} s"),
    ]


def _compacted(ledger: Ledger) -> int:
    """Offsets that hold no record: compacted away, aborted, or markers of transactions."""
    names = ledger.evidence.names
    state = [names.of(topic) for topic in (REPORT, WATCH, PARTITION)]
    ends = sum(end.last for end in ledger.evidence.ends if end.topic in state)
    return ends - sum(len(ledger.evidence.records[name]) for name in state)


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ninety = seconds[int(len(seconds) * 0.9)]
    half = seconds[len(seconds) // 2]
    return f"{len(seconds)}: p50 {half:.1f} s, p90 {ninety:.1f} s, max {seconds[-1]:.1f} s"


def _two(seconds: Sequence[float]) -> tuple[str, str]:
    return f"{seconds[len(seconds) // 2]:.1f}", f"{seconds[-1]:.1f}"
