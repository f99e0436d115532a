"""An escalation in a person's words: one line, then what else there is to know."""

from urllib.parse import quote

from qosresolve.contracts.tmf.words import instant
from qosresolve.core.vocabulary import Jeopardy
from qosresolve.notify.call import Call

_STATES = {str(Jeopardy.AT_RISK): "at risk", str(Jeopardy.BREACHED): "broken"}


def summary(call: Call) -> str:
    """Return the one line."""
    if not call.raised:
        return f"Escalation of {call.product_id} is over: {call.reason}"
    state = _STATES.get(call.jeopardy, call.jeopardy)
    return f"Escalation level {call.level}: the promise for {call.product_id} is {state}: {call.reason}"


def description(call: Call) -> str:
    """Return some sentences."""
    who = f" of customer {call.customer_id}" if call.customer_id else ""
    tier = f", tier {call.tier}" if call.tier else ""
    told = [f"Report {call.report_id} on product {call.product_id}{who}{tier}, {call.severity},"]
    told[0] += f" priority {call.priority}."
    if call.due_at is not None:
        told.append(f"Its {call.clock} clock is due at {instant(call.due_at)}.")
    if call.target:
        told.append(f"Called: {call.target}.")
    told.append(f"Look: qosresolve reports show {call.product_id}")
    return " ".join(told)


def link(template: str, call: Call) -> str:
    """Return an address with {report} and {product} put in, quoted; empty where there is none."""
    for name, value in (("{report}", call.report_id), ("{product}", call.product_id)):
        template = template.replace(name, quote(value, safe=""))
    return template
