"""What goes out as TM Forum's JSON: valid whatever it is made of, and what is wrong is found."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qosresolve.contracts.tmf.edge import Document
from qosresolve.contracts.tmf.words import Version
from qosresolve.core.facts import Entry
from qosresolve.core.requests import (
    Action,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.vocabulary import Jeopardy
from tests.contracts.tmf.samples import ACTIVITY, NOTICE, SUPPLIER, TROUBLE
from tests.contracts.tmf.strategies import KINDS, entries, requests
from tests.contracts.tmf.validation import EDGES, VERSIONS, check, identifiers, problems, wrong

WORK = (TROUBLE, SUPPLIER, ACTIVITY)

both = pytest.mark.parametrize("version", VERSIONS)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_any_request_validates(kind: type[Request], data: st.DataObject) -> None:
    """Whatever ids, texts and instants it is made of: valid, and its answer finds its way."""
    check([data.draw(requests(kind))])


@given(entries())
@settings(deadline=None, max_examples=60)
def test_any_entry_validates(entry: Entry) -> None:
    """Whatever facts and numbers it holds."""
    check([], [entry])


@both
@pytest.mark.parametrize("ask", [*WORK, NOTICE], ids=lambda ask: type(ask).__name__)
def test_it_is_json_in_utf_8(version: Version, ask: Request) -> None:
    """The bytes read as what was projected, and say nothing of Python."""
    document = EDGES[version].request(ask)
    assert json.loads(document.encoded()) == document.body


# -- what is wrong is found


@both
@pytest.mark.parametrize(
    ("ask", "field"),
    [
        *((TROUBLE, field) for field in ("category", "priority", "description", "reason", "originatorParty")),
        *((SUPPLIER, field) for field in ("description", "severity", "ticketType")),
        (ACTIVITY, "id"),
    ],
)
def test_a_missing_field_is_found(version: Version, ask: Request, field: str) -> None:
    """The controls see what TM Forum requires."""
    document = EDGES[version].request(ask)
    del document.body[field]
    assert any(field in problem for problem in problems(document)), problems(document)


@both
@pytest.mark.parametrize("ask", WORK, ids=lambda ask: type(ask).__name__)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "cleared"),
        ("state", "cleared"),
        ("note", [{"@type": "Note", "date": "2026-03-02 10:00"}]),
        ("relatedEntity", [{"id": "x"}]),
        ("relatedParty", [{"id": "x"}]),
        ("priority", None),
        ("serverity", "Major"),
    ],
)
def test_a_wrong_value_is_found(version: Version, ask: Request, field: str, value: object) -> None:
    """`cleared` is no status of theirs, times are RFC 3339, references are whole, names are spelt right."""
    document = EDGES[version].request(ask)
    assert not problems(document)
    document.body[field] = value
    assert problems(document)


@both
def test_a_cleared_report_is_found(version: Version) -> None:
    """In an event too."""
    body = EDGES[version].request(NOTICE).body
    body["event"]["customerQosPerformanceDegradationReport"]["status"] = "cleared"
    assert wrong("TMF688", version, "Event", body)


# -- what is said


@both
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("ask", WORK[:2], ids=lambda ask: type(ask).__name__)
def test_a_first_request_creates_and_later_ones_change(
    version: Version, ask: TroubleRequest | SupplierRequest, action: Action
) -> None:
    """A create has all that is required; a change says why, and has a status only where we ask for one."""
    document = _asked(version, ask, action)
    creates = document.definition.endswith(("_Create", "_FVO"))
    assert creates is (action is Action.REQUEST)
    assert document.action == action
    statuses = {Action.CANCEL: "cancelled", Action.REFUSE: "inProgress"}
    assert document.body.get("status") == statuses.get(action)
    assert document.body.get("statusChangeReason") == ("because" if action in statuses else None)
    notes = [note["text"] for note in document.body.get("note", [])]
    assert bool(notes) is not creates
    assert all("because" in text for text in notes)
    assert not problems(document)


def _asked(version: Version, ask: TroubleRequest | SupplierRequest, action: Action) -> Document:
    told: Any = replace(ask, action=action, context=replace(ask.context, reason="because"))
    return EDGES[version].request(told)


@both
@pytest.mark.parametrize("action", Action)
def test_a_task_has_our_id_whatever_is_asked(version: Version, action: Action) -> None:
    """TMF701 has no external identifier: the id is it."""
    body = EDGES[version].request(replace(ACTIVITY, action=action)).body
    assert body["id"] == "qosresolve:prod%2F1:o-1"
    states = {Action.REQUEST: "new", Action.CANCEL: "cancelled", Action.REFUSE: "active"}
    assert body.get("state") == states.get(action)


@pytest.mark.parametrize(
    ("version", "ask", "path"),
    [
        ("v4", TROUBLE, ("externalIdentifier", 0, "id")),
        ("v5", TROUBLE, ("externalIdentifier", 0, "id")),
        ("v4", SUPPLIER, ("externalId",)),
        ("v5", SUPPLIER, ("externalIdentifier", 0, "id")),
        ("v4", ACTIVITY, ("id",)),
        ("v5", ACTIVITY, ("id",)),
    ],
)
def test_where_the_identifier_stands(version: Version, ask: Request, path: tuple[str | int, ...]) -> None:
    """Where an answer will have it: TMF621 has one text in v4 and a list in v5."""
    found: Any = EDGES[version].request(ask).body
    for step in path:
        found = found[step]
    assert found == "qosresolve:prod%2F1:o-1"
    assert identifiers(EDGES[version].request(ask).body) == {("prod/1", "o-1")}


@both
@pytest.mark.parametrize("action", Action)
def test_a_supplier_is_not_told_the_customer(version: Version, action: Action) -> None:
    """Neither who the customer is nor the tier that it pays for leaves the house."""
    sent = EDGES[version].request(replace(SUPPLIER, action=action)).encoded()
    assert b"cust-1" not in sent
    assert b"gold" not in sent
    assert b"r-1" in sent, "the report's id always travels"


@both
def test_service_assurance_is_told_whom_it_hurts(version: Version) -> None:
    """A service trouble request names a service at least, and the customer by its id."""
    body = EDGES[version].request(replace(TROUBLE, affected_services=())).body
    assert [service["id"] for service in body["affectedService"]] == ["svc-1"]
    assert "cust-1" in json.dumps(body["relatedParty"])


@pytest.mark.parametrize(("cause", "reason"), [("key", "key"), ("", "unknown")])
def test_a_reason_is_always_there(cause: str, reason: str) -> None:
    """TMF656 requires one, and says that it may be unknown."""
    assert EDGES["v4"].request(replace(TROUBLE, cause_key=cause)).body["reason"] == reason


@pytest.mark.parametrize(
    ("notice", "level", "kind"),
    [
        (NOTICE, "3", "Hazard"),
        (replace(NOTICE, jeopardy=Jeopardy.BREACHED), "3", "Critical"),
        (replace(NOTICE, raised=False, jeopardy=Jeopardy.BREACHED), "0", "Normal"),
    ],
)
def test_an_escalation(notice: EscalationNotice, level: str, kind: str) -> None:
    """A call has its level and how near the promise is to breaking; its end has neither."""
    event = EDGES["v5"].request(notice).body
    report = event["event"]["customerQosPerformanceDegradationReport"]
    assert event["eventType"] == "CustomerQosPerformanceDegradationReportJeopardyAlertEvent"
    assert event["eventTime"] == event["timeOccurred"] == "2026-03-02T10:00:00.250Z"
    assert report["problemEscalation"] == level
    assert report["jeopardyAlert"][0]["jeopardyType"] == kind
