"""A policy told to people: sections of rows, for `policy check` and for pages. Nothing is printed here."""

from dataclasses import dataclass
from datetime import date

from qosresolve.contracts.policy.findings import Finding
from qosresolve.contracts.policy.words import DAYS, format_duration
from qosresolve.core.calendar import Calendar, Span
from qosresolve.core.policy import Node, Party, Policy, Terms
from qosresolve.core.vocabulary import RootCauseKind, Severity

_WORST_FIRST = tuple(reversed(Severity))


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table: every row has one text a column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary(policy: Policy, *, today: date, warnings: tuple[Finding, ...] = ()) -> tuple[Section, ...]:
    """Return what a policy promises and does. Holidays are counted from `today` on."""
    return (
        _overview(policy),
        _targets(policy),
        _escalation(policy),
        _calendars(policy, today),
        _plan(policy),
        _routes(policy),
        _parties(policy),
        _chain(policy),
        _roles(policy),
        _warnings(warnings, policy, today),
    )


def _overview(policy: Policy) -> Section:
    rows = (
        ("name", policy.name),
        ("hash", policy.hash),
        ("default tier", policy.default_tier),
        ("re-target", "from the start" if policy.retarget_from_start else "from the raise"),
    )
    return Section("policy", ("what", "is"), rows)


def _tiers(policy: Policy) -> list[str]:
    return sorted(policy.tiers, key=lambda name: (policy.tiers[name].priority, name))


def _targets(policy: Policy) -> Section:
    rows = tuple(
        (name, str(severity), format_duration(target.respond), format_duration(target.restore))
        for name in _tiers(policy)
        for severity in _WORST_FIRST
        for target in [policy.tiers[name].targets[severity]]
    )
    return Section("targets", ("tier", "severity", "respond", "restore"), rows)


def _escalation(policy: Policy) -> Section:
    rows = []
    for name in _tiers(policy):
        tier = policy.tiers[name]
        steps = ", ".join(f"{rule.percent} %: level {rule.level}" for rule in tier.thresholds) or "-"
        rows.append((name, str(tier.priority), tier.calendar, steps, f"level {tier.breach_level}"))
    return Section("tiers", ("tier", "priority", "calendar", "thresholds", "breach"), tuple(rows))


def _calendars(policy: Policy, today: date) -> Section:
    rows = tuple(_calendar_row(calendar, today) for calendar in policy.calendars.values())
    columns = ("calendar", "zone", "open", "closed days ahead", "next closed", "holidays until")
    return Section("calendars", columns, rows)


def _calendar_row(calendar: Calendar, today: date) -> tuple[str, ...]:
    ahead = [day for day in calendar.holidays if day >= today.isoformat()]
    following = ahead[0] if ahead else "-"
    return (
        calendar.name,
        calendar.zone,
        _hours(calendar),
        str(len(ahead)),
        following,
        calendar.horizon or "-",
    )


def _hours(calendar: Calendar) -> str:
    """Return the week, days with the same hours in a row taken together."""
    if all(spans == ((0, 1440),) for spans in calendar.weekly):
        return "always"
    runs: list[tuple[str, str, tuple[Span, ...]]] = []
    for day, spans in zip(DAYS, calendar.weekly, strict=True):
        if runs and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return ", ".join(_run(first, last, spans) for first, last, spans in runs if spans)


def _run(first: str, last: str, spans: tuple[Span, ...]) -> str:
    days = first if first == last else f"{first}-{last}"
    return f"{days} {' '.join(f'{_clock(start)}-{_clock(end)}' for start, end in spans)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _plan(policy: Policy) -> Section:
    columns = ("node", "kind", "owner", "duration", "after", "when", "follow-up", "marks")
    return Section("plan", columns, tuple(_node_row(node, policy) for node in policy.plan))


def _node_row(node: Node, policy: Policy) -> tuple[str, ...]:
    marks = [f"with {node.with_party}"] if node.with_party else []
    marks += ["blocks clear"] if node.blocks_clear else []
    return (
        node.name,
        str(node.kind),
        node.owner,
        f"{format_duration(node.duration)} of {_open_time(policy, node.calendar)}",
        ", ".join(node.after) or "-",
        ", ".join(node.when) or "always",
        _follow_up(node.terms),
        ", ".join(marks) or "-",
    )


def _open_time(policy: Policy, calendar: str) -> str:
    return "wall-clock time" if policy.calendars[calendar].always_open else calendar


def _follow_up(terms: Terms) -> str:
    accept, remind = format_duration(terms.accept_within), format_duration(terms.remind_every)
    return f"accept in {accept}, then {terms.reminders} x every {remind}"


def _routes(policy: Policy) -> Section:
    rows = tuple(
        (str(kind), ", ".join(node.name for node in policy.plan if kind in node.when))
        for kind in RootCauseKind
    )
    return Section("routes", ("root cause", "lays out"), rows)


def _parties(policy: Policy) -> Section:
    parties = (*policy.parties.values(), policy.default_party)
    columns = ("party", "contacts", "resolve within", "follow-up")
    return Section("parties", columns, tuple(_party_row(party) for party in parties))


def _party_row(party: Party) -> tuple[str, ...]:
    within = format_duration(party.resolve_within)
    return (party.name, " > ".join(party.contacts), within, _follow_up(party.terms))


def _chain(policy: Policy) -> Section:
    rows = tuple(
        (str(step.level), step.target, format_duration(step.delay), str(step.repeats))
        for step in policy.chain
    )
    return Section("escalation chain", ("level", "calls", "next after", "repeats"), rows)


def _roles(policy: Policy) -> Section:
    rows = tuple((command, ", ".join(policy.roles[command]) or "nobody") for command in sorted(policy.roles))
    return Section("commands kept to roles", ("command", "roles"), rows)


def _warnings(warnings: tuple[Finding, ...], policy: Policy, today: date) -> Section:
    rows = [(str(finding.check), str(finding)) for finding in warnings]
    in_a_year = f"{today.year + 1:04}-{today:%m-%d}"
    rows += [
        ("horizon-near", f'calendar "{calendar.name}" knows holidays until {calendar.horizon} only')
        for calendar in policy.calendars.values()
        if calendar.horizon and calendar.horizon < in_a_year
    ]
    return Section("warnings", ("rule", "text"), tuple(rows))
