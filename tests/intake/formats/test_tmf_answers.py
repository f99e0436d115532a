"""TMF656 and TMF621 events as answers: whose, which state, what is told with it."""

from typing import Any

import pytest

from qosresolve.contracts.tmf.identifier import identify
from qosresolve.core.inputs import Answer
from qosresolve.core.vocabulary import AnswerState
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.formats import tmf621, tmf656, tmf688
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Reading
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import instant

OURS = identify("P 1/ä", "o-1")
SENT = "2026-03-01T12:00:00Z"


def _problem(verb: str = "StateChangeEvent", **fields: Json) -> dict[str, Any]:
    body = {"id": "SP-7", "status": "inProgress", "externalIdentifier": [{"id": OURS}]} | fields
    event_type = f"ServiceProblem{verb}"
    return {"eventId": "e-1", "eventTime": SENT, "eventType": event_type, "event": {"serviceProblem": body}}


def _ticket(verb: str = "StatusChangeEvent", **fields: Json) -> dict[str, Any]:
    body = {"id": "TT-3", "status": "inProgress", "externalId": OURS} | fields
    event_type = f"TroubleTicket{verb}"
    return {"eventId": "e-2", "eventTime": SENT, "eventType": event_type, "event": {"troubleTicket": body}}


def _of(payload: dict[str, Any]) -> Reading:
    return tmf688.read(payload, Rules())


def _answer(payload: dict[str, Any]) -> Answer:
    (reply,) = _of(payload).replies
    return reply.answer


def _ms(text: str) -> int:
    found = instant(text)
    assert found is not None
    return found.at


def test_an_answer_finds_its_request_by_the_external_identifier() -> None:
    """Whatever characters the product's id has; among other identifiers, and in the fields of v4 and v5."""
    found = _of(_problem(externalIdentifier=[{"id": "crm-1"}, {"id": OURS, "owner": "x"}]))
    (reply,) = found.replies
    assert (found.format, reply.channel) == ("tmf656", "trouble-status")
    assert (reply.answer.product_id, reply.answer.obligation_id) == ("P 1/ä", "o-1")
    for identifiers in ({"externalId": OURS}, {"externalId": "", "externalIdentifier": {"id": OURS}}):
        (reply,) = _of(_ticket(**identifiers)).replies
        assert (reply.channel, reply.answer.product_id) == ("supplier-status", "P 1/ä")


@pytest.mark.parametrize("identifiers", [[], [{"id": "crm-1"}], None, "INC-1", [{"owner": "x"}]])
def test_an_answer_without_a_known_identifier_is_told_as_such(identifiers: Any) -> None:  # noqa: ANN401 - any JSON
    """Somebody may still know whose it is: it is parked with the identifiers that it has."""
    for payload in (
        _problem(externalIdentifier=identifiers),
        _ticket(externalId=None, externalIdentifier=identifiers),
    ):
        said = _of(payload)
        (unmatched,) = said.unmatched
        assert unmatched.reason
        assert not said.replies
    assert ("crm-1" in unmatched.identifiers) is (identifiers == [{"id": "crm-1"}])


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("acknowledged", AnswerState.ACCEPTED),
        ("inProgress", AnswerState.IN_PROGRESS),
        ("In Progress", AnswerState.IN_PROGRESS),
        ("Pending", AnswerState.IN_PROGRESS),
        ("held", AnswerState.IN_PROGRESS),
        ("resolved", AnswerState.RESOLVED),
        ("closed", AnswerState.RESOLVED),
        ("REJECTED", AnswerState.REJECTED),
        ("cancelled", AnswerState.CANCELLED),
        ("teleported", AnswerState.UNKNOWN),
    ],
)
def test_states(status: str, state: AnswerState) -> None:
    """In any case; a status that nobody knows is passed on as that, with its own word in the note."""
    for payload in (_problem(status=status), _ticket(status=status)):
        assert _answer(payload).state is state
    assert ("teleported" in _answer(_problem(status=status)).note) is (state is AnswerState.UNKNOWN)


def test_a_delete_ends_what_was_not_ended() -> None:
    """A ticket that is deleted after it was resolved was resolved; one that ran will not be worked on."""
    assert _answer(_ticket("DeleteEvent", status="inProgress")).state is AnswerState.CANCELLED
    assert _answer(_ticket("DeleteEvent", status="resolved")).state is AnswerState.RESOLVED


@pytest.mark.parametrize("status", ["submitted", "", None])
def test_what_only_shows_that_it_was_sent_is_no_answer(status: str | None) -> None:
    """Passed over with a reason."""
    said = _of(_ticket("CreateEvent", status=status))
    assert not said.replies
    assert said.ignored[0].reason


def test_a_date_alone_is_an_answer() -> None:
    """Who says until when is working on it; a change of attributes need not repeat the status."""
    answer = _answer(_ticket("AttributeValueChangeEvent", status=None, expectedResolutionDate=SENT))
    assert (answer.state, answer.expected_at) == (AnswerState.IN_PROGRESS, _ms(SENT))


@pytest.mark.parametrize(
    ("required", "note"),
    [
        ([{"name": "contact", "description": "who?"}, "hours"], "contact: who?; hours"),
        ({"fieldPath": "a.b", "description": "which?"}, "a.b: which?"),
        ("hours", "hours"),
    ],
)
def test_what_is_asked_for_is_the_note(required: Any, note: str) -> None:  # noqa: ANN401 - any JSON
    """A list in TMF656's example, one object in TMF621's, beside the entity or in it, or a text."""
    problem = _problem("InformationRequiredEvent", status="pending")
    problem["event"]["informationRequired"] = required
    ticket = _ticket("InformationRequiredEvent", status="pending", informationRequired=required)
    for payload in (problem, ticket):
        answer = _answer(payload)
        assert (answer.state, answer.note) == (AnswerState.INFORMATION_REQUIRED, note)


