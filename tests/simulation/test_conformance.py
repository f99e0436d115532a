"""The model against the real Kafka: the same programs on both, and the same traces."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from tests.simulation import programs_groups, programs_reading, programs_transactions
from tests.simulation.broker import Cluster
from tests.simulation.client import Clients, bind
from tests.simulation.network import Calm
from tests.simulation.surface import Surface, Trace

PROGRAMS = (*programs_transactions.PROGRAMS, *programs_reading.PROGRAMS, *programs_groups.PROGRAMS)
Program = Callable[[Surface], Trace]


@dataclass
class Real:
    """The real Kafka."""

    clients = Clients(Consumer, Producer, AdminClient)  # type: ignore[arg-type] # the stand-ins' originals
    bootstrap: str
    prefix: str

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def compacted(self, surface: Surface, topic: str, rows: int) -> None:
        """Wait for the cleaner."""
        surface.until(lambda: len(surface.rows(topic)) == rows, f"compaction to {rows} rows")


class Model:
    """The model of it, where nothing is lost."""

    bootstrap = "model"

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._network = Calm()
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


def run(program: Program, host: Real | Model) -> Trace:
    surface = Surface(host)
    try:
        return program(surface)
    finally:
        surface.close()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_conformance(program: Program, kafka_bootstrap: str, prefix: str) -> None:
    """A program sees on the model what it sees on the real Kafka."""
    real = run(program, Real(kafka_bootstrap, prefix))
    assert run(program, Model(prefix)) == real
