"""The producer of known inputs, in a process of its own, and a little world that answers.

Called as `python -m tests.chaos.load HISTORY SEED PRODUCTS`; settings come from the environment. Each
product goes through troubles: raised, updated, abated, now and then sent twice, in the wrong order, to a
wrong partition or as garbage. SIGTERM ends them in good order: all is abated, what was sent is acknowledged.
"""

import random
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Command, Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity, Verb
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.post import wall_ms
from qosresolve.demo.tail import Tail
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings, load
from qosresolve.topics import ACTIVITY_REQUEST, DEGRADATION, JOURNAL, SUPPLIER_REQUEST, TROUBLE_REQUEST
from tests.chaos.history import History
from tests.chaos.neighbours import Neighbours
from tests.chaos.poison import poison
from tests.chaos.post import Post

STEP_S = 0.05
CLOSING_S = 12.0  # for what is still asked to be answered, once nothing new goes wrong
FLUSH_S = 120.0

TIERS = ("platinum", "gold", "silver", "bronze")
INDICATORS = ("latency", "jitter", "packetLoss", "throughput", "availability")
RESENT, ALTERED, STRAY, POISONED, BACKWARD = 0.04, 0.01, 0.02, 0.015, 0.04
_ORDERS: tuple[tuple[Verb, str, dict[str, str]], ...] = (
    (Verb.NOTE, "operator", {"value": "looked at"}),
    (Verb.ACKNOWLEDGE, "operator", {}),
    (Verb.SET_SEVERITY, "service-manager", {"value": "major"}),
    (Verb.RELEASE_SEVERITY, "service-manager", {}),
    (Verb.HOLD, "operator", {}),
    (Verb.RESUME, "operator", {}),
    (Verb.ASSIGN, "operator", {"value": "premium-desk"}),
    (Verb.CLEAR, "service-manager", {}),
    (Verb.CANCEL, "service-manager", {"reason": "falseAlarm"}),
    (Verb.CANCEL, "operator", {"reason": "falseAlarm"}),  # whom the policy does not let
    (Verb.PATCH, "operator", {"field": "description", "value": "customer called"}),
)


class Trouble:
    """One indicator of one product that is bad for a while."""

    def __init__(self, product: str, tier: str, indicator: str, severity: Severity) -> None:
        self.product = product
        self.tier = tier
        self.indicator = indicator
        self.severity = severity
        self.bad = True

    def event(self, number: int, kind: DegradationKind) -> Degradation:
        """Return the next event about it."""
        return Degradation(
            product_id=self.product,
            event_id=f"probe-{number}",
            source="probe",
            sequence=number,
            kind=kind,
            indicator=self.indicator,
            object_id=f"service-{self.product}",
            object_kind=ObjectKind.SERVICE,
            severity=self.severity,
            observed_at=wall_ms(),
            value=str(number % 100),
            tier=self.tier,
            owner_party="acme-transport" if number % 5 == 0 else "",
        )