def test_a_field_that_is_asked_for_is_the_note() -> None:
    """TMF656 v4 has `fieldPath` on the event; without anything the reason of the status stands in."""
    problem = _problem("InformationRequiredEvent", statusChangeReason="no access") | {"fieldPath": "a.b"}
    assert _answer(problem).note == "a.b"
    del problem["fieldPath"]
    assert _answer(problem).note == "no access"


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ({"statusChangeReason": "begun"}, "begun"),
        ({"statusChange": [{"changeReason": "a"}, {"changeReason": "b"}]}, "b"),
        ({"statusChangeHistory": [{"statusChangeReason": "a"}]}, "a"),
        ({"note": [{"text": "old"}, {"text": "new"}]}, "new"),
        ({"status": "held", "statusChangeReason": "no access"}, "held: no access"),
        ({"status": "pending"}, "pending"),
    ],
)
def test_the_note_says_why(told: dict[str, Any], note: str) -> None:
    """The reason of the status, else the newest of its history, else of the notes; that it waits, too."""
    assert _answer(_ticket(**told)).note == note


def test_what_else_is_told() -> None:
    """Id, party, parent, time and date of resolution; TMF656 has a characteristic for the last."""
    answer = _answer(
        _problem(
            responsibleParty={"id": "assurance", "role": "x"},
            parentProblem=[{"id": "SP-1"}],
            characteristic=[{"name": "cost", "value": 1}, {"name": "expectedResolutionDate", "value": SENT}],
        )
    )
    assert (answer.answer_id, answer.external_id, answer.party) == ("e-1", "SP-7", "assurance")
    assert (answer.parent_id, answer.at, answer.expected_at) == ("SP-1", _ms(SENT), _ms(SENT))
    answer = _answer(
        _ticket(relatedParty=[{"id": "us", "role": "customer"}, {"id": "acme", "role": "Supplier"}])
    )
    assert (answer.party, answer.parent_id) == ("acme", "")
    party = {"role": "supplier", "partyOrPartyRole": {"id": "acme", "@type": "PartyRef"}}
    assert _answer(_ticket(relatedParty=party)).party == "acme"


def test_a_bare_entity_is_an_answer_too() -> None:
    """Its id is made of what it says: sent again it is the same, changed it is another."""
    ticket = {"@type": "TroubleTicket", "id": "TT-3", "externalId": OURS, "statusChangeDate": SENT}
    answers = []
    for status in ("inProgress", "inProgress", "resolved"):
        assert tmf621.fits(ticket | {"status": status})
        (reply,) = tmf621.read(ticket | {"status": status}, Rules()).replies
        answers.append(reply.answer)
    assert answers[0] == answers[1]
    assert answers[0].answer_id != answers[2].answer_id
    assert answers[0].at == _ms(SENT)


def test_alarms_in_a_problem_are_observations() -> None:
    """In full they count beside the answer; references say nothing, and one that is broken hides nothing."""
    alarm = {"id": "a", "alarmType": "qualityOfServiceAlarm", "perceivedSeverity": "minor"}
    said = tmf656.read(
        _problem(firstAlert=alarm, underlyingAlarm=[{"id": "ref"}], affectedResource=[{"id": "ne-1"}]),
        Rules(),
    )
    assert [item.objects for item in said.observations] == [("ne-1",)]
    assert len(said.replies) == 1
    said = tmf656.read(_problem(firstAlert=alarm), Rules())  # nothing says where
    assert (len(said.replies), len(said.refused)) == (1, 1)
    said = tmf656.read(_problem(externalIdentifier=[], firstAlert=alarm | {"alarmedObject": "ne-1"}), Rules())
    assert (len(said.observations), len(said.unmatched), len(said.ignored)) == (1, 0, 1)


def test_an_event_record_holds_its_notification() -> None:
    """TMF656's record of an event, and a hub's event around an event."""
    record = {"id": "r", "eventType": "X", "recordTime": SENT, "serviceProblem": {"id": "SP-7"}}
    for payload in (
        record | {"notification": _problem()},
        {"eventType": "EventCreateEvent", "event": {"event": _problem()}},
        {"eventType": "X", "event": {"serviceProblemEventRecord": record | {"notification": _problem()}}},
    ):
        assert tmf688.fits(payload)
        assert _answer(payload).answer_id == "e-1"


def test_events_in_events_have_an_end() -> None:
    """Nobody looks further than four of them."""
    payload: dict[str, Any] = _problem()
    for _ in range(5):
        payload = {"eventType": "EventCreateEvent", "event": payload}
    assert tmf688.read(payload, Rules()).ignored


@pytest.mark.parametrize(("module", "name"), [(tmf656, "serviceProblem"), (tmf621, "troubleTicket")])
def test_a_named_format_refuses_what_it_is_not(module: Any, name: str) -> None:  # noqa: ANN401 - a module
    """It says what is missing."""
    with pytest.raises(PoisonRecordError, match=name):
        module.read({"eventType": "AlarmCreateEvent", "event": {"alarm": {"id": "1"}}}, Rules())
    with pytest.raises(PoisonRecordError, match="no event"):
        tmf688.read({"id": 1}, Rules())
