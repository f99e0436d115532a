"""Requests in TM Forum's JSON: the writer alone, then the whole way on a real broker."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from qosresolve.contracts.tmf.edge import Document, Edge
from qosresolve.contracts.tmf.words import Version
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Finding
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import AnswerState, ObligationState, Outcome, RootCauseKind, Verb
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.outputs import Writer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import (
    ACTIVITY_REQUEST,
    ACTIVITY_STATUS,
    DEAD_LETTERS,
    ESCALATION,
    FOREIGN,
    JOURNAL,
    REQUESTS,
    SUPPLIER_REQUEST,
    TROUBLE_REQUEST,
    TROUBLE_STATUS,
    Names,
)
from tests.contracts.tmf.samples import ACTIVITY, CAUSE, NOTICE, NOW, SUPPLIER, TROUBLE
from tests.contracts.tmf.validation import VERSIONS, identifiers, problems
from tests.kafka.checks import check_each_input_once, check_fold, check_order
from tests.kafka.foreign import crossing, relate, relation
from tests.kafka.harness import RECORDS, World, await_that, wall_ms

if TYPE_CHECKING:
    from confluent_kafka import Message

    from qosresolve.core.report import Report
    from qosresolve.core.requests import Request
    from qosresolve.topics import Topic
    from tests.kafka.conftest import MakeWorld

NAMES = Names("edge.")
ASKED: list[tuple[Request, Topic, str]] = [
    (TROUBLE, TROUBLE_REQUEST, "TMF656:v4:ServiceProblem_Create"),
    (SUPPLIER, SUPPLIER_REQUEST, "TMF621:v4:TroubleTicket_Create"),
    (ACTIVITY, ACTIVITY_REQUEST, "TMF701:v4:TaskFlow"),
    (NOTICE, ESCALATION, "TMF688:v4:Event"),
]


@pytest.mark.parametrize(
    ("request_", "topic", "schema"), ASKED, ids=lambda item: str(getattr(item, "record", ""))
)
def test_a_request_in_json(request_: Request, topic: Topic, schema: str) -> None:
    """Same topic, partition and key as in Avro; a CloudEvent in binary mode whose data is the API's JSON.

    Its `content-type` is the data's own: Kafka's binding knows no `ce_datacontenttype` beside it.
    """
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    avro = Writer(NAMES, RECORDS).request(3, request_, trace)
    told = Writer(NAMES, RECORDS, Edge("v4", "operator-1")).request(3, request_, trace)
    assert (told.topic, told.partition, told.key) == (avro.topic, avro.partition, avro.key)
    assert told.topic == NAMES.of(topic)
    headers = dict(told.headers)
    assert len(headers) == len(told.headers), "a header is there twice"
    assert headers["content-type"] == b"application/json"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_dataschema"] == f"urn:qosresolve:{schema}".encode()
    assert headers["ce_action"] == (b"raise" if request_ is NOTICE else b"request")
    assert "ce_datacontenttype" not in headers
    same = {"ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "traceparent"}
    assert {name: headers[name] for name in same} == {name: dict(avro.headers)[name] for name in same}
    assert told.value is not None
    assert json.loads(told.value)["@type"]


@pytest.mark.parametrize(
    "request_", [TROUBLE, SUPPLIER, ACTIVITY, NOTICE], ids=lambda item: type(item).__name__
)
def test_without_an_edge_a_request_is_avro(request_: Request) -> None:
    """The default: what our own tools read."""
    told = Writer(NAMES, RECORDS).request(3, request_, None)
    record, value = RECORDS.write_request(request_)
    assert told.value == value
    assert RECORDS.read_request(record, value) == request_
    headers = dict(told.headers)
    assert headers["content-type"] == b"application/avro"
    assert not {"ce_dataschema", "ce_action"} & headers.keys()


def test_the_journal_is_avro_with_an_edge_too() -> None:
    """It is the state of record: reports are its fold, byte for byte."""
    entry = Entry("prod/1", CAUSE, NOW, Outcome.NO_OP, Rule.ALREADY_SEEN, "h", b"")
    told = Writer(NAMES, RECORDS, Edge("v5", "operator-1")).journal(3, entry, None)
    assert told == Writer(NAMES, RECORDS).journal(3, entry, None)
    assert RECORDS.read_entry(told.value or b"") == entry


def _read(message: Message) -> Document:
    """Return a request as a neighbour reads it, who knows its headers alone."""
    headers = cast("dict[str, bytes]", dict(message.headers() or []))
    assert headers["content-type"] == b"application/json"
    api, version, definition = headers["ce_dataschema"].decode().split(":")[2:]
    known: Version = "v5" if version == "v5" else "v4"
    return Document(api, known, definition, headers["ce_action"].decode(), json.loads(message.value() or b""))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_degradation_leads_to_a_service_problem(make_world: MakeWorld, version: Version) -> None:
    """Raise, analyse, then a valid TMF656 create; who answers by its external identifier is heard."""
    edge = ("edge_format=json", f"edge_version={version}", "edge_party=operator-7")
    world = make_world(*edge)
    with world.running(Worker, *edge):
        world.degrade("P1")
        task = _asked(world, ACTIVITY_REQUEST)
        world.answer(ACTIVITY_STATUS, *_answered(task), AnswerState.ACCEPTED)
        finding = Finding("analyst", 1, wall_ms(), RootCauseKind.SERVICE, "service-P1", by_person=True)
        world.command("P1", Verb.FINDING, finding=finding)
        world.answer(ACTIVITY_STATUS, *_answered(task), AnswerState.RESOLVED)
        problem = _asked(world, TROUBLE_REQUEST)
        product, request = _answered(problem)
        world.answer(TROUBLE_STATUS, product, request, AnswerState.ACCEPTED)
        world.await_report("P1", lambda item: _accepted(item, request), "taken by service assurance")
    assert (problem.api, problem.version, problem.action) == ("TMF656", version, "request")
    assert "operator-7" in json.dumps(problem.body["originatorParty"])
    assert problem.body["affectedService"][0]["id"] == "service-P1"
    _all_valid(world)
    _journal_as_ever(world)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ves_alert_leads_to_a_service_problem_that_is_resolved(
    make_world: MakeWorld, version: Version
) -> None:
    """Others' words all the way: VES in, a valid TMF656 create out, TMF656's events as answers."""
    edge = ("edge_format=json", f"edge_version={version}", "edge_party=operator-7")
    world = make_world(*edge)
    relate(world, relation("vnf-1", "P1", service_id="service-P1"))
    with world.running(Intake), world.running(Worker, *edge):
        world.send(FOREIGN, "vnf-1", crossing("vnf-1"))
        task = _asked(world, ACTIVITY_REQUEST)
        finding = Finding("analyst", 1, wall_ms(), RootCauseKind.SERVICE, "service-P1", by_person=True)
        world.command("P1", Verb.FINDING, finding=finding)
        world.answer(ACTIVITY_STATUS, *_answered(task), AnswerState.RESOLVED)
        problem = _asked(world, TROUBLE_REQUEST)
        _, request = _answered(problem)
        for status, state in (
            ("inProgress", ObligationState.IN_PROGRESS),
            ("resolved", ObligationState.RESOLVED),
        ):
            world.send(FOREIGN, "problem-1", _state_change(problem, status))
            world.await_report("P1", partial(_is, request=request, state=state), status)
    assert (problem.api, problem.version, problem.action) == ("TMF656", version, "request")
    assert not world.messages(DEAD_LETTERS)
    assert len(world.messages(TROUBLE_STATUS)) == 2
    _all_valid(world)
    _journal_as_ever(world)


def _state_change(problem: Document, status: str) -> bytes:
    """Return what service assurance publishes of the problem that it made of a request."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = problem.body | {"id": "problem-1", "status": status, "statusChangeDate": at}
    event = {
        "eventId": f"e-{status}",
        "eventTime": at,
        "eventType": "ServiceProblemStateChangeEvent",
        "event": {"serviceProblem": body},
    }
    return json.dumps(event).encode()


