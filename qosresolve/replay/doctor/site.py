"""What the checks are told of the cluster: asked for once, when the first of them needs it. Only reads."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from qosresolve.contracts.records import Contracts
from qosresolve.errors import RetriableError
from qosresolve.kafka import clients, denied, offsets, topics_admin
from qosresolve.kafka.acls import Role
from qosresolve.kafka.offsets import Place, patiently
from qosresolve.settings import Settings
from qosresolve.topics import TOPICS, Names, Topic

ASK_S = 10.0
STALL_S = 10.0  # a reading without progress; an open transaction is found by another check
PATIENCE_S = 10.0  # while leaders move
Config = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Replicas:
    """Where one partition lies: broker ids, `leader` -1 where it has none."""

    topic: str
    partition: int
    leader: int
    copies: tuple[int, ...]
    in_sync: tuple[int, ...]


@dataclass(eq=False)
class Site:
    """One cluster under one prefix, as the settings name it; `outage_ms` is how long it may stand still."""

    settings: Settings
    contracts: Contracts
    outage_ms: int
    roles: Sequence[Role] = ()
    given_up: set[threading.Thread] = field(default_factory=set)  # nobody waits for what they read

    @property
    def late(self) -> bool:
        """Tell whether nobody waits for this thread any more."""
        return threading.current_thread() in self.given_up

    @cached_property
    def names(self) -> Names:
        """Return the topics' names."""
        return Names(self.settings.prefix)

    @cached_property
    def admin(self) -> AdminClient:
        """Return the one client that asks. Raises RetriableError when no broker answers."""
        return clients.admin(self.settings)

    @cached_property
    def brokers(self) -> tuple[int, ...]:
        """Return the ids of the brokers that are there."""
        try:
            found = self.admin.describe_cluster(request_timeout=ASK_S).result()
        except KafkaException as error:
            raise RetriableError(f"no broker says which brokers there are: {error.args[0].str()}") from error
        return tuple(sorted(node.id for node in found.nodes))

    @cached_property
    def replicas(self) -> list[Replicas]:
        """Return every partition of the topics of the table that are there."""
        metadata = clients.metadata(self.admin)
        return [
            Replicas(name, number, seen.leader, tuple(seen.replicas), tuple(seen.isrs))
            for name in map(self.names.of, TOPICS)
            if name in metadata and metadata[name].error is None
            for number, seen in sorted(metadata[name].partitions.items())
        ]

    @cached_property
    def present(self) -> frozenset[str]:
        """Return the names of the table's topics that are there."""
        return frozenset(seen.topic for seen in self.replicas)

    @cached_property
    def configs(self) -> topics_admin.Configs:
        """Return the options of these topics, also those that they inherit from their broker."""
        return topics_admin.configs(self.admin, sorted(self.present))

    def config(self, topics: Iterable[Topic]) -> dict[str, Config]:
        """Return the options of some of them that are there."""
        return {name: self.configs[name] for name in map(self.names.of, topics) if name in self.present}

    @cached_property
    def broker_configs(self) -> dict[int, Config] | None:
        """Return the options of each broker; None where we may not see them: no role of ours has to."""
        return {
            broker: found for broker in self.brokers if (found := self._broker(broker)) is not None
        } or None

    def _broker(self, number: int) -> Config | None:
        resource = ConfigResource(ResourceType.BROKER, str(number))
        (future,) = self.admin.describe_configs([resource], request_timeout=ASK_S).values()
        try:
            return {name: entry.value for name, entry in future.result().items()}
        except KafkaException as error:
            if denied.denial(error) is not None:
                return None
            raise RetriableError(
                f"broker {number} does not tell its options: {error.args[0].str()}"
            ) from error

    def places(self, topics: Iterable[Topic]) -> list[Place]:
        """Return every partition of some topics, of those that are there."""
        wanted = set(map(self.names.of, topics))
        return [(seen.topic, seen.partition) for seen in self.replicas if seen.topic in wanted]

    def starts(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the first retained offsets."""
        wanted = list(places)
        return patiently(lambda: offsets.starts(self.admin, wanted), PATIENCE_S)

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the ends, open transactions included."""
        wanted = list(places)
        return patiently(lambda: offsets.ends(self.admin, wanted), PATIENCE_S)

    def stable_ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return up to where all is committed or aborted."""
        wanted = list(places)
        return patiently(lambda: offsets.stable_ends(self.admin, wanted), PATIENCE_S)

    def since(self, places: Iterable[Place], instant: int) -> dict[Place, int]:
        """Return the first offsets of an instant in ms or later, the end where there is none."""
        wanted = list(places)
        return patiently(lambda: offsets.since(self.admin, wanted, instant), PATIENCE_S)


def number(config: Config, name: str) -> int | None:
    """Return an option that is a whole number, None where it is not told."""
    value = config.get(name)
    return int(value) if value and value.lstrip("-").isdigit() else None
