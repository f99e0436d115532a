"""Modify Customer QoS Report Status (eTOM 1.3.8.5, level 4).

The legal edges and nothing else, each with reason, time and actor. Clear and Cancel take their own edges
through `move`, so that no other module writes a status. `pending` and `held` stop a clock where the policy
lists the reason.
"""

from qosresolve.core import holds, targets, tracking
from qosresolve.core.decision import Verdict, applied, no_op, refused
from qosresolve.core.facts import Facts, IndicatorMeasured, ReportEnded, ReportReopened, StatusChanged
from qosresolve.core.holds import STATUS
from qosresolve.core.indicators import doubted
from qosresolve.core.inputs import Command
from qosresolve.core.plan import counts
from qosresolve.core.policy import Policy
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ClockOutcome, NodeKind, ObligationState, Status, Verb

EDGES: dict[Status, frozenset[Status]] = {
    Status.ACKNOWLEDGED: frozenset({Status.IN_PROGRESS, Status.CANCELLED}),
    Status.IN_PROGRESS: frozenset({Status.PENDING, Status.HELD, Status.CLEARED, Status.CANCELLED}),
    Status.PENDING: frozenset({Status.IN_PROGRESS, Status.HELD, Status.CLEARED, Status.CANCELLED}),
    Status.HELD: frozenset({Status.IN_PROGRESS, Status.PENDING, Status.CLEARED, Status.CANCELLED}),
    Status.CLEARED: frozenset({Status.IN_PROGRESS, Status.CLOSED}),
    Status.CLOSED: frozenset(),
    Status.CANCELLED: frozenset(),
}
_TAKEN = (ObligationState.ACCEPTED, ObligationState.IN_PROGRESS, ObligationState.RESOLVED)
_SETTABLE = (Status.IN_PROGRESS, Status.PENDING, Status.HELD)
_BY_VERB = {Verb.HOLD: Status.HELD, Verb.RESUME: Status.IN_PROGRESS}
_STANDING = (Status.PENDING, Status.HELD)
SUPPLIER = "supplier"  # reason of a hold while any supplier is waited for


def move(report: Report, status: Status, now: int, *, reason: str, actor: str = "") -> StatusChanged:
    """Return the fact of a legal edge. Raises ValueError on an illegal one: the caller has to check."""
    if status not in EDGES[report.status]:
        raise ValueError(f"no edge {report.status} -> {status}")
    return StatusChanged(report.report_id, report.status, status, now, reason, actor)


def _moved(
    report: Report,
    policy: Policy,
    edge: StatusChanged,
    *,
    holding: tuple[str, ...] = (),
    since: int | None = None,
) -> Facts:
    """Return an edge with what it does to the clocks: the hold it ends, and the one that it brings."""
    facts = (edge, *holds.ended(report, policy, STATUS, edge.at, edge.reason))
    if edge.status not in _STANDING or report.restored_at is not None:
        return facts
    since = edge.at if since is None else since
    return (*facts, *holds.begun(_released(report), policy, holding, since))


def _released(report: Report) -> Report:
    return changed(report, holds=tuple(hold for hold in report.holds if hold.hold_id != STATUS))


def follow(report: Report, policy: Policy, now: int) -> Facts:
    """Return the status that the report's work implies: taken up, or waiting for others."""
    if report.status is Status.ACKNOWLEDGED and _taken_up(report):
        return (move(report, Status.IN_PROGRESS, now, reason="taken up"),)
    waiting = _waits_for_others(report)
    if report.status is Status.IN_PROGRESS and waiting:
        edge = move(report, Status.PENDING, now, reason=f"waiting for {waiting}")
        return _moved(report, policy, edge, holding=_reasons(report, waiting))
    if report.status is not Status.PENDING or not _set_by_rule(report):
        return ()
    if not waiting:
        return _moved(report, policy, move(report, Status.IN_PROGRESS, now, reason="our turn"))
    return _waiting_on(report, policy, waiting, now)


