"""A request goes out in TM Forum's JSON and comes back as a neighbour's answer: it finds its request."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qosresolve.core.inputs import Answer
from qosresolve.core.requests import SupplierRequest, TroubleRequest
from qosresolve.core.vocabulary import AnswerState
from qosresolve.intake import detect, rules_file
from qosresolve.intake.reading import Reply
from tests.contracts.tmf.samples import SUPPLIER, TROUBLE
from tests.contracts.tmf.strategies import requests
from tests.contracts.tmf.validation import EDGES, VERSIONS

_KEYS = {TroubleRequest: "serviceProblem", SupplierRequest: "troubleTicket"}
_CHANNELS = {TroubleRequest: "trouble-status", SupplierRequest: "supplier-status"}


def _reply(body: dict[str, Any], key: str, **fields: str) -> Reply:
    """What a neighbour's event becomes that holds all that it was asked, with a status of its own."""
    event = {
        "eventId": "e-1",
        "eventTime": "2026-03-02T11:00:00Z",
        "eventType": f"{key[0].upper()}{key[1:]}StateChangeEvent",
        "event": {key: body | {"id": "their-7"} | fields},
    }
    reading = detect.read("auto", (), msgspec.json.encode(event), rules_file.shipped())
    (reply,) = reading.replies
    assert not reading.observations
    return reply


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", list(_KEYS))
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_an_answer_finds_its_request(kind: Any, version: Any, data: st.DataObject) -> None:  # noqa: ANN401 - a class, a version
    """Whatever product and request are called; nothing that was only sent back is taken for an alarm."""
    ask = data.draw(requests(kind))
    reply = _reply(EDGES[version].request(ask).body, _KEYS[kind], status="inProgress")
    answer: Answer = reply.answer
    assert reply.channel == _CHANNELS[kind]
    assert (answer.product_id, answer.obligation_id) == (ask.context.product_id, ask.request_id)
    assert (answer.state, answer.external_id) == (AnswerState.IN_PROGRESS, "their-7")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("ask", [TROUBLE, SUPPLIER], ids=["trouble", "supplier"])
def test_what_we_wrote_ourselves_is_no_reason(ask: Any, version: Any) -> None:  # noqa: ANN401 - a request, a version
    """A note of ours that comes back is not what the neighbour says; nor is the date that we asked for."""
    body = dict(EDGES[version].request(ask).body)
    body["note"] = [{"id": "n", "author": "qosresolve", "text": "ours", "date": "2026-03-02T10:00:00Z"}]
    answer = _reply(body, _KEYS[type(ask)], status="resolved").answer
    assert (answer.note, answer.expected_at) == ("", None)
    body["note"].insert(0, {"id": "m", "author": "noc", "text": "card replaced"})
    assert _reply(body, _KEYS[type(ask)], status="resolved").answer.note == "card replaced"
