"""The plan played as it is meant: everybody accepts at once, works as long as planned, and it helps.

Whoever is asked ends after the node's duration in the owner's calendar, a supplier after its underpinning
target. The first analysis finds the cause that was asked about; the last work makes the product good.
"""

from qosresolve.core import plan
from qosresolve.core.calendar import due
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import Policy
from qosresolve.core.vocabulary import AnswerState, NodeKind, ObligationState
from qosresolve.replay.trial.desk import Desk

WAITS = 366 * 86_400_000  # ms after which a plan that has not ended is shown as it stands


def play(desk: Desk) -> None:
    """Play the plan of an open report to its end."""
    end = desk.question.at + WAITS
    while (work := _accepted(desk)) is not None or desk.next_alarm() is not None:
        alarm = desk.next_alarm()
        ends_at, item = work or (end + 1, None)
        if item is not None and ends_at <= min(end, alarm.due if alarm else end):
            _end(desk, item, max(ends_at, desk.case.last_now()))
        elif not _unfinished(desk) or not desk.fire(min(end, ends_at)):
            return


def _accepted(desk: Desk) -> tuple[int, Obligation] | None:
    """Let all that was just asked be accepted; return what ends next, and when."""
    while (asked := _first(desk, ObligationState.REQUESTED)) is not None:
        desk.answer(asked, AnswerState.ACCEPTED, desk.case.last_now())
    running = [item for item in _items(desk) if item.running and item.requested_at is not None]
    ends = [(ends_at(desk.policy, item), item) for item in running if item.state is not _CHECKING]
    return min(ends, key=lambda one: one[0], default=None)


_CHECKING = ObligationState.CHECKING


def _first(desk: Desk, state: ObligationState) -> Obligation | None:
    return next((item for item in _items(desk) if item.state is state), None)


def _items(desk: Desk) -> tuple[Obligation, ...]:
    return desk.report.obligations if desk.report else ()


def _unfinished(desk: Desk) -> bool:
    """Tell whether anything is still to come that the timer would begin."""
    return any(item.unfinished for item in _items(desk))


def ends_at(policy: Policy, item: Obligation) -> int:
    """Return when work ends that was asked for, if it takes as long as planned."""
    asked = item.requested_at or 0
    if item.kind is NodeKind.SUPPLIER:
        return asked + policy.party(item.party).resolve_within
    node = policy.node(item.node)
    return due(policy.calendars[node.calendar], asked, node.duration)


def _end(desk: Desk, item: Obligation, now: int) -> None:
    report = desk.report
    unknown = report is not None and not report.root_causes
    if not unknown and not _others(desk, item) and plan.works(desk.policy, item):
        desk.recover(now)
    desk.answer(item, AnswerState.RESOLVED, now, found=unknown)


def _others(desk: Desk, item: Obligation) -> bool:
    """Tell whether other work towards restoration is still to be done."""
    return any(
        plan.works(desk.policy, other) for other in _items(desk) if other.obligation_id != item.obligation_id
    )
