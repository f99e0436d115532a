"""The simulated neighbours behave as the cast says, on the story's own clock."""

from dataclasses import dataclass, field

from qosresolve.core.inputs import Answer, Cause, Command, Degradation
from qosresolve.core.requests import Action, Context, SupplierRequest
from qosresolve.core.vocabulary import AnswerState, DegradationKind, RootCauseKind, Severity, Status, Verb
from qosresolve.demo import cast as story
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import Product, Temper, Truth, cast, known
from qosresolve.demo.monitoring import Monitoring
from qosresolve.demo.people import People
from qosresolve.demo.service_assurance import found
from qosresolve.demo.suppliers import Suppliers
from qosresolve.intake.inventory import Relation
from qosresolve.topics import Topic
from tests.demo.builders import NOW, status


@dataclass
class Said:
    """An outbox that keeps what was said."""

    sent: list[Degradation | Command] = field(default_factory=list)
    answers: list[AnswerState] = field(default_factory=list)
    rubbish: int = 0

    def send(self, body: Degradation | Command) -> None:
        """Keep an event or a command."""
        self.sent.append(body)

    def answer(self, topic: Topic, answer: Answer) -> None:
        """Keep an answer's state."""
        assert topic.record == "supplier-status"
        self.answers.append(answer.state)

    def garbage(self, product_id: str, value: bytes) -> None:
        """Count it."""
        assert product_id
        assert value
        self.rubbish += 1

    def foreign(self, source: str, value: bytes) -> None:
        """Others' formats are intake's business."""

    def relation(self, relation: Relation) -> None:
        """So is the inventory."""


def engagement(product: str, action: Action = Action.REQUEST, reason: str = "plan") -> SupplierRequest:
    """A request to a supplier about a product."""
    cause = Cause("t", 0, 0, "e")
    context = Context("m", product, "r", "c", "gold", Severity.MAJOR, 1, 0, reason, "policy", NOW, cause)
    return SupplierRequest(context, action, "o-1", "acme", "noc@acme", "wave", 1, "type", "text", NOW, NOW)


def suppliers(temper: Temper) -> tuple[Agenda, Said, list[str], Suppliers]:
    """A supplier of that temper, and whom it mended."""
    product = Product("p", "c", "gold", Truth(RootCauseKind.SUPPLIER), temper)
    agenda, said, mended = Agenda(), Said(), list[str]()
    made = Suppliers(agenda, said, {"p": product}, lambda it: mended.append(it.product_id))
    return agenda, said, mended, made


def test_a_prompt_supplier_accepts_and_mends() -> None:
    """A repeated request changes nothing."""
    agenda, said, mended, party = suppliers(Temper.PROMPT)
    party.engaged(engagement("p"))
    party.engaged(engagement("p"))
    agenda.run(10)
    assert said.answers == [AnswerState.ACCEPTED, AnswerState.RESOLVED]
    assert mended == ["p"]


def test_a_late_supplier_has_to_be_reminded() -> None:
    """Then it takes the work up."""
    agenda, said, _, party = suppliers(Temper.LATE)
    party.engaged(engagement("p"))
    agenda.run(5)
    assert said.answers == []
    party.engaged(engagement("p", Action.REMIND))
    agenda.run(6)
    assert said.answers == [AnswerState.ACCEPTED]


def test_a_silent_supplier_never_answers() -> None:
    """Not even when it is told to stop."""
    agenda, said, mended, party = suppliers(Temper.SILENT)
    for action in (Action.REQUEST, Action.REMIND, Action.CANCEL):
        party.engaged(engagement("p", action))
    agenda.run(30)
    assert (said.answers, mended) == ([], [])


def test_work_that_is_withdrawn_is_not_done() -> None:
    """The withdrawal is confirmed; restored elsewhere, it ends without mending."""
    agenda, said, mended, party = suppliers(Temper.PROMPT)
    party.engaged(engagement("p"))
    agenda.run(0.6)
    party.engaged(engagement("p", Action.CANCEL))
    agenda.run(30)
    assert (said.answers, mended) == ([AnswerState.ACCEPTED, AnswerState.CANCELLED], [])


def test_behind_a_silent_supplier_a_way_around_is_found() -> None:
    """The first analysis finds the truth, the second what can be done without the supplier."""
    assert found(story.BREACHED, 1) == story.BREACHED.truth
    assert found(story.BREACHED, 2).kind is RootCauseKind.SERVICE
    assert found(story.MENDED, 2) == story.MENDED.truth


def monitored(until: float) -> list[Degradation]:
    """What monitoring says up to a second, with nobody to mend anything."""
    agenda, said = Agenda(), Said()
    Monitoring(agenda, said).plan(cast())
    agenda.run(until)
    return [event for event in said.sent if isinstance(event, Degradation)]


def test_monitoring_repeats_resends_and_overtakes() -> None:
    """One event twice, one abatement before its raise."""
    events = monitored(7)
    twice = [event for event in events if event.product_id == story.RESENT.product_id]
    assert twice[0] is twice[1]
    early = [event for event in events if event.product_id == story.EARLY.product_id]
    assert [event.kind for event in early] == [DegradationKind.ABATE, DegradationKind.RAISE]
    assert early[1].observed_at < early[0].observed_at
    assert early[1].sequence < early[0].sequence
    assert DegradationKind.UPDATE in {event.kind for event in events}


def test_the_story_is_the_same_every_time() -> None:
    """Its dice are seeded; only the clock differs."""
    first, second = ([(it.product_id, it.kind, it.value) for it in monitored(40)] for _ in range(2))
    assert first == second


def test_a_story_that_begins_again_says_nothing_twice() -> None:
    """Every event of a second round has a number of its own, and begins as mildly as in the first."""
    agenda, said = Agenda(), Said()
    monitoring = Monitoring(agenda, said, first=5_000)
    monitoring.plan(cast())
    agenda.run(90)
    once = [event for event in said.sent if isinstance(event, Degradation)]
    monitoring.plan(cast())
    agenda.run(180)
    again = [event for event in said.sent if isinstance(event, Degradation)][len(once) :]
    assert min(event.sequence for event in once) == 5_001
    assert not {event.identity() for event in once} & {event.identity() for event in again}
    described = [
        [(it.product_id, it.kind, it.severity) for it in sorted(events, key=lambda it: it.sequence)]
        for events in (once, again)
    ]
    assert described[0] == described[1]


def test_a_product_that_nobody_knows_is_mended_too() -> None:
    """On a broker of others somebody else may send an event: its service is at fault, and that is found."""
    stranger = known(cast(), "P1")
    assert found(stranger, 1) == Truth(RootCauseKind.SERVICE, "svc-P1")
    assert known(cast(), story.MENDED.product_id) == story.MENDED


def test_close_does_not_close_what_went_back_to_work() -> None:
    """A relapse meanwhile takes the closing off its agenda."""
    agenda, said = Agenda(), Said()
    people = People(agenda, said, cast())
    product = story.RELAPSING.product_id
    people.status(product, status(Status.CLEARED))
    agenda.run(5)
    people.status(product, status(Status.IN_PROGRESS, Status.CLEARED))
    agenda.run(30)
    assert said.sent == []
    people.status(product, status(Status.CLEARED))
    agenda.run(60)
    (order,) = said.sent
    assert isinstance(order, Command)
    assert (order.verb, order.role) == (Verb.CLOSE, "close-process")
