"""The roles of one process, each in a thread of its own; the main thread waits for signals.

A role that fails stops the others: a half-running process looks healthy and is not.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from qosresolve.cli.run import garbage
from qosresolve.cli.session import probe
from qosresolve.contracts.records import Contracts
from qosresolve.errors import ConfigError, FatalError, QosResolveError
from qosresolve.kafka import acls, clients, denied
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.notify.role import Notify
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.wire import contracts_for
from qosresolve.kafka.worker import Worker
from qosresolve.replay.live.auditor import Auditor
from qosresolve.settings import Settings
from qosresolve.telemetry import crash, health, log
from qosresolve.telemetry.watchdog import watch

CRASHED = 70
_CRASHED = "docs/runbooks/crashed.md"
_STOPPING = (signal.SIGTERM, signal.SIGINT)


class Running(Protocol):
    """A role: works until its stop event is set, then closes cleanly."""

    def run(self) -> None:
        """Work."""


Maker = Callable[[], Running]
Explain = Callable[[QosResolveError, str], QosResolveError]  # what ended a role, by its name


class Crew:
    """Some roles that live and stop together."""

    def __init__(
        self, stop: threading.Event, watched: health.Health, explain: Explain = lambda error, _: error
    ) -> None:
        self.exit_code = 0
        self._explain = explain
        self._stop = stop
        self._watched = watched
        self._threads: list[threading.Thread] = []

    def start(self, role: str, make: Maker) -> None:
        """Start a role in its own thread."""
        self._watched.begin(role)
        thread = threading.Thread(target=self._live, args=(role, make), name=role, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self) -> int:
        """Wait, open to signals, until every role has ended; return the exit status."""
        while any(thread.is_alive() for thread in self._threads):
            for thread in self._threads:
                thread.join(0.1)
        return self.exit_code

    def _live(self, role: str, make: Maker) -> None:
        logger = structlog.get_logger(role=role)
        try:
            make().run()
        except QosResolveError as error:
            why = self._explain(error, role)
            logger.error("role failed", error=str(why), kind=type(why).__name__)  # noqa: TRY400 - expected
            self._fail(why.exit_code)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the others must not go on alone
            where = crash.frames(error)
            logger.error("role crashed", error=crash.named(error), traceback=where, runbook=_CRASHED)  # noqa: TRY400 - it is in there
            self._fail(CRASHED)
        finally:
            self._watched.end(role)
            self._stop.set()

    def _fail(self, exit_code: int) -> None:
        self.exit_code = self.exit_code or exit_code


def run_roles(settings: Settings, names: Sequence[str]) -> int:
    """Run roles until a signal or a failure; return the exit status."""
    log.configure(settings.log_format, settings.log_level)
    garbage.settle()
    _check(settings, names)
    contracts, registry = contracts_for(settings), _registry()
    stop, watched = threading.Event(), health.Health()
    if settings.http_port:
        health.serve(watched, registry, settings.http_host, settings.http_port)
    crew = Crew(stop, watched, lambda error, name: _explained(error, settings, name))
    with _signals(stop), watch(watched, settings.watchdog_ms / 1_000):
        for name in names:
            crew.start(name, _maker(name, settings, contracts, registry, watched, stop))
        return crew.wait()


def _check(settings: Settings, names: Sequence[str]) -> None:
    """Fail before anything starts: a wrong setting is for a person, an absent broker for the supervisor."""
    if "worker" in names or "intake" in names:
        clients.transactional_id(settings)
    try:
        probe(settings)
    except ConfigError as error:
        if error.setting == "bootstrap_servers":
            raise FatalError(str(error)) from None
        raise
    if settings.broker == "kafka":
        denied.check(settings, map(acls.Role, names))


def _explained(error: QosResolveError, settings: Settings, name: str) -> QosResolveError:
    """Return what ended a role; where a right was missing, which one and how to grant it."""
    if isinstance(error, denied.DeniedError):
        return denied.explained(error, settings, acls.Role(name))
    return error


def _maker(
    name: str,
    settings: Settings,
    contracts: Contracts,
    registry: CollectorRegistry,
    watched: health.Health,
    stop: threading.Event,
) -> Maker:
    kinds = {"worker": Worker, "timer": Timer, "auditor": Auditor, "intake": Intake, "notify": Notify}
    kind = kinds[name]
    return lambda: kind(settings, contracts, registry=registry, health=watched, stop=stop)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Set the event at the first signal; the second one ends the process as it always would."""
    before = {number: signal.getsignal(number) for number in _STOPPING}

    def asked(number: int, _: object) -> None:
        structlog.get_logger().info("stopping", signal=signal.Signals(number).name)
        stop.set()
        for each in _STOPPING:
            signal.signal(each, signal.SIG_DFL)

    for number in _STOPPING:
        signal.signal(number, asked)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
