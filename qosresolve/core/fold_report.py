"""How each fact about a report changes it: indicators, clocks, status, information, escalation."""

from collections.abc import Callable
from typing import Any

from qosresolve.core import facts as f
from qosresolve.core.clocks import Clock
from qosresolve.core.obligation import CARRIED, Obligation
from qosresolve.core.record import changed
from qosresolve.core.report import (
    FINDINGS_KEPT,
    Escalation,
    FindingKey,
    Indicator,
    Link,
    Report,
    StatusChange,
)
from qosresolve.core.vocabulary import Classification, ClockName, ClockOutcome, Jeopardy, Status

HISTORY_KEPT = 8


def opened(fact: f.ReportOpened) -> Report:
    """Return the new report, acknowledged, its clocks not yet set."""
    unset = Clock(fact.started_at, None, None, ClockOutcome.UNTARGETED)
    return Report(
        report_id=fact.report_id,
        product_id=fact.product_id,
        customer_id=fact.customer_id,
        tier=fact.tier,
        site=fact.site,
        offering=fact.offering,
        policy=fact.policy,
        status=Status.ACKNOWLEDGED,
        severity=fact.severity,
        opened_at=fact.opened_at,
        updated_at=fact.opened_at,
        started_at=fact.started_at,
        revision=0,
        information_revision=0,
        respond=unset,
        restore=unset,
        history=(StatusChange(Status.ACKNOWLEDGED, fact.opened_at, "opened", ""),),
        status_changes=1,
        predecessor=fact.predecessor,
        cause_key=fact.cause_key,
        description=fact.description,
        priority=fact.priority,
        customer_ticket=fact.customer_ticket,
        trace=fact.trace,
    )


def _reopened(report: Report, fact: f.ReportReopened) -> Report:
    return changed(
        report,
        reopened=report.reopened + 1,
        repeat_count=report.repeat_count + fact.relapse,
        classification=Classification.COUNTED,
        root_causes=(),
        obligations=_carried_over(report.obligations),
        restored_at=None,
        clear_by=None,
        cleared_at=None,
        close_reminder_at=None,
        forget_at=None,
        resolution="",
        infeasible=False,
    )


def _carried_over(obligations: tuple[Obligation, ...]) -> tuple[Obligation, ...]:
    """Keep what still runs, under no cause, and of the ended the newest attempts, which number the next."""
    newest = {(item.node, item.target): item.obligation_id for item in obligations}
    kept = set(newest.values())
    return tuple(
        item if item.ended else changed(item, cause_id=CARRIED, told_restored=False)
        for item in obligations
        if item.obligation_id in kept or not item.ended
    )


def _measured(report: Report, fact: f.IndicatorMeasured) -> Report:
    return changed(report, indicators=table_with(report.indicators, fact.indicator))


def table_with(table: tuple[Indicator, ...], row: Indicator) -> tuple[Indicator, ...]:
    """Return an indicator table with a row in the place of the one of its key, at the end where it is new."""
    name, object_id = row.name, row.object_id
    for at, known in enumerate(table):
        if known.name == name and known.object_id == object_id:
            return (*table[:at], row, *table[at + 1 :])
    return (*table, row)


def _clock(report: Report, name: ClockName) -> Clock:
    return report.respond if name is ClockName.RESPOND else report.restore


def _with_clock(report: Report, name: ClockName, clock: Clock) -> Report:
    if name is ClockName.RESPOND:
        return changed(report, respond=clock)
    return changed(report, restore=clock)


def _target_set(report: Report, fact: f.TargetSet) -> Report:
    breached = _clock(report, fact.clock).breached_at
    outcome = ClockOutcome.UNTARGETED if fact.due_at is None else ClockOutcome.RUNNING
    clock = Clock(
        fact.started_at,
        fact.target,
        fact.due_at,
        outcome,
        fact.thresholds,
        breached_at=breached,
        held_since=fact.held_since,
        paused=fact.paused,
    )
    report = _with_clock(report, fact.clock, clock)
    return changed(report, infeasible=False) if report.infeasible else report


def _hold_started(report: Report, fact: f.HoldStarted) -> Report:
    hold = fact.hold
    for name in hold.clocks:
        clock = _clock(report, name)
        since = hold.since if clock.held_since is None else min(clock.held_since, hold.since)
        if clock.stopped_at is None:
            report = _with_clock(report, name, changed(clock, held_since=since))
    others = tuple(item for item in report.holds if item.hold_id != hold.hold_id)
    return changed(report, holds=(*others, hold))


def _hold_ended(report: Report, fact: f.HoldEnded) -> Report:
    holds = tuple(
        changed(hold, ended_at=fact.at) if hold.hold_id == fact.hold_id else hold for hold in report.holds
    )
    return changed(report, holds=holds)


def _severity_pinned(report: Report, fact: f.SeverityPinned) -> Report:
    return changed(report, pinned=fact.severity, pinned_at=None if fact.severity is None else fact.at)


def _link_set(report: Report, fact: f.LinkSet) -> Report:
    others = tuple(link for link in report.links if link.kind is not fact.kind)
    links = (*others, Link(fact.kind, fact.reference)) if fact.reference else others
    return changed(report, links=links)


def _threshold_reached(report: Report, fact: f.ThresholdReached) -> Report:
    clock = _clock(report, fact.clock)
    marked = tuple(
        changed(item, reached=True) if item.percent <= fact.percent else item for item in clock.thresholds
    )
    return _with_clock(report, fact.clock, changed(clock, thresholds=marked))


