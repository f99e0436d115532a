"""A Kafka cluster of some nodes on local JVMs, each of which can be hurt, and stand behind a proxy.

Scope: the nodes, their addresses, and when all replicas are in sync. Each node is broker and controller.

    with KafkaCluster(nodes=3, proxied=True) as cluster:
        cluster.nodes[1].kill()
        cluster.proxies[0].reset()
        cluster.nodes[1].start()
        cluster.await_in_sync()
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from confluent_kafka import KafkaException

from tests.support.kafka_broker import BASE_PROPERTIES, LOOPBACK, free_port, quiet_admin
from tests.support.kafka_node import KafkaNode
from tests.support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from confluent_kafka.admin import AdminClient

HEAP_MB = 512
IN_SYNC_S = 120.0

# Two cores carry three JVMs and whatever the test runs beside them: a busy node is not a dead one.
PATIENT_PROPERTIES = {
    "controller.quorum.election.timeout.ms": "3000",
    "controller.quorum.election.backoff.max.ms": "2000",
    "controller.quorum.fetch.timeout.ms": "5000",
    "controller.quorum.request.timeout.ms": "5000",
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "1000",
    "replica.lag.time.max.ms": "10000",
    "unclean.leader.election.enable": "false",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where one node listens: for clients, for the other brokers, as a controller."""

    client: int
    inner: int
    control: int

    @classmethod
    def free(cls) -> Self:
        return cls(free_port(), free_port(), free_port())


class KafkaCluster:
    """Some Kafka nodes with one cluster id and static voters, and a proxy before each where asked for.

    Clients use `bootstrap`, which goes through the proxies. `direct` goes around them, for who sends known
    inputs or checks what came of it; the nodes talk to each other directly too. `properties` override those
    of every node. `data` puts the log directory of a node, by index, elsewhere (see `small_disk`).
    With three nodes each of Kafka's own topics has three replicas, two of which must be in sync.
    """

    def __init__(
        self,
        nodes: int = 3,
        *,
        properties: Mapping[str, str] | None = None,
        proxied: bool = False,
        data: Mapping[int, Path] | None = None,
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="qosresolve-cluster-"))
        ports = [Ports.free() for _ in range(nodes)]
        self.proxies = [TcpProxy(each.client) for each in ports] if proxied else []
        self._advertised = [proxy.port for proxy in self.proxies] or [each.client for each in ports]
        voters = ",".join(f"{at}@{LOOPBACK}:{each.control}" for at, each in enumerate(ports, 1))
        shared = BASE_PROPERTIES | PATIENT_PROPERTIES | replication(nodes) | dict(properties or {})
        self.nodes: list[KafkaNode] = []
        for at, each in enumerate(ports):
            home = self.home / f"node-{at + 1}"
            own = {
                "node.id": str(at + 1),
                "controller.quorum.voters": voters,
                "log.dirs": str((data or {}).get(at, home / "data")),
            }
            whole = shared | listeners(each, self._advertised[at]) | own
            self.nodes.append(KafkaNode(f"{LOOPBACK}:{each.inner}", home, whole, heap_mb=HEAP_MB))

    @property
    def bootstrap(self) -> str:
        """What clients are given."""
        return ",".join(f"{LOOPBACK}:{port}" for port in self._advertised)

    @property
    def direct(self) -> str:
        """The same brokers, around the proxies."""
        return ",".join(node.bootstrap for node in self.nodes)

    def alive(self) -> bool:
        """True while any node runs."""
        return any(node.alive() for node in self.nodes)

    def start(self) -> None:
        """Start every node that does not run, and wait until all answer and know each other."""
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.await_ready()
        self.await_in_sync()

    def heal(self) -> None:
        """End every fault: proxies pass everything, frozen nodes go on, dead ones start; wait for the ISR."""
        for proxy in self.proxies:
            proxy.heal()
        for node in self.nodes:
            if node.alive():
                node.resume()
        self.start()

    def rolling_restart(self) -> None:
        """Restart node after node in order, each when the one before is back in sync."""
        for node in self.nodes:
            node.restart()
            self.await_in_sync()

    def await_in_sync(self, timeout_s: float = IN_SYNC_S) -> None:
        """Return when every node is known and no partition has a replica out of sync.

        Raises TimeoutError that names what is missing.
        """
        admin = quiet_admin(self.direct)
        end = time.monotonic() + timeout_s
        while behind := self._behind(admin):
            if time.monotonic() > end:
                raise TimeoutError(f"not in sync within {timeout_s:.0f} s: {'; '.join(behind[:5])}")
            time.sleep(0.1)

    def _behind(self, admin: AdminClient) -> list[str]:
        """Return what is missing; nothing when all is well."""
        try:
            metadata = admin.list_topics(timeout=5)
        except KafkaException as error:
            return [error.args[0].str()]
        gone = [f"node {node.id} is not there" for node in self.nodes if node.id not in metadata.brokers]
        return gone + [
            f"{topic.topic} {number}: replicas {partition.replicas}, in sync {partition.isrs}"
            for topic in metadata.topics.values()
            for number, partition in topic.partitions.items()
            if set(partition.isrs) != set(partition.replicas) or partition.leader < 0
        ]

    def close(self) -> None:
        """End all of it and remove the directories."""
        for node in self.nodes:
            node.close()
        for proxy in self.proxies:
            proxy.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def replication(nodes: int) -> dict[str, str]:
    replicas = min(3, nodes)
    least = max(1, replicas - 1)
    return {
        "default.replication.factor": str(replicas),
        "min.insync.replicas": str(least),
        "offsets.topic.replication.factor": str(replicas),
        "transaction.state.log.replication.factor": str(replicas),
        "transaction.state.log.min.isr": str(least),
        "share.coordinator.state.topic.replication.factor": str(replicas),
        "share.coordinator.state.topic.min.isr": str(least),
    }


def listeners(ports: Ports, advertised: int) -> dict[str, str]:
    """Clients have a listener of their own: a proxy before it does not touch replication."""
    return {
        "listeners": f"CLIENT://{LOOPBACK}:{ports.client},INNER://{LOOPBACK}:{ports.inner},"
        f"CONTROLLER://{LOOPBACK}:{ports.control}",
        "advertised.listeners": f"CLIENT://{LOOPBACK}:{advertised},INNER://{LOOPBACK}:{ports.inner}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INNER",
    }
