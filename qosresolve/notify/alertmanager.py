"""Alertmanager's API v2: one alert for each escalation; a new one takes the place of the report's former.

What a route may ask for is a label, and a label is part of what an alert is: so level 2 is another alert
than level 1, and somebody is told. Alertmanager holds what is open. Before anything is posted it is asked for
the report's alerts: whatever is not this escalation is resolved with it. So nothing has to be remembered
here, and an alert that is posted again has the same labels, therefore the same fingerprint.

Alertmanager resolves what is not sent again within `resolve_timeout`, unless it knows when an alert ends: it
is told a year ahead, and the end when it comes.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict
from urllib.parse import urlencode

import msgspec

from qosresolve.contracts.tmf.parts import Json
from qosresolve.contracts.tmf.words import instant
from qosresolve.core.vocabulary import Jeopardy
from qosresolve.notify.call import Call
from qosresolve.notify.words import description, link, summary

NAME = "QosresolveEscalation"
ALERTS = "/api/v2/alerts"
FAR_MS = 365 * 86_400_000


class Known(TypedDict):
    """As much of an alert of Alertmanager's as is sent back to it."""

    labels: dict[str, str]
    annotations: NotRequired[dict[str, str]]
    startsAt: NotRequired[str]
    generatorURL: NotRequired[str]


def query(call: Call) -> str:
    """Return how the report's open alerts are asked for, silenced and inhibited ones too."""
    filters = [f'alertname="{NAME}"', f"report={_quoted(call.report_id)}"]
    return f"{ALERTS}?{urlencode([('filter', item) for item in filters])}"


def listed(body: bytes) -> list[Known] | None:
    """Return what Alertmanager lists, None for an answer that is not one of its own."""
    try:
        return msgspec.json.decode(body, type=list[Known])
    except msgspec.DecodeError:
        return None


def alerts(call: Call, active: Sequence[Known], template: str = "", lasts_ms: int = FAR_MS) -> list[Json]:
    """Return what is to be posted: what is over, then the escalation if it is raised."""
    if not call.raised:
        return [_over(item, call) for item in active]
    others = [item for item in active if item["labels"].get("escalation") != call.escalation_id]
    return [*(_over(item, call) for item in others), _raised(call, template, lasts_ms)]


def labels(call: Call) -> dict[str, str]:
    """Return what an escalation is known and routed by; what is empty is no label there."""
    told = {
        "alertname": NAME,
        "severity": "critical" if call.jeopardy == Jeopardy.BREACHED else "warning",
        "escalation": call.escalation_id,
        "report": call.report_id,
        "product": call.product_id,
        "customer": call.customer_id,
        "tier": call.tier,
        "level": str(call.level),
        "target": call.target,
        "jeopardy": call.jeopardy,
        "clock": call.clock,
        "degradation": call.severity,
    }
    return {name: value for name, value in told.items() if value}


def _raised(call: Call, template: str, lasts_ms: int) -> Json:
    alert: Json = {
        "labels": labels(call),
        "annotations": {"summary": summary(call), "description": description(call)},
        "startsAt": instant(call.at),
        "endsAt": instant(call.at + lasts_ms),
    }
    if template:
        alert["generatorURL"] = link(template, call)
    return alert


def _over(known: Known, call: Call) -> Json:
    """Return an alert again, ended; nothing else of it changes."""
    return {**known, "endsAt": instant(call.at)}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
