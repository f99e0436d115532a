"""What has to hold of those who are called: levels that rise, a chain that somebody answers at any hour."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from qosresolve.contracts.policy.compiler import ordinary
from qosresolve.contracts.policy.findings import Check, Flaw, Loc
from qosresolve.contracts.policy.hours import closed_spans, told_hour
from qosresolve.contracts.policy.model import PolicyModel, ThresholdModel
from qosresolve.core.calendar import Calendar

Flaws = Iterator[Flaw]
# Thresholds and where they are written; the level after all of them and where that is.
Steps = tuple[Sequence[ThresholdModel], Loc, int, Loc]


def _steps(policy: PolicyModel) -> Iterator[Steps]:
    for name, tier in policy.tiers.items():
        loc: Loc = ("tiers", name)
        yield tier.thresholds, (*loc, "thresholds"), tier.breach_level, (*loc, "breach_level")
    yield policy.work_thresholds, ("work_thresholds",), policy.overdue_level, ("overdue_level",)


def _thresholds(policy: PolicyModel) -> Flaws:
    for thresholds, loc, last, last_loc in _steps(policy):
        yield from _rising(thresholds, loc)
        highest = max((rule.level for rule in thresholds), default=0)
        if last < highest:
            problem = f"a breach calls level {last}, a threshold before it level {highest}"
            yield Flaw(Check.BREACH_BELOW_THRESHOLD, last_loc, problem, f"write {highest} or more")


def _rising(thresholds: Sequence[ThresholdModel], loc: Loc) -> Flaws:
    for index, (lower, upper) in enumerate(pairwise(thresholds), start=1):
        at = (*loc, index)
        if upper.percent <= lower.percent:
            problem = f"{upper.percent} % does not rise above {lower.percent} %"
            remedy = "order the thresholds by rising percent"
            yield Flaw(Check.THRESHOLDS_NOT_RISING, (*at, "percent"), problem, remedy)
        if upper.level < lower.level:
            problem = f"level {upper.level} falls below level {lower.level} of the threshold before"
            yield Flaw(Check.LEVELS_FALL, (*at, "level"), problem, f"write {lower.level} or more")


def _chain(policy: PolicyModel) -> Flaws:
    example = "write at least one, e.g. [{level: 1, target: service-manager, delay: 30m}]"
    if not policy.chain:
        yield Flaw(Check.NO_CHAIN, ("chain",), "has no level: nobody would be called", example)
    elif not any(step.target for step in policy.chain):
        yield Flaw(Check.NO_CHAIN, ("chain",), "has vacant levels only: nobody would be called", example)
    for index, (lower, upper) in enumerate(pairwise(policy.chain), start=1):
        if upper.level <= lower.level:
            problem = f"level {upper.level} does not rise above level {lower.level}"
            remedy = "order the chain by rising level, one entry a level"
            yield Flaw(Check.CHAIN_NOT_RISING, ("chain", index, "level"), problem, remedy)


def _not_in_chain(policy: PolicyModel) -> Flaws:
    for thresholds, loc, last, last_loc in _steps(policy):
        asked = [((*loc, index, "level"), rule.level) for index, rule in enumerate(thresholds)]
        for at, level in (*asked, (last_loc, last)):
            if level and level not in {step.level for step in policy.chain}:
                problem = f"level {level} is not in the chain: it calls {_instead(policy, level)}"
                remedy = "add the level to the chain, or write one that is there"
                yield Flaw(Check.LEVEL_NOT_IN_CHAIN, at, problem, remedy)


def _instead(policy: PolicyModel, level: int) -> str:
    below = [step for step in policy.chain if step.level <= level]
    step = below[-1] if below else policy.chain[0]
    return f"level {step.level}, {step.target or 'which is vacant'}"


def _nobody_on_duty(policy: PolicyModel) -> Flaws:
    staffed = [step.calendar for step in policy.chain if step.target]
    if "" in staffed:
        return
    calendars = [_calendar(policy, name) for name in dict.fromkeys(staffed)]
    gap = next(closed_spans(calendars), None)
    if gap is not None:
        zone = calendars[0].zone
        start, end = (told_hour(at, zone) for at in gap)
        problem = f"nobody is on duty from {start} to {end} ({zone}): the highest is called all the same"
        remedy = "give one level no calendar, or hours that fill the gap"
        yield Flaw(Check.NOBODY_ON_DUTY, ("chain",), problem, remedy)


def _calendar(policy: PolicyModel, name: str) -> Calendar:
    return ordinary(name, policy.calendars[name])


CHECKS: tuple[Callable[[PolicyModel], Flaws], ...] = (_thresholds, _chain)
WARNINGS: tuple[Callable[[PolicyModel], Flaws], ...] = (_not_in_chain, _nobody_on_duty)
