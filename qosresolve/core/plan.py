"""The plan as a DAG: which nodes are to be laid out, which may start, and when each is due.

Shared by Co-ordinate (own work and trouble requests) and Engage (suppliers). Due times go backward from the
restore deadline, each node in its owner's calendar; where that cannot be kept, forward from now.
"""

from collections.abc import Iterable, Sequence

from qosresolve.core.calendar import begin, due, next_open
from qosresolve.core.facts import Facts, ObligationPlanned
from qosresolve.core.ids import obligation_id
from qosresolve.core.obligation import SILENCE, Obligation, latest
from qosresolve.core.policy import Node, Policy
from qosresolve.core.report import Report, RootCause
from qosresolve.core.vocabulary import NodeKind, ObligationState


def round_of(report: Report) -> str:
    """Return what base-plan work of the present round is filed under; a reopening starts a new round."""
    return f"round-{report.reopened}"


def triggers(report: Report, node: Node) -> Sequence[RootCause | None]:
    """Return what lays a node out: None for the base plan, else each root cause of its kinds."""
    if not node.when:
        return (None,)
    return [cause for cause in report.root_causes if cause.kind in node.when]


def new_obligation(
    report: Report, node: Node, cause_id: str, *, target: str, party: str, beside: bool = False
) -> Obligation | None:
    """Return the next attempt at a node for a target, None while one is there for this cause or open.

    It may stand `beside` one that is being withdrawn only where that is said.
    """
    previous = latest(report.obligations, node.name, target)
    if previous is not None:
        over = previous.ended or (beside and previous.state is ObligationState.WITHDRAWING)
        if not over or _tried(report, node, cause_id, target, party):
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


def distinct(planned: Iterable[ObligationPlanned]) -> Facts:
    """Return the first of each attempt: causes that ask for the same at once wait for one and the same."""
    first: dict[str, ObligationPlanned] = {}
    for fact in planned:
        first.setdefault(fact.obligation.obligation_id, fact)
    return tuple(first.values())


def _tried(report: Report, node: Node, cause_id: str, target: str, party: str) -> bool:
    wanted = (node.name, target, cause_id, party)
    return any((item.node, item.target, item.cause_id, item.party) == wanted for item in report.obligations)


def ready(report: Report, policy: Policy, obligation: Obligation, now: int) -> bool:
    """Tell whether a planned obligation may start: its time has come, and all before it has ended.

    What blocks clearing checks a product that is restored: it waits for that, and then for nothing else.
    Where samples stay away, verification is wanted at once.
    """
    if obligation.state is not ObligationState.PLANNED or (obligation.chase_at or 0) > now:
        return False
    if obligation.cause_id.startswith(SILENCE):
        return True
    node = policy.node(obligation.node)
    if node.blocks_clear:
        return report.restored_at is not None
    before = policy.upstream[node.name]
    return all(item.ended or item.node not in before for item in report.obligations)


def begins_at(report: Report, policy: Policy, node: Node, at: int) -> int:
    """Return the first instant, `at` or later, at which a node may be asked for: its time and its slot."""
    at = max(at, report.opened_at + node.not_before) if node.not_before else at
    return next_open(policy.calendars[node.slot], at) if node.slot else at


def due_at(report: Report, policy: Policy, node: Node, now: int) -> int:
    """Return when a node that starts now is due.

    As late as the restore deadline allows, never sooner than its duration needs.
    """
    forward = due(policy.calendars[node.calendar], now, node.duration)
    deadline = report.restore.due_at if report.restore.running else None
    if deadline is None or node.kind is NodeKind.IMPROVEMENT:
        return forward
    return max(forward, _latest_end(report, policy, node, deadline))


def _latest_end(report: Report, policy: Policy, node: Node, deadline: int) -> int:
    """Return the latest end of a node that leaves all that comes behind it enough of its owner's time."""
    begins = (
        begin(policy.calendars[item.calendar], _latest_end(report, policy, item, deadline), item.duration)
        for item in reserved(report, policy, node)
    )
    return min(begins, default=deadline)


def reserved(report: Report, policy: Policy, node: Node) -> list[Node]:
    """Return the nodes behind a node that time is kept for: while no cause is known, of every branch."""
    laid_out = _behind(report, policy, node)
    if report.root_causes:
        return laid_out
    branches = [item for item in policy.plan if item.when and node.name in item.after and _restores(item)]
    return laid_out + [item for item in branches if item not in laid_out]


def _behind(report: Report, policy: Policy, node: Node) -> list[Node]:
    """Return the nodes towards restoration that are laid out and wait for a node."""
    waiting = {item.node for item in report.obligations if item.state is ObligationState.PLANNED}
    return [
        item for item in policy.plan if node.name in item.after and item.name in waiting and _restores(item)
    ]


def _restores(node: Node) -> bool:
    """Improvement may come later, and what blocks clearing comes after the restoration."""
    return node.kind is not NodeKind.IMPROVEMENT and not node.blocks_clear


def finish(report: Report, policy: Policy, node: Node, at: int) -> int:
    """Return when the longest path behind a node ends that itself ends at an instant."""
    ends = [
        finish(
            report,
            policy,
            item,
            due(policy.calendars[item.calendar], begins_at(report, policy, item, at), item.duration),
        )
        for item in _behind(report, policy, node)
    ]
    return max(ends, default=at)


def ends_at(report: Report, policy: Policy, now: int) -> int:
    """Return when the longest path of what is laid out ends, were it all done as planned."""
    unfinished = [item for item in report.obligations if works(policy, item)]
    return max((_finish(report, policy, item, now) for item in unfinished), default=now)


def _finish(report: Report, policy: Policy, obligation: Obligation, now: int) -> int:
    node = policy.node(obligation.node)
    start = obligation.requested_at if obligation.running else obligation.chase_at
    start = begins_at(report, policy, node, now) if start is None else start
    if obligation.kind is NodeKind.SUPPLIER:
        planned = start + policy.party(obligation.party).resolve_within
    else:
        planned = due(policy.calendars[node.calendar], start, node.duration)
    return finish(report, policy, node, max(now, planned))


def works(policy: Policy, obligation: Obligation) -> bool:
    """Tell whether somebody still has to do it towards restoration."""
    return obligation.unfinished and _restores(policy.node(obligation.node))


def counts(obligation: Obligation) -> bool:
    """Tell whether clearing waits for it: improvement never blocks."""
    return obligation.kind is not NodeKind.IMPROVEMENT
