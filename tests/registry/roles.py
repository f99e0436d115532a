"""Workers that ask a registry, each with contracts of its own: it has yet to ask for every schema."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry

from qosresolve.kafka.wire import contracts_for
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health
from tests.kafka.harness import Running


@contextmanager
def worker(settings: Settings) -> Iterator[Running]:
    """Run a worker for the length of a block; what it raised fails the test."""
    stop, health, series = threading.Event(), Health(), CollectorRegistry()
    made = Worker(settings, contracts_for(settings), registry=series, health=health, stop=stop)
    running = Running(made, health, series, stop)
    try:
        yield running
    finally:
        running.stop()
    assert not running.failure, running.failure
