"""Who is asked for work, and answers it: quickly, late, twice, with a finding, or not at all.

Takes requests as they lie on their topics, committed records only. What a party finds is by chance; so is how
long it takes. The desk that keeps count of a request is the demo's.
"""

import random
from collections.abc import Callable
from itertools import count

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import EscalationRaised, StatusChanged
from qosresolve.core.inputs import Command, Finding
from qosresolve.core.requests import ActivityRequest, SupplierRequest, TroubleRequest
from qosresolve.core.vocabulary import NodeKind, RootCauseKind, Status, Verb
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.desk import Desk, Pace
from qosresolve.demo.post import Outbox, wall_ms
from qosresolve.topics import (
    ACTIVITY_STATUS,
    JOURNAL,
    SUPPLIER_STATUS,
    TROUBLE_STATUS,
    Topic,
)

_CAUSES = (RootCauseKind.SERVICE, RootCauseKind.RESOURCE, RootCauseKind.SUPPLIER, RootCauseKind.UNKNOWN)


class Neighbours:
    """Service assurance, suppliers and the Close process, all on one agenda."""

    def __init__(
        self, agenda: Agenda, post: Outbox, contracts: Contracts, dice: random.Random,
        mended: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._agenda = agenda
        self._post = post
        self._contracts = contracts
        self._dice = dice
        self._mended = mended
        self._number = count(1)
        self._desks = {
            ActivityRequest: Desk(agenda, post, ACTIVITY_STATUS),
            TroubleRequest: Desk(agenda, post, TROUBLE_STATUS),
            SupplierRequest: Desk(agenda, post, SUPPLIER_STATUS),
        }

    def hear(self, topic: Topic, message: Message) -> None:
        """Take one record of a request topic or of the journal."""
        value = message.value() or b""
        if topic is JOURNAL:
            self._journal(value)
            return
        request = self._contracts.read_request(topic.record, value)
        if isinstance(request, ActivityRequest | TroubleRequest | SupplierRequest):
            analysis = isinstance(request, ActivityRequest) and request.kind is NodeKind.ANALYSIS
            product = request.context.product_id
            self._desks[type(request)].take(
                request,
                self._pace(),
                finding=self._finding if analysis else None,
                done=None if analysis else lambda: self._mended(product),
            )

    def _pace(self) -> Pace:
        mood = self._dice.random()
        if mood < 0.08:
            return Pace(silent=True)
        if mood < 0.16:
            return Pace(accept=3.0, resolve=12.0, promised=25.0, when_reminded=True)
        return Pace(accept=self._dice.uniform(0.1, 2.5), resolve=self._dice.uniform(0.3, 6.0))

    def _finding(self) -> Finding:
        cause = self._dice.choice(_CAUSES)
        party = "acme-transport" if cause is RootCauseKind.SUPPLIER else ""
        return Finding("analysis", next(self._number), wall_ms(), cause, entity=f"{cause}-1", party=party)

    def _journal(self, value: bytes) -> None:
        entry = self._contracts.read_entry(value)
        for fact in entry.facts:
            if isinstance(fact, StatusChanged) and fact.status is Status.CLEARED:
                verb = Verb.REFUSE_RESOLUTION if self._dice.random() < 0.1 else Verb.CLOSE
                self._order(verb, entry.product_id, "close-process", fact.report_id)
            elif isinstance(fact, EscalationRaised) and self._dice.random() < 0.3:
                verb = Verb.ACKNOWLEDGE_ESCALATION
                self._order(verb, entry.product_id, fact.target, fact.report_id)

    def _order(self, verb: Verb, product: str, role: str, report: str) -> None:
        def give() -> None:
            order = f"{verb}-{next(self._number)}-{wall_ms()}"
            self._post.send(Command(product, order, verb, role, role, "as it should be", wall_ms(), report))

        self._agenda.after(self._dice.uniform(0.2, 4.0), give)
