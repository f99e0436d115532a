"""How each fact about an obligation changes the report that holds it."""

from collections.abc import Callable
from typing import Any

from qosresolve.core import facts as f
from qosresolve.core.obligation import AGAIN, Obligation
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import ENDED, ObligationState


def _change(report: Report, obligation_id: str, **changes: Any) -> Report:
    obligations = tuple(
        changed(item, **changes) if item.obligation_id == obligation_id else item
        for item in report.obligations
    )
    return changed(report, obligations=obligations)


def _planned(report: Report, fact: f.ObligationPlanned) -> Report:
    return changed(report, obligations=(*_without_old_repeats(report, fact.obligation), fact.obligation))


def _without_old_repeats(report: Report, planned: Obligation) -> tuple[Obligation, ...]:
    """Of an analysis that is asked again and again only the newest attempts stay: a report has a hard cap."""
    if planned.target != AGAIN:
        return report.obligations
    return tuple(
        item
        for item in report.obligations
        if item.target != AGAIN or not item.ended or item.attempt + 1 >= planned.attempt
    )


def _requested(report: Report, fact: f.ObligationRequested) -> Report:
    return _change(
        report,
        fact.obligation_id,
        state=ObligationState.REQUESTED,
        requested_at=fact.at,
        contact=fact.contact,
        accept_by=fact.accept_by,
        due_at=fact.due_at,
        chase_at=None,
        thresholds=fact.thresholds,
    )


def _answered(report: Report, fact: f.ObligationAnswered) -> Report:
    changes: dict[str, Any] = {"state": fact.state, "chase_at": fact.chase_at, "reminders": 0}
    if fact.expected_at is not None:
        changes["expected_at"] = fact.expected_at
    if fact.external_id:
        changes["external_id"] = fact.external_id
    if fact.state in ENDED:
        changes |= {"ended_at": fact.at, "expected_at": None}
    return _change(report, fact.obligation_id, **changes)


def _chased(report: Report, fact: f.ObligationChased) -> Report:
    return _change(
        report,
        fact.obligation_id,
        reminders=fact.reminders,
        contact=fact.contact,
        accept_by=fact.next_at,
        chase_at=fact.next_at,
    )


def _updated(report: Report, fact: f.ObligationUpdated) -> Report:
    if fact.reason != "restored":
        return report
    return _change(report, fact.obligation_id, told_restored=True)


def _withdrawal_requested(report: Report, fact: f.WithdrawalRequested) -> Report:
    return _change(
        report,
        fact.obligation_id,
        state=ObligationState.WITHDRAWING,
        chase_at=fact.confirm_by,
        reminders=0,
        expected_at=None,
    )


def _ended(report: Report, fact: f.ObligationEnded) -> Report:
    return _change(
        report,
        fact.obligation_id,
        state=fact.state,
        ended_at=fact.at,
        chase_at=None,
        expected_at=None,
        question=False,
        end_reason=fact.reason,
    )


def _refused(report: Report, fact: f.ResolutionRefused) -> Report:
    item = report.obligation(fact.obligation_id)
    return _change(
        report,
        fact.obligation_id,
        state=ObligationState.IN_PROGRESS,
        chase_at=fact.chase_at,
        refusals=item.refusals + 1 if item else 1,
    )


def _threshold_reached(report: Report, fact: f.ObligationThresholdReached) -> Report:
    item = report.obligation(fact.obligation_id)
    thresholds = item.thresholds if item else ()
    marked = tuple(changed(one, reached=True) if one.percent <= fact.percent else one for one in thresholds)
    return _change(report, fact.obligation_id, thresholds=marked)


def _asks(report: Report, fact: f.InformationRequired) -> Report:
    return _change(report, fact.obligation_id, question=True)


def _told(report: Report, fact: f.InformationGiven) -> Report:
    return _change(report, fact.obligation_id, question=False)


def _scheduled(report: Report, fact: f.ObligationScheduled) -> Report:
    return _change(report, fact.obligation_id, chase_at=fact.not_before)


def _overdue(report: Report, fact: f.ObligationOverdue) -> Report:
    return _change(report, fact.obligation_id, overdue_at=fact.due_at)


TABLE: dict[type[Any], Callable[[Report, Any], Report]] = {
    f.ObligationPlanned: _planned,
    f.ObligationRequested: _requested,
    f.ObligationAnswered: _answered,
    f.ObligationChased: _chased,
    f.ObligationUpdated: _updated,
    f.WithdrawalRequested: _withdrawal_requested,
    f.ObligationEnded: _ended,
    f.ObligationScheduled: _scheduled,
    f.ObligationThresholdReached: _threshold_reached,
    f.ObligationOverdue: _overdue,
    f.ResolutionRefused: _refused,
    f.InformationRequired: _asks,
    f.InformationGiven: _told,
}
