"""What a policy would do: the promise, who is called when nobody answers, and the plan as it is meant."""

from dataclasses import dataclass, replace

from qosresolve.core.calendar import Span, segments
from qosresolve.core.clocks import Clock
from qosresolve.core.facts import (
    EscalationRaised,
    ObligationScheduled,
    PlanInfeasible,
)
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import Policy, Terms
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.targets import CLOCKS
from qosresolve.core.vocabulary import ClockName, ClockOutcome, Verb
from qosresolve.replay.trial.desk import Desk, Happened
from qosresolve.replay.trial.plan import ends_at, play
from qosresolve.replay.trial.question import Question

DAY = 86_400_000
BREACH = 100
_FOR_EVER = 3_650 * DAY


@dataclass(frozen=True, slots=True)
class Step:
    """A threshold, or at 100 % the breach: when it is reached, its level, and who is called then.

    That is, while everybody who was called before has answered and nothing got better. `passed_over` names
    who was vacant or off duty.
    """

    percent: int
    at: int
    level: int
    calls: str
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock: `target` in open ms, None where there is none; `open` is the open time that it walks."""

    target: int | None
    due: int | None
    thresholds: tuple[Step, ...]
    open: tuple[Span, ...]


NO_PROMISE = Promise(None, None, (), ())


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody is called; `passed_over` names who was vacant or off duty."""

    at: int
    level: int
    who: str
    why: str
    passed_over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """One activity, trouble request or engagement: `ends` when it takes as long as planned.

    `asked` is None for what was laid out and never asked for; `waited` says for what, where it had to wait.
    """

    node: str
    owner: str
    party: str
    asked: int | None
    due: int | None
    ends: int | None
    waited: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """The answer. Without a report `rule` says why there is none, and what would follow is empty."""

    question: Question
    tier: str
    calendar: str
    zone: str
    rule: Rule
    opened_at: int | None = None
    assignee: str = ""
    priority: int | None = None
    respond: Promise = NO_PROMISE
    restore: Promise = NO_PROMISE
    calls: tuple[Call, ...] = ()
    plan: tuple[Work, ...] = ()
    feasible: bool = True
    forecast: int | None = None
    restored: int | None = None
    outcome: ClockOutcome | None = None


def ask(policy: Policy, question: Question) -> Outlook:
    """Put a question to a policy: once left alone, once with everybody at work."""
    alone = Desk(policy, question)
    opened = alone.open()
    calendar = policy.calendar(question.tier, question.site)
    tier = question.tier if question.tier in policy.tiers else policy.default_tier
    nothing = Outlook(question, tier, calendar.name, calendar.zone, alone.rule)
    if opened is None:
        return nothing
    told = _promised(policy, opened, nothing)
    return _worked(policy, replace(told, calls=_left_alone(alone, opened)))


def _promised(policy: Policy, opened: Report, outlook: Outlook) -> Outlook:
    responding, restoring = (_answered_for(policy, outlook.question, name) for name in CLOCKS)
    return replace(
        outlook,
        opened_at=opened.opened_at,
        assignee=opened.assignee,
        priority=opened.priority,
        respond=_promise(policy, opened, ClockName.RESPOND, responding),
        restore=_promise(policy, opened, ClockName.RESTORE, restoring),
    )


def _worked(policy: Policy, outlook: Outlook) -> Outlook:
    desk = Desk(policy, outlook.question)
    desk.open()
    if outlook.question.cause is not None:
        play(desk)
    forecast = next((fact.ends_at for _, fact in desk.happened if isinstance(fact, PlanInfeasible)), None)
    outcome = _outcome(desk)
    return replace(
        outlook,
        plan=tuple(_work(policy, item, desk.happened) for item in _obligations(desk)),
        feasible=forecast is None and outcome is not ClockOutcome.MISSED,
        forecast=forecast,
        restored=desk.report.restored_at if desk.report else None,
        outcome=outcome,
    )


def _last_target(opened: Report) -> int:
    targets = [clock.due_at for clock in (opened.respond, opened.restore) if clock.due_at is not None]
    return max(targets, default=opened.opened_at + DAY)


def _left_alone(desk: Desk, opened: Report) -> tuple[Call, ...]:
    """Return who is called when nobody answers, until both targets and the chain's time are over."""
    chain = sum(level.delay * (level.repeats + 1) for level in desk.policy.chain)
    while desk.fire(_last_target(opened) + chain):
        pass
    return tuple(
        Call(at, fact.level, fact.target, fact.reason, fact.passed_over)
        for at, fact in desk.happened
        if isinstance(fact, EscalationRaised)
    )


def _answered_for(policy: Policy, question: Question, name: ClockName) -> list[Happened]:
    """Return what one clock does by itself: whoever is called says so, and nothing gets better.

    For the restore clock an owner has taken the report at once, so that the respond clock calls nobody.
    """
    desk = Desk(_patient(policy), question)
    opened = desk.open()
    if opened is None:
        return []
    if name is ClockName.RESTORE:
        desk.order(Verb.ACKNOWLEDGE)
    end = _last_target(opened)
    while desk.fire(end):
        report = desk.report
        if report and report.open and report.escalation.level and not report.escalation.acknowledged_by:
            desk.order(Verb.ACKNOWLEDGE_ESCALATION)
    return desk.happened


def _patient(policy: Policy) -> Policy:
    """Return a policy in which who was called stays quiet, and nobody who was asked is reminded or late."""
    terms = Terms(_FOR_EVER, _FOR_EVER, 0)
    return replace(
        policy,
        times=replace(policy.times, acknowledge_for=_FOR_EVER),
        work_thresholds=(),
        overdue_level=0,
        plan=tuple(replace(node, terms=terms) for node in policy.plan),
    )


def _promise(policy: Policy, report: Report, name: ClockName, happened: list[Happened]) -> Promise:
    clock = report.respond if name is ClockName.RESPOND else report.restore
    if clock.due_at is None:
        return NO_PROMISE
    opened = tuple(segments(policy.calendar_of(report), clock.started_at, clock.due_at))
    return Promise(clock.target, clock.due_at, _steps(policy, report, clock, happened), opened)


def _steps(policy: Policy, report: Report, clock: Clock, happened: list[Happened]) -> tuple[Step, ...]:
    breach = policy.tier(report.tier).breach_level
    instants = [(item.percent, item.due_at, item.level) for item in clock.thresholds]
    instants += [(BREACH, clock.due_at, breach)] if clock.due_at is not None else []
    called = {at: fact for at, fact in happened if isinstance(fact, EscalationRaised)}
    return tuple(
        Step(percent, at, level, call.target if call else "", call.passed_over if call else ())
        for percent, at, level in instants
        for call in [called.get(at)]
    )


def _obligations(desk: Desk) -> tuple[Obligation, ...]:
    return desk.report.obligations if desk.report else ()


def _work(policy: Policy, item: Obligation, happened: list[Happened]) -> Work:
    scheduled = [
        fact.reason
        for _, fact in happened
        if isinstance(fact, ObligationScheduled) and fact.obligation_id == item.obligation_id
    ]
    asked = item.requested_at
    return Work(
        item.node,
        item.contact or policy.node(item.node).owner,
        item.party,
        asked,
        item.due_at,
        None if asked is None else ends_at(policy, item),
        scheduled[-1] if scheduled else "",
    )


def _outcome(desk: Desk) -> ClockOutcome | None:
    return desk.report.restore.outcome if desk.report and desk.report.restored_at is not None else None
