"""Engage External Product Suppliers (eTOM 1.3.8.5, level 4), through party performance management (1.6.11.5).

Asks the party that owns a component when a root cause lies with it, never from ownership alone. Contacts,
times and underpinning targets are the policy's; reminders and the next contact are `tracking`'s.
"""

from qosresolve.core import plan, tracking
from qosresolve.core.facts import Facts, ObligationPlanned
from qosresolve.core.obligation import latest
from qosresolve.core.policy import Node, Policy
from qosresolve.core.report import Report, RootCause
from qosresolve.core.vocabulary import FAILED, NodeKind

UNKNOWN_PARTY = "unknownSupplier"


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the engagements to lay out and to send, as the report stands."""
    if not report.open or report.restored_at is not None:
        return ()
    planned: tuple[ObligationPlanned, ...] = ()
    for node in policy.plan if report.root_causes else ():
        if node.kind is NodeKind.SUPPLIER:
            for cause in report.root_causes:
                planned += _engage(report, policy, node, cause) if cause.kind in node.when else ()
    return plan.distinct(planned) or _send(report, policy, now)


def _engage(report: Report, policy: Policy, node: Node, cause: RootCause) -> tuple[ObligationPlanned, ...]:
    """Engage the party at fault; when that came to nothing, one that serves the component or goes around."""
    first = cause.party or _owner(report, cause)
    for party in (first, *_others(report, policy, node, cause, first)):
        engagement = plan.new_obligation(report, node, cause.cause_id, target=cause.entity, party=party)
        if engagement:
            return (ObligationPlanned(report.report_id, engagement),)
    return ()


def _others(report: Report, policy: Policy, node: Node, cause: RootCause, first: str) -> tuple[str, ...]:
    """Return who else may be asked, once the newest engagement for the component came to nothing."""
    newest = latest(report.obligations, node.name, cause.entity)
    if newest is None or newest.state not in FAILED:
        return ()
    return tuple(
        party.name
        for party in policy.parties.values()
        if party.name != first and (cause.entity in party.serves or party.work_around)
    )


def _owner(report: Report, cause: RootCause) -> str:
    """Return the party that the inventory names as owner of the component."""
    owners = (row.owner_party for row in report.indicators if row.object_id == cause.entity)
    return next((owner for owner in owners if owner), UNKNOWN_PARTY)


def _send(report: Report, policy: Policy, now: int) -> Facts:
    return tuple(
        tracking.ask(report, item, policy, now)
        for item in report.obligations
        if item.kind is NodeKind.SUPPLIER and plan.ready(report, policy, item, now)
    )
