"""Co-ordinate Customer QoS Analysis, Restoration & Repair (eTOM 1.3.8.5, level 4).

Lays out the policy's plan, requests each node when its predecessors have ended, requests service trouble
reports (1.4.6.1), ends what a revised cause or the restoration made obsolete, and chases. Supplier nodes are
Engage's.
"""

from qosresolve.core import indicators, plan, targets, tracking
from qosresolve.core.decision import Verdict, applied, refused
from qosresolve.core.facts import (
    Facts,
    IndicatorMeasured,
    InformationGiven,
    InformationRequired,
    LinkSet,
    ObligationAnswered,
    ObligationPlanned,
    ObligationScheduled,
    ObligationUpdated,
    PlanInfeasible,
)
from qosresolve.core.inputs import Answer, Command
from qosresolve.core.obligation import AGAIN, CARRIED, SILENCE, Obligation, latest
from qosresolve.core.policy import Node, Policy
from qosresolve.core.record import changed
from qosresolve.core.report import Indicator, Report, RootCause
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import (
    FAILED,
    AnswerState,
    IndicatorState,
    LinkKind,
    NodeKind,
    ObligationState,
    Outcome,
    Status,
)

SERVICE_ASSURANCE = "serviceAssurance"
_TAKEN = (ObligationState.ACCEPTED, ObligationState.IN_PROGRESS, ObligationState.RESOLVED)
_PLANNED = ObligationState.PLANNED  # looking a member up costs ten times a name
QUESTION = "question:"  # begins the `cause_id` of an activity that answers a party's question


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the work to lay out, to start and to end, as the report stands."""
    if report.restored_at is not None:
        return _wind_down(report, policy, now)
    if not report.open:
        return ()
    facts = tracking.measured_good(report, now) + _obsolete(report, policy, now)
    facts += plan.distinct(_lay_out(report, policy) + _verify_silent(report, policy))
    facts = facts or start(report, policy, now) or _infeasible(report, policy, now)
    return facts or _never_idle(report, policy, now)


def _lay_out(report: Report, policy: Policy) -> tuple[ObligationPlanned, ...]:
    facts: tuple[ObligationPlanned, ...] = ()
    for node in policy.plan:
        if (node.when and not report.root_causes) or node.kind is NodeKind.SUPPLIER:
            continue
        for cause in plan.triggers(report, node):
            facts += _plan(report, node, cause)
    return facts or _analyse_again(report, policy)


def _plan(report: Report, node: Node, cause: RootCause | None) -> tuple[ObligationPlanned, ...]:
    cause_id = cause.cause_id if cause else plan.round_of(report)
    target = cause.entity if cause else ""
    planned = plan.new_obligation(report, node, cause_id, target=target, party=_party(node))
    return (ObligationPlanned(report.report_id, planned),) if planned else ()


def _party(node: Node) -> str:
    return SERVICE_ASSURANCE if node.kind is NodeKind.SERVICE_TROUBLE else node.with_party


def _analyse_again(report: Report, policy: Policy) -> tuple[ObligationPlanned, ...]:
    """A route that came to nothing goes back to analysis, once a failed attempt."""
    if not report.root_causes:
        return ()
    causes = {cause.cause_id for cause in report.root_causes}
    for failed in report.obligations:
        newest = latest(report.obligations, failed.node, failed.target)
        if failed.state in FAILED and failed.cause_id in causes and failed is newest:
            target = failed.obligation_id
            again = plan.new_obligation(report, _first(policy), f"after:{target}", target=target, party="")
            if again:
                return (ObligationPlanned(report.report_id, again),)
    return ()


def _first(policy: Policy) -> Node:
    """Return the analysis that the plan begins with; loading a policy refuses a plan without one."""
    return next(node for node in policy.plan if node.kind is NodeKind.ANALYSIS and not node.when)


def _never_idle(report: Report, policy: Policy, now: int) -> Facts:
    """While the product is bad somebody is asked: the first analysis again, after a reminder's time.

    The wait keeps a party that refuses everything at once from setting a storm of requests going.
    """
    if report.debouncing or any(plan.works(policy, item) for item in report.obligations):
        return ()
    node = _first(policy)
    attempt = max((item.attempt for item in report.obligations if item.target == AGAIN), default=0) + 1
    again = plan.new_obligation(report, node, f"{AGAIN}:{attempt}", target=AGAIN, party="")
    if again is None:
        return ()
    return (ObligationPlanned(report.report_id, changed(again, chase_at=now + node.terms.remind_every)),)


def start(report: Report, policy: Policy, now: int) -> Facts:
    """Return the requests for everything planned whose predecessors have ended."""
    return tuple(
        tracking.ask(report, item, policy, now)
        for item in report.obligations
        if item.kind is not NodeKind.SUPPLIER and plan.ready(report, policy, item, now)
    )


def _verify_silent(report: Report, policy: Policy) -> tuple[ObligationPlanned, ...]:
    """Where samples stay away, somebody has to look: silence is never good news."""
    facts: tuple[ObligationPlanned, ...] = ()
    for row in report.indicators:
        if row.state is IndicatorState.STALE and policy.indicator(row.name).silence_after is not None:
            node = _verification(policy)
            planned = plan.new_obligation(report, node, _silence_of(row), target=row.object_id, party="")
            facts += (ObligationPlanned(report.report_id, planned),) if planned else ()
    return facts


def _silence_of(row: Indicator) -> str:
    return f"{SILENCE}{row.name}:{row.object_id}:{row.sampled_at}"


def _verification(policy: Policy) -> Node:
    """Return who looks whether it is good: the plan's verification, without one its first analysis."""
    verifies = (node for node in policy.plan if node.kind is NodeKind.VERIFICATION)
    return next(verifies, _first(policy))


