"""Why a request to another party is due when it is, worked out anew from the plan. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from qosresolve.core import plan
from qosresolve.core.calendar import begin, due, open_between
from qosresolve.core.facts import ObligationRequested, ObligationScheduled
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import Node, Policy
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import NodeKind
from qosresolve.replay.explain.history import History, Moment
from qosresolve.replay.explain.model import Link, Stretch, WorkStory
from qosresolve.replay.explain.walk import walked
from qosresolve.replay.explain.words import instant, lasting

NO_LONGER_HELD = "noLongerHeld"  # ended, and left out of the report since


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """A due time as the plan gives it."""

    at: int
    text: str
    calendar: str = ""
    behind: tuple[Link, ...] = ()
    forward: bool = False


def work_stories(history: History, report: Report, policy: Policy) -> tuple[WorkStory, ...]:
    """Return why each request of a report is due, in the order of asking."""
    moments = history.about(report.report_id)
    stories = []
    for number, moment in enumerate(moments):
        fact = moment.fact
        if isinstance(fact, ObligationRequested):
            found = [state for state in _found_by(moments, number) if state.obligation(fact.obligation_id)]
            stories.append(_story(report, moment, fact, found, policy))
    return tuple(stories)


def _found_by(moments: Sequence[Moment], number: int) -> list[Report]:
    """Return the report as the fact found it, and as it was before those that were asked together."""
    first = number
    while first and _same_batch(moments[first - 1], moments[number]):
        first -= 1
    report_id = getattr(moments[number].fact, "report_id", "")
    states = (moments[at].before.report(report_id) for at in (first, number))
    return [state for state in states if state is not None]


def _same_batch(one: Moment, other: Moment) -> bool:
    return one.entry is other.entry and isinstance(one.fact, ObligationRequested | ObligationScheduled)


def _story(
    now: Report, moment: Moment, fact: ObligationRequested, states: list[Report], policy: Policy
) -> WorkStory:
    report = states[0]
    item = report.obligation(fact.obligation_id)
    assert item is not None  # noqa: S101 - chosen by that
    node, zone = policy.node(item.node), policy.calendar_of(now).zone
    reckoned = [_reckoned(state, item, node, policy, fact.at) for state in states]
    right = next((one for one in reckoned if one.at == fact.due_at), reckoned[0])
    problems = []
    if right.at != fact.due_at:
        problems.append(f"due {instant(fact.due_at, zone)}, but the plan gives {instant(right.at, zone)}")
    problems += _wrong_thresholds(fact, node, policy, zone)
    stands = now.obligation(fact.obligation_id)
    stretches: tuple[Stretch, ...] = ()
    if right.forward:
        stretches = walked(policy.calendars[node.calendar], fact.at, fact.due_at)
    return WorkStory(
        fact.obligation_id, item.node, item.target, item.party, item.attempt, fact.contact,
        str(stands.state) if stands else NO_LONGER_HELD, fact.at, fact.due_at, right.calendar, right.text,
        stretches, right.behind, moment.origin,
        tuple(f"request {item.node}: {problem}" for problem in problems),
    )  # fmt: skip


def _reckoned(report: Report, item: Obligation, node: Node, policy: Policy, now: int) -> _Reckoned:
    zone = policy.calendar_of(report).zone
    asked = instant(now, zone)
    if item.kind is NodeKind.SUPPLIER:
        has = policy.party(item.party).resolve_within
        return _Reckoned(now + has, f"{asked} + {lasting(has)} that {item.party} has, day and night")
    forward = due(policy.calendars[node.calendar], now, node.duration)
    text = f"{asked} + {lasting(node.duration)} of {node.calendar} that {node.name} takes"
    plain = _Reckoned(forward, text, node.calendar, forward=True)
    deadline = report.restore.due_at if report.restore.running else None
    if node.kind is NodeKind.IMPROVEMENT or deadline is None:
        return plain
    latest, behind = _latest(report, policy, node, deadline)
    until = f"the restore deadline {instant(deadline, zone)}"
    if latest <= forward:
        return _Reckoned(
            forward, f"{text}; {until} leaves no more time", node.calendar, behind, forward=True
        )  # fmt: skip
    between = " and ".join(f"{link.node} {lasting(link.duration)}" for link in behind)
    return _Reckoned(latest, f"{until}" + (f" less {between} behind it" if between else ""), behind=behind)


def _latest(report: Report, policy: Policy, node: Node, deadline: int) -> tuple[int, tuple[Link, ...]]:
    """Return the latest end that leaves all behind a node its time, and the path that makes it so."""
    best: tuple[int, tuple[Link, ...]] = (deadline, ())
    for item in plan.reserved(report, policy, node):
        ends, links = _latest(report, policy, item, deadline)
        begins = begin(policy.calendars[item.calendar], ends, item.duration)
        if begins < best[0]:
            best = (begins, (Link(item.name, item.calendar, begins, ends, item.duration), *links))
    return best


def _wrong_thresholds(fact: ObligationRequested, node: Node, policy: Policy, zone: str) -> list[str]:
    calendar = policy.calendars[node.calendar]
    has = open_between(calendar, fact.at, fact.due_at)
    found = []
    for item in fact.thresholds:
        right = due(calendar, fact.at, has * item.percent // 100)
        if right != item.due_at:
            found.append(
                f"{item.percent} % at {instant(item.due_at, zone)}, the walk gives {instant(right, zone)}"
            )
    return found
