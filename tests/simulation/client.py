"""Stand-ins for confluent_kafka's clients, bound to one process of one modelled cluster.

They take what the real ones take and return the real classes' messages, partitions and errors; where they
differ knowingly is told in `README.md` beside this.
"""

import logging
from typing import Any, NamedTuple

from tests.simulation.admin import AdminClient
from tests.simulation.broker import Cluster
from tests.simulation.consumer import Consumer
from tests.simulation.network import Network
from tests.simulation.producer import Producer


class Clients(NamedTuple):
    """What to put in the place of confluent_kafka's names."""

    consumer: type[Consumer]
    producer: type[Producer]
    admin: type[AdminClient]


def bind(cluster: Cluster, network: Network, process_name: str) -> Clients:
    """Return the clients of one process; each call is the life of a new one, whatever its name."""
    process = cluster.connect(process_name)

    class BoundConsumer(Consumer):
        def __init__(
            self,
            config: dict[str, Any] | None = None,
            *,
            logger: logging.Logger | None = None,
            **more: object,
        ) -> None:
            super().__init__(cluster, network, process, (config or {}) | _dotted(more), logger)

    class BoundProducer(Producer):
        def __init__(
            self,
            config: dict[str, Any] | None = None,
            *,
            logger: logging.Logger | None = None,
            **more: object,
        ) -> None:
            super().__init__(cluster, network, process, (config or {}) | _dotted(more), logger)

    class BoundAdminClient(AdminClient):
        def __init__(
            self,
            config: dict[str, Any] | None = None,
            *,
            logger: logging.Logger | None = None,
            **more: object,
        ) -> None:
            super().__init__(cluster, network, process, (config or {}) | _dotted(more), logger)

    return Clients(BoundConsumer, BoundProducer, BoundAdminClient)


def _dotted(more: dict[str, object]) -> dict[str, object]:
    return {name.replace("_", "."): value for name, value in more.items()}
