"""The figures of how reports went, as a table or as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.reports.bar import bar
from qosresolve.cli.times import left, moment, now_ms
from qosresolve.errors import ConfigError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.choices import By
from qosresolve.replay.policies import policies_of
from qosresolve.replay.reports import journal_of
from qosresolve.replay.stats.counting import Counting, Stats, count
from qosresolve.replay.stats.figures import Figures, Times
from qosresolve.settings import Settings

_NOTES = (
    ("without_opening", "reports are not counted: the journal does not hold their opening any more"),
    ("without_policy", "reports have no open times: their policy is not on its topic"),
)


def show(settings: Settings, by: By | None, *, since: str, until: str, as_json: bool) -> None:
    """Count and show. Raises ConfigError."""
    contracts, now = contracts_for(settings), now_ms()
    begin = moment(since, now, option="--from") if since else None
    end = moment(until, now, option="--to") if until else None
    if begin is not None and end is not None and begin >= end:
        raise ConfigError(f"nothing lies from {since} to {until}", setting="--to", remedy="swap the two")
    counting = Counting(policies_of(settings, contracts, None), by, begin, end)
    with bar("reading") as progress:
        found = count(counting, journal_of(settings, contracts, since=begin, progress=progress))
    if as_json:
        dump(asdict(found))
        return
    groups = (*found.groups, found.total)
    console().print(table("", ("", *(one.group for one in groups)), rows(groups)))
    _notes(found)


def _notes(found: Stats) -> None:
    for name, text in _NOTES:
        missing = getattr(found, name)
        if missing:
            line(f"{missing} {text}")


def rows(groups: Sequence[Figures]) -> list[tuple[str, ...]]:
    """Return a line a figure, a column a group."""
    return [(name, *(of(one) for one in groups)) for name, of in _LINES]


def _times(times: Times) -> str:
    if times.mean_ms is None or times.median_ms is None:
        return "-"
    return f"{left(times.mean_ms)} / {left(times.median_ms)}"


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.1f} %"


_LINES: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    ("reports opened", lambda one: str(one.reports)),
    ("still open", lambda one: str(one.still_open)),
    ("false positives", lambda one: str(one.false_positives)),
    ("false positive rate", lambda one: _rate(one.false_positive_rate)),
    ("SLA exclusions", lambda one: str(one.sla_exclusions)),
    ("counted below", lambda one: str(one.counted)),
    ("acknowledged", lambda one: str(one.time_to_acknowledge.count)),
    ("MTTA, mean / median", lambda one: _times(one.time_to_acknowledge)),
    ("  of open time", lambda one: _times(one.time_to_acknowledge_open)),
    ("restored", lambda one: str(one.time_to_restore.count)),
    ("MTTR, mean / median", lambda one: _times(one.time_to_restore)),
    ("  of open time", lambda one: _times(one.time_to_restore_open)),
    ("breached", lambda one: str(one.breached)),
    ("  respond target", lambda one: str(one.respond_breaches)),
    ("  restore target", lambda one: str(one.restore_breaches)),
    ("at risk", lambda one: str(one.at_risk)),
    ("jeopardy hit rate", lambda one: _rate(one.jeopardy_hit_rate)),
    ("breaches warned of", lambda one: _rate(one.breach_warned_rate)),
    ("warned before, mean / median", lambda one: _times(one.warned_before)),
    ("reopened", lambda one: str(one.reopened)),
    ("  relapses", lambda one: str(one.relapses)),
    ("  refused resolutions", lambda one: str(one.refusals)),
)
