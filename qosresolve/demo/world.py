"""The simulated world: neighbours that read requests and the journal, and write inputs. One thread."""

import threading
import time

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import EscalationRaised, StatusChanged
from qosresolve.core.requests import ActivityRequest, EscalationNotice, SupplierRequest, TroubleRequest
from qosresolve.demo import payloads
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import cast
from qosresolve.demo.monitoring import Monitoring
from qosresolve.demo.people import People
from qosresolve.demo.post import Post, wall_ms
from qosresolve.demo.service_assurance import ServiceAssurance
from qosresolve.demo.suppliers import Suppliers
from qosresolve.demo.tail import Tail
from qosresolve.settings import Settings
from qosresolve.topics import ACTIVITY_REQUEST, JOURNAL, SUPPLIER_REQUEST, TROUBLE_REQUEST, Topic

STEP_S = 0.05


def tell_inventory(settings: Settings, contracts: Contracts) -> None:
    """Load what the inventory knows when the story begins."""
    post = Post(settings, contracts)
    for relation in payloads.INVENTORY.values():
        if relation is not payloads.LATE:
            post.relation(relation)
    post.close()


class World:
    """Plays until asked to stop, then waits until all that it sent is acknowledged."""

    def __init__(
        self, settings: Settings, contracts: Contracts, stop: threading.Event, every: float | None = None
    ) -> None:
        """`every`: seconds after which the story begins again, and on: then what lies there is left alone."""
        self._every = every
        first = wall_ms() if every else 0  # numbers that no earlier world has used
        self._contracts = contracts
        self._stop = stop
        self._tail = Tail(
            settings, ACTIVITY_REQUEST, TROUBLE_REQUEST, SUPPLIER_REQUEST, JOURNAL, news=bool(every)
        )
        self._post = Post(settings, contracts)
        self._agenda = Agenda()
        products = cast()
        self._products = products
        self._monitoring = Monitoring(self._agenda, self._post, first=first)
        mended = self._monitoring.mended
        self._assurance = ServiceAssurance(self._agenda, self._post, products, mended, first)
        self._suppliers = Suppliers(self._agenda, self._post, products, mended)
        self._people = People(self._agenda, self._post, products, first + 1)
        self._plan()

    def _plan(self) -> None:
        self._monitoring.plan(self._products)
        self._people.plan()
        if self._every:
            self._agenda.after(self._every, self._plan)

    def run(self) -> None:
        """Play the story from its first second. Raises RetriableError if something was not acknowledged."""
        began = time.monotonic()
        try:
            while not self._stop.is_set():
                for topic, message in self._tail.read(min(STEP_S, self._agenda.wait)):
                    self._hear(topic, message)
                self._agenda.run(time.monotonic() - began)
        finally:
            self._tail.close()
            self._post.close()

    def _hear(self, topic: Topic, message: Message) -> None:
        value = message.value() or b""
        if topic is JOURNAL:
            self._journal(value)
            return
        match self._contracts.read_request(topic.record, value):
            case ActivityRequest() as request:
                self._assurance.activity(request)
            case TroubleRequest() as request:
                self._assurance.trouble(request)
            case SupplierRequest() as request:
                self._suppliers.engaged(request)
            case EscalationNotice():
                pass

    def _journal(self, value: bytes) -> None:
        entry = self._contracts.read_entry(value)
        for fact in entry.facts:
            if isinstance(fact, StatusChanged):
                self._people.status(entry.product_id, fact)
            elif isinstance(fact, EscalationRaised):
                self._people.escalated(entry.product_id, fact)