def _obsolete(report: Report, policy: Policy, now: int) -> Facts:
    """A revised cause withdraws the branch that it had laid out; other work, an analysis asked again."""
    causes = {cause.cause_id for cause in report.root_causes}
    facts: Facts = ()
    for item in report.obligations:
        if not item.unfinished:
            continue
        branch = bool(policy.node(item.node).when) and not item.cause_id.startswith((SILENCE, QUESTION))
        if branch and item.cause_id not in (*causes, CARRIED):
            facts += tracking.withdraw(report, item, policy, now, "causeRevised")
        elif item.target == AGAIN and item.state is _PLANNED and _other_work(report, policy):
            facts += tracking.withdraw(report, item, policy, now, "otherWork")
        elif _needless(report, policy, item):
            facts += tracking.withdraw(report, item, policy, now, "noLongerNeeded")
    return facts


def _other_work(report: Report, policy: Policy) -> bool:
    return any(item.target != AGAIN and plan.works(policy, item) for item in report.obligations)


def _needless(report: Report, policy: Policy, item: Obligation) -> bool:
    """Tell whether samples came again, or a question was answered, so that an activity has no object."""
    if item.cause_id.startswith(SILENCE):
        silent = [row for row in report.indicators if row.state is IndicatorState.STALE]
        return item.cause_id not in {_silence_of(row) for row in silent}
    asker = report.obligation(item.target) if item.node == policy.information.name else None
    return asker is not None and not (asker.question and asker.running)


def _wind_down(report: Report, policy: Policy, now: int) -> Facts:
    """Restored: what has not started is withdrawn, what runs is told; verification is asked for now.

    Cleared by word or by rule, verification is no longer asked for either.
    """
    facts = tracking.measured_good(report, now)
    for item in report.obligations:
        verifies = policy.node(item.node).blocks_clear
        if item.state is ObligationState.PLANNED and not _outlives(report, item, verifies=verifies):
            facts += tracking.withdraw(report, item, policy, now, "restored")
        elif item.running and not item.told_restored and not verifies:
            facts += (ObligationUpdated(report.report_id, item.obligation_id, "restored"),)
    return facts or start(report, policy, now)


def _outlives(report: Report, item: Obligation, *, verifies: bool) -> bool:
    """Improvement may outlive the trouble, even its clearing; verification comes before the clearing."""
    if item.kind is NodeKind.IMPROVEMENT:
        return report.status is not Status.CANCELLED
    return report.open and verifies


def _infeasible(report: Report, policy: Policy, now: int) -> Facts:
    deadline = report.restore.due_at
    if report.infeasible or report.debouncing or deadline is None or not report.restore.running:
        return ()
    if report.restore.held_since is not None:
        return ()
    ends = plan.ends_at(report, policy, now)
    return (PlanInfeasible(report.report_id, ends),) if ends > deadline else ()


