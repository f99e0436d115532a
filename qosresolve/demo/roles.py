"""The real worker, timer and intake, and the world, each in a thread of its own as in `qosresolve run`."""

import threading
from collections.abc import Callable
from typing import Protocol

from prometheus_client import CollectorRegistry

from qosresolve.contracts.records import Contracts
from qosresolve.errors import FatalError
from qosresolve.kafka.embedded import EmbeddedTimer
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health

JOIN_S = 15.0


class Role(Protocol):
    """Works until its stop event is set."""

    def run(self) -> None:
        """Work."""


class Thread:
    """A role in its thread; what it raised is kept."""

    def __init__(self, name: str, make: Callable[[threading.Event], Role]) -> None:
        self.name = name
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._make = make
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._make(self._stop).run()
        except BaseException as error:  # noqa: BLE001 - told by the summary
            self.failure = error

    @property
    def alive(self) -> bool:
        """True while it works."""
        return self._thread.is_alive()

    def halt(self) -> None:
        """Ask it to end and wait, whatever came of it."""
        self._stop.set()
        self._thread.join(JOIN_S)

    def stop(self) -> None:
        """Ask it to end and wait. Raises FatalError when it failed or does not end."""
        self.halt()
        self.raise_if_failed()
        if self.alive:
            raise FatalError(f"the {self.name} did not stop within {JOIN_S:.0f} s")

    def raise_if_failed(self) -> None:
        """Raise what ended the role."""
        if self.failure is not None:
            raise FatalError(f"the {self.name} failed: {self.failure}") from self.failure


def worker(settings: Settings, contracts: Contracts, health: Health) -> Thread:
    """Start the worker."""
    registry = CollectorRegistry()
    return Thread(
        "worker", lambda stop: Worker(settings, contracts, registry=registry, health=health, stop=stop)
    )


def intake(settings: Settings, contracts: Contracts, health: Health) -> Thread:
    """Start the intake."""
    registry = CollectorRegistry()
    return Thread(
        "intake", lambda stop: Intake(settings, contracts, registry=registry, health=health, stop=stop)
    )


def timer(settings: Settings, contracts: Contracts, health: Health) -> Thread:
    """Start the timer."""
    registry = CollectorRegistry()
    return Thread(
        "timer", lambda stop: EmbeddedTimer(settings, contracts, registry=registry, health=health, stop=stop)
    )
