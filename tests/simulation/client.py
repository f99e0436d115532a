"""Stand-ins for confluent_kafka's clients, bound to one process of one modelled cluster.

They take what the real ones take and return the real classes' messages, partitions and errors, and
`test_conformance` holds them to the real Kafka. Where they differ knowingly:

- There is one broker, never down by itself; an outage is requests that are lost. No replication, no leader
  epochs, no quotas, no rights, no retention by time. A truncated log still knows its producers.
- Requests of one client come one after the other, each with a round trip of its own. A lost one is repeated
  after a second, not when its connection breaks. Records without an answer never run out of time.
- A producer sends with `flush`, `poll`, a commit, or when the network says so, not by a clock; its queue is
  bounded by records, not by bytes. A batch is all that is queued for a partition, and an epoch that is raised
  after an abort is asked for at once.
- A fetch brings what lies there now: nothing waits in a queue of the client's. Partitions take turns.
- Joining and syncing a classic group are one step, cooperative-sticky is the only assignor, and a member
  subscribes to one topic. Static members of KIP-848 are not fenced by their instance id when they commit.
- The cleaner goes record by record up to the last stable offset, not by segments; it runs when it is told to.
- Transactions run out at their time, not at the coordinator's next look; nothing expires but they, members
  and tombstones. Markers are never compacted.
- Asked for the offsets of a partition that is not there, an admin client says so at once; the real one may
  run out of time. `list_topics` ignores the topic that it is asked for.
"""

import logging
from typing import Any, NamedTuple, Protocol, TypeVar

from tests.simulation.admin import AdminClient
from tests.simulation.broker import Cluster
from tests.simulation.consumer import Consumer
from tests.simulation.network import Network
from tests.simulation.processes import Process
from tests.simulation.producer import Producer

T = TypeVar("T", Consumer, Producer, AdminClient)
T_co = TypeVar("T_co", covariant=True)


class Makes(Protocol[T_co]):
    """Called as confluent_kafka's class is."""

    def __call__(
        self, config: dict[str, Any] | None = None, *, logger: logging.Logger | None = None, **more: object
    ) -> T_co:
        """Return a client; underscores in the names of `more` stand for dots."""


class Clients(NamedTuple):
    """What to put in the place of confluent_kafka's names."""

    consumer: Makes[Consumer]
    producer: Makes[Producer]
    admin: Makes[AdminClient]


def bind(cluster: Cluster, network: Network, process_name: str) -> Clients:
    """Return the clients of one process; each call is the life of a new one, whatever its name."""
    process = cluster.connect(process_name)
    return Clients(
        _bound(Consumer, cluster, network, process),
        _bound(Producer, cluster, network, process),
        _bound(AdminClient, cluster, network, process),
    )


def _bound(kind: type[T], cluster: Cluster, network: Network, process: Process) -> Makes[T]:
    def make(
        config: dict[str, Any] | None = None, *, logger: logging.Logger | None = None, **more: object
    ) -> T:
        dotted = {name.replace("_", "."): value for name, value in more.items()}
        return kind(cluster, network, process, (config or {}) | dotted, logger)

    return make