def answered(report: Report, answer: Answer, policy: Policy, now: int) -> Verdict:
    """Return what an answer to any obligation changes; an accepted activity means an owner took it."""
    verdict = tracking.answered(report, answer, policy, now)
    obligation = report.obligation(answer.obligation_id)
    if verdict.outcome is not Outcome.APPLIED or obligation is None:
        return verdict
    if not answer.note and _owes_reply(report, obligation, answer, policy):
        return refused(Rule.BAD_VALUE)
    if not obligation.party:
        taken = any(isinstance(fact, ObligationAnswered) and fact.state in _TAKEN for fact in verdict.facts)
        more = targets.responded(report, policy, now) if taken and report.open else ()
        return applied(*verdict.facts, *more, *_done(report, obligation, answer, policy, now))
    return applied(*verdict.facts, *_master(report, answer), *_asked(report, obligation, answer, policy, now))


def _master(report: Report, answer: Answer) -> Facts:
    """Keep the master problem that service assurance grouped a trouble under (TMF656 parentProblem)."""
    if answer.parent_id in ("", report.link(LinkKind.MASTER_PROBLEM)):
        return ()
    return (LinkSet(report.report_id, LinkKind.MASTER_PROBLEM, answer.parent_id, answer.party),)


def _asked(report: Report, obligation: Obligation, answer: Answer, policy: Policy, now: int) -> Facts:
    """A party that needs information asks the report's owner, by an activity."""
    if answer.state is not AnswerState.INFORMATION_REQUIRED or not obligation.running:
        return ()
    asks = InformationRequired(report.report_id, obligation.obligation_id, answer.note, now)
    cause_id = f"{QUESTION}{answer.answer_id}"
    planned = plan.new_obligation(
        report, policy.information, cause_id, target=obligation.obligation_id, party="", beside=True
    )
    return (asks, ObligationPlanned(report.report_id, planned)) if planned else (asks,)


def _done(report: Report, activity: Obligation, answer: Answer, policy: Policy, now: int) -> Facts:
    """What the end of one of our own activities means: a reply to a question, or silence that was no harm."""
    if answer.state is not AnswerState.RESOLVED:
        return ()
    if activity.node == policy.information.name:
        return _reply(report, activity.target, answer.note, answer.party)
    return tuple(
        IndicatorMeasured(report.report_id, indicators.good_by_word(row, now))
        for row in report.indicators
        if row.state is IndicatorState.STALE and activity.cause_id == _silence_of(row)
    )


def _owes_reply(report: Report, activity: Obligation, answer: Answer, policy: Policy) -> bool:
    """Tell whether an activity that is said to be done has to bring the reply that a party waits for."""
    asker = report.obligation(activity.target) if activity.node == policy.information.name else None
    waits = asker is not None and asker.question and asker.running and activity.running
    return waits and answer.state is AnswerState.RESOLVED


def _reply(report: Report, obligation_id: str, reply: str, actor: str) -> Facts:
    asker = report.obligation(obligation_id)
    if asker is None or not asker.question or not asker.running:
        return ()
    return (InformationGiven(report.report_id, obligation_id, reply, actor),)


def replied(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Answer `answer`: send a reply to a party that asked for information."""
    obligation = report.obligation(order.obligation_id)
    if obligation is None or not obligation.running:
        return refused(Rule.NO_SUCH_OBLIGATION)
    if not obligation.question:
        return refused(Rule.NO_QUESTION)
    if not order.value:
        return refused(Rule.BAD_VALUE)
    return applied(*_reply(report, obligation.obligation_id, order.value, order.actor))


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return the reminders and give-ups that are due; what has waited for its time follows by itself."""
    return (*tracking.due(report, policy, now), *_waits_again(report, policy, now))


def _waits_again(report: Report, policy: Policy, now: int) -> Facts:
    """Return what has waited for its time and may not begin: something new has come before it."""
    return tuple(
        ObligationScheduled(report.report_id, item.obligation_id, None, "waits for what comes before it")
        for item in report.obligations
        if item.state is ObligationState.PLANNED
        and item.chase_at is not None
        and item.chase_at <= now
        and not plan.ready(report, policy, item, now)
    )
