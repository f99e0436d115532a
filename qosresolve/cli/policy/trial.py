"""How `policy test` shows what a policy would do."""

from pathlib import Path
from zoneinfo import ZoneInfo

from qosresolve.cli.output import console, dump, table
from qosresolve.cli.times import now_ms
from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.words import format_duration
from qosresolve.core.policy import Policy
from qosresolve.core.vocabulary import RootCauseKind, Severity
from qosresolve.errors import ConfigError
from qosresolve.replay.trial.outlook import BREACH, Outlook, Promise, ask
from qosresolve.replay.trial.question import Question, instant, zone_of
from qosresolve.replay.trial.told import local, plain, tree

Rows = list[tuple[str, ...]]
Shown = tuple[str, tuple[str, ...], Rows]

SEGMENTS = 12  # rows of open time that a table shows of one clock


def compiled(file: Path) -> Policy:
    """Return the policy of a file. Raises PolicyFileError."""
    return policy_file.read_canonical(policy_file.compile(policy_file.load(file)))


def question(policy: Policy, words: dict[str, str]) -> Question:
    """Return what the options ask; `at` is local in the customer's zone, now where it is empty."""
    options = dict(words)
    when, severity, cause = options.pop("at"), options.pop("severity"), options.pop("cause")
    tier = options["tier"] or policy.default_tier
    try:
        at = instant(when, zone_of(policy, tier, options["site"])) if when else now_ms()
    except ValueError as error:
        problem, remedy = error.args
        raise ConfigError(problem, setting="--at", remedy=remedy) from None
    kind = RootCauseKind(_word(cause, RootCauseKind, "--cause")) if cause else None
    given = options | {"tier": tier}
    return Question(at=at, severity=Severity(_word(severity, Severity, "--severity")), cause=kind, **given)


def _word(text: str, words: type[Severity] | type[RootCauseKind], option: str) -> str:
    known = [str(word) for word in words]
    if text not in known:
        raise ConfigError(f"{text!r} is not known", setting=option, remedy=f"write one of {', '.join(known)}")
    return text


def show(policy: Policy, asked: Question, *, as_json: bool) -> None:
    """Show the answer to one question."""
    outlook = ask(policy, asked)
    zone = ZoneInfo(outlook.zone)
    if as_json:
        dump(plain(tree(outlook), zone))
        return
    screen = console()
    for title, columns, rows in _tables(outlook, zone):
        if rows:
            screen.print(table(title, columns, rows))


def _tables(outlook: Outlook, zone: ZoneInfo) -> list[Shown]:
    plan = "plan as it is meant" if outlook.question.cause else "plan as it begins (--cause plays it)"
    times = ("when", "UTC", "level", "calls")
    planned = ("node", "asks", "party", "asked", "due", "ends as planned", "waited for")
    return [
        ("", ("what", "is"), _overview(outlook, zone)),
        ("targets", ("clock", "target", "due", "UTC"), _targets(outlook, zone)),
        ("open time walked", ("clock", "from", "to", "open"), _segments(outlook, zone)),
        ("thresholds", ("clock", "at", *times, "passed over"), _thresholds(outlook, zone)),
        ("called while nobody answers", (*times, "because", "passed over"), _calls(outlook, zone)),
        (plan, planned, _plan(outlook, zone)),
    ]


def _overview(outlook: Outlook, zone: ZoneInfo) -> Rows:
    asked = outlook.question
    rows: Rows = [
        ("degraded at", f"{_when(asked.at, zone)} {outlook.zone}, {_when(asked.at, _UTC)} UTC"),
        ("product", ", ".join(_product(outlook))),
        ("calendar", f"{outlook.calendar} ({outlook.zone})"),
    ]
    if outlook.opened_at is None:
        return [*rows, ("report", f"none: {outlook.rule}, {outlook.rule.meaning}")]
    return [
        *rows,
        ("report opens", _when(outlook.opened_at, zone)),
        ("assignee", outlook.assignee or "nobody"),
        ("priority", str(outlook.priority)),
        ("feasible", _feasible(outlook, zone)),
    ]


def _product(outlook: Outlook) -> list[str]:
    asked = outlook.question
    tier = asked.tier if asked.tier == outlook.tier else f"{asked.tier} (unknown: {outlook.tier})"
    named = {"site": asked.site, "offering": asked.offering, "SLA": asked.sla, "party": asked.party}
    told = [f"{asked.indicator or 'any indicator'} {asked.severity}", f"tier {tier}"]
    return told + [f"{name} {text}" for name, text in named.items() if text]


def _feasible(outlook: Outlook, zone: ZoneInfo) -> str:
    told = "yes" if outlook.feasible else "no"
    if outlook.forecast is not None:
        told += f": what is laid out ends {_when(outlook.forecast, zone)}"
    if outlook.restored is not None:
        told += f"; as planned restored {_when(outlook.restored, zone)}, target {outlook.outcome}"
    return told


def _clocks(outlook: Outlook) -> tuple[tuple[str, Promise], ...]:
    return (("respond", outlook.respond), ("restore", outlook.restore))


def _targets(outlook: Outlook, zone: ZoneInfo) -> Rows:
    if outlook.opened_at is None:
        return []
    return [
        (name, format_duration(clock.target), _when(clock.due, zone), _when(clock.due, _UTC))
        for name, clock in _clocks(outlook)
    ]


def _segments(outlook: Outlook, zone: ZoneInfo) -> Rows:
    rows: Rows = []
    for name, clock in _clocks(outlook):
        rows += [
            (name, _when(start, zone), _when(end, zone), format_duration(end - start))
            for start, end in clock.open[:SEGMENTS]
        ]
        left = clock.open[SEGMENTS:]
        if left:
            length = format_duration(sum(end - start for start, end in left))
            rows.append((name, f"and {len(left)} more", _when(left[-1][1], zone), length))
    return rows


def _thresholds(outlook: Outlook, zone: ZoneInfo) -> Rows:
    return [
        (
            name,
            "breach" if step.percent == BREACH else f"{step.percent} %",
            _when(step.at, zone),
            _when(step.at, _UTC),
            str(step.level),
            step.calls or "-",
            ", ".join(step.passed_over) or "-",
        )
        for name, clock in _clocks(outlook)
        for step in clock.thresholds
    ]


def _calls(outlook: Outlook, zone: ZoneInfo) -> Rows:
    return [
        (
            _when(call.at, zone),
            _when(call.at, _UTC),
            str(call.level),
            call.who,
            call.why,
            ", ".join(call.passed_over) or "-",
        )
        for call in outlook.calls
    ]


def _plan(outlook: Outlook, zone: ZoneInfo) -> Rows:
    return [
        (
            work.node,
            work.owner,
            work.party or "-",
            _when(work.asked, zone),
            _when(work.due, zone),
            _when(work.ends, zone),
            work.waited or "-",
        )
        for work in outlook.plan
    ]


_UTC = ZoneInfo("UTC")


def _when(at: int | None, zone: ZoneInfo) -> str:
    if at is None:
        return "-"
    shown = local(at, zone)
    return f"{shown:%a %Y-%m-%d %H:%M:%S}".removesuffix(":00") if shown.second == 0 else f"{shown:%a %F %T}"
