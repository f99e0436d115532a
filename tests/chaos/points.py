"""Named points at which a process under test dies, or freezes, when a director has ordered it.

The points lie around what the product asks of its Kafka clients, so nothing in the product knows of them:
`install` puts two classes of ours in the place of the client's own. The order is a small file that is looked
for at each point, and gone once it was obeyed, so that the next process in the place lives. `passes` in it
says how often the process goes on first.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import confluent_kafka
from confluent_kafka import Message, TopicPartition

from qosresolve.kafka import clients
from qosresolve.topics import STATE
from tests.chaos.history import History

IN_TRANSACTION = ("begun", "produced", "offsets", "committing", "commit-sent", "committed")
ON_ASSIGNMENT = ("assigning", "revoking", "restoring", "starting")
OF_WORKER = IN_TRANSACTION + ON_ASSIGNMENT
OF_TIMER = ("firing", "catching-up")

_SENT_S = 0.002  # after which a request that was asked for lies at the broker, or nearly so
_STATE = frozenset(topic.name for topic in STATE)


class Orders:
    """What the director wants of this process: die or freeze at a point."""

    def __init__(self, order: Path, history: History, name: str) -> None:
        self._order = order
        self._history = history
        self._name = name
        self._passed = 0  # how often it came to the point, under this order

    def reach(self, point: str) -> None:
        """Do what was ordered for this point, if anything was."""
        number = self.due(point)
        if number is not None:
            os.kill(os.getpid(), number)

    def due(self, point: str) -> signal.Signals | None:
        """Return the signal ordered for a point and strike the order out; None where there is none."""
        try:
            order = json.loads(self._order.read_bytes())
        except FileNotFoundError:
            return None
        if order["point"] != point:
            return None
        self._passed += 1
        if self._passed <= order.get("passes", 0):
            return None
        self._order.unlink()
        self._passed = 0
        self._history.note("point", name=self._name, pid=os.getpid(), point=point, signal=order["signal"])
        return signal.Signals[order["signal"]]

    def hold(self, what: str, numbers: Sequence[int]) -> None:
        """Note partitions that came or went: takeover is measured from that."""
        self._history.note(what, name=self._name, pid=os.getpid(), partitions=sorted(numbers))


_orders: Orders
_role: str


class Producer(confluent_kafka.Producer):
    """The client's producer, with a point around each step of a transaction."""

    def begin_transaction(self) -> None:
        """Point `begun` lies after it."""
        super().begin_transaction()
        _orders.reach("begun")

    def produce(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on as they come
        """Point `firing` of a timer lies after it: the deadline is on its way, or only queued."""
        super().produce(*args, **options)
        if _role == "timer":
            _orders.reach("firing")

    def send_offsets_to_transaction(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Point `produced` lies before it, with the records in the log; `offsets` after it."""
        number = _orders.due("produced")
        if number is not None:
            self.flush(5)
            os.kill(os.getpid(), number)
        super().send_offsets_to_transaction(*args, **options)
        _orders.reach("offsets")

    def commit_transaction(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Points: `committing` before it, `commit-sent` in the midst of it, `committed` after it."""
        _orders.reach("committing")
        number = _orders.due("commit-sent")
        if number is not None:
            threading.Thread(target=_soon, args=(number,), daemon=True).start()
        super().commit_transaction(*args, **options)
        _orders.reach("committed")


def _soon(number: signal.Signals) -> None:
    time.sleep(_SENT_S)
    os.kill(os.getpid(), number)


class Consumer(confluent_kafka.Consumer):
    """The client's consumer, with points in the callbacks, at the start of a partition and in a restore."""

    _called_back = False
    _behind = False  # was assigned from a start, and has yet to read what lies there

    def subscribe(self, topics: list[str], **callbacks: Any) -> None:  # type: ignore[override] # noqa: ANN401
        """Points `assigning` and `revoking` lie inside the callbacks, behind what the product does there."""
        noted = {
            "on_assign": ("assigned", "assigning"),
            "on_revoke": ("given-up", "revoking"),
            "on_lost": ("given-up", "revoking"),
        }
        wrapped = {name: self._called(call, *noted[name]) for name, call in callbacks.items()}
        super().subscribe(topics, **wrapped)

    def _called(self, call: Callable[..., None], what: str, point: str) -> Callable[..., None]:
        def callback(consumer: confluent_kafka.Consumer, places: list[TopicPartition]) -> None:
            self._called_back = True
            call(consumer, places)
            self._called_back = False
            self._behind = what == "assigned"
            if places:
                _orders.hold(what, [place.partition for place in places])
                _orders.reach(point)

        return callback

    def assign(self, places: list[TopicPartition]) -> None:
        """Begin to read from a start: what is read next is a restore."""
        super().assign(places)
        self._behind = True

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        """Point `starting` lies after it: a partition's inputs begin to be read, outside of a callback."""
        super().incremental_assign(places)
        if places and not self._called_back:
            _orders.reach("starting")

    def consume(self, *args: Any, **options: Any) -> list[Message]:  # noqa: ANN401
        """Points `restoring` and `catching-up` lie behind the first records of a state topic."""
        found: list[Message] = super().consume(*args, **options)
        if self._behind and any(_of_state(message) for message in found):
            self._behind = False
            _orders.reach("catching-up" if _role == "timer" else "restoring")
        return found


def _of_state(message: Message) -> bool:
    return message.error() is None and any((message.topic() or "").endswith(name) for name in _STATE)


def install(orders: Orders, role: str) -> None:
    """Put the two classes in place, before the product makes its first client."""
    global _orders, _role
    _orders, _role = orders, role
    clients.Producer = Producer  # type: ignore[attr-defined]
    clients.Consumer = Consumer  # type: ignore[attr-defined]
