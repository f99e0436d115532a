"""Headers: CloudEvents that say what a record is, the trace it belongs to, and the timer's alarms."""

from dataclasses import replace

import pytest

from qosresolve.contracts import headers
from qosresolve.core import facts as f
from qosresolve.core.facts import Entry, Facts
from qosresolve.core.inputs import Cause
from qosresolve.core.report import RootCause
from qosresolve.core.requests import (
    Action,
    ActivityRequest,
    Context,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import (
    ClockName,
    Jeopardy,
    NodeKind,
    Outcome,
    RootCauseKind,
    Severity,
    Status,
)
from qosresolve.errors import PoisonRecordError

NOW = 1_760_000_000_001
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CAUSE = Cause("qos.degradation.v1", 3, 42, "e")
ENTRY = Entry("prod-1", CAUSE, NOW, Outcome.APPLIED, Rule.NONE, "h", b"")

STATUS = f.StatusChanged("r-1", Status.ACKNOWLEDGED, Status.IN_PROGRESS, NOW, "x", "")
RAISED = f.EscalationRaised(
    "r-1", "x-1", 3, Jeopardy.AT_RISK, ClockName.RESTORE, NOW, "duty", NOW, None, 0, "threshold"
)
OPENED = f.ReportOpened(
    "r-1", "prod-1", "c", "gold", "", "", "h", Severity.MAJOR, NOW, NOW, "", "", "latency", 2, ""
)
CUSTOMER = f.RootCauseIdentified("r-1", RootCause("k", RootCauseKind.CUSTOMER, "", "", (), "lab", NOW))
SERVICE = f.RootCauseIdentified("r-1", RootCause("k", RootCauseKind.SERVICE, "s", "", (), "lab", NOW))
NOTE = f.NoteAdded("r-1", "ann", "look")


def test_a_journal_records_headers() -> None:
    """All that CloudEvents requires, the report as subject, the time in RFC 3339, and the trace passed on."""
    written = headers.for_entry(replace(ENTRY, facts=(STATUS,)), TRACE)
    assert dict(written) == {
        "ce_specversion": b"1.0",
        "content-type": b"application/avro",
        "ce_id": b"qos.degradation.v1/3/42",
        "ce_type": b"io.qosresolve.v1.CustomerQosPerformanceDegradationReportStatusChangeEvent",
        "ce_source": b"urn:qosresolve:worker",
        "ce_time": b"2025-10-09T08:53:20.001Z",
        "ce_subject": b"r-1",
        "traceparent": TRACE.encode(),
    }


REPORT = "CustomerQosPerformanceDegradationReport"


@pytest.mark.parametrize(
    ("facts", "event"),
    [
        ((OPENED, STATUS, RAISED), f"{REPORT}CreateEvent"),
        ((RAISED, STATUS), f"{REPORT}StatusChangeEvent"),
        ((NOTE, RAISED), f"{REPORT}JeopardyAlertEvent"),
        ((f.TargetBreached("r-1", ClockName.RESTORE, NOW),), f"{REPORT}JeopardyAlertEvent"),
        ((f.ObligationOverdue("r-1", "o", NOW),), f"{REPORT}JeopardyAlertEvent"),
        ((CUSTOMER, NOTE), f"{REPORT}InformationRequiredEvent"),
        ((f.InformationRequired("r-1", "o", "which port?", NOW), NOTE), f"{REPORT}InformationRequiredEvent"),
        ((SERVICE,), f"{REPORT}AttributeValueChangeEvent"),
        ((NOTE,), f"{REPORT}AttributeValueChangeEvent"),
        ((f.AlarmSettled("r-1", 2),), "InputNotedEvent"),
        ((f.PolicyActivated("h"),), "InputNotedEvent"),
        ((f.WindowLifted("w-1", "done"),), "InputNotedEvent"),
        ((), "InputNotedEvent"),
    ],
)
def test_an_entrys_type(facts: Facts, event: str) -> None:
    """An entry's type is that of the most telling of its facts; one that tells of no report is a note."""
    assert headers.type_of_entry(replace(ENTRY, facts=facts)) == f"io.qosresolve.v1.{event}"


def test_an_entry_about_no_report_has_no_subject() -> None:
    """CloudEvents has no empty subject."""
    assert "ce_subject" not in dict(headers.for_entry(ENTRY, None))
    assert "traceparent" not in dict(headers.for_entry(ENTRY, None))


CONTEXT = Context("m-1", "prod-1", "r-1", "c", "gold", Severity.MAJOR, 2, 0, "plan", "h", NOW, CAUSE)
REQUESTS: list[tuple[Request, str]] = [
    (
        ActivityRequest(
            CONTEXT, Action.REQUEST, "o", "n", NodeKind.ANALYSIS, "noc", "", 1, None, None, ("latency",)
        ),
        "ActivityRequest",
    ),
    (
        TroubleRequest(CONTEXT, Action.REQUEST, "o", "s", "", 1, "c", "d", None, None, ("s",)),
        "ServiceTroubleRequest",
    ),
    (
        SupplierRequest(CONTEXT, Action.REQUEST, "o", "p", "c", "x", 1, "t", "d", None, None),
        "SupplierEngagement",
    ),
    (
        EscalationNotice(CONTEXT, True, "x", 3, Jeopardy.AT_RISK, ClockName.RESTORE, NOW, "duty"),
        "Escalation",
    ),
]


@pytest.mark.parametrize(("request_", "name"), REQUESTS)
def test_a_requests_headers(request_: Request, name: str) -> None:
    """A request's CloudEvents id is its message id, so that a receiver can drop what it has seen."""
    written = dict(headers.for_request(request_, "not a trace", "urn:other"))
    assert written["ce_id"] == b"m-1"
    assert written["ce_type"] == f"io.qosresolve.v1.{name}".encode()
    assert written["ce_source"] == b"urn:other"
    assert written["ce_subject"] == b"r-1"
    assert "traceparent" not in written


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        [("traceparent", None)],
        [("traceparent", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01")],
        [("traceparent", TRACE.replace("00f067aa0ba902b7", "0" * 16).encode())],
        [("traceparent", TRACE.upper().encode())],
        [("traceparent", b"ff" + TRACE[2:].encode())],
        [("traceparent", f"{TRACE}-more".encode())],
        [("traceparent", f"{TRACE}\n".encode())],
        [("traceparent", b"\xff\xfe")],
    ],
)
def test_no_trace(given: headers.Given) -> None:
    """A trace context that W3C calls invalid is not passed on."""
    assert headers.traceparent(given) is None


@pytest.mark.parametrize("value", [TRACE, TRACE.encode()])
def test_a_trace(value: str | bytes) -> None:
    """A valid one is, whether the client gives text or bytes."""
    assert headers.traceparent([("other", b"x"), ("traceparent", value)]) == TRACE


@pytest.mark.parametrize("due", [NOW, 0, -1])
def test_alarms(due: int) -> None:
    """The timer reads what the worker wrote, in decimal."""
    written = headers.alarm_headers(due, 7)
    assert written == [("due", str(due).encode()), ("alarm", b"7")]
    assert headers.read_alarm(written) == headers.Alarm(due, 7)


def test_no_alarm() -> None:
    """Where nothing is armed, there are no headers."""
    assert headers.alarm_headers(None, 7) == []
    assert headers.read_alarm([]) is None
    assert headers.read_alarm(None) is None


@pytest.mark.parametrize(
    "given",
    [
        [("due", b"1")],
        [("alarm", b"1")],
        [("due", b"soon"), ("alarm", b"1")],
        [("due", b"1.5"), ("alarm", b"1")],
        [("due", b"1"), ("alarm", b"9223372036854775808")],
        [("due", b"-9223372036854775809"), ("alarm", b"1")],
        [("due", "\u0661".encode()), ("alarm", b"1")],
        [("due", b""), ("alarm", b"1")],
    ],
)
def test_a_malformed_alarm(given: headers.Given) -> None:
    """Headers that are not ASCII decimals are told as such."""
    with pytest.raises(PoisonRecordError, match="header"):
        headers.read_alarm(given)


def test_how_far_deadlines_were_taken() -> None:
    """The partition record's header round-trips."""
    assert headers.deadline_next(42) == [("deadline-next", b"42")]
    assert headers.read_deadline_next(headers.deadline_next(42)) == 42
    assert headers.read_deadline_next(None) is None
