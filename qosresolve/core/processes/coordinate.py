"""Co-ordinate Customer QoS Analysis, Restoration & Repair (eTOM 1.3.8.5, level 4).

Lays out the policy's plan, requests each node when its predecessors have ended, requests service trouble
reports (1.4.6.1), ends what a revised cause or the restoration made obsolete, and chases. Supplier nodes are
Engage's.
"""

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
from qosresolve.core.obligation import CARRIED, Obligation
from qosresolve.core.policy import Node, Policy
from qosresolve.core.report import Report, RootCause
from qosresolve.core.vocabulary import NodeKind, ObligationState, Outcome

SERVICE_ASSURANCE = "serviceAssurance"
_TAKEN = (ObligationState.ACCEPTED, ObligationState.IN_PROGRESS, ObligationState.RESOLVED)
_FAILED = (ObligationState.REJECTED, ObligationState.GAVE_UP, ObligationState.CANCELLED)


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the work to lay out, to start and to end, as the report stands."""
    if not report.open:
        return ()
    if report.restored_at is not None:
        return _wind_down(report, policy, now)
    facts = _obsolete(report, policy, now) + _lay_out(report, policy)
    return facts or start(report, policy, now) or _infeasible(report, policy, now)


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
    first = next(node for node in policy.plan if node.kind is NodeKind.ANALYSIS and not node.when)
    causes = {cause.cause_id for cause in report.root_causes}
    for failed in report.obligations:
        if failed.state in _FAILED and failed.cause_id in causes:
            again = plan.new_obligation(
                report, first, f"after:{failed.obligation_id}", target=failed.obligation_id, party=""
            )
            if again:
                return (ObligationPlanned(report.report_id, again),)
    return ()


def start(report: Report, policy: Policy, now: int) -> Facts:
    """Return the requests for everything planned whose predecessors have ended."""
    return tuple(
        tracking.request(report, item, policy, now, due_at=_due(report, policy, item, now))
        for item in report.obligations
        if item.kind is not NodeKind.SUPPLIER and plan.ready(report, policy, item)
    )


def _due(report: Report, policy: Policy, item: Obligation, now: int) -> int:
    return plan.due_at(report, policy, policy.node(item.node), now)


def _obsolete(report: Report, policy: Policy, now: int) -> Facts:
    """A revised cause withdraws the branch that it had laid out."""
    causes = {cause.cause_id for cause in report.root_causes}
    facts: Facts = ()
    for item in report.obligations:
        branch = bool(policy.node(item.node).when)
        if branch and item.unfinished and item.cause_id not in (*causes, CARRIED):
            facts += tracking.withdraw(report, item, policy, now, "causeRevised")
    return facts


def _wind_down(report: Report, policy: Policy, now: int) -> Facts:
    """Restored: what has not started is withdrawn, what runs is told; verification is asked for now."""
    facts: Facts = ()
    for item in report.obligations:
        node = policy.node(item.node)
        if item.state is ObligationState.PLANNED and not node.blocks_clear:
            facts += tracking.withdraw(report, item, policy, now, "restored")
        elif item.running and not item.told_restored:
            facts += (ObligationUpdated(report.report_id, item.obligation_id, "restored"),)
    return facts or start(report, policy, now)


def _infeasible(report: Report, policy: Policy, now: int) -> Facts:
    deadline = report.restore.due_at
    if report.infeasible or deadline is None or not report.restore.running:
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
    """Return the reminders and give-ups that are due."""
    return tracking.due(report, policy, now)
