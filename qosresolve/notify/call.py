"""An escalation as it is told to people's systems, whichever of both forms it has on its topic.

Avro is read as every record; TM Forum's JSON (`edge_format=json`) is taken apart here, by the names that
`contracts.tmf.alert` gives its fields. Either way a receiver gets the same.
"""

from datetime import datetime
from typing import Any

import msgspec

from qosresolve.contracts.records import Contracts
from qosresolve.contracts.tmf.edge import Edge
from qosresolve.contracts.tmf.event import RESOURCE
from qosresolve.contracts.tmf.parts import Json
from qosresolve.core.record import record
from qosresolve.core.requests import EscalationNotice
from qosresolve.core.vocabulary import Jeopardy
from qosresolve.errors import PoisonRecordError
from qosresolve.topics import ESCALATION

JSON = "application/json"


@record
class Call:
    """Somebody is called, or the call is over.

    `message_id` is the same on every attempt, `event` the TMF688 event, `schema` what that follows. `due_at`
    and `at` are ms since the epoch, UTC.
    """

    message_id: str
    raised: bool
    escalation_id: str
    report_id: str
    product_id: str
    customer_id: str
    tier: str
    severity: str
    priority: int
    level: int
    jeopardy: str
    clock: str
    due_at: int | None
    target: str
    reason: str
    at: int
    event: Json
    schema: str
    trace: str | None = None


class Reader:
    """Reads records of the escalation topic."""

    def __init__(self, contracts: Contracts, edge: Edge) -> None:
        self._contracts = contracts
        self._edge = edge

    def read(self, value: bytes | None, content_type: str, schema: str, trace: str | None) -> Call:
        """Return what a record says; `content_type` and `schema` are those of its headers.

        Raises PoisonRecordError for what is no escalation, RetriableError while a schema registry is away.
        """
        if value is None:
            raise _poison("no value")
        if content_type.partition(";")[0].strip() == JSON:
            return _from_json(value, schema, trace)
        notice = self._contracts.read_request(ESCALATION.record, value)
        if not isinstance(notice, EscalationNotice):
            raise _poison("another request")
        return from_notice(notice, self._edge, trace)


def from_notice(notice: EscalationNotice, edge: Edge, trace: str | None = None) -> Call:
    """Return what a notice says; the edge writes its event."""
    context, document = notice.context, edge.request(notice)
    return Call(
        context.message_id,
        notice.raised,
        notice.escalation_id,
        context.report_id,
        context.product_id,
        context.customer_id,
        context.tier,
        str(context.severity),
        context.priority,
        notice.level,
        str(notice.jeopardy if notice.raised else Jeopardy.NONE),
        str(notice.clock),
        notice.due_at,
        notice.target,
        context.reason,
        context.at,
        document.body,
        document.schema,
        trace,
    )


def _from_json(value: bytes, schema: str, trace: str | None) -> Call:
    try:
        return _taken_apart(msgspec.json.decode(value), schema, trace)
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise _poison(f"no TMF688 event of an escalation ({type(error).__name__})") from None


def _taken_apart(event: Json, schema: str, trace: str | None) -> Call:
    report: Json = event["event"][RESOURCE]
    alert: Json = report["jeopardyAlert"][0]
    said = {item["name"]: item["value"] for item in event.get("analyticCharacteristic", ())}
    due, level = report.get("requestedResolutionDate"), int(report["problemEscalation"])
    return Call(
        _text(event["eventId"]),
        level > 0,
        _text(alert["id"]),
        _text(report["id"]),
        _text(said["productId"]),
        "",  # the event does not tell it
        _text(said.get("tier", "")),
        _text(said.get("severity", "")),
        int(report["priority"]),
        level,
        _text(alert["exception"]),
        _text(alert["name"]),
        None if due is None else _moment(due),
        _target(report.get("relatedParty", ())),
        _text(alert["message"]),
        _moment(event["eventTime"]),
        event,
        schema,
        trace,
    )


def _target(parties: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return who is called; a later version of the API nests whom it speaks of."""
    for party in parties:
        if party["role"] == "escalationTarget":
            return _text(party.get("partyOrPartyRole", party)["id"])
    return ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _moment(value: object) -> int:
    return round(datetime.fromisoformat(_text(value)).timestamp() * 1000)


def _poison(what: str) -> PoisonRecordError:
    return PoisonRecordError(
        f"{ESCALATION.record}: {what}",
        stage="decode",
        remedy="only the worker writes this topic; who else did?",
    )