def _waiting_on(report: Report, policy: Policy, waiting: str, now: int) -> Facts:
    """Return the end of a hold whose party is no longer waited for, and the hold of one that still is."""
    hold = report.hold(STATUS)
    awaited = {
        reason for item in report.obligations if item.running for reason in _reasons(report, item.party)
    }
    lasted = hold is None and any(item.hold_id == STATUS and item.reason in awaited for item in report.holds)
    if lasted or (hold is not None and hold.reason in awaited):
        return ()  # it goes on, or has lasted as long as it may
    over = holds.ended(report, policy, STATUS, now, f"no longer waiting for {hold.reason}") if hold else ()
    return (*over, *holds.begun(_released(report), policy, _reasons(report, waiting), now))


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return the end of a hold that has lasted as long as the policy lets it: a held report goes on."""
    hold = report.hold(STATUS)
    if hold is None or hold.until is None or hold.until > now:
        return ()
    facts = holds.ended(report, policy, STATUS, hold.until, "as long as the policy lets it")
    if report.status is not Status.HELD:
        return facts
    return (*facts, move(report, Status.IN_PROGRESS, now, reason="the hold has lasted as long as it may"))


def _reasons(report: Report, party: str) -> tuple[str, ...]:
    """Return the reasons by which the policy may list a party that is waited for."""
    items = report.obligations
    supplies = any(item.party == party and item.kind is NodeKind.SUPPLIER for item in items)
    return (party, SUPPLIER) if supplies else (party,)


def _taken_up(report: Report) -> bool:
    answered = any(item.state in _TAKEN for item in report.obligations)
    responded = report.respond.stopped_at is not None
    by_itself = report.respond.outcome is ClockOutcome.NOT_APPLICABLE  # restored before anybody took it
    return answered or report.finding_count > 0 or (responded and not by_itself)


def _waits_for_others(report: Report) -> str:
    """Return the party waited for when every unfinished node lies with another party, else nothing.

    A party that waits for our answer is not waited for.
    """
    unfinished = [item for item in report.obligations if item.unfinished and counts(item)]
    if not unfinished or report.restored_at is not None:
        return ""
    started = [item for item in unfinished if item.running]
    ours = any(not item.party or item.question for item in started)
    return "" if ours or not started else started[0].party


def _set_by_rule(report: Report) -> bool:
    """A person's `pending` is left by a person."""
    return not report.history[-1].actor


def command(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Answer `hold`, `resume` and `set-status`."""
    wanted = _BY_VERB.get(order.verb) or _status(order.value)
    if wanted is None:
        return refused(Rule.BAD_VALUE)
    if not order.reason:
        return refused(Rule.REASON_REQUIRED)
    # A cleared report goes back to work by a relapse or a refused resolution, never by a bare status.
    if order.at is not None and wanted not in _STANDING:
        return refused(Rule.BAD_VALUE)  # only a hold may be entered backdated
    if not report.open or wanted not in _SETTABLE or wanted not in EDGES[report.status]:
        return refused(Rule.ILLEGAL_EDGE)
    since = now if order.at is None else order.at
    forbidden = Rule.NONE if order.at is None else holds.backdated(report, policy, since, now)
    if forbidden:
        return refused(forbidden)
    edge = move(report, wanted, now, reason=order.reason, actor=order.actor)
    return applied(*_moved(report, policy, edge, holding=(order.reason,), since=since))


def _status(text: str) -> Status | None:
    return next((status for status in Status if status == text), None)


def acknowledge(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """An owner takes the report: the respond clock stops."""
    if not report.open:
        return refused(Rule.NOT_OPEN)
    taken = targets.responded(report, policy, now)
    if report.status is not Status.ACKNOWLEDGED:
        return applied(*taken) if taken else no_op(Rule.NOTHING_CHANGES)
    reason = order.reason or "acknowledged by its owner"
    return applied(*taken, move(report, Status.IN_PROGRESS, now, reason=reason, actor=order.actor))


def close(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """Close's word (1.1.1.7.6): the only way to `closed`."""
    if report.status is not Status.CLEARED:
        return refused(Rule.NOT_CLEARED)
    closed = move(report, Status.CLOSED, now, reason=order.reason or "closed", actor=order.actor)
    return applied(closed, ReportEnded(report.report_id, now + policy.times.forget_after))


def refuse_resolution(report: Report, order: Command, policy: Policy, now: int) -> Verdict:
    """The customer does not accept the resolution: back to work, nothing deducted from the clock.

    What was measured good no longer counts as good: the rows are stale until a new good sample or a word.
    """
    if report.status is not Status.CLEARED:
        return refused(Rule.NOT_CLEARED)
    if report.successor:
        return refused(Rule.HAS_SUCCESSOR)
    if not order.reason:
        return refused(Rule.REASON_REQUIRED)
    return applied(
        ReportReopened(report.report_id, now, relapse=False, deducted=0),
        move(report, Status.IN_PROGRESS, now, reason=order.reason, actor=order.actor),
        *(IndicatorMeasured(report.report_id, doubted(row)) for row in report.indicators),
        *targets.goes_on(report),
        *tracking.tell(report, "resolution refused"),
    )


def relapse(report: Report, policy: Policy, at: int, now: int) -> Facts:
    """Reopen a restored report whose product degrades again: the restored time is deducted.

    Where it was not cleared yet, the status stays.
    """
    clock, deducted = targets.continued(report, policy, at)
    status = () if report.open else (move(report, Status.IN_PROGRESS, now, reason="relapse"),)
    reopened = ReportReopened(report.report_id, now, relapse=True, deducted=deducted)
    held = (report.history[-1].reason,) if report.status is Status.HELD else ()
    holding = holds.begun(_released(report), policy, held, max(at, report.restored_at or at))
    return (reopened, *status, *clock, *holding, *tracking.tell(report, "relapse"))
