"""What a fact says of its report, in the names of TMF621 TroubleTicket and TMF656 ServiceProblem.

Facts without a name there are told as facts alone (`facts`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qosresolve.contracts.tmf.alert import jeopardy
from qosresolve.contracts.tmf.parts import Json, Parts, moment
from qosresolve.contracts.tmf.words import instant, status
from qosresolve.core import facts as f
from qosresolve.core.requests import TICKET_TYPE
from qosresolve.core.vocabulary import ClockName, Jeopardy, LinkKind, RootCauseKind


def _opened(fact: f.ReportOpened, parts: Parts) -> Json:
    customer = [parts.related_party(fact.customer_id, "customer")] if fact.customer_id else []
    ticket = fact.customer_ticket
    related = [parts.related_entity(fact.product_id, "affectedProduct", "Product")]
    related += [parts.related_entity(ticket, "customerTicket", "TroubleTicket")] if ticket else []
    return {
        "ticketType": TICKET_TYPE,
        "description": fact.description,
        "severity": str(fact.severity),
        "priority": fact.priority,
        "status": "acknowledged",
        "creationDate": instant(fact.opened_at),
        "relatedParty": customer,
        "relatedEntity": related,
    }


def _status(fact: f.StatusChanged, parts: Parts) -> Json:
    change = {"statusChangeDate": instant(fact.at), "statusChangeReason": fact.reason}
    told = {"status": status(fact.status), **change}
    return {**told, "statusChangeHistory": [parts.typed("StatusChange", dict(told))]}


def _measured(fact: f.IndicatorMeasured, _: Parts) -> Json:
    row = fact.indicator
    crossed = {
        "indicatorName": row.name,
        "indicatorUnit": row.unit,
        "observedValue": row.value,
        "observedEntity": row.object_id,
        "state": str(row.state),
        "severity": str(row.severity),
        "@type": "CrossedThresholdInformation",
    }
    return {"crossedThreshold": [crossed]}


def _changed(fact: f.InformationChanged, parts: Parts) -> Json:
    match fact.field:
        case "priority":
            return {"priority": int(fact.value)}
        case "assignee":
            return {"relatedParty": [parts.related_party(fact.value, "assignee", "PartyRole")]}
        case "customer_ticket":
            return {"relatedEntity": [parts.related_entity(fact.value, "customerTicket", "TroubleTicket")]}
        case "description":
            return {"description": fact.value}
    return {}


def _found(fact: f.FindingRecorded, parts: Parts) -> Json:
    found = fact.finding
    record = {
        "id": f"{found.source}/{found.sequence}",
        "description": found.text,
        "systemId": found.source,
        "time": instant(found.at),
    }
    return {"trackingRecord": [parts.typed("TrackingRecord", record)]}


def _root_cause(fact: f.RootCauseIdentified, parts: Parts) -> Json:
    cause = fact.root_cause
    match cause.kind:
        case RootCauseKind.SERVICE:
            return {"rootCauseService": [parts.service(cause.entity)]}
        case RootCauseKind.RESOURCE:
            return {"rootCauseResource": [parts.resource(cause.entity)]}
    return {"reason": str(cause.kind)}


def _target(fact: f.TargetSet, _: Parts) -> Json:
    due = moment(fact.due_at) if fact.clock is ClockName.RESTORE else None
    return {"requestedResolutionDate": due} if due else {}


def _endangered(fact: f.ThresholdReached, _: Parts) -> Json:
    message = f"{fact.percent} % of the target"
    return {"jeopardyAlert": [jeopardy(_alarm(fact), fact.due_at, fact.clock, Jeopardy.AT_RISK, message)]}


def _breached(fact: f.TargetBreached, _: Parts) -> Json:
    alert = jeopardy(_alarm(fact), fact.due_at, fact.clock, Jeopardy.BREACHED, "the target was missed")
    return {"jeopardyAlert": [alert]}


def _alarm(fact: f.ThresholdReached | f.TargetBreached) -> str:
    percent = fact.percent if isinstance(fact, f.ThresholdReached) else 100
    return f"{fact.report_id}/{fact.clock}/{percent}/{fact.due_at}"


def _escalated(fact: f.EscalationRaised, _: Parts) -> Json:
    alert = jeopardy(fact.escalation_id, fact.at, fact.clock, fact.jeopardy, fact.reason)
    return {"problemEscalation": str(fact.level), "jeopardyAlert": [alert]}


def _note(fact: f.NoteAdded, _: Parts) -> Json:
    return {"note": [{"author": fact.author, "text": fact.text, "@type": "Note"}]}


def _question(fact: f.InformationRequired, _: Parts) -> Json:
    return {"informationRequired": [{"name": "question", "value": fact.question, "@type": "Characteristic"}]}


def _linked(fact: f.LinkSet, parts: Parts) -> Json:
    reference = [parts.related_entity(fact.reference, fact.kind, _LINKED[fact.kind])]
    return {"relatedEntity": reference} if fact.reference else {}


_LINKED = {
    LinkKind.CHANGE: "Change",
    LinkKind.KNOWN_ERROR: "KnownError",
    LinkKind.SLA: "ServiceLevelAgreement",
    LinkKind.MASTER_PROBLEM: "ServiceProblem",
}


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a fact says of its report: the names, for `docs/tmf.md`, and the values."""

    names: str
    values: Callable[[Any, Parts], Json]


TABLE: dict[type[f.Fact], Attributes] = {
    f.ReportOpened: Attributes(
        "`ticketType`, `description`, `severity`, `priority`, `status`, `creationDate`, "
        "`relatedParty` customer, `relatedEntity` product and customer's ticket",
        _opened,
    ),
    f.StatusChanged: Attributes(
        "`status`, `statusChangeDate`, `statusChangeReason`, `statusChangeHistory`", _status
    ),
    f.IndicatorMeasured: Attributes("`crossedThreshold`", _measured),
    f.SeverityChanged: Attributes("`severity`", lambda fact, _: {"severity": str(fact.severity)}),
    f.InformationChanged: Attributes(
        "`priority`, `description`, `relatedParty` assignee, or `relatedEntity` customer's ticket", _changed
    ),
    f.LinkSet: Attributes("`relatedEntity` change, known error, SLA or master problem", _linked),
    f.NoteAdded: Attributes("`note`", _note),
    f.FindingRecorded: Attributes("`trackingRecord`", _found),
    f.RootCauseIdentified: Attributes("`rootCauseService`, `rootCauseResource`, else `reason`", _root_cause),
    f.InformationRequired: Attributes("`informationRequired`", _question),
    f.TargetSet: Attributes("`requestedResolutionDate`, of the clock *restore*", _target),
    f.ThresholdReached: Attributes("`jeopardyAlert` Hazard", _endangered),
    f.TargetBreached: Attributes("`jeopardyAlert` Critical", _breached),
    f.EscalationRaised: Attributes("`problemEscalation`, `jeopardyAlert`", _escalated),
    f.EscalationEnded: Attributes("`problemEscalation` 0", lambda *_: {"problemEscalation": "0"}),
    f.Restored: Attributes("`resolutionDate`", lambda fact, _: {"resolutionDate": instant(fact.at)}),
}