class Load:
    """Sends what happens to all products, and answers what is asked of their neighbours."""

    def __init__(
        self, settings: Settings, contracts: Contracts, history: History, seed: int, products: int
    ) -> None:
        self._dice = random.Random(seed)
        self._agenda = Agenda()
        self._post = Post(settings, contracts, history, self._dice)
        self._contracts = contracts
        self._history = history
        self._partitions = settings.partitions
        self._tail = Tail(settings, ACTIVITY_REQUEST, TROUBLE_REQUEST, SUPPLIER_REQUEST, JOURNAL)
        self._neighbours = Neighbours(self._agenda, self._post, contracts, self._dice, self._mend)
        self._troubles: dict[str, Trouble] = {}
        self._sequence = 0
        self._closing = False
        for number in range(products):
            self._agenda.at(self._dice.uniform(0, 20), lambda name=f"P{number}": self._begin(name))  # type: ignore[misc]

    # -- what happens to a product

    def _begin(self, product: str) -> None:
        if self._closing:
            return
        dice = self._dice
        tier = TIERS[sum(product.encode()) % len(TIERS)]
        trouble = Trouble(product, tier, dice.choice(INDICATORS), dice.choice(list(Severity)))
        self._troubles[product] = trouble
        if dice.random() < BACKWARD:  # two ways through the network: the good news overtakes the bad
            raised = trouble.event(self._next(), DegradationKind.RAISE)
            self._end(trouble)
            self._agenda.after(dice.uniform(0.2, 3), lambda: self._send(raised))
            return
        self._send(trouble.event(self._next(), DegradationKind.RAISE))
        self._agenda.after(dice.uniform(0.5, 3), lambda: self._go_on(trouble))
        self._agenda.after(dice.uniform(5, 30), lambda: self._end(trouble))

    def _go_on(self, trouble: Trouble) -> None:
        if not trouble.bad or self._closing:
            return
        dice = self._dice
        if dice.random() < 0.2:
            trouble.severity = dice.choice(list(Severity))
        self._send(trouble.event(self._next(), DegradationKind.UPDATE))
        if dice.random() < 0.15:
            self._order(trouble.product)
        self._agenda.after(dice.uniform(0.5, 4), lambda: self._go_on(trouble))

    def _end(self, trouble: Trouble) -> None:
        if not trouble.bad:
            return
        trouble.bad = False
        self._send(trouble.event(self._next(), DegradationKind.ABATE))
        self._agenda.after(self._dice.uniform(2, 20), lambda: self._begin(trouble.product))

    def _mend(self, product: str) -> None:
        trouble = self._troubles.get(product)
        if trouble is not None:
            self._agenda.after(0.5, lambda: self._end(trouble))

    def _order(self, product: str) -> None:
        verb, role, more = self._dice.choice(_ORDERS)
        order = Command(product, f"{verb}-{self._next()}", verb, role, role, "it is needed", wall_ms())
        self._send(replace(order, **more))  # type: ignore[arg-type] # fields of text

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    # -- how it is sent

    def _send(self, body: Degradation | Command) -> None:
        dice = self._dice
        if isinstance(body, Degradation) and dice.random() < STRAY:
            record = self._contracts.write_input(body)[1]
            where = dice.randrange(self._partitions)
            self._post.put(DEGRADATION, body.product_id, record, body.identity(), partition=where)
        else:
            self._post.send(body)
        if dice.random() < RESENT:
            self._agenda.after(dice.uniform(0.1, 8), lambda: self._post.send(body))
        if isinstance(body, Degradation) and dice.random() < ALTERED:
            self._post.send(replace(body, value="another"))
        if dice.random() < POISONED:
            value, headers = poison(dice, body.product_id)
            self._post.put(DEGRADATION, body.product_id, value, "", headers=headers)

    # -- life

    def run(self, stop: threading.Event) -> int:
        """Play until asked to stop, and then to a good end; return what was left unacknowledged."""
        began = time.monotonic()
        while not stop.is_set():
            self._step(began)
        self._closing = True
        for trouble in self._troubles.values():
            self._end(trouble)
        closed = time.monotonic() + CLOSING_S
        while time.monotonic() < closed:
            self._step(began)
        self._tail.close()
        left = self._post.close(FLUSH_S)
        self._history.note("load-ended", sent=self._post.count, left=left)
        return left

    def _step(self, began: float) -> None:
        for topic, message in self._tail.read(min(STEP_S, self._agenda.wait)):
            self._neighbours.hear(topic, message)
        self._agenda.run(time.monotonic() - began)
        self._post.poll()


def main(history: str, seed: str, products: str) -> int:
    """Play; the exit status is 0 when all that was sent is acknowledged."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = load()
    world = Load(settings, contracts_for(settings), History(Path(history)), int(seed), int(products))
    return 1 if world.run(stop) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
