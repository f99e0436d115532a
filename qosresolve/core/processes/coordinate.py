"""Co-ordinate Customer QoS Analysis, Restoration & Repair (eTOM 1.3.8.5, level 4).

Lays out the policy's plan, requests each node when its predecessors have ended, requests service trouble
reports (1.4.6.1), ends what a revised cause or the restoration made obsolete, and chases. Supplier nodes are
Engage's.
"""

from dataclasses import replace

from qosresolve.core import plan, targets, tracking
from qosresolve.core.decision import Verdict, applied
from qosresolve.core.facts import (
    Facts,
    ObligationAnswered,
    ObligationPlanned,
    ObligationUpdated,
    PlanInfeasible,
)
from qosresolve.core.inputs import Answer
from qosresolve.core.obligation import AGAIN, CARRIED, Obligation
from qosresolve.core.policy import Node, Policy
from qosresolve.core.report import Report, RootCause
from qosresolve.core.vocabulary import NodeKind, ObligationState, Outcome

SERVICE_ASSURANCE = "serviceAssurance"
_TAKEN = (ObligationState.ACCEPTED, ObligationState.IN_PROGRESS, ObligationState.RESOLVED)
_FAILED = (ObligationState.REJECTED, ObligationState.GAVE_UP, ObligationState.CANCELLED)


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the work to lay out, to start and to end, as the report stands."""
    if report.restored_at is not None:
        return _wind_down(report, policy, now)
    if not report.open:
        return ()
    facts = _obsolete(report, policy, now) + _lay_out(report, policy)
    facts = facts or start(report, policy, now) or _infeasible(report, policy, now)
    return facts or _never_idle(report, policy, now)


def _lay_out(report: Report, policy: Policy) -> Facts:
    facts: Facts = ()
    for node in policy.plan:
        if node.kind is NodeKind.SUPPLIER:
            continue
        for cause in plan.triggers(report, node):
            facts += _plan(report, node, cause)
    return facts or _analyse_again(report, policy)


def _plan(report: Report, node: Node, cause: RootCause | None) -> Facts:
    cause_id = cause.cause_id if cause else plan.round_of(report)
    target = cause.entity if cause else ""
    planned = plan.new_obligation(report, node, cause_id, target=target, party=_party(node))
    return (ObligationPlanned(report.report_id, planned),) if planned else ()


def _party(node: Node) -> str:
    return SERVICE_ASSURANCE if node.kind is NodeKind.SERVICE_TROUBLE else node.with_party


def _analyse_again(report: Report, policy: Policy) -> Facts:
    """A route that came to nothing goes back to analysis, once a failed attempt."""
    causes = {cause.cause_id for cause in report.root_causes}
    for failed in report.obligations:
        if failed.state in _FAILED and failed.cause_id in causes:
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
    return (ObligationPlanned(report.report_id, replace(again, chase_at=now + node.terms.remind_every)),)


def start(report: Report, policy: Policy, now: int) -> Facts:
    """Return the requests for everything planned whose predecessors have ended."""
    return tuple(
        tracking.request(report, item, policy, now, due_at=_due(report, policy, item, now))
        for item in report.obligations
        if item.kind is not NodeKind.SUPPLIER and plan.ready(report, policy, item, now)
    )


def _due(report: Report, policy: Policy, item: Obligation, now: int) -> int:
    return plan.due_at(report, policy, policy.node(item.node), now)


def _obsolete(report: Report, policy: Policy, now: int) -> Facts:
    """A revised cause withdraws the branch that it had laid out; other work, an analysis asked again."""
    causes = {cause.cause_id for cause in report.root_causes}
    others = any(item.target != AGAIN and plan.works(policy, item) for item in report.obligations)
    facts: Facts = ()
    for item in report.obligations:
        branch = bool(policy.node(item.node).when)
        if branch and item.unfinished and item.cause_id not in (*causes, CARRIED):
            facts += tracking.withdraw(report, item, policy, now, "causeRevised")
        elif item.target == AGAIN and item.state is ObligationState.PLANNED and others:
            facts += tracking.withdraw(report, item, policy, now, "otherWork")
    return facts


def _wind_down(report: Report, policy: Policy, now: int) -> Facts:
    """Restored: what has not started is withdrawn, what runs is told; verification is asked for now.

    Cleared by word or by rule, verification is no longer asked for either.
    """
    facts: Facts = ()
    for item in report.obligations:
        verifies = policy.node(item.node).blocks_clear
        if item.state is ObligationState.PLANNED and not (report.open and verifies):
            facts += tracking.withdraw(report, item, policy, now, "restored")
        elif item.running and not item.told_restored and not verifies:
            facts += (ObligationUpdated(report.report_id, item.obligation_id, "restored"),)
    return facts or (start(report, policy, now) if report.open else ())


def _infeasible(report: Report, policy: Policy, now: int) -> Facts:
    deadline = report.restore.due_at
    if report.infeasible or report.debouncing or deadline is None or not report.restore.running:
        return ()
    ends = plan.ends_at(report, policy, now)
    return (PlanInfeasible(report.report_id, ends),) if ends > deadline else ()


def answered(report: Report, answer: Answer, policy: Policy, now: int) -> Verdict:
    """Return what an answer to any obligation changes; an accepted activity means an owner took it."""
    verdict = tracking.answered(report, answer, policy, now)
    obligation = report.obligation(answer.obligation_id)
    if verdict.outcome is not Outcome.APPLIED or obligation is None or obligation.party:
        return verdict
    taken = any(isinstance(fact, ObligationAnswered) and fact.state in _TAKEN for fact in verdict.facts)
    return applied(*verdict.facts, *(targets.responded(report, now) if taken else ()))


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return the reminders and give-ups that are due, and what was planned for not before now."""
    return tracking.due(report, policy, now) + (start(report, policy, now) if report.open else ())