def _asked(world: World, topic: Topic) -> Document:
    return await_that(lambda: [_read(item) for item in world.messages(topic)], f"record on {topic.name}")[0]


def _answered(document: Document) -> tuple[str, str]:
    """Return (product id, obligation id) as one finds it who knows no more than the document."""
    found = identifiers(document.body)
    assert len(found) == 1, found
    return found.pop()


def _accepted(report: Report, request: str) -> bool:
    return _is(report, request, ObligationState.ACCEPTED)


def _is(report: Report, request: str, state: ObligationState) -> bool:
    item = report.obligation(request)
    return item is not None and item.state is state


def _all_valid(world: World) -> None:
    """Everything that went out validates, under ids of its own."""
    sent = [message for topic in REQUESTS for message in world.messages(topic)]
    assert [problems(_read(message)) for message in sent] == [[]] * len(sent)
    ids = [dict(message.headers() or [])["ce_id"] for message in sent]
    assert len(set(ids)) == len(ids)


def _journal_as_ever(world: World) -> None:
    """The journal is Avro, and what the reports are folded from."""
    kinds = {dict(message.headers() or [])["content-type"] for message in world.messages(JOURNAL)}
    assert kinds == {b"application/avro"}
    entries = world.journal()
    check_each_input_once(world, entries)
    check_order(entries)
    check_fold(world, entries)
