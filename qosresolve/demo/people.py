"""The Close process (1.3.8.6) and the people on duty, simulated: they read the journal and give commands."""

from itertools import count

from qosresolve.core.facts import EscalationRaised, StatusChanged
from qosresolve.core.inputs import Command
from qosresolve.core.vocabulary import Status, Verb
from qosresolve.demo import cast
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import Product
from qosresolve.demo.post import Outbox, wall_ms

CANCEL_AT, CLEAR_AT = 7.5, 26.0
ACKNOWLEDGED_LEVEL = 3
BATCH_PRODUCT = "conference-5005"  # its payload never ends: a person has to say so


class People:
    """Close answers what is cleared; a manager cancels a false event, clears by word, and takes a call."""

    def __init__(self, agenda: Agenda, post: Outbox, products: dict[str, Product], first: int = 1) -> None:
        self._agenda = agenda
        self._post = post
        self._products = products
        self._cleared: dict[str, int] = {}
        self._number = count(first)

    def plan(self) -> None:
        """Put what they will do by themselves on the agenda, from the story's present second on."""
        cancel, clear = (
            ("service-manager", "measurementFault"),
            ("service-manager", "customer confirms by phone"),
        )
        self._agenda.after(CANCEL_AT, lambda: self._order(Verb.CANCEL, cast.FALSE.product_id, *cancel))
        self._agenda.after(CLEAR_AT, lambda: self._order(Verb.CLEAR, BATCH_PRODUCT, *clear))

    def status(self, product_id: str, fact: StatusChanged) -> None:
        """Close what is cleared, unless it went back to work meanwhile."""
        self._cleared.pop(fact.report_id, None)
        product = self._products.get(product_id)
        if fact.status is Status.CLEARED and product is not None:
            self._cleared[fact.report_id] = fact.at
            self._agenda.after(product.closed_after, lambda: self._close(product_id, fact))

    def escalated(self, product_id: str, fact: EscalationRaised) -> None:
        """The head of assurance takes the call about the product that nobody took."""
        if fact.level == ACKNOWLEDGED_LEVEL and product_id == cast.UNTAKEN.product_id:
            verb = Verb.ACKNOWLEDGE_ESCALATION
            self._agenda.after(1.0, lambda: self._order(verb, product_id, fact.target, "I look into it"))

    def _close(self, product_id: str, fact: StatusChanged) -> None:
        if self._cleared.get(fact.report_id) == fact.at:
            del self._cleared[fact.report_id]
            self._order(Verb.CLOSE, product_id, "close-process", "customer satisfied", fact.report_id)

    def _order(self, verb: Verb, product_id: str, role: str, reason: str, report_id: str = "") -> None:
        command_id = f"demo-{next(self._number)}"
        order = Command(product_id, command_id, verb, role, role, reason, wall_ms(), report_id)
        self._post.send(order)
