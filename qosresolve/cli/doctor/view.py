"""How an examination is shown: a line while it runs, then a table, the worst first, and a verdict."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from qosresolve.cli.doctor.question import Question
from qosresolve.cli.output import console, dump, line, table
from qosresolve.kafka.acls import Role
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.doctor.examine import Seen, Tell, examine, unreachable
from qosresolve.replay.doctor.findings import NOT_LOOKED, Finding, Severity
from qosresolve.replay.doctor.site import Site
from qosresolve.settings import Settings
from qosresolve.telemetry import log

WELL, BAD, COULD_NOT = 0, 1, 2


def examined(
    settings: Settings, question: Question, roles: Sequence[Role], limit_s: float, *, as_json: bool
) -> int:
    """Make the checks and show what was found; return the exit status."""
    log.configure("console", "error")  # to standard error: what is found is told here
    site = Site(settings, contracts_for(settings), question.outage_ms, roles)
    with _progress() as tell:
        found = examine(site, question.checks, limit_s, tell)
    return shown(found, settings, as_json=as_json)


def nobody_answers(why: Exception, settings: Settings, question: Question, *, as_json: bool) -> int:
    """Show that no check could be made; return the exit status."""
    return shown(unreachable(question.checks, str(why)), settings, as_json=as_json)


def shown(found: Sequence[Seen], settings: Settings, *, as_json: bool) -> int:
    """Show what was found; return the exit status."""
    status = status_of(found)
    if as_json:
        rows = [_row(seen, settings) for seen in found]
        dump({"status": status, "verdict": verdict(found), "findings": rows})
    else:
        rows_of = [_cells(seen, settings) for seen in found]
        console().print(table("", ("", "check", "what was seen", "what it means, what mends it"), rows_of))
        line(verdict(found))
    return status


def status_of(found: Sequence[Seen]) -> int:
    """Return 1 where something is bad, else 2 where something could not be looked at, else 0."""
    if any(seen.finding.severity.bad and seen.finding.kind is not NOT_LOOKED for seen in found):
        return BAD
    return COULD_NOT if any(seen.finding.kind is NOT_LOOKED for seen in found) else WELL


def verdict(found: Sequence[Seen]) -> str:
    """Return one line: how many of each severity, and what could not be looked at."""
    unseen = [seen.check.name for seen in found if seen.finding.kind is NOT_LOOKED]
    counts = Counter(seen.finding.severity for seen in found if seen.finding.kind is not NOT_LOOKED)
    named = {
        Severity.CRITICAL: "critical",
        Severity.WARNING: "warnings",
        Severity.NOTE: "notes",
        Severity.OK: "checks without a finding",
    }
    parts = [f"{counts[severity]} {name}" for severity, name in named.items()]
    first = {WELL: "all well", BAD: "not well", COULD_NOT: "not known"}[status_of(found)]
    not_made = f"; could not be looked at: {', '.join(unseen)}" if unseen else ""
    return f"{first}: {', '.join(parts)}{not_made}"


def _row(seen: Seen, settings: Settings) -> dict[str, str]:
    finding = seen.finding
    return {
        "check": seen.check.name,
        "finding": finding.kind.name,
        "severity": finding.severity,
        "subject": finding.subject,
        "seen": finding.seen,
        "means": finding.kind.means,
        "command": _command(finding, settings),
        "runbook": finding.kind.page,
    }


def _cells(seen: Seen, settings: Settings) -> tuple[str, str, str, str]:
    finding = seen.finding
    if finding.severity is Severity.OK:
        return finding.severity, seen.check.name, finding.seen, finding.kind.means
    todo = (finding.kind.means, _command(finding, settings), finding.kind.page)
    what = f"{finding.kind.name}: {finding.subject}\n{finding.seen}"
    return finding.severity, seen.check.name, what, "\n".join(filter(None, todo))


def _command(finding: Finding, settings: Settings) -> str:
    """Return the command with these brokers and this group in it."""
    named = finding.command.replace("$BOOTSTRAP", settings.bootstrap_servers)
    return named.replace("$GROUP", settings.group)


@contextmanager
def _progress() -> Iterator[Tell]:
    columns = (TextColumn("looking at {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda name, done, total: bar.update(task, description=name, completed=done, total=total)
