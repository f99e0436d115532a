"""A journal entry as a TMF688 event about the report: attributes in TMF621's and TMF656's names, and facts.

`docs/tmf.md` says why the journal's topic stays Avro: this is for those who read it and pass it on.
"""

from qosresolve.contracts import headers
from qosresolve.contracts.tmf import attributes
from qosresolve.contracts.tmf.event import RESOURCE, Told, envelope
from qosresolve.contracts.tmf.facts import spelt
from qosresolve.contracts.tmf.parts import Json, Parts
from qosresolve.contracts.tmf.words import REPORT, instant
from qosresolve.core.facts import Entry


def event(entry: Entry, parts: Parts) -> Json:
    """Return the TMF688 Event of what became of one input, `InputNotedEvent` where it is about no report."""
    report_id = headers.about(entry.facts)
    cause = entry.cause
    values = {
        "productId": entry.product_id,
        "outcome": str(entry.outcome),
        "rule": str(entry.rule),
        "policy": entry.policy,
        "causeEventId": cause.event_id,
    }
    payload: Json = {"fact": [spelt(fact) for fact in entry.facts]}
    if report_id:
        payload = {RESOURCE: _report(entry, report_id, parts), **payload}
    kind = headers.type_of_entry(entry).removeprefix(headers.TYPE)
    place = f"{cause.topic}/{cause.partition}/{cause.offset}"
    return envelope(Told(place, kind, entry.now, report_id, payload, values), parts)


def _report(entry: Entry, report_id: str, parts: Parts) -> Json:
    """Return the report with what its facts of this entry say: the last word of a value, all of a list's."""
    told: Json = {
        "id": report_id,
        "externalIdentifier": [parts.external_identifier(entry.product_id, report_id, REPORT)],
        "lastUpdate": instant(entry.now),
    }
    for fact in entry.facts:
        told_by = attributes.TABLE.get(type(fact))
        if told_by is None or getattr(fact, "report_id", "") != report_id:
            continue
        for name, value in told_by.values(fact, parts).items():
            told[name] = [*told.get(name, ()), *value] if isinstance(value, list) else value
    return {**told, "@type": REPORT, "@baseType": "TroubleTicket"}
