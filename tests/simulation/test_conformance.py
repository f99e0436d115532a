"""The model against the real Kafka: the same programs on both, and the same traces."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from tests.simulation import (
    programs_groups,
    programs_late,
    programs_lost,
    programs_reading,
    programs_transactions,
)
from tests.simulation.broker import Cluster
from tests.simulation.client import Clients, bind
from tests.simulation.network import Calm, Fate
from tests.simulation.surface import Surface, Trace
from tests.support.kafka_broker import LOOPBACK
from tests.support.kafka_server import KafkaServer
from tests.support.tcp_proxy import TcpProxy

PROGRAMS = (*programs_transactions.PROGRAMS, *programs_reading.PROGRAMS, *programs_groups.PROGRAMS)
PROXIED = (*programs_late.PROGRAMS, *programs_lost.PROGRAMS)
API_KEYS = {
    "Produce": 0,
    "InitProducerId": 22,
    "AddPartitionsToTxn": 24,
    "EndTxn": 26,
    "TxnOffsetCommit": 28,
}
Program = Callable[[Surface], Trace]


@dataclass
class Real:
    """The real Kafka; only behind a proxy can requests be held."""

    clients = Clients(Consumer, Producer, AdminClient)  # type: ignore[arg-type] # the stand-ins' originals
    bootstrap: str
    prefix: str
    proxy: TcpProxy | None = None

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def compacted(self, surface: Surface, topic: str, rows: int) -> None:
        """Wait for the cleaner."""
        surface.until(lambda: len(surface.rows(topic)) == rows, f"compaction to {rows} rows")

    def hold(self, api: str) -> None:
        """Keep the next such request back."""
        assert self.proxy is not None
        self.proxy.hold(API_KEYS[api])

    def release(self) -> None:
        """Deliver what was kept back."""
        assert self.proxy is not None
        self.proxy.await_held()
        answers = self.proxy.release()
        assert all(answers), "the broker hung up"

    def silence(self) -> None:
        """Let nothing through."""
        assert self.proxy is not None
        self.proxy.black_hole()

    def heal(self) -> None:
        """Let all go on."""
        assert self.proxy is not None
        self.proxy.heal()


class Holding(Calm):
    """A calm network, but for requests that are held back, and times of silence."""

    def __init__(self) -> None:
        super().__init__()
        self.next = ""
        self.silent = False
        self.held: list[Callable[[], None]] = []

    def fate(self, client: str, api: str) -> Fate:  # noqa: ARG002 - all fare alike
        """Deliver, and hold a copy of what is asked for."""
        if self.silent:
            return Fate.REQUEST_LOST
        if api != self.next:
            return Fate.DELIVERED
        self.next = ""
        return Fate.LATE_COPY

    def later(self, delay_ms: int, deliver: Callable[[], None]) -> None:  # noqa: ARG002 - until it is released
        """Hold it."""
        self.held.append(deliver)


class Model:
    """The model of it, where nothing is lost."""

    bootstrap = "model"

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._network = Holding()
        self._cluster = Cluster(self._network)
        self.clients = bind(self._cluster, self._network, "p")

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._network.wait(seconds)

    def compacted(self, surface: Surface, topic: str, rows: int) -> None:
        """Run the cleaner."""
        for number in range(self._cluster.partitions(topic)):
            self._cluster.compact(topic, number)
        assert len(surface.rows(topic)) == rows

    def hold(self, api: str) -> None:
        """Keep a copy of the next such request back."""
        self._network.next = api

    def release(self) -> None:
        """Deliver it."""
        (deliver,) = self._network.held
        self._network.held = []
        deliver()

    def silence(self) -> None:
        """Lose every request."""
        self._network.silent = True

    def heal(self) -> None:
        """Lose none any more."""
        self._network.silent = False


def run(program: Program, host: Real | Model) -> Trace:
    surface = Surface(host)
    try:
        return program(surface)
    finally:
        surface.close()


@pytest.fixture(scope="module")
def proxied() -> Iterator[tuple[str, TcpProxy]]:
    """A broker of its own that clients reach through a proxy only."""
    server = KafkaServer()
    with TcpProxy(server.port) as proxy:
        bootstrap = f"{LOOPBACK}:{proxy.port}"
        server.properties = {**server.properties, "advertised.listeners": f"PLAINTEXT://{bootstrap}"}
        with server:
            yield bootstrap, proxy


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_conformance(program: Program, kafka_bootstrap: str, prefix: str) -> None:
    """A program sees on the model what it sees on the real Kafka."""
    real = run(program, Real(kafka_bootstrap, prefix))
    assert run(program, Model(prefix)) == real


@pytest.mark.kafka
@pytest.mark.parametrize("program", PROXIED, ids=lambda program: program.__name__)
def test_conformance_behind_a_proxy(program: Program, proxied: tuple[str, TcpProxy], prefix: str) -> None:
    """Requests that arrive twice, once long after, and brokers that do not answer, are the same on both."""
    bootstrap, proxy = proxied
    real = run(program, Real(bootstrap, prefix, proxy))
    assert run(program, Model(prefix)) == real
