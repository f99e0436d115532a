"""Any history of members that come, go, freeze, die and are not heard: one owner a partition at a time."""

from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest

from tests.simulation.broker import Cluster
from tests.simulation.client import bind
from tests.simulation.consumer import Consumer
from tests.simulation.membership import GroupMetadata
from tests.simulation.network import Calm, Fate
from tests.simulation.refusal import Refused
from tests.simulation.stage import MEMBER, TOPIC

PARTITIONS = 6
MOST = 4
STEPS = 250
LONGEST_S = 130  # in which every session and round has run out


class Deaf(Calm):
    """A network that loses some of what members ask."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.loss = 0.0
        self._chance = chance

    def fate(self, client: str, api: str) -> Fate:  # noqa: ARG002 - every client's
        """Lose a part."""
        if api == "Fetch" or self._chance.random() >= self.loss:
            return Fate.DELIVERED
        return self._chance.choice((Fate.REQUEST_LOST, Fate.ANSWER_LOST))


@dataclass
class History:
    """A group over time."""

    seed: int
    protocol: str
    live: dict[str, Consumer] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.network = Deaf(self.chance)
        self.cluster = Cluster(self.network)
        self.cluster.create_topic(TOPIC, PARTITIONS)
        self._numbers = count()

    def step(self) -> None:
        """Let one thing happen."""
        happening = self.chance.choices(
            (self.join, self.leave, self.freeze, self.thaw, self.wait, self.poll), (5, 3, 2, 3, 7, 80)
        )
        happening[0]()

    def join(self) -> None:
        """Start one more process."""
        if len(self.live) < MOST:
            name = f"m{next(self._numbers)}"
            more = {"group.protocol": self.protocol}
            self.live[name] = bind(self.cluster, self.network, name).consumer(MEMBER | more)
            self.live[name].subscribe([TOPIC])

    def leave(self) -> None:
        """End one, orderly or not."""
        if self.live:
            name = self._one(self.live)
            consumer = self.live.pop(name)
            self.frozen.discard(name)
            if self.chance.random() < 0.5:
                self.cluster.kill(name)
            else:
                self.cluster.thaw(name)
                consumer.close()

    def freeze(self) -> None:
        """Stop one."""
        if self.live:
            name = self._one(self.live)
            self.frozen.add(name)
            self.cluster.freeze(name)

    def thaw(self) -> None:
        """Let one go on."""
        if self.frozen:
            name = self._one(self.frozen)
            self.frozen.remove(name)
            self.cluster.thaw(name)

    def wait(self) -> None:
        """Let nobody poll for a while."""
        self.network.wait(self.chance.choice((1, 3, 7, 20)))
        self.cluster.expire(self.network.now_ms())

    def poll(self) -> None:
        """Let most of those that run poll."""
        for name in sorted(set(self.live) - self.frozen):
            if self.chance.random() < 0.8:
                self.live[name].consume(5, 0.05)

    def _one(self, names: dict[str, Consumer] | set[str]) -> str:
        return self.chance.choice(sorted(names))

    def owners(self) -> dict[int, str]:
        """Return who may commit each partition that it reads; fails where two may."""
        found: dict[int, str] = {}
        for name, consumer in self.live.items():
            for at in consumer.assignment():
                if self.may_commit(consumer, at.partition):
                    assert at.partition not in found, (self.seed, at.partition, found, name)
                    found[at.partition] = name
        return found

    def may_commit(self, consumer: Consumer, partition: int) -> bool:
        """Ask the coordinator."""
        protocol = self.cluster.groups.of("g").protocol
        assert protocol is not None
        by = GroupMetadata.read(consumer.consumer_group_metadata())
        try:
            protocol.validate(by, [(TOPIC, partition)], transactional=True)
        except Refused:
            return False
        return True

    def heal(self) -> None:
        """Let all go on without losses until everything has settled."""
        self.network.loss = 0.0
        while self.frozen:
            self.thaw()
        if not self.live:
            self.join()
        end = self.network.now_ms() + LONGEST_S * 1000
        while self.network.now_ms() < end:
            for consumer in self.live.values():
                consumer.consume(5, 0.2)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_any_history_of_members(protocol: str) -> None:
    """At no time may two commit what both read; after the last fault every partition has an owner."""
    for seed in range(20):
        history = History(seed, protocol)
        for step in range(STEPS):
            history.network.loss = 0.3 if step // 40 % 2 else 0.0
            history.step()
            history.owners()
        history.heal()
        assert len(history.owners()) == PARTITIONS, seed