def _breached(report: Report, fact: f.TargetBreached) -> Report:
    return _with_clock(report, fact.clock, changed(_clock(report, fact.clock), breached_at=fact.due_at))


def _clock_stopped(report: Report, fact: f.ClockStopped) -> Report:
    clock = changed(_clock(report, fact.clock), outcome=fact.outcome, stopped_at=fact.at, held_since=None)
    return _with_clock(report, fact.clock, clock)


def _status_changed(report: Report, fact: f.StatusChanged) -> Report:
    step = StatusChange(fact.status, fact.at, fact.reason, fact.actor)
    cleared_at = fact.at if fact.status is Status.CLEARED else report.cleared_at
    return changed(
        report,
        status=fact.status,
        history=(*report.history, step)[-HISTORY_KEPT:],
        status_changes=report.status_changes + 1,
        cleared_at=cleared_at,
        clear_by=None if fact.status is Status.CLEARED else report.clear_by,
    )


def _resolved(report: Report, fact: f.ResolutionRecorded) -> Report:
    return changed(report, resolution=fact.code, close_reminder_at=fact.close_reminder_at, clear_by=None)


def _report_ended(report: Report, fact: f.ReportEnded) -> Report:
    return changed(report, forget_at=fact.forget_at, close_reminder_at=None, clear_by=None)


def _information(report: Report, fact: f.InformationChanged) -> Report:
    return changed(report, **{fact.field: _FIELD_TYPES.get(fact.field, str)(fact.value)})


def _finding(report: Report, fact: f.FindingRecorded) -> Report:
    key = FindingKey(fact.finding.source, fact.finding.sequence)
    return changed(
        report,
        findings=(*report.findings, key)[-FINDINGS_KEPT:],
        finding_count=report.finding_count + 1,
    )


def _cause_identified(report: Report, fact: f.RootCauseIdentified) -> Report:
    others = tuple(cause for cause in report.root_causes if cause.cause_id != fact.root_cause.cause_id)
    return changed(report, root_causes=(*others, fact.root_cause))


def _cause_revised(report: Report, fact: f.RootCauseRevised) -> Report:
    left = tuple(cause for cause in report.root_causes if cause.cause_id != fact.cause_id)
    return changed(report, root_causes=left)


def _escalated(report: Report, fact: f.EscalationRaised) -> Report:
    escalation = Escalation(
        fact.level,
        fact.jeopardy,
        fact.escalation_id,
        fact.target,
        fact.at,
        fact.next_at,
        fact.repeats,
    )
    return changed(report, escalation=escalation)


def _escalation_acknowledged(report: Report, fact: f.EscalationAcknowledged) -> Report:
    held = changed(report.escalation, next_at=None, acknowledged_by=fact.actor, acknowledged_until=fact.until)
    return changed(report, escalation=held)


def _acknowledgement_expired(report: Report, fact: f.AcknowledgementExpired) -> Report:
    resumed = changed(report.escalation, next_at=fact.next_at, acknowledged_by="", acknowledged_until=None)
    return changed(report, escalation=resumed)


def _escalation_ended(report: Report, _: f.EscalationEnded) -> Report:
    breached = report.escalation.jeopardy is Jeopardy.BREACHED and report.restored_at is None
    jeopardy = Jeopardy.BREACHED if breached and report.open else Jeopardy.NONE
    return changed(report, escalation=Escalation(jeopardy=jeopardy))


_FIELD_TYPES: dict[str, Callable[[str], Any]] = {
    "priority": int,
    "work_around": lambda text: text == "true",
}

TABLE: dict[type[Any], Callable[[Report, Any], Report]] = {
    f.ReportReopened: _reopened,
    f.SuccessorNamed: lambda report, fact: changed(report, successor=fact.successor),
    f.IndicatorMeasured: _measured,
    f.SeverityChanged: lambda report, fact: changed(report, severity=fact.severity),
    f.TargetSet: _target_set,
    f.ThresholdReached: _threshold_reached,
    f.TargetBreached: _breached,
    f.ClockStopped: _clock_stopped,
    f.Restored: lambda report, fact: changed(report, restored_at=fact.at, clear_by=fact.clear_by),
    f.StatusChanged: _status_changed,
    f.ResolutionRecorded: _resolved,
    f.ReportEnded: _report_ended,
    f.CloseReminded: lambda report, fact: changed(report, close_reminder_at=fact.next_at),
    f.InformationChanged: _information,
    f.NoteAdded: lambda report, _: report,
    f.FindingRecorded: _finding,
    f.RootCauseIdentified: _cause_identified,
    f.RootCauseRevised: _cause_revised,
    f.PlanInfeasible: lambda report, _: changed(report, infeasible=True),
    f.EscalationRaised: _escalated,
    f.EscalationAcknowledged: _escalation_acknowledged,
    f.AcknowledgementExpired: _acknowledgement_expired,
    f.EscalationEnded: _escalation_ended,
    f.FalseEventDeclared: lambda report, _: changed(report, classification=Classification.FALSE_POSITIVE),
    f.Classified: lambda report, fact: changed(report, classification=fact.classification),
    f.ClearDelayed: lambda report, fact: changed(report, clear_by=fact.clear_by),
    f.HoldStarted: _hold_started,
    f.HoldEnded: _hold_ended,
    f.SeverityPinned: _severity_pinned,
    f.LinkSet: _link_set,
    f.AlarmSettled: lambda report, fact: changed(report, alarm=fact.alarm),
}
