"""Many runs, one seed after the other, on as many cores as there are."""

from __future__ import annotations

import multiprocessing
import sys
import time
import traceback
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count

from tests.simulation import driver
from tests.simulation.driver import Options, Result

LENGTH = 20_000  # steps of chaos in a run; healing, draining and the ending come on top
TELL_S = 5.0


@dataclass(frozen=True, slots=True)
class Broken:
    """A run that ended in an error of the simulation itself."""

    seed: int
    told: str


@dataclass(slots=True)
class Tally:
    """What came of all runs."""

    began: float = field(default_factory=time.monotonic)
    told_at: float = 0.0
    runs: int = 0
    steps: int = 0
    entries: int = 0
    blows: int = 0
    virtual_s: float = 0.0
    failed: list[Result | Broken] = field(default_factory=list)

    def add(self, result: Result | Broken) -> None:
        """Take one result."""
        self.runs += 1
        if isinstance(result, Broken) or result.violation is not None:
            self.failed.append(result)
        if isinstance(result, Result):
            self.steps += result.steps
            self.entries += result.entries
            self.blows += result.blows
            self.virtual_s += result.virtual_s

    def tell(self, *, last: bool = False) -> None:
        """Write how far it is, every few seconds."""
        now = time.monotonic()
        if not last and now - self.told_at < TELL_S:
            return
        self.told_at = now
        took = now - self.began
        sys.stderr.write(
            f"  {self.runs:,} runs, {self.steps:,} steps ({self.steps / max(took, 0.1):,.0f} a second), "
            f"{self.blows:,} faults, {self.entries:,} journaled, {self.virtual_s / 3600:.1f} h virtual, "
            f"{len(self.failed)} failed, {took:.0f} s\n"
        )


def one(seed: int) -> Result | Broken:
    """Run one seed as every campaign does."""
    try:
        return driver.run(seed, Options(steps=LENGTH))
    except Exception:  # noqa: BLE001 - told with its seed
        return Broken(seed, traceback.format_exc())


def campaign(first: int, steps: int, seconds: float | None, jobs: int, *, keep_going: bool = False) -> Tally:
    """Run seeds from the first on until so many steps were made, so much time is over, or one fails."""
    tally = Tally()
    seeds = count(first)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        running = {pool.submit(one, next(seeds)) for _ in range(jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                tally.add(future.result())
                tally.tell()
            over = time.monotonic() - tally.began > seconds if seconds is not None else tally.steps >= steps
            if not over and (keep_going or not tally.failed):
                running |= {pool.submit(one, next(seeds)) for _ in done}
    tally.tell(last=True)
    return tally
