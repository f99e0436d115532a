"""A policy told to people: sections of rows, for `policy check` and for pages. Nothing is printed here."""

from dataclasses import dataclass, fields
from datetime import date

from qosresolve.contracts.policy.findings import Finding
from qosresolve.contracts.policy.words import DAYS, format_duration
from qosresolve.core.calendar import Calendar, Span
from qosresolve.core.policy import IndicatorRule, Node, Party, Policy, Terms
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
        _overrides(policy),
        _escalation(policy),
        _indicators(policy),
        _holds(policy),
        _calendars(policy, today),
        _plan(policy),
        _routes(policy),
        _parties(policy),
        _chain(policy),
        _assignment(policy),
        _times(policy),
        _roles(policy),
        _warnings(warnings, policy, today),
    )


def _overview(policy: Policy) -> Section:
    rows = (
        ("name", policy.name),
        ("hash", policy.hash),
        ("default tier", policy.default_tier),
        ("re-target", "from the start" if policy.retarget_from_start else "from the raise"),
        ("a fall in severity", "moves the deadline" if policy.falls_retarget else "leaves the deadline"),
        ("time in maintenance", "counts" if policy.window_counts else "does not count"),
        ("overdue work", _work(policy)),
    )
    return Section("policy", ("what", "is"), rows)


def _work(policy: Policy) -> str:
    steps = [f"{rule.percent} %: level {rule.level}" for rule in policy.work_thresholds]
    return ", ".join([*steps, f"overdue: level {policy.overdue_level}"])


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


def _overrides(policy: Policy) -> Section:
    columns = ("offering", "tier", "sla", "indicator", "severity", "respond", "restore")
    rows = tuple(
        (
            *(text or "any" for text in (item.offering, item.tier, item.sla, item.indicator)),
            str(severity),
            format_duration(item.targets[severity].respond),
            format_duration(item.targets[severity].restore),
        )
        for item in policy.overrides
        for severity in _WORST_FIRST
        if severity in item.targets
    )
    return Section("overrides, first match wins", columns, rows)


def _indicators(policy: Policy) -> Section:
    rules = (*policy.indicators.items(), ("any other", policy.default_indicator))
    columns = ("indicator", "opens at", "open after", "clear after", "stale after")
    return Section("indicators", columns, tuple(_indicator_row(name, rule) for name, rule in rules))


def _indicator_row(name: str, rule: IndicatorRule) -> tuple[str, ...]:
    opened = format_duration(rule.open_after) if rule.open_after else "at once"
    stale = "never" if rule.silence_after is None else format_duration(rule.silence_after)
    return (name, str(rule.opens_at), opened, format_duration(rule.clear_after), stale)


def _holds(policy: Policy) -> Section:
    rows = tuple(
        (reason, ", ".join(rule.clocks), "-" if rule.at_most is None else format_duration(rule.at_most))
        for reason, rule in policy.holds.items()
    )
    return Section("holds", ("reason", "stops", "at most"), rows)


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
    rows = [_node_row(node, policy) for node in policy.plan]
    name, kind, owner, duration, *_, follow_up, marks = _node_row(policy.information, policy)
    rows.append((name, kind, owner, duration, "-", "a party asks", follow_up, marks))
    return Section("plan", columns, tuple(rows))


def _node_row(node: Node, policy: Policy) -> tuple[str, ...]:
    marks = [f"with {node.with_party}"] if node.with_party else []
    marks += ["blocks clear"] if node.blocks_clear else []
    marks += [f"not before {format_duration(node.not_before)}"] if node.not_before else []
    marks += [f"begins in {node.slot}"] if node.slot else []
    marks += [f"else {' > '.join(node.fallback)}"] if node.fallback else []
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
    columns = ("party", "contacts", "resolve within", "follow-up", "also")
    return Section("parties", columns, tuple(_party_row(party) for party in parties))


def _party_row(party: Party) -> tuple[str, ...]:
    within = format_duration(party.resolve_within)
    also = [f"mends {component}" for component in party.serves]
    also += ["routes around anything"] if party.work_around else []
    return (party.name, " > ".join(party.contacts), within, _follow_up(party.terms), ", ".join(also) or "-")


def _chain(policy: Policy) -> Section:
    rows = tuple(
        (
            str(step.level),
            step.target or "vacant",
            step.calendar or "always",
            format_duration(step.delay),
            str(step.repeats),
        )
        for step in policy.chain
    )
    return Section("escalation chain", ("level", "calls", "on duty", "next after", "repeats"), rows)


def _assignment(policy: Policy) -> Section:
    rows = tuple(
        (
            rule.assignee,
            *(text or "any" for text in (rule.tier, rule.site, rule.indicator)),
            rule.calendar or "always",
        )
        for rule in policy.assignment
    )
    columns = ("assignee", "tier", "site", "indicator", "hours")
    return Section("assignment, first match wins", columns, rows)


def _times(policy: Policy) -> Section:
    rows = tuple(
        (item.name.replace("_", " "), format_duration(getattr(policy.times, item.name)))
        for item in fields(policy.times)
    )
    return Section("windows and waits", ("what", "is"), rows)


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
