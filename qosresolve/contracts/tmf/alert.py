"""An escalation as a TMF688 event about a JeopardyAlert (TMF641's names).

`problemEscalation` is TMF656's: a level from 0, nobody is called, to 10.
"""

from qosresolve.contracts.tmf.event import RESOURCE, Told, envelope
from qosresolve.contracts.tmf.fields import Field, projected
from qosresolve.contracts.tmf.parts import Json, Parts, moment
from qosresolve.contracts.tmf.words import JEOPARDY_TYPE, REPORT, instant
from qosresolve.core.requests import EscalationNotice
from qosresolve.core.vocabulary import Jeopardy

Ask = EscalationNotice


def body(ask: Ask, parts: Parts) -> tuple[str, Json]:
    """Return the name of the TMF688 definition and the JSON object."""
    context = ask.context
    values = {
        "productId": context.product_id,
        "severity": str(context.severity),
        "tier": context.tier,
        "policy": context.policy,
    }
    alert = Told(
        context.message_id,
        f"{REPORT}JeopardyAlertEvent",
        context.at,
        context.report_id,
        {RESOURCE: projected(FIELDS, ask, parts)},
        values,
        str(context.priority),
    )
    return "Event", envelope(alert, parts)


def jeopardy(identity: str, at: int, clock: str, state: Jeopardy, message: str) -> Json:
    """Return a JeopardyAlert."""
    return {
        "id": identity,
        "alertDate": instant(at),
        "name": clock,
        "jeopardyType": JEOPARDY_TYPE[state],
        "exception": str(state),
        "message": message,
        "@type": "JeopardyAlert",
    }


def _alert(ask: Ask, _: Parts) -> Json:
    state = ask.jeopardy if ask.raised else Jeopardy.NONE
    return jeopardy(ask.escalation_id, ask.context.at, ask.clock, state, ask.context.reason)


FIELDS: tuple[Field[Ask], ...] = (
    Field("@type", f"`{REPORT}`", lambda *_: REPORT),
    Field("@baseType", "`TroubleTicket`", lambda *_: "TroubleTicket"),
    Field("id", "the report's", lambda ask, _: ask.context.report_id),
    Field(
        "externalIdentifier",
        "product and escalation id",
        lambda ask, parts: [
            parts.external_identifier(ask.context.product_id, ask.escalation_id, "escalation")
        ],
    ),
    Field("priority", "the report's, 1 (highest) to 10", lambda ask, _: ask.context.priority),
    Field(
        "problemEscalation", "the level, `0` at the end", lambda ask, _: str(ask.level) if ask.raised else "0"
    ),
    Field("requestedResolutionDate", "when the clock is due", lambda ask, _: moment(ask.due_at)),
    Field(
        "relatedParty",
        "who is called, as `escalationTarget`",
        lambda ask, parts: (
            [parts.related_party(ask.target, "escalationTarget", "PartyRole")] if ask.target else None
        ),
    ),
    Field(
        "jeopardyAlert",
        "`id` escalation, `alertDate`, `name` clock, `jeopardyType` Normal, Hazard or Critical, `exception` "
        "our word for it, `message` reason",
        lambda ask, parts: [_alert(ask, parts)],
    ),
)
