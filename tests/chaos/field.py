"""Where the faults happen: the brokers and their proxies, the processes, and what a fault may use of both."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Producer

from qosresolve.settings import Settings
from qosresolve.topics import Names
from tests.chaos import admin
from tests.chaos.history import History
from tests.chaos.post import Post
from tests.chaos.profiles import Profile, environment_of
from tests.chaos.supervisor import Place, Supervisor
from tests.support.kafka_cluster import KafkaCluster
from tests.support.small_disk import SmallDisk

LOOK_S = 0.05
ASK_S = 40.0


class NotReachedError(Exception):
    """A fault did not come about; says why. It is not counted."""


@dataclass
class Field:
    """What a fault may use. `settings` go around the proxies; the processes' own go through them."""

    cluster: KafkaCluster
    supervisor: Supervisor
    settings: Settings
    post: Post
    profile: Profile
    history: History
    policies: tuple[str, ...]
    disk: SmallDisk | None = None
    disk_node: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def names(self) -> Names:
        """Return the topics' names."""
        return Names(self.settings.prefix)

    @property
    def workers(self) -> list[Place]:
        """Return the workers' places, without those of a rebalance storm."""
        return [place for place in self.supervisor.of("worker") if not place.name.startswith("worker-x")]

    def sleep(self, seconds: float) -> None:
        """Let a fault last; ends early when the run is to end."""
        self.stopping.wait(seconds)

    def ask(self, what: str, **more: object) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Have something administered, around the proxies, again while refused. Raises NotReachedError."""
        end = time.monotonic() + ASK_S
        while True:
            try:
                return admin.ask(environment_of(self.settings), what, **more)
            except admin.RefusedError as error:
                if time.monotonic() > end or self.stopping.is_set():
                    raise NotReachedError(str(error)[-300:]) from error

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something. Raises NotReachedError."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or self.stopping.is_set():
                raise NotReachedError(f"no {what} within {seconds:.0f} s")
            time.sleep(LOOK_S)

    def obeyed(self, place: Place, seconds: float) -> None:
        """Wait until a process came to the point it was ordered to. Raises NotReachedError."""
        try:
            self.until(lambda: not place.order.exists(), seconds, f"{place.name} at that point")
        except NotReachedError:
            place.order.unlink(missing_ok=True)
            raise

    def transactional(self, name: str) -> Producer:
        """Return a producer of a stranger, around the proxies."""
        own = {"transactional.id": f"{self.settings.prefix}{name}", "transaction.timeout.ms": 10_000}
        return Producer({"bootstrap.servers": self.settings.bootstrap_servers, "log_level": 0} | own)
