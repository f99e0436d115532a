"""The simulated world: neighbours that read requests and the journal, and write inputs. One thread."""

import threading
import time

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import EscalationRaised, StatusChanged
from qosresolve.core.requests import ActivityRequest, EscalationNotice, SupplierRequest, TroubleRequest
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import cast
from qosresolve.demo.monitoring import Monitoring
from qosresolve.demo.people import People
from qosresolve.demo.post import Post
from qosresolve.demo.service_assurance import ServiceAssurance
from qosresolve.demo.suppliers import Suppliers
from qosresolve.demo.tail import Tail
from qosresolve.settings import Settings
from qosresolve.topics import ACTIVITY_REQUEST, JOURNAL, SUPPLIER_REQUEST, TROUBLE_REQUEST, Topic

STEP_S = 0.05


class World:
    """Plays until asked to stop, then waits until all that it sent is acknowledged."""

    def __init__(self, settings: Settings, contracts: Contracts, stop: threading.Event) -> None:
        self._contracts = contracts
        self._stop = stop
        self._tail = Tail(settings, ACTIVITY_REQUEST, TROUBLE_REQUEST, SUPPLIER_REQUEST, JOURNAL)
        self._post = Post(settings, contracts)
        self._agenda = Agenda()
        products = cast()
        monitoring = Monitoring(self._agenda, self._post)
        monitoring.plan(products)
        self._assurance = ServiceAssurance(self._agenda, self._post, products, monitoring.mended)
        self._suppliers = Suppliers(self._agenda, self._post, products, monitoring.mended)
        self._people = People(self._agenda, self._post, products)
        self._people.plan()

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
