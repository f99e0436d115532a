"""Record headers: CloudEvents in binary mode, the trace's context, and the alarms that the timer reads.

Requests, escalations and the journal carry CloudEvents (specversion 1.0, Kafka protocol binding). Report and
watch carry their alarm alone, the partition record how far its deadlines were taken.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import get_args

from qosresolve.core import facts as f
from qosresolve.core.facts import Entry
from qosresolve.core.requests import (
    ActivityRequest,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.vocabulary import RootCauseKind
from qosresolve.errors import PoisonRecordError

Headers = list[tuple[str, bytes]]
Text = str | bytes | None
Given = Sequence[tuple[str, Text]] | Mapping[str, Text] | None  # as the client hands them out

SOURCE = "urn:qosresolve:worker"
TYPE = "io.qosresolve.v1."
REPORT = f"{TYPE}CustomerQosPerformanceDegradationReport"
NOTED = f"{TYPE}InputNotedEvent"  # an entry that tells nothing of a report

_AVRO = [("ce_specversion", b"1.0"), ("content-type", b"application/avro")]


def for_entry(entry: Entry, trace: str | None, source: str = SOURCE) -> Headers:
    """Return the headers of a journal record; its id is where the input lay, the same over any replay."""
    cause = entry.cause
    identity = f"{cause.topic}/{cause.partition}/{cause.offset}"
    return _cloud_event(identity, type_of_entry(entry), source, entry.now, about(entry.facts), trace)


def for_request(
    request: Request, trace: str | None, source: str = SOURCE, *, form: Headers | None = None
) -> Headers:
    """Return the headers of a request; its id is the message id.

    `form` says how bytes that are not Avro are to be read: `content-type`, and what belongs to it.
    """
    context = request.context
    kind = TYPE + _REQUESTS[type(request)]
    headers = _cloud_event(context.message_id, kind, source, context.at, context.report_id, trace)
    if form is not None:
        headers[: len(_AVRO)] = form
    return headers


def type_of_entry(entry: Entry) -> str:
    """Return the event type of an entry: of what its facts tell, the first in `_ORDER`."""
    if len(entry.facts) == 1:
        return _TYPES[_event_of(entry.facts[0])]
    told = {_event_of(fact) for fact in entry.facts}
    return _TYPES[next((event for event in _ORDER if event in told), "")]


def traceparent(headers: Given) -> str | None:
    """Return the W3C trace context that a record brought, None where it has none that is valid."""
    found = _value(headers, "traceparent")
    return found if found and _TRACEPARENT.fullmatch(found) else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """When somebody must look at a report or watch, ms since the epoch, UTC, and the alarm's number."""

    due: int
    alarm: int


def alarm_headers(due: int | None, alarm: int) -> Headers:
    """Return `due` and `alarm` of a report or watch; none of them where nothing is armed."""
    return [] if due is None else [("due", b"%d" % due), ("alarm", b"%d" % alarm)]


def read_alarm(headers: Given) -> Alarm | None:
    """Return the alarm of a report or watch, None where nothing is armed. Raises PoisonRecordError."""
    due, alarm = _number(headers, "due"), _number(headers, "alarm")
    if due is None and alarm is None:
        return None
    if due is None or alarm is None:
        raise _malformed("due and alarm", "one without the other")
    return Alarm(due, alarm)


def deadline_next(offset: int) -> Headers:
    """Return the partition record's header: the next deadline offset that is to be taken."""
    return [("deadline-next", b"%d" % offset)]


def read_deadline_next(headers: Given) -> int | None:
    """Return how far a partition has taken its deadlines, None where unsaid. Raises PoisonRecordError."""
    return _number(headers, "deadline-next")


def about(facts: f.Facts) -> str:
    """Return the first report that facts tell of, empty where they tell of none."""
    for fact in facts:
        report_id: str = getattr(fact, "report_id", "")
        if report_id:
            return report_id
    return ""


def _cloud_event(identity: str, kind: str, source: str, at: int, subject: str, trace: str | None) -> Headers:
    headers = [*_known(source, kind), ("ce_time", _time(at)), ("ce_id", identity.encode())]
    if subject:
        headers.append(("ce_subject", subject.encode()))
    if trace and _TRACEPARENT.fullmatch(trace):
        headers.append(("traceparent", trace.encode()))
    return headers


@lru_cache(maxsize=256)
def _known(source: str, kind: str) -> Headers:
    """Return the headers that many records have."""
    return [*_AVRO, ("ce_source", source.encode()), ("ce_type", kind.encode())]


def _time(at: int) -> bytes:
    """Return an instant as RFC 3339 has it."""
    return b"%b.%03dZ" % (_second(at // 1000), at % 1000)


@lru_cache(maxsize=256)
def _second(at: int) -> bytes:
    """Return a second of it: a batch's records share some."""
    return datetime.fromtimestamp(at, UTC).isoformat().removesuffix("+00:00").encode()


def _value(headers: Given, name: str) -> str | None:
    """Return the last header of a name, as text; None where there is none, or it is no text."""
    if isinstance(headers, list):  # as the client gives them, a million times; asking for a mapping is slow
        pairs: Sequence[tuple[str, Text]] = headers
    else:
        pairs = list(headers.items()) if isinstance(headers, Mapping) else headers or ()
    for key, value in reversed(pairs):
        if key == name and value is not None:
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return None


def _number(headers: Given, name: str) -> int | None:
    found = _value(headers, name)
    if found is None:
        return None
    number = int(found) if _NUMBER.fullmatch(found) else None
    if number is None or not -_LONG <= number < _LONG:
        raise _malformed(name, repr(found[:32]))
    return number


def _malformed(name: str, found: str) -> PoisonRecordError:
    return PoisonRecordError(
        f"header {name}: {found}", stage="decode", remedy="only the worker writes this topic; who else did?"
    )


def _event_of(fact: f.Fact) -> str:
    """A root cause that lies with the customer is a question to the customer (Co-ordinate's routes)."""
    if isinstance(fact, f.RootCauseIdentified) and fact.root_cause.kind is RootCauseKind.CUSTOMER:
        return "InformationRequired"
    return _EVENTS.get(type(fact), "")


_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LONG = 1 << 63  # what a record can hold
_NUMBER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_ORDER = ("Create", "StatusChange", "JeopardyAlert", "InformationRequired", "AttributeValueChange")
_TYPES = {"": NOTED, **{event: f"{REPORT}{event}Event" for event in _ORDER}}
_EVENTS: dict[type[f.Fact], str] = {
    **dict.fromkeys(get_args(f.ReportFact), "AttributeValueChange"),
    f.ReportOpened: "Create",
    f.StatusChanged: "StatusChange",
    f.EscalationRaised: "JeopardyAlert",
    f.EscalationEnded: "JeopardyAlert",
    f.ThresholdReached: "JeopardyAlert",
    f.TargetBreached: "JeopardyAlert",
    f.PlanInfeasible: "JeopardyAlert",
    f.ObligationThresholdReached: "JeopardyAlert",
    f.ObligationOverdue: "JeopardyAlert",
    f.InformationRequired: "InformationRequired",
}
_REQUESTS: dict[type, str] = {
    ActivityRequest: "ActivityRequest",
    TroubleRequest: "ServiceTroubleRequest",
    SupplierRequest: "SupplierEngagement",
    EscalationNotice: "Escalation",
}
