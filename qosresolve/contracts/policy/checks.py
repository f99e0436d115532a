"""What has to fit together in a policy: calendars, indicators, parties, roles.

Each check yields the flaws it finds; places are looked up later. Plan, calls, holds and overrides have their
own modules; what merely looks unwise is in `warnings`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import holidays

from qosresolve.contracts.policy import call_checks, hold_checks, override_checks, plan_checks
from qosresolve.contracts.policy.fields import Span
from qosresolve.contracts.policy.findings import Check, Flaw, Loc, meant
from qosresolve.contracts.policy.model import (
    CalendarModel,
    DefaultPartyModel,
    HolidaysModel,
    IndicatorModel,
    PolicyModel,
)
from qosresolve.contracts.policy.words import DAYS, format_duration, parse_days
from qosresolve.core.vocabulary import Verb

Flaws = Iterator[Flaw]


def flaws(policy: PolicyModel) -> tuple[Flaw, ...]:
    """Return all that makes a policy unusable."""
    return tuple(flaw for check in CHECKS for flaw in check(policy))


# -- calendars


def _calendars(policy: PolicyModel) -> Flaws:
    for name, calendar in policy.calendars.items():
        loc: Loc = ("calendars", name)
        yield from _zone(calendar, loc)
        yield from _week(calendar, loc)
        if calendar.holidays is not None:
            yield from _country(calendar.holidays, (*loc, "holidays"))


def _zone(calendar: CalendarModel, loc: Loc) -> Flaws:
    try:
        ZoneInfo(calendar.zone)
    except (ValueError, OSError, LookupError):
        remedy = meant(calendar.zone, available_timezones()) if calendar.zone else ""
        near = remedy if remedy.startswith("did") else "write an IANA name such as Europe/Berlin or UTC"
        yield Flaw(Check.UNKNOWN_ZONE, (*loc, "zone"), f'"{calendar.zone}" is not a time zone', near)


def _week(calendar: CalendarModel, loc: Loc) -> Flaws:
    taken: dict[int, str] = {}
    for text, spans in calendar.week.items():
        at = (*loc, "week", text)
        yield from _days(text, taken, at)
        yield from _spans(spans, at)
    if not any(calendar.week.values()):
        remedy = 'give it open hours, e.g. {mon-fri: ["08:00-18:00"]}, or write always'
        yield Flaw(Check.NEVER_OPEN, loc, "is never open", remedy)


def _days(text: str, taken: dict[int, str], at: Loc) -> Flaws:
    try:
        days = parse_days(text)
    except ValueError as error:
        yield Flaw(Check.BAD_DAY, at, *error.args)
        return
    for day in days:
        if day in taken:
            problem = f'{DAYS[day]} has its hours under "{taken[day]}" already'
            yield Flaw(Check.BAD_DAY, at, problem, "name each day once")
        taken[day] = text


def _spans(spans: Sequence[Span], at: Loc) -> Flaws:
    if any(earlier[1] > later[0] for earlier, later in pairwise(sorted(spans))):
        yield Flaw(Check.SPANS_OVERLAP, at, "has spans that overlap", "join them into one")


def _country(wanted: HolidaysModel, loc: Loc) -> Flaws:
    countries = holidays.list_supported_countries()
    if wanted.country not in countries:
        problem = f'no holidays are known for country "{wanted.country}"'
        remedy = "write an ISO 3166 code such as DE or US, or list the dates in extra_closed"
        yield Flaw(Check.UNKNOWN_COUNTRY, (*loc, "country"), problem, remedy)
    elif wanted.subdivision and wanted.subdivision not in countries[wanted.country]:
        problem = f'{wanted.country} has no subdivision "{wanted.subdivision}"'
        remedy = meant(wanted.subdivision, countries[wanted.country])
        yield Flaw(Check.UNKNOWN_COUNTRY, (*loc, "subdivision"), problem, remedy)


def _used_calendars(policy: PolicyModel) -> Flaws:
    used: list[tuple[Loc, str]] = [
        (("tiers", name, "calendar"), tier.calendar) for name, tier in policy.tiers.items()
    ]
    used += [(("site_calendars", site), name) for site, name in policy.site_calendars.items()]
    used += [(("plan", index, "calendar"), node.calendar) for index, node in enumerate(policy.plan)]
    used += [(("plan", index, "slot"), node.slot) for index, node in enumerate(policy.plan) if node.slot]
    used += [(("chain", index, "calendar"), step.calendar) for index, step in enumerate(policy.chain)]
    used += [
        (("assignment", index, "calendar"), rule.calendar) for index, rule in enumerate(policy.assignment)
    ]
    used += [(("information", "calendar"), policy.information.calendar)] if policy.information else []
    for loc, name in used:
        if name and name not in policy.calendars:
            remedy = meant(name, policy.calendars)
            yield Flaw(Check.UNKNOWN_CALENDAR, loc, f'there is no calendar "{name}"', remedy)


# -- tiers, parties, roles


def _default_tier(policy: PolicyModel) -> Flaws:
    if policy.default_tier not in policy.tiers:
        problem = f'there is no tier "{policy.default_tier}"'
        yield Flaw(Check.UNKNOWN_TIER, ("default_tier",), problem, meant(policy.default_tier, policy.tiers))


def _parties(policy: PolicyModel) -> Flaws:
    yield from _contacts(policy.default_party, ("default_party", "contacts"))
    for name, party in policy.parties.items():
        yield from _contacts(party, ("parties", name, "contacts"))


def _contacts(party: DefaultPartyModel, loc: Loc) -> Flaws:
    if not party.contacts:
        yield Flaw(Check.NO_CONTACTS, loc, "names nobody to contact", "write e.g. [noc@supplier]")
    for index, contact in enumerate(party.contacts):
        if contact in party.contacts[:index]:
            problem = f'"{contact}" is named twice: the search for a next contact would go in circles'
            yield Flaw(Check.DUPLICATE_CONTACT, (*loc, index), problem, "name each contact once")


def _indicators(policy: PolicyModel) -> Flaws:
    yield from _silence(policy.default_indicator, ("default_indicator",))
    for name, rule in policy.indicators.items():
        yield from _silence(rule, ("indicators", name))


def _silence(rule: IndicatorModel, loc: Loc) -> Flaws:
    """An indicator that goes stale first is neither opened nor cleared by the waits behind."""
    for name in ("clear_after", "open_after"):
        wait = getattr(rule, name)
        if rule.silence_after is not None and rule.silence_after < wait:
            problem = f"is shorter than {name} ({format_duration(wait)}): silence would decide first"
            remedy = f"write {format_duration(wait)} or more"
            yield Flaw(Check.SILENCE_TOO_SHORT, (*loc, "silence_after"), problem, remedy)
            return


def _roles(policy: PolicyModel) -> Flaws:
    known = {str(verb) for verb in Verb if verb is not Verb.UNKNOWN}
    for word in policy.roles:
        if word not in known:
            remedy = meant(word, known)
            yield Flaw(Check.UNKNOWN_COMMAND, ("roles", word), f'there is no command "{word}"', remedy)


CHECKS: tuple[Callable[[PolicyModel], Flaws], ...] = (
    _calendars,
    _used_calendars,
    _default_tier,
    _indicators,
    _parties,
    _roles,
    *call_checks.CHECKS,
    *override_checks.CHECKS,
    *hold_checks.CHECKS,
    *plan_checks.CHECKS,
)
