"""The neighbours: they send inputs of every kind, answer what they are asked, and make their own mistakes.

They write to the logs themselves: what befalls their own requests is not the product's business. What they do
that is wrong (poison, foreign partitions, the same event twice, aborted transactions) is noted, so that the
checks know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.contracts.windows import write_body
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.vocabulary import Verb
from qosresolve.kafka.windows import LIFT, SET
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, POLICY, REQUESTS
from tests.kafka.harness import RECORDS
from tests.simulation.commits import partition_of
from tests.simulation.inputs import ANSWERED_ON, Made, Maker
from tests.simulation.ledger import since
from tests.simulation.log import Batch, Body, Record, State
from tests.simulation.refusal import Refused
from tests.simulation.violation import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.broker import Cluster
    from tests.simulation.scheduler import Scheduler

Where = tuple[str, int, int]
RESENT = 12  # how far back an event is sent again: the shield against that is bounded
NEIGHBOUR = "neighbour"  # the transactional id of one that sends in transactions
TRACE = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]


class World:
    """All neighbours of one cluster."""

    def __init__(
        self, chance: Random, scheduler: Scheduler, cluster: Cluster, partitions: int, products: int
    ) -> None:
        self.maker = Maker(chance)
        self.poison: set[Where] = set()
        self.sent = 0
        self.active = True
        self.products = [f"P{number}" for number in range(products)]
        self.policies: tuple[tuple[str, bytes], ...] = ()  # (hash, record) of others that may be activated
        self._chance = chance
        self._scheduler = scheduler
        self._cluster = cluster
        self._partitions = partitions
        self._lately: dict[str, list[Made]] = {}
        self._answered = {(topic.name, number): 0 for topic in REQUESTS for number in range(partitions)}
        self._redriven = dict.fromkeys(range(partitions), 0)
        self._windows = 0
        self._transactions = 0
        self._acts: tuple[tuple[int, Callable[[], None]], ...] = (
            (30, self._degrade),
            (6, lambda: self._put(self.maker.order(self._product(), self._now))),
            (2, lambda: self._put(self.maker.handover(self._product(), self._now))),
            (3, lambda: self._put(self.maker.finding(self._product(), self._now))),
            (1, lambda: self._put(self.maker.odd_deadline(self._product(), self._now))),
            (4, self._send_again),
            (3, lambda: self._put(self.maker.poison(self._product(), self._now))),
            (4, self._elsewhere),
            (2, self._burst),
            (3, self._in_transaction),
            (1, self._window),
            (1, self._policy),
            (1, self.redrive),
        )
        self._weights = [weight for weight, _ in self._acts]

    @property
    def _now(self) -> int:
        return self._scheduler.now_ms()

    def _product(self) -> str:
        return self._chance.choice(self.products)

    # -- sending

    def act(self) -> None:
        """Do one thing."""
        if self.active:
            self._chance.choices(self._acts, self._weights)[0][1]()
            self._answer()

    def _put(
        self, made: Made, partition: int | None = None, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        """Write one record where its product belongs, or elsewhere."""
        place = partition_of(made.product, self._partitions) if partition is None else partition
        self._write(made, (made.topic.name, place), headers or [])
        if made.topic is DEGRADATION and not made.poison:
            self._lately.setdefault(made.product, []).append(made)
            del self._lately[made.product][:-RESENT]

    def _write(
        self, made: Made, place: tuple[str, int], headers: list[tuple[str, bytes]], **batch: object
    ) -> None:
        given = [*headers, *(TRACE if self._chance.random() < 0.1 else [])]
        body = Body(
            made.product.encode() if made.product else None, made.value, list(given) or None, self._now
        )
        offset, _ = self._cluster.produce(place, Batch((body,), **batch))  # type: ignore[arg-type]
        self.sent += 1
        if made.poison:
            self.poison.add((*place, offset))

    def has_product(self, partition: int) -> bool:
        """Tell whether any product belongs to a partition."""
        return any(partition_of(product, self._partitions) == partition for product in self.products)

    def degrade_all(self) -> None:
        """Send every product an update, nothing else."""
        for product in self.products:
            self._put(self.maker.update(product, self._now))

    def poison_all(self, partition: int, count: int) -> None:
        """Send a partition nothing but poison."""
        product = next(item for item in self.products if partition_of(item, self._partitions) == partition)
        for _ in range(count):
            self._put(Made(DEGRADATION, product, b"nothing", poison=True), partition)

    def _degrade(self) -> None:
        self._put(self.maker.degradation(self._product(), self._now))

    def _send_again(self) -> None:
        known = self._lately.get(self._product())
        if known:
            self._put(self._chance.choice(known))

    def _elsewhere(self) -> None:
        """A foreign partitioner: a record, of any input, on a partition that is not its product's."""
        product = self._product()
        made = self._chance.choice((self.maker.degradation, self.maker.order))(product, self._now)
        self._put(made, self._chance.randrange(self._partitions))

    def _burst(self) -> None:
        product = self._product()
        for _ in range(self._chance.choice((20, 60, 200))):
            self._put(self.maker.update(product, self._now))
        self._put(self.maker.abatement(product, self._now))

    def _in_transaction(self) -> None:
        """A neighbour sends in a transaction that stays open for a while, and may be aborted."""
        self._transactions += 1
        name = f"{NEIGHBOUR}-{self._transactions}"
        producer = self._cluster.transactions.init(name, 8_000)
        made = [
            self.maker.degradation(self._product(), self._now) for _ in range(self._chance.randrange(1, 4))
        ]
        places = [(item.topic.name, partition_of(item.product, self._partitions)) for item in made]
        self._cluster.transactions.add(name, producer, set(places), set())
        sequences: dict[tuple[str, int], int] = {}
        for item, place in zip(made, places, strict=True):
            sequence = sequences.get(place, 0)
            sequences[place] = sequence + 1
            self._write(
                item,
                place,
                [],
                producer_id=producer[0],
                epoch=producer[1],
                sequence=sequence,
                transactional=True,
            )
        commit = self._chance.random() < 0.5
        if self._chance.random() < 0.9:  # else its time-out ends it
            self._scheduler.later(
                self._chance.choice((5, 200, 1_500)), lambda: self._end(name, producer, commit=commit)
            )

    def _end(self, name: str, producer: tuple[int, int], *, commit: bool) -> None:
        try:
            self._cluster.transactions.end(name, producer, commit=commit)
        except Refused as refused:  # a pause of the whole world: it has timed out
            self._scheduler.trace.note(self._now, "world", f"{name} {refused}")

    # -- control

    def _everywhere(self, verb: Verb, **changes: object) -> None:
        for number in range(self._partitions):
            self._put(self.maker.control(number, verb, self._now, **changes), number)

    def _window(self) -> None:
        now = self._now
        if self._windows and self._chance.random() < 0.4:
            self._everywhere(Verb.SET_WINDOW, field=LIFT, value=f"w{self._chance.randrange(self._windows)}")
            return
        window = MaintenanceWindow(
            f"w{self._windows}",
            now + self._chance.choice((-2_000, 0, 3_000)),
            now + self._chance.choice((4_000, 10_000)),
            product_id=self._chance.choice((self._product(), "")),
        )
        self._windows += 1
        self._everywhere(Verb.SET_WINDOW, field=SET, value=write_body(window))

    def _policy(self) -> None:
        """Activate a policy; now and then before it is published."""
        if not self.policies:
            return
        name, record = self._chance.choice(self.policies)
        self._everywhere(Verb.ACTIVATE_POLICY, value=name)
        body = Body(name.encode(), record, None, self._now)
        self._scheduler.later(
            self._chance.choice((0, 0, 700, 4_000)),
            lambda: self._publish(body),
        )

    def _publish(self, body: Body) -> None:
        self._cluster.produce((POLICY.name, 0), Batch((body,)))

    # -- answering

    def _answer(self) -> None:
        """Answer requests that were committed, some late, some twice."""
        for topic in REQUESTS:
            for number in range(self._partitions):
                for record in self._new(topic.name, number):
                    self._answer_to(topic.record, record)

    def _new(self, topic: str, number: int) -> list[Record]:
        log = self._cluster.log(topic, number)
        read = self._answered[topic, number]
        if read >= log.last_stable:
            return []
        self._answered[topic, number] = log.last_stable
        return [
            record
            for record in since(log, read)
            if record.state is State.COMMITTED and record.offset < log.last_stable
        ]

    def _answer_to(self, name: str, record: Record) -> None:
        if name not in ANSWERED_ON:
            return
        request = RECORDS.read_request(name, record.body.value or b"")
        delay = self._chance.choice((50, 300, 1_500, 6_000))
        for made in self.maker.answers(name, request, self._now):
            self._scheduler.later(delay, lambda made=made: self._put_if_active(made))  # type: ignore[misc]
            if self._chance.random() < 0.1:
                self._scheduler.later(delay + 700, lambda made=made: self._put_if_active(made))  # type: ignore[misc]
            delay += self._chance.choice((100, 1_000, 4_000))

    def _put_if_active(self, made: Made) -> None:
        if self.active:
            self._put(made)

    # -- redriving

    def redrive(self) -> None:
        """Put a dead letter back where it came from: poison again, and once."""
        number = self._chance.randrange(self._partitions)
        log = self._cluster.log(DEAD_LETTERS.name, number)
        letters = [item for item in since(log, 0) if item.state is State.COMMITTED]
        if not letters:
            return
        letter = self._chance.choice(letters)
        said = dict(letter.body.headers or ())
        topic = (said.get("__connect.errors.topic") or b"").decode()
        expect("12", topic in self._cluster.topics, f"a dead letter of {topic!r}")
        offset, _ = self._cluster.produce(
            (topic, number), Batch((Body(letter.body.key, letter.body.value, None, self._now),))
        )
        self.poison.add((topic, number, offset))
        self.sent += 1
