"""Processes under test and who starts them again, as an operator's supervisor would.

One thread starts every process and lives until the end: the kernel ends a child whose starting thread ended,
so that nothing is left behind when a run itself is killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.history import History
from tests.support.kafka_broker import free_port
from tests.support.kafka_node import die_with_parent

ROOT = Path(__file__).parents[2]
LOOK_S = 0.05
BACKOFF_S = (0.2, 5.0)  # first and longest wait before a failed process is started again
WELL_S = 10.0  # a process that lived so long has not failed at its start
GRACE_S = 30.0
RESTARTED = (70, 75)  # qosresolve/errors.py; 2 is for a person to mend


@dataclass(slots=True)
class Place:
    """One process's place: what runs there, whether it should, and how it has fared."""

    name: str
    roles: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    order: Path
    port: int
    wanted: bool = True
    process: "subprocess.Popen[bytes] | None" = None
    frozen: bool = False
    started_at: float = 0.0
    start_at: float = 0.0
    backoff_s: float = BACKOFF_S[0]
    exits: list[int] = field(default_factory=list)

    @property
    def role(self) -> str:
        """Return what kind of process it is."""
        return self.roles[0]

    @property
    def alive(self) -> bool:
        """True while a process runs here, frozen or not."""
        return self.process is not None and self.process.poll() is None

    def told(self, path: str) -> str:
        """Return what the process says of itself over HTTP; empty when it does not."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as answer:
                return str(answer.read().decode())
        except (OSError, urllib.error.HTTPError):
            return ""

    @property
    def ready(self) -> bool:
        """True when the process answers that it is."""
        return self.alive and not self.frozen and self.told("/readyz") != ""


class Supervisor:
    """Keeps the processes running that are wanted, and tells the history what became of them."""

    def __init__(self, folder: Path, history: History, environment: Mapping[str, str]) -> None:
        self.places: dict[str, Place] = {}
        self._folder = folder
        self._history = history
        self._environment = dict(environment)
        self._closing = threading.Event()
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        self._thread.start()

    # -- who is there

    def add(self, name: str, *roles: str, slot: str = "") -> Place:
        """Want a process from now on."""
        port = free_port()
        slot = slot or name
        own = {
            "QOSRESOLVE_SLOT": slot,
            "QOSRESOLVE_HTTP_PORT": str(port),
            "QOSRESOLVE_SUSPECT_FILE": str(self._folder / f"{slot}.suspects"),
        }
        log, order = self._folder / "logs" / f"{name}.log", self._folder / f"{name}.order"
        log.parent.mkdir(exist_ok=True)
        place = Place(name, roles, self._environment | own, log, order, port)
        with self._lock:
            self.places[name] = place
        return place

    def of(self, role: str) -> list[Place]:
        """Return the places of a role, but for those that are let go of."""
        with self._lock:
            return [place for place in self.places.values() if place.role == role and place.wanted]

    def remove(self, name: str) -> None:
        """Want a process no more: SIGTERM, and after a grace SIGKILL."""
        place = self.places[name]
        place.wanted = False
        self.send(place, signal.SIGTERM)
        if not self.gone(place, GRACE_S):
            self._history.note("overdue", name=name, what=f"did not end within {GRACE_S:.0f} s of SIGTERM")
            self.send(place, signal.SIGKILL)
            self.gone(place, GRACE_S)

    # -- what happens to them

    def send(self, place: Place, number: signal.Signals) -> bool:
        """Send a signal; False where nothing runs."""
        with self._lock:
            if place.process is None or place.process.poll() is not None:
                return False
            place.process.send_signal(number)
            place.frozen = number == signal.SIGSTOP or (place.frozen and number != signal.SIGCONT)
        self._history.note("signal", name=place.name, pid=place.process.pid, signal=number.name)
        return True

    def order(self, place: Place, point: str, number: signal.Signals) -> None:
        """Have the process send itself a signal at the next such point."""
        part = place.order.with_suffix(".part")
        part.write_text(json.dumps({"point": point, "signal": number.name}))
        part.rename(place.order)

    def gone(self, place: Place, seconds: float) -> bool:
        """Wait until a place that is not wanted any more is empty."""
        end = time.monotonic() + seconds
        while place.process is not None:
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_S)
        return True

    # -- keeping

    def _keep(self) -> None:
        while not self._closing.is_set():
            with self._lock:
                places = list(self.places.values())
                for place in places:
                    self._look(place)
            self._closing.wait(LOOK_S)

    def _look(self, place: Place) -> None:
        now = time.monotonic()
        if place.process is not None and place.process.poll() is not None:
            self._ended(place, now)
        if place.process is None and place.wanted and now >= place.start_at:
            self._start(place)

    def _start(self, place: Place) -> None:
        command = [sys.executable, "-m", "tests.chaos.process", place.name]
        command += [str(self._history.path), str(place.order), *place.roles]
        with place.log.open("ab") as log:
            place.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | place.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the director, who then heals
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call: no lock can be held in it
            )
        place.started_at, place.frozen = time.monotonic(), False
        self._history.note("start", name=place.name, role=place.role, pid=place.process.pid)

    def _ended(self, place: Place, now: float) -> None:
        assert place.process is not None
        code = place.process.returncode
        lived = now - place.started_at
        self._history.note("exit", name=place.name, pid=place.process.pid, code=code, lived=round(lived, 2))
        place.exits.append(code)
        place.process, place.frozen = None, False
        if lived > WELL_S or code in (0, -signal.SIGKILL):
            place.backoff_s = BACKOFF_S[0]
        place.start_at = now + place.backoff_s
        place.backoff_s = min(BACKOFF_S[1], place.backoff_s * 2)

    def close(self) -> None:
        """End everything at once."""
        with self._lock:
            for place in self.places.values():
                place.wanted = False
                if place.alive and place.process is not None:
                    place.process.kill()
                    place.process.wait(GRACE_S)
        self._closing.set()
        self._thread.join(GRACE_S)


def stop_all(supervisor: Supervisor, places: Sequence[Place]) -> list[int]:
    """End some processes by SIGTERM; return their exit statuses."""
    for place in places:
        supervisor.remove(place.name)
    return [place.exits[-1] for place in places if place.exits]
