"""A checked policy model into `core.policy.Policy`: terms filled in, weeks spread, holidays expanded.

Depends on the model, the `holidays` library's data and the horizon alone, never on a clock: the same file
gives the same policy on any day.
"""

from collections.abc import Iterable
from dataclasses import replace

import holidays

from qosresolve.contracts.policy.fields import Span
from qosresolve.contracts.policy.model import (
    CalendarModel,
    DefaultPartyModel,
    InformationModel,
    NodeModel,
    OverrideModel,
    PartyModel,
    PolicyModel,
    TermsModel,
    TierModel,
)
from qosresolve.contracts.policy.omitted import default_information
from qosresolve.contracts.policy.words import DAYS, parse_days
from qosresolve.core.calendar import Calendar
from qosresolve.core.policy import (
    AssignmentRule,
    ChainLevel,
    HoldRule,
    IndicatorRule,
    Node,
    Override,
    Party,
    Policy,
    Target,
    Terms,
    ThresholdRule,
    Tier,
    Times,
)
from qosresolve.core.vocabulary import NodeKind, Severity

FIRST_YEAR = 2020
DEFAULT_PARTY = "default"


def horizon_year(model: PolicyModel, horizon_years: int) -> int:
    """Return the last year of holidays: the file's word, else so many years on, never before its dates."""
    if model.calendar_horizon is not None:
        return model.calendar_horizon
    dated = (day for calendar in model.calendars.values() for day in calendar.extra_closed)
    return max(FIRST_YEAR + horizon_years, *(int(day[:4]) for day in dated), FIRST_YEAR)


def to_core(model: PolicyModel, last_year: int) -> Policy:
    """Return the policy as the core reads it, still without a hash."""
    plan = tuple(_node(node, model.terms) for node in model.plan)
    return Policy(
        hash="",
        name=model.name,
        tiers={name: _tier(tier) for name, tier in model.tiers.items()},
        default_tier=model.default_tier,
        calendars={name: _calendar(name, item, last_year) for name, item in model.calendars.items()},
        site_calendars=dict(model.site_calendars),
        indicators={name: IndicatorRule(**item.model_dump()) for name, item in model.indicators.items()},
        default_indicator=IndicatorRule(**model.default_indicator.model_dump()),
        plan=plan,
        parties={name: _party(name, item, model.terms) for name, item in model.parties.items()},
        default_party=_party(DEFAULT_PARTY, model.default_party, model.terms),
        chain=tuple(ChainLevel(**item.model_dump()) for item in model.chain),
        assignment=tuple(AssignmentRule(**item.model_dump()) for item in model.assignment),
        roles=dict(model.roles),
        cancel_reasons=model.cancel_reasons,
        times=Times(**model.times.model_dump()),
        information=_information(model.information, model.terms, plan),
        retarget_from_start=model.retarget == "from_start",
        falls_retarget=model.retarget_on_fall,
        window_counts=model.maintenance_counts,
        holds={name: HoldRule(item.clocks, item.at_most) for name, item in model.holds.items()},
        overrides=tuple(_override(item) for item in model.overrides),
        work_thresholds=tuple(ThresholdRule(rule.percent, rule.level) for rule in model.work_thresholds),
        overdue_level=model.overdue_level,
    )


def _tier(tier: TierModel) -> Tier:
    targets = {severity: getattr(tier.targets, severity) for severity in Severity}
    return Tier(
        tier.calendar,
        {severity: Target(target.respond, target.restore) for severity, target in targets.items()},
        tuple(ThresholdRule(rule.percent, rule.level) for rule in tier.thresholds),
        tier.breach_level,
        tier.priority,
    )


def _override(item: OverrideModel) -> Override:
    given = {severity: getattr(item.targets, severity) for severity in Severity}
    targets = {severity: Target(goal.respond, goal.restore) for severity, goal in given.items() if goal}
    return Override(targets, item.tier, item.offering, item.sla, item.indicator)


def _terms(own: TermsModel | None, of_file: TermsModel) -> Terms:
    terms = own or of_file
    return Terms(terms.accept_within, terms.remind_every, terms.reminders)


def _node(node: NodeModel, of_file: TermsModel) -> Node:
    return Node(
        node.name,
        node.kind,
        node.owner,
        node.duration,
        node.calendar,
        _terms(node.terms, of_file),
        node.after,
        node.when,
        node.with_party,
        node.blocks_clear,
        node.not_before,
        node.slot,
        node.fallback,
    )


def _information(own: InformationModel | None, of_file: TermsModel, plan: tuple[Node, ...]) -> Node:
    usual = default_information(plan)
    if own is None:
        return usual
    terms = _terms(own.terms, of_file)
    return Node(usual.name, NodeKind.ANALYSIS, own.owner, own.duration, own.calendar, terms)


def _party(name: str, party: DefaultPartyModel, of_file: TermsModel) -> Party:
    terms = _terms(party.terms, of_file)
    if not isinstance(party, PartyModel):
        return Party(name, party.contacts, party.resolve_within, terms)
    return Party(name, party.contacts, party.resolve_within, terms, party.serves, party.work_around)


def _calendar(name: str, model: CalendarModel, last_year: int) -> Calendar:
    closed = {*model.extra_closed, *_public_holidays(model, last_year)}
    horizon = f"{last_year}-12-31" if model.holidays else ""
    return replace(ordinary(name, model), holidays=tuple(sorted(closed)), horizon=horizon)


def ordinary(name: str, model: CalendarModel) -> Calendar:
    """Return a calendar as it is in a week without holidays."""
    weekly: list[tuple[Span, ...]] = [()] * len(DAYS)
    for text, spans in model.week.items():
        for day in parse_days(text):
            weekly[day] = _joined(spans)
    return Calendar(name, model.zone, tuple(weekly))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort the spans; adjacent ones become one, so that a day cut in two is the same day."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and joined[-1][1] == start:
            start, _ = joined.pop()  # noqa: PLW2901 - the span grows to the left
        joined.append((start, end))
    return tuple(joined)


def _public_holidays(model: CalendarModel, last_year: int) -> list[str]:
    if model.holidays is None:
        return []
    years = range(FIRST_YEAR, last_year + 1)
    found = holidays.country_holidays(model.holidays.country, subdiv=model.holidays.subdivision, years=years)
    # An observed day or a time zone's eve may fall outside the years asked for.
    return [day.isoformat() for day in found if day.year in years]
