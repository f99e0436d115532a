"""A real Apache Kafka for the tests: one that is given, one in a container, or one on a local JVM.

Scope: finding one broker, and a server of one node that tests may hurt. Clusters are in `kafka_cluster`,
network faults in `tcp_proxy`. As a program (`python -m tests.support.kafka_server`) it runs a broker in the
foreground.
"""

from __future__ import annotations

import logging
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.support.kafka_broker import (
    LOOPBACK,
    Broker,
    NoKafkaError,
    UnavailableError,
    broker_properties,
    free_port,
)
from tests.support.kafka_container import BOOTSTRAP_VARIABLE, IMAGE, container_broker, given_broker
from tests.support.kafka_node import KafkaNode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType, TracebackType

__all__ = [
    "BOOTSTRAP_VARIABLE",
    "Broker",
    "KafkaServer",
    "NoKafkaError",
    "UnavailableError",
    "find_broker",
    "free_port",
]

LOG = logging.getLogger(__name__)

REMEDIES = f"""\
The tests marked "kafka" need a real Apache Kafka 4. Do one of these:
  - set {BOOTSTRAP_VARIABLE} to the host:port of a broker that may be written to;
  - start a Docker engine this user may talk to ({IMAGE} is run in it);
  - install a JDK 17 or newer and Maven (the broker's jars come from Maven Central once)."""


def find_broker() -> Broker:
    """A broker that answers; the caller closes it.

    Raises NoKafkaError when there is none. A broker that was named but does not answer is an error
    too: another one in its place would hide the mistake.
    """
    reasons = []
    for way in (given_broker, container_broker, local_broker):
        try:
            return way()
        except UnavailableError as reason:
            LOG.info("no Kafka from %s: %s", way.__name__, reason)
            reasons.append(str(reason))
    raise NoKafkaError("\n".join([REMEDIES, "What was tried:", *(f"  - {reason}" for reason in reasons)]))


def local_broker() -> Broker:
    server = KafkaServer()
    server.start()
    return server


class KafkaServer(KafkaNode):
    """A one-node Kafka in a JVM of its own, on loopback, that can be stopped, killed and frozen.

    The port and the log directory stay the same from one start to the next; `close` (or leaving the
    `with` block) ends it and removes the directory. `properties` override the broker's own.
    """

    __slots__ = ("port",)

    def __init__(
        self,
        properties: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        format_arguments: Sequence[str] = (),
        options: Sequence[str] = (),
    ) -> None:
        self.port = port or free_port()
        home = Path(tempfile.mkdtemp(prefix="qosresolve-kafka-"))
        base = broker_properties(LOOPBACK, LOOPBACK, self.port, free_port(), str(home / "data"))
        whole = base | dict(properties or {})
        super().__init__(f"{LOOPBACK}:{self.port}", home, whole, format_arguments, options=options)

    def start(self) -> None:
        """Starts the broker and waits until it answers; one that does not is closed."""
        try:
            super().start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# --- in the foreground ----------------------------------------------------------------------------


def end_on_sigterm(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    signal.signal(signal.SIGTERM, end_on_sigterm)
    try:
        broker = find_broker()
    except NoKafkaError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        print(broker.bootstrap, flush=True)
        while broker.alive():
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
    finally:
        broker.close()
    return 1


if __name__ == "__main__":
    sys.exit(main())
