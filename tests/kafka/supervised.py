"""A real role as a process that a supervisor starts again, for tests in which something ends it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qosresolve.kafka.note import PLACE
from tests.kafka.harness import World

CRASHING = Path(__file__).parent / "crashing"
LIFE_S = 120.0


@dataclass
class Supervised:
    """One slot's processes, one after the other; `statuses` says how each ended."""

    world: World
    folder: Path
    death: str
    more: tuple[str, ...] = ()
    role: str = "worker"
    dies_with: int | None = None  # a status that the last life may end with as well
    statuses: list[int] = field(default_factory=list)
    _running: subprocess.Popen[str] | None = None

    @property
    def suspect_file(self) -> Path:
        """Return the file that the slot keeps its notes in."""
        return self.folder / "suspects"

    @property
    def log(self) -> str:
        """Return what all lives have logged."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def start(self) -> subprocess.Popen[str]:
        """Start a life, as `qosresolve run` does; static membership lets it in at once."""
        said = {"static_membership": "true", "suspect_file": str(self.suspect_file)}
        said |= {
            name: str(value) for name, value in self.world.settings.model_dump(exclude_unset=True).items()
        }
        sets = [part for item in said.items() for part in ("--set", "=".join(item))]
        sets += [part for item in self.more for part in ("--set", item)]
        path = os.pathsep.join((str(CRASHING), os.environ.get("PYTHONPATH", "")))
        environment = os.environ | {"PYTHONPATH": path, "QOSRESOLVE_TEST_DEATH": self.death}
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            self._running = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "qosresolve", "run", self.role, *sets],
                stderr=log,
                env=environment,
                text=True,
            )
        return self._running

    def taking(self) -> bool:
        """Tell whether a note says that a record is being taken, or was when the last life ended."""
        found = self.suspect_file.read_bytes() if self.suspect_file.exists() else b""
        return any(found[8 * PLACE : 8 * PLACE + 8])

    def until(self, wanted: Callable[[], bool], *, deaths: int) -> None:
        """Start lives until a condition holds, and end the last one. Fails after too many deaths."""
        life, began = self.start(), time.monotonic()
        while not wanted():
            status = life.poll()
            if status is None and time.monotonic() - began > LIFE_S:
                raise AssertionError(f"a life of more than {LIFE_S:.0f} s\n{self.log[-4_000:]}")
            if status is None:
                time.sleep(0.1)
                continue
            self.statuses.append(status)
            if len(self.statuses) > deaths:
                raise AssertionError(f"died {self.statuses}, one too often\n{self.log[-4_000:]}")
            life, began = self.start(), time.monotonic()
        life.terminate()
        last = life.wait(30)
        if last == self.dies_with:  # what was awaited is seen before the place at which it dies
            self.statuses.append(last)
        else:
            assert last == 0

    def end(self) -> None:
        """End what still runs."""
        if self._running is not None and self._running.poll() is None:
            self._running.kill()
            self._running.wait(10)


@contextmanager
def supervised(
    world: World, folder: Path, death: str, *more: str, role: str = "worker"
) -> Iterator[Supervised]:
    """Return a slot for the length of a block."""
    slot = Supervised(world, folder, death, more, role)
    try:
        yield slot
    finally:
        slot.end()
