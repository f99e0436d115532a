"""TMF623 SLA violations: an objective that was not kept. They are raised and never end by themselves.

What ends one is a good sample of the same indicator, or the silence that the policy allows an indicator.
"""

from collections.abc import Iterator

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake import words
from qosresolve.intake.formats import tmf_event
from qosresolve.intake.formats.tmf_event import VIOLATION, Event, names, unique
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Json, Object, first, obj, objects, text
from qosresolve.intake.reading import Mark, Observation, Reading, unreadable
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import Instant, instant

NAME = "tmf623"
LEFT_OUT = {
    **tmf_event.LEFT_OUT,
    "rule.id": "its metric says what it is about",
    "slaViolation.id": "the event's id is taken",
    "violation.attachment": "lies with the SLA's system",
    "violation.tolerance": "the rule's own; whether it is a violation was decided there",
    "violation.violationAverage": "as tolerance",
}

_OPERATORS = {
    "eq": "=", "ne": "!=", "ge": ">=", "gte": ">=", "gt": ">", "le": "<=", "lte": "<=", "lt": "<",
}  # fmt: skip
_CUSTOMERS = ("customer", "buyer", "slaconsumer", "consumer")


def fits(payload: Json) -> bool:
    """Tell whether it is a violation, or a notification of one."""
    if tmf_event.is_event_of(payload, VIOLATION):
        return True
    return isinstance(payload, dict) and "violation" in payload and "sla" in payload


def read(payload: Json, rules: Rules) -> Reading:
    """Return what a violation says. Raises PoisonRecordError where it names no object."""
    event = tmf_event.opened(payload) or tmf_event.bare(payload, VIOLATION)
    if event.entity != VIOLATION:
        raise unreadable(
            "no slaViolation in what should be a TMF623 notification", "set the topic's format to auto"
        )
    return of_event(event, rules)


def of_event(event: Event, rules: Rules) -> Reading:
    """Return what the violation of a notification says. Raises PoisonRecordError."""
    body = event.body
    broken = [item for item in objects(body.get("violation")) if item]
    found = unique(_objects(body))
    if not found:
        raise unreadable("an SLA violation that names no agreement", "sla.id has to be in the violation")
    if not broken:
        raise unreadable("an SLA violation without its violation", "violation has to be an object")
    several = len(broken) > 1
    return Reading(NAME, tuple(_observed(event, item, found, rules, several=several) for item in broken))


def _observed(
    event: Event, violation: Object, found: tuple[str, ...], rules: Rules, *, several: bool
) -> Observation:
    body = event.body
    indicator = rules.indicator(_indicator(violation))
    reference = _bare(text(violation.get("referenceValue")))
    normal = measure(
        rules, indicator, text(violation.get("actualValue")), reference, text(violation.get("unit"))
    )
    severity, marks = _severity(violation, rules)
    at = instant(body.get("date")) or event.at or Instant(0, (Mark.TIME_ASSUMED,))
    own_id = event.event_id or text(body.get("id"))
    return Observation(
        source=event.system,
        source_id=f"{own_id}/{indicator}" if several else own_id,
        sequence=0,
        kind=DegradationKind.RAISE,
        indicator=indicator,
        objects=found,
        object_kind=ObjectKind.SERVICE,
        severity=severity,
        observed_at=at.at,
        value=normal.value,
        threshold=normal.threshold,
        unit=normal.unit,
        raw=normal.raw,
        description=_description(violation),
        marks=(*marks, *at.marks, *normal.marks),
    )


def _objects(body: Object) -> Iterator[str]:
    """Yield by which names the inventory may know it: the agreement, then its customer."""
    yield from names(body.get("sla"))
    for party in objects(body.get("relatedParty")):
        if text(party.get("role")).replace(" ", "").lower() in _CUSTOMERS:
            yield from names(party)


def _indicator(violation: Object) -> str:
    """Return what the rule is about; the metric, where it names one, else the rule."""
    rule = violation.get("rule")
    return (
        text(first(obj(rule), "metric", "name"))
        or text(violation.get("metric"))
        or next(names(rule), "")
        or "slaViolation"
    )


def _severity(violation: Object, rules: Rules) -> tuple[Severity, tuple[Mark, ...]]:
    """Return the severity that the rule or a consequence has; the assumed one where none has any."""
    for part in (violation, *objects(violation.get("rule")), *objects(violation.get("consequence"))):
        for name in ("severity", "perceivedSeverity", "type", "name"):
            found = words.severity(part.get(name))
            if found is not None:
                return found, ()
    return rules.assumed, (Mark.SEVERITY_ASSUMED,)


def _bare(reference: str) -> str:
    """Return a reference value without the operator that some write before it (`GT 20`)."""
    operator, _, rest = reference.partition(" ")
    return rest.strip() if rest and _sign(operator) else reference


def _sign(operator: str) -> str:
    """Return an operator as a sign, whether it is written `.ge`, `GT` or `>=`; empty for any other word."""
    word = operator.strip().lstrip(".").lower()
    return word if word in _OPERATORS.values() else _OPERATORS.get(word, "")


def _description(violation: Object) -> str:
    """Return what was not kept, in words: the comment, and what the rule compares."""
    rule = text(violation.get("comment")) or text(first(obj(violation.get("rule")), "description"))
    operator = text(violation.get("operator"))
    reference = _bare(text(violation.get("referenceValue")))
    compared = f"the rule is {_sign(operator) or operator} {reference}" if operator and reference else ""
    owed = (
        text(first(item, "description", "prescribedAction", "name"))
        for item in objects(violation.get("consequence"))
    )
    return "; ".join(part for part in (rule, compared, *owed) if part)
