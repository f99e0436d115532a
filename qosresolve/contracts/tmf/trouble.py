"""A service trouble request as TMF656 ServiceProblem: the body that creates it, and those that change it.

To ask is a create; to update, remind, withdraw, refuse a resolution or answer a question is a patch of the
problem that has the external identifier. What service assurance makes of it is its own business.
"""

from qosresolve.contracts.tmf.fields import Field, projected
from qosresolve.contracts.tmf.identifier import OWNER
from qosresolve.contracts.tmf.parts import Json, Parts, moment
from qosresolve.contracts.tmf.words import STATUS_ASKED, instant, remark
from qosresolve.core.requests import Action, TroubleRequest

Ask = TroubleRequest


def body(ask: Ask, parts: Parts) -> tuple[str, Json]:
    """Return the name of the TMF656 definition and the JSON object."""
    first = ask.action is Action.REQUEST
    return definition(parts, first=first), projected(FIELDS, ask, parts, first=first)


def definition(parts: Parts, *, first: bool) -> str:
    """Return what TMF656 calls the body of a POST, or of a PATCH."""
    if parts.v5:
        return "ServiceProblem_FVO" if first else "ServiceProblem_MVO"
    return "ServiceProblem_Create" if first else "ServiceProblem_Update"


def _notes(ask: Ask, parts: Parts) -> list[Json] | None:
    text = remark(ask.action, ask.context.reason)
    return [parts.note(ask.context.message_id, ask.context.at, text)] if text else None


def _characteristics(ask: Ask, parts: Parts) -> list[Json]:
    values = {
        "action": str(ask.action),
        "attempt": str(ask.attempt),
        "severity": str(ask.context.severity),
        "tier": ask.context.tier,
        "sharedCause": ask.cause_key,
        "requestedResolutionDate": moment(ask.due_at),
        "acceptBy": moment(ask.accept_by),
    }
    return parts.characteristics(values, "Characteristic")


def _asked(ask: Ask) -> str | None:
    return STATUS_ASKED.get(ask.action)


def _type(ask: Ask, parts: Parts) -> str | None:
    return "ServiceProblem" if parts.v5 or ask.action is Action.REQUEST else None


FIELDS: tuple[Field[Ask], ...] = (
    Field("@type", "`ServiceProblem`; a patch in v4 has no field for it", _type),
    Field(
        "externalIdentifier",
        "product and request id",
        lambda ask, parts: [
            parts.external_identifier(ask.context.product_id, ask.request_id, "serviceTroubleRequest")
        ],
    ),
    Field("category", "`serviceProvider.declared`", lambda ask, _: ask.category),
    Field("priority", "the report's, 1 (highest) to 10", lambda ask, _: ask.context.priority),
    Field("name", "the service", lambda ask, _: f"QoS degradation on {ask.service_id}"),
    Field("description", "what is bad, and on what", lambda ask, _: ask.description),
    Field("reason", "the shared cause, else `unknown`", lambda ask, _: ask.cause_key or "unknown", "first"),
    Field(
        "originatorParty",
        "setting `edge_party`",
        lambda _, parts: parts.related_party(parts.party, "originator"),
        "first",
    ),
    Field(
        "relatedParty",
        "the customer's id",
        lambda ask, parts: (
            [parts.related_party(ask.context.customer_id, "customer")] if ask.context.customer_id else None
        ),
    ),
    Field(
        "affectedService",
        "the service, and what else is bad",
        lambda ask, parts: [parts.service(name) for name in ask.affected_services or (ask.service_id,)],
    ),
    Field("rootCauseService", "the service", lambda ask, parts: [parts.service(ask.service_id)]),
    Field(
        "relatedEntity",
        "product (`affectedProduct`), report (`originatingReport`)",
        lambda ask, parts: parts.about(ask.context.product_id, ask.context.report_id),
    ),
    Field("problemEscalation", "level, `0` to `10`", lambda ask, _: str(ask.context.escalation_level)),
    Field("originatingSystem", f"`{OWNER}`", lambda *_: OWNER, "first"),
    Field(
        "characteristic",
        "`action`, `attempt`, `severity`, `tier`, `sharedCause`, `requestedResolutionDate`, `acceptBy`",
        _characteristics,
    ),
    Field(
        "status",
        "`cancelled` to withdraw, `inProgress` to refuse a resolution, else none",
        lambda ask, _: _asked(ask),
        "later",
    ),
    Field(
        "statusChangeDate",
        "when that was decided",
        lambda ask, _: instant(ask.context.at) if _asked(ask) else None,
        "later",
    ),
    Field("statusChangeReason", "why", lambda ask, _: ask.context.reason if _asked(ask) else None, "later"),
    Field("note", "why, or the reply; its id is the message's", _notes, "later"),
)
