"""Roles in one process live and stop together, and a process that hangs is ended."""

import os
import signal
import threading

import pytest

from qosresolve.cli.run.roles import CRASHED, Crew, Maker, _signals
from qosresolve.errors import FencedError
from qosresolve.telemetry.health import Health
from qosresolve.telemetry.watchdog import watch


class Loop:
    """A role that works until it is asked to stop, or fails at once."""

    def __init__(self, stop: threading.Event, failure: Exception | None = None) -> None:
        self._stop = stop
        self._failure = failure
        self.closed = False

    def run(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._stop.wait(20)
        self.closed = True


@pytest.fixture
def stop() -> threading.Event:
    """What asks roles to end."""
    return threading.Event()


def maker(loop: Loop) -> Maker:
    """Return what makes a role."""
    return lambda: loop


@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        (FencedError("another has the slot"), 75, "another has the slot"),
        (RuntimeError("a bug"), CRASHED, "RuntimeError"),
    ],
)
def test_a_role_that_fails_stops_the_others(
    stop: threading.Event, failure: Exception, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others close cleanly; the exit status is the failed role's."""
    crew, healthy = Crew(stop, Health()), Loop(stop)
    crew.start("timer", maker(healthy))
    crew.start("worker", maker(Loop(stop, failure)))
    assert crew.wait() == status
    assert healthy.closed
    assert told in "".join(capsys.readouterr())


def test_a_signal_asks_every_role_to_stop(stop: threading.Event) -> None:
    """SIGTERM sets the event; the old handlers come back afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    loop = Loop(stop)
    with _signals(stop):
        crew = Crew(stop, Health())
        crew.start("worker", maker(loop))
        os.kill(os.getpid(), signal.SIGTERM)
        assert crew.wait() == 0
    assert loop.closed
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_silent_role_ends_the_process() -> None:
    """From its beginning on: a role that never gets to its loop hangs too."""
    ended: list[list[str]] = []
    called = threading.Event()
    health = Health()
    health.begin("worker")
    health.begin("timer")
    health.end("timer")

    def end(roles: list[str], _: float) -> None:
        ended.append(roles)
        called.set()

    with watch(health, 0.1, end):
        assert called.wait(10)
    assert ended == [["worker"]]


def test_a_beating_role_is_left_alone() -> None:
    """Each beat starts the count anew."""
    health = Health()
    health.begin("worker")
    health.beat("worker", ready=True)
    assert health.silent(60) == []
    assert health.silent(-1) == ["worker"]
    assert health.ready
