"""An activity request as TMF701 TaskFlow: work for one of our own processes.

TMF701 lets nobody create a task from outside, and has no fields for its times: each message is the task as
it stands, under an id that is ours, with its times as characteristics. Versions differ in `Parts` alone.
"""

from qosresolve.contracts.tmf.fields import Field, projected
from qosresolve.contracts.tmf.identifier import identify
from qosresolve.contracts.tmf.parts import Json, Parts, moment
from qosresolve.core.requests import Action, ActivityRequest
from qosresolve.core.vocabulary import NodeKind

Ask = ActivityRequest
_STATES = {Action.REQUEST: "new", Action.CANCEL: "cancelled", Action.REFUSE: "active"}


def body(ask: Ask, parts: Parts) -> tuple[str, Json]:
    """Return the name of the TMF701 definition and the JSON object."""
    return "TaskFlow", projected(FIELDS, ask, parts, first=ask.action is Action.REQUEST)


def _parties(ask: Ask, parts: Parts) -> list[Json]:
    named = [(ask.owner, "owner"), (ask.assignee, "assignee"), (ask.context.customer_id, "customer")]
    kinds = {"customer": "Organization"}
    return [parts.related_party(who, role, kinds.get(role, "PartyRole")) for who, role in named if who]


def _characteristics(ask: Ask, parts: Parts) -> list[Json]:
    values = {
        "action": str(ask.action),
        "reason": ask.context.reason,
        "kind": str(ask.kind),
        "attempt": str(ask.attempt),
        "severity": str(ask.context.severity),
        "tier": ask.context.tier,
        "escalationLevel": str(ask.context.escalation_level),
        "requestedCompletionDate": moment(ask.due_at),
        "acceptBy": moment(ask.accept_by),
    }
    told = parts.characteristics(values)
    return told + [part for name in ask.indicators for part in parts.characteristics({"indicator": name})]


FIELDS: tuple[Field[Ask], ...] = (
    Field("@type", "`TaskFlow`", lambda *_: "TaskFlow"),
    Field(
        "id",
        "product and request id: the external identifier",
        lambda ask, _: identify(ask.context.product_id, ask.request_id),
    ),
    Field("taskFlowSpecification", "the plan's node", lambda ask, _: ask.node),
    Field("priority", "the report's, 1 (highest) to 10", lambda ask, _: ask.context.priority),
    Field("isMandatory", "all but improvement", lambda ask, _: ask.kind is not NodeKind.IMPROVEMENT),
    Field(
        "state",
        "`new` to request, `cancelled` to withdraw, `active` to refuse a resolution, else none",
        lambda ask, _: _STATES.get(ask.action),
    ),
    Field("relatedParty", "`owner`, `assignee`, `customer`", _parties),
    Field(
        "relatedEntity",
        "`affectedProduct`, `originatingReport`",
        lambda ask, parts: parts.about(ask.context.product_id, ask.context.report_id),
    ),
    Field(
        "characteristic",
        "`action`, `reason` (also the reply), `kind`, `attempt`, `severity`, `tier`, `escalationLevel`, "
        "`requestedCompletionDate`, `acceptBy`, `indicator` each",
        _characteristics,
    ),
)
