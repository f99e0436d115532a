"""The plan as a DAG: which nodes are to be laid out, which may start, and when each is due.

Shared by Co-ordinate (own work and trouble requests) and Engage (suppliers). Due times go backward from the
restore deadline; where that cannot be kept, forward from now.
"""

from collections.abc import Iterator

from qosresolve.core.calendar import due
from qosresolve.core.ids import obligation_id
from qosresolve.core.obligation import Obligation, latest
from qosresolve.core.policy import Node, Policy
from qosresolve.core.report import Report, RootCause
from qosresolve.core.vocabulary import NodeKind, ObligationState


def round_of(report: Report) -> str:
    """Return what base-plan work of the present round is filed under; a reopening starts a new round."""
    return f"round-{report.reopened}"


def triggers(report: Report, node: Node) -> Iterator[RootCause | None]:
    """Yield what lays a node out: None for the base plan, else each root cause of its kinds."""
    if not node.when:
        yield None
    else:
        yield from (cause for cause in report.root_causes if cause.kind in node.when)


def new_obligation(
    report: Report, node: Node, cause_id: str, *, target: str, party: str
) -> Obligation | None:
    """Return the next attempt at a node for a target, None while one is there for this cause or open."""
    previous = latest(report.obligations, node.name, target)
    if previous is not None and (previous.cause_id == cause_id or not previous.ended):
        return None
    attempt = previous.attempt + 1 if previous else 1
    return Obligation(
        obligation_id(report.report_id, node.name, target, attempt),
        node.name,
        node.kind,
        target,
        party,
        cause_id,
        attempt,
        ObligationState.PLANNED,
    )


def ready(report: Report, policy: Policy, obligation: Obligation) -> bool:
    """Tell whether a planned obligation may start: every laid-out predecessor has ended."""
    if obligation.state is not ObligationState.PLANNED:
        return False
    after = policy.node(obligation.node).after
    return all(item.ended for item in report.obligations if item.node in after)


def due_at(report: Report, policy: Policy, node: Node, now: int) -> int:
    """Return when a node that starts now is due: as late as the restore deadline allows, never sooner
    than its duration needs.
    """
    forward = due(policy.calendars[node.calendar], now, node.duration)
    deadline = report.restore.due_at
    if deadline is None or node.kind is NodeKind.IMPROVEMENT:
        return forward
    return max(forward, deadline - _tail(report, policy, node))


def _tail(report: Report, policy: Policy, node: Node) -> int:
    """Return the longest stretch of work that is laid out behind a node, in ms."""
    waiting = {item.node for item in report.obligations if item.state is ObligationState.PLANNED}
    behind = [item for item in policy.plan if node.name in item.after and item.name in waiting]
    return max((item.duration + _tail(report, policy, item) for item in behind), default=0)


def ends_at(report: Report, policy: Policy, now: int) -> int:
    """Return when the longest path of what is laid out ends, were it all done as planned."""
    unfinished = [item for item in report.obligations if item.unfinished and counts(item)]
    return max((_finish(report, policy, item, now) for item in unfinished), default=now)


def _finish(report: Report, policy: Policy, obligation: Obligation, now: int) -> int:
    node = policy.node(obligation.node)
    tail = _tail(report, policy, node)
    if obligation.expected_at is not None:
        return obligation.expected_at + tail
    if obligation.running:
        return now + tail
    return due(policy.calendars[node.calendar], now, node.duration) + tail


def counts(obligation: Obligation) -> bool:
    """Tell whether restoration waits for it: improvement never does."""
    return obligation.kind is not NodeKind.IMPROVEMENT
