"""What goes out: the requests of `step`, and how each follows from a fact.

Modelled on TMF656 ServiceProblem (trouble), TMF621 TroubleTicket (supplier), TMF701 TaskFlow (activity) and
TMF641 JeopardyAlert (escalation); the mapping of each field is in `schemas/`. Every id is the same over any
replay.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from qosresolve.core import facts as f
from qosresolve.core.ids import message_id
from qosresolve.core.inputs import Cause
from qosresolve.core.obligation import Obligation
from qosresolve.core.record import record
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import (
    ClockName,
    Jeopardy,
    NodeKind,
    ObjectKind,
    RootCauseKind,
    Severity,
)


class Action(StrEnum):
    """What a request asks the receiver to do with the thing that its request id names."""

    REQUEST = "request"
    UPDATE = "update"
    REMIND = "remind"
    CANCEL = "cancel"
    REFUSE = "refuse"
    ANSWER = "answer"


@record
class Context:
    """What every request says of the report it is about."""

    message_id: str
    product_id: str
    report_id: str
    customer_id: str
    tier: str
    severity: Severity
    priority: int
    escalation_level: int
    reason: str
    policy: str
    at: int
    cause: Cause


@record
class ActivityRequest:
    """Work for one of our own processes (TMF701 TaskFlow)."""

    context: Context
    action: Action
    request_id: str
    node: str
    kind: NodeKind
    owner: str
    assignee: str
    attempt: int
    due_at: int | None
    accept_by: int | None
    indicators: tuple[str, ...]


@record
class TroubleRequest:
    """A service trouble report request to 1.4.6.1 (TMF656 ServiceProblem)."""

    context: Context
    action: Action
    request_id: str
    service_id: str
    cause_key: str
    attempt: int
    category: str
    description: str
    due_at: int | None
    accept_by: int | None
    affected_services: tuple[str, ...]


@record
class SupplierRequest:
    """An engagement of an outside supplier through 1.6.11.5 (TMF621 TroubleTicket)."""

    context: Context
    action: Action
    request_id: str
    party: str
    contact: str
    component: str
    attempt: int
    ticket_type: str
    description: str
    due_at: int | None
    accept_by: int | None


@record
class EscalationNotice:
    """A jeopardy escalation raised or ended (TMF641 JeopardyAlert, TMF656 problemEscalation)."""

    context: Context
    raised: bool
    escalation_id: str
    level: int
    jeopardy: Jeopardy
    clock: ClockName
    due_at: int | None
    target: str


Request = ActivityRequest | TroubleRequest | SupplierRequest | EscalationNotice

TICKET_TYPE = "qosPerformanceDegradation"
CATEGORY = "serviceProvider.declared"


def react(report: Report, fact: Any, cause: Cause, now: int) -> Request | None:
    """Return the request that a fact sends out, with the report as it stands after the step."""
    builder = REACTIONS.get(type(fact))
    return builder(report, fact, cause, now) if builder else None


def _context(report: Report, cause: Cause, now: int, *, subject: str, action: str, reason: str) -> Context:
    return Context(
        message_id(subject, action, reason, cause.topic, cause.partition, cause.offset),
        report.product_id,
        report.report_id,
        report.customer_id,
        report.tier,
        report.severity,
        report.priority,
        report.escalation.level,
        reason,
        report.policy,
        now,
        cause,
    )


def _work(report: Report, obligation_id: str, action: Action, reason: str, cause: Cause, now: int) -> Request:
    item = report.obligation(obligation_id)
    if item is None:
        raise LookupError(f"report {report.report_id} holds no obligation {obligation_id}")
    context = _context(report, cause, now, subject=obligation_id, action=action, reason=reason)
    if item.kind is NodeKind.SERVICE_TROUBLE:
        return _trouble(report, item, action, context)
    if item.kind is NodeKind.SUPPLIER:
        return _supplier(report, item, action, context)
    return ActivityRequest(
        context,
        action,
        item.obligation_id,
        item.node,
        item.kind,
        item.contact,
        report.assignee,
        item.attempt,
        item.due_at,
        item.accept_by,
        tuple(row.name for row in report.degraded),
    )


def _trouble(report: Report, item: Obligation, action: Action, context: Context) -> TroubleRequest:
    return TroubleRequest(
        context,
        action,
        item.obligation_id,
        item.target,
        report.cause_key,
        item.attempt,
        CATEGORY,
        describe(report),
        item.due_at,
        item.accept_by,
        affected_services(report, item.target),
    )


def _supplier(report: Report, item: Obligation, action: Action, context: Context) -> SupplierRequest:
    return SupplierRequest(
        context,
        action,
        item.obligation_id,
        item.party,
        item.contact,
        item.target,
        item.attempt,
        TICKET_TYPE,
        describe(report),
        item.due_at,
        item.accept_by,
    )


def affected_services(report: Report, service: str) -> tuple[str, ...]:
    """Return the services a trouble request names (TMF656 affectedService), the target's first."""
    named = [service]
    named += [row.object_id for row in report.indicators if row.object_kind is ObjectKind.SERVICE]
    named += [cause.entity for cause in report.root_causes if cause.kind is RootCauseKind.SERVICE]
    return tuple(dict.fromkeys(name for name in named if name)) or (report.product_id,)


def describe(report: Report) -> str:
    """Return one line that says what is bad, without personal data."""
    rows = report.degraded or report.indicators
    return "; ".join(f"{row.name} {row.value}{row.unit} on {row.object_id}" for row in rows) or "by command"


def _escalation(
    report: Report, fact: f.EscalationRaised | f.EscalationEnded, cause: Cause, now: int
) -> EscalationNotice:
    raised = isinstance(fact, f.EscalationRaised)
    action = "raise" if raised else "end"
    context = _context(report, cause, now, subject=fact.escalation_id, action=action, reason=fact.reason)
    if isinstance(fact, f.EscalationRaised):
        return EscalationNotice(
            context=context,
            raised=True,
            escalation_id=fact.escalation_id,
            level=fact.level,
            jeopardy=fact.jeopardy,
            clock=fact.clock,
            due_at=fact.due_at,
            target=fact.target,
        )
    return EscalationNotice(
        context=context,
        raised=False,
        escalation_id=fact.escalation_id,
        level=fact.level,
        jeopardy=report.escalation.jeopardy,
        clock=ClockName.RESTORE,
        due_at=None,
        target="",
    )


def _asks(action: Action, reason: str | None = None) -> Callable[[Report, Any, Cause, int], Request]:
    def build(report: Report, fact: Any, cause: Cause, now: int) -> Request:
        return _work(report, fact.obligation_id, action, reason or fact.reason, cause, now)

    return build


REACTIONS: dict[type[Any], Callable[[Report, Any, Cause, int], Request]] = {
    f.ObligationRequested: _asks(Action.REQUEST, "plan"),
    f.ObligationChased: _asks(Action.REMIND),
    f.ObligationUpdated: _asks(Action.UPDATE),
    f.WithdrawalRequested: _asks(Action.CANCEL),
    f.ResolutionRefused: lambda report, fact, cause, now: _work(
        report, fact.obligation_id, Action.REFUSE, fact.evidence, cause, now
    ),
    f.InformationGiven: lambda report, fact, cause, now: _work(
        report, fact.obligation_id, Action.ANSWER, fact.reply, cause, now
    ),
    f.EscalationRaised: _escalation,
    f.EscalationEnded: _escalation,
}
