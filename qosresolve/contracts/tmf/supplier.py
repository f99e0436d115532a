"""An engagement of a supplier as TMF621 TroubleTicket: the body that creates it, and those that change it.

The customer is not named to an outside party, nor the tier that it pays for.
"""

from qosresolve.contracts.tmf.fields import Field, projected
from qosresolve.contracts.tmf.identifier import identify
from qosresolve.contracts.tmf.parts import Json, Parts, moment
from qosresolve.contracts.tmf.words import STATUS_ASKED, TICKET_SEVERITY, remark, urgency
from qosresolve.core.requests import Action, SupplierRequest

Ask = SupplierRequest


def body(ask: Ask, parts: Parts) -> tuple[str, Json]:
    """Return the name of the TMF621 definition and the JSON object."""
    first = ask.action is Action.REQUEST
    return definition(parts, first=first), projected(FIELDS, ask, parts, first=first)


def definition(parts: Parts, *, first: bool) -> str:
    """Return what TMF621 calls the body of a POST, or of a PATCH."""
    if parts.v5:
        return "TroubleTicket_FVO" if first else "TroubleTicket_MVO"
    return "TroubleTicket_Create" if first else "TroubleTicket_Update"


def _parties(ask: Ask, parts: Parts) -> list[Json]:
    named = [(parts.party, "reporter", "Organization"), (ask.party, "supplier", "Organization")]
    named.append((ask.contact, "supplierContact", "PartyRole"))
    return [parts.related_party(*each) for each in named if each[0]]


def _entities(ask: Ask, parts: Parts) -> list[Json]:
    component = parts.related_entity(ask.component, "affectedComponent", "Entity")
    return [component, *parts.about(ask.context.product_id, ask.context.report_id)]


def _characteristics(ask: Ask, parts: Parts) -> list[Json] | None:
    values = {
        "action": str(ask.action),
        "attempt": str(ask.attempt),
        "originatingReportId": ask.context.report_id,
        "escalationLevel": str(ask.context.escalation_level),
        "acceptBy": moment(ask.accept_by),
    }
    return parts.characteristics(values) if parts.v5 else None


def _identifiers(ask: Ask, parts: Parts) -> list[Json] | None:
    product, request = ask.context.product_id, ask.request_id
    return [parts.external_identifier(product, request, "supplierEngagement")] if parts.v5 else None


def _notes(ask: Ask, parts: Parts) -> list[Json] | None:
    text = remark(ask.action, ask.context.reason)
    return [parts.note(ask.context.message_id, ask.context.at, text)] if text else None


FIELDS: tuple[Field[Ask], ...] = (
    Field("@type", "`TroubleTicket`", lambda *_: "TroubleTicket"),
    Field(
        "externalId",
        "v4: product and request id",
        lambda ask, parts: None if parts.v5 else identify(ask.context.product_id, ask.request_id),
    ),
    Field("externalIdentifier", "v5: the same", _identifiers),
    Field("name", "the component", lambda ask, _: f"QoS degradation on {ask.component}"),
    Field("description", "what is bad, and on what", lambda ask, _: ask.description),
    Field(
        "severity",
        "`Critical`, `Major`; `Minor` for minor, warning and indeterminate",
        lambda ask, _: TICKET_SEVERITY[ask.context.severity],
    ),
    Field(
        "priority",
        "1 and 2 `Critical`, to 4 `High`, to 7 `Medium`, to 10 `Low`",
        lambda ask, _: urgency(ask.context.priority),
    ),
    Field("ticketType", "`qosPerformanceDegradation`", lambda ask, _: ask.ticket_type),
    Field("requestedResolutionDate", "when it is due", lambda ask, _: moment(ask.due_at)),
    Field("relatedParty", "`reporter` (`edge_party`), `supplier`, `supplierContact`", _parties),
    Field("relatedEntity", "`affectedComponent`, `affectedProduct`, `originatingReport`", _entities),
    Field(
        "troubleTicketCharacteristic",
        "v5: `action`, `attempt`, `originatingReportId`, `escalationLevel`, `acceptBy`",
        _characteristics,
    ),
    Field(
        "status",
        "`cancelled` to withdraw, `inProgress` to refuse a resolution, else none",
        lambda ask, _: STATUS_ASKED.get(ask.action),
        "later",
    ),
    Field(
        "statusChangeReason",
        "why",
        lambda ask, _: ask.context.reason if ask.action in STATUS_ASKED else None,
        "later",
    ),
    Field("note", "why, or the reply; its id is the message's", _notes, "later"),
)
