"""What looks unwise in a policy that works: each rule names one way to be surprised by it.

Durations are compared as they stand, without walking calendars: an owner's day and a customer's day may
differ, so these are hints. Runs only on a policy without flaws.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from qosresolve.contracts.policy import call_checks, hold_checks, override_checks, slot_checks
from qosresolve.contracts.policy.findings import Check, Flaw, Loc
from qosresolve.contracts.policy.model import IndicatorModel, NodeModel, PolicyModel
from qosresolve.contracts.policy.plan_checks import routes
from qosresolve.contracts.policy.promises import length, promises, shortest
from qosresolve.contracts.policy.words import format_duration
from qosresolve.core.vocabulary import NodeKind, RootCauseKind

_FROM_MILDEST = ("warning", "minor", "major", "critical")


def warnings(policy: PolicyModel) -> tuple[Flaw, ...]:
    """Return all that an operator had better look at."""
    return tuple(flaw for rule in RULES for flaw in rule(policy))


# -- the plan against the promise


def _infeasible(policy: PolicyModel) -> Iterator[Flaw]:
    longest, path = max(
        (_longest(policy, kind) for kind in RootCauseKind), key=lambda found: (found[0], found[1])
    )
    for promise in promises(policy):
        severity, least = shortest(promise, "restore")
        if least < longest:
            problem = (
                f"infeasible: the plan {' > '.join(path)} takes {format_duration(longest)}, "
                f"the target is {format_duration(int(least))}: it is scheduled forward and calls at once"
            )
            loc = (*promise.loc, severity, "restore")
            yield Flaw(Check.INFEASIBLE, loc, problem, "shorten the plan, or lengthen the target")


def _longest(policy: PolicyModel, kind: RootCauseKind) -> tuple[int, tuple[str, ...]]:
    """Return the longest path of what a root cause of one kind lays out, and its nodes."""
    laid_out = {node.name: node for node in policy.plan if not node.when and _counts(node)}
    laid_out |= {node.name: node for node in routes(policy.plan, kind)}
    return max((_ending_with(policy, laid_out, name) for name in laid_out), default=(0, ()))


def _ending_with(
    policy: PolicyModel, laid_out: Mapping[str, NodeModel], name: str
) -> tuple[int, tuple[str, ...]]:
    node = laid_out[name]
    before = [_ending_with(policy, laid_out, item) for item in node.after if item in laid_out]
    passed, path = max(before, default=(0, ()))
    return max(passed, node.not_before) + _duration(policy, node), (*path, name)


def _duration(policy: PolicyModel, node: NodeModel) -> int:
    """An engagement takes as long as the slowest supplier may."""
    if node.kind is not NodeKind.SUPPLIER:
        return node.duration
    parties = (policy.default_party, *policy.parties.values())
    return max(node.duration, *(party.resolve_within for party in parties))


def _counts(node: NodeModel) -> bool:
    return node.kind is not NodeKind.IMPROVEMENT


# -- targets among themselves


def _stricter(policy: PolicyModel) -> Iterator[Flaw]:
    for promise in promises(policy):
        for clock in ("respond", "restore"):
            given = [severity for severity in _FROM_MILDEST if severity in promise.targets]
            for milder, worse in pairwise(given):
                if length(promise.targets[milder], clock) < length(promise.targets[worse], clock):
                    problem = f"{milder} has a shorter {clock} target than {worse}"
                    loc = (*promise.loc, milder, clock)
                    yield Flaw(Check.MILDER_IS_STRICTER, loc, problem, "check both targets")


def _respond_after_restore(policy: PolicyModel) -> Iterator[Flaw]:
    for promise in promises(policy):
        for severity, target in promise.targets.items():
            if target.respond is not None and target.respond > length(target, "restore"):
                loc = (*promise.loc, severity, "respond")
                problem = "the report may be restored late before anybody has to take it"
                yield Flaw(Check.RESPOND_AFTER_RESTORE, loc, problem, "respond sooner than restore")


def _slow_acceptance(policy: PolicyModel) -> Iterator[Flaw]:
    """The first analysis stops the respond clock when it is accepted."""
    index = next(index for index, node in enumerate(policy.plan) if _first(node))
    terms = policy.plan[index].terms or policy.terms
    for promise in promises(policy):
        severity, least = shortest(promise, "respond")
        if terms.accept_within > least:
            problem = (
                f"the respond target {format_duration(int(least))} passes before "
                f'"{policy.plan[index].name}" is first reminded, after {format_duration(terms.accept_within)}'
            )
            loc = (*promise.loc, severity, "respond")
            yield Flaw(Check.SLOW_ACCEPTANCE, loc, problem, "shorten its accept_within")


def _first(node: NodeModel) -> bool:
    return node.kind is NodeKind.ANALYSIS and not node.when


def _opens_late(policy: PolicyModel) -> Iterator[Flaw]:
    """The clock starts with the first bad sample, before the report opens."""
    least = min(shortest(promise, "respond")[1] for promise in promises(policy))
    rules: list[tuple[Loc, IndicatorModel]] = [(("default_indicator",), policy.default_indicator)]
    rules += [(("indicators", name), rule) for name, rule in policy.indicators.items()]
    for at, rule in rules:
        if rule.open_after >= least:
            problem = (
                f"the shortest respond target, {format_duration(int(least))}, is over when a report opens"
            )
            yield Flaw(Check.OPENS_AFTER_TARGET, (*at, "open_after"), problem, "shorten it")


# -- keys without effect, and rules that miss


def _improvement(policy: PolicyModel) -> Iterator[Flaw]:
    improvements = {node.name for node in policy.plan if not _counts(node)}
    for index, node in enumerate(policy.plan):
        if node.name in improvements and node.blocks_clear:
            problem = "has no effect: improvement never blocks clear"
            loc = ("plan", index, "blocks_clear")
            yield Flaw(Check.IMPROVEMENT_BLOCKS_CLEAR, loc, problem, "take it out")
        held_up = improvements.intersection(node.after)
        if held_up and node.name not in improvements:
            problem = f"waits for improvement ({', '.join(sorted(held_up))}), and restoration waits for it"
            yield Flaw(Check.IMPROVEMENT_HOLDS_UP, ("plan", index, "after"), problem, "put it before")


def _party_ignored(policy: PolicyModel) -> Iterator[Flaw]:
    for index, node in enumerate(policy.plan):
        if node.with_party and node.kind in (NodeKind.SUPPLIER, NodeKind.SERVICE_TROUBLE):
            problem = f"has no effect: a {node.kind} node knows its party"
            yield Flaw(Check.PARTY_IGNORED, ("plan", index, "with_party"), problem, "take it out")


def _serves(policy: PolicyModel) -> Iterator[Flaw]:
    for name, party in policy.parties.items():
        for index, component in enumerate(party.serves):
            if component in party.serves[:index]:
                loc = ("parties", name, "serves", index)
                yield Flaw(Check.SERVES_TWICE, loc, f'"{component}" is named twice', "name it once")


def _lateness(policy: PolicyModel) -> Iterator[Flaw]:
    times = policy.times
    if times.lateness_window > times.relapse_window:
        problem = (
            f"an abatement is kept for {format_duration(times.lateness_window)}, longer than the relapse "
            f"window of {format_duration(times.relapse_window)}: it may swallow a relapse"
        )
        yield Flaw(Check.LATENESS_OVER_RELAPSE, ("times", "lateness_window"), problem, "shorten it")


def _assignment(policy: PolicyModel) -> Iterator[Flaw]:
    for index, rule in enumerate(policy.assignment):
        if rule.tier and rule.tier not in policy.tiers:
            problem = f'there is no tier "{rule.tier}" here'
            yield Flaw(Check.UNMATCHED_RULE, ("assignment", index, "tier"), problem, "check its spelling")
    last = policy.assignment[-1] if policy.assignment else None
    if last is None or last.tier or last.site or last.indicator or last.calendar:
        problem = "reports that match no rule stay unassigned"
        remedy = "end with a rule that has an assignee only"
        yield Flaw(Check.NO_LAST_RULE, ("assignment",), problem, remedy)


RULES: tuple[Callable[[PolicyModel], Iterator[Flaw]], ...] = (
    _infeasible,
    _stricter,
    _respond_after_restore,
    _slow_acceptance,
    _improvement,
    _party_ignored,
    _lateness,
    _assignment,
    _opens_late,
    _serves,
    *call_checks.WARNINGS,
    *hold_checks.WARNINGS,
    *override_checks.WARNINGS,
    *slot_checks.WARNINGS,
)
