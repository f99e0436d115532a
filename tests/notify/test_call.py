"""What a record of the escalation topic says, in both of its forms."""

import json
from dataclasses import replace

import pytest

from qosresolve.contracts.tmf.edge import Edge
from qosresolve.contracts.tmf.words import Version
from qosresolve.core.requests import EscalationNotice
from qosresolve.errors import PoisonRecordError
from qosresolve.notify.call import JSON, Call, Reader, from_notice
from tests.contracts.tmf.samples import TROUBLE
from tests.contracts.tmf.validation import VERSIONS
from tests.kafka.harness import RECORDS
from tests.notify.samples import EDGE, TRACE, ended, notice

READER = Reader(RECORDS, EDGE)


def read(value: bytes | None, content_type: str = "application/avro") -> Call:
    return READER.read(value, content_type, "urn:x", TRACE)


@pytest.mark.parametrize("told", [notice(), ended(2, 1)], ids=["raise", "end"])
def test_avro(told: EscalationNotice) -> None:
    """Every field, and the event as the edge would have written it."""
    found = read(RECORDS.write_request(told)[1])
    assert found == from_notice(told, EDGE, TRACE)
    assert found.event == EDGE.request(told).body
    assert found.schema == "urn:qosresolve:TMF688:v4:Event"
    assert (found.raised, found.message_id, found.at) == (
        told.raised,
        told.context.message_id,
        told.context.at,
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("told", [notice(), ended(2, 1), notice(due_at=None, target="")])
def test_json_says_the_same(version: Version, told: EscalationNotice) -> None:
    """But for the customer, whom the event does not name, and the level of an end, which it calls 0."""
    edge = Edge(version, "operator-1")
    document = edge.request(told)
    found = READER.read(document.encoded(), f"{JSON}; charset=utf-8", document.schema, TRACE)
    expected = replace(from_notice(told, edge, TRACE), customer_id="", level=told.level if told.raised else 0)
    assert found == expected


def broken() -> list[object]:
    """Return events in which something is missing, or of another kind."""
    whole = EDGE.request(notice()).body
    report = whole["event"]["customerQosPerformanceDegradationReport"]
    inner = {"event": {"customerQosPerformanceDegradationReport": report | {"jeopardyAlert": []}}}
    level = {"event": {"customerQosPerformanceDegradationReport": report | {"problemEscalation": "high"}}}
    return [
        [],
        "text",
        {},
        whole | {"event": None},
        whole | {"eventId": 5},
        whole | {"eventTime": "yesterday"},
        whole | {"analyticCharacteristic": []},
        whole | inner,
        whole | level,
    ]


@pytest.mark.parametrize("value", [json.dumps(item).encode() for item in broken()] + [b"\xff", b"{"])
def test_what_is_no_escalation_is_poison(value: bytes) -> None:
    """Of either form: a dead letter, and nothing of it is quoted."""
    for content_type in (JSON, "application/avro"):
        with pytest.raises(PoisonRecordError) as refused:
            read(value, content_type)
        assert refused.value.stage == "decode"
        assert "yesterday" not in str(refused.value)


def test_no_value_and_another_record_are_poison() -> None:
    """A tombstone, and what belongs on another topic."""
    for value in (None, RECORDS.write_request(TROUBLE)[1]):
        with pytest.raises(PoisonRecordError):
            read(value)
