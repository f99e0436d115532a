"""`make fuzz INPUTS=1000000 SEED=1`: inputs of every kind, right and wrong, through the real path.

Each process draws histories of its own and prints what became of them; the parent adds up, and looks after a
process that dies. A history that fails is made small and kept under `cases/`; the command that shows it again
is printed. The seed of a history is `SEED/number`, so one that failed can be run alone.
"""

import argparse
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

import structlog

from tests.fuzz.drive import LENGTH, Driver, shared_registry
from tests.fuzz.history import History
from tests.fuzz.readers import READERS, WEIGHTS
from tests.fuzz.samples import Sample, load, save
from tests.fuzz.shrink import place, shrunk, told

CASES = Path(__file__).parent / "cases"
READ = 25  # inputs of the other readers, for each history
HUNG_S = 120  # for one history
MOST_MIB = 900  # of resident memory, at any time
ROOT = Path(__file__).parents[2]


class HungError(Exception):
    """A history that does not come to its end."""


def replayed(samples: list[Sample], *, registered: bool) -> str:
    """Return how a history fails, empty where it does not."""
    history = History(shared_registry() if registered else None)
    try:
        with _bounded():
            history.run(samples)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
        return told(error)
    return ""


@contextmanager
def _bounded() -> Iterator[None]:
    def hung(_: int, __: FrameType | None) -> None:
        raise HungError(f"no end after {HUNG_S} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(HUNG_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# -- one process


def one(seed: str, length: int = LENGTH) -> tuple[Counter[str], Driver, str]:
    """Run one history; return what became of its inputs, and how it failed."""
    driver = Driver(seed, length)
    try:
        with _bounded():
            driver.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
        return driver.history.outcomes, driver, told(error)
    return driver.history.outcomes, driver, ""


def read(seed: str) -> Counter[str]:
    """Give some inputs to the other readers. Raises whatever must not happen."""
    chance = Random(f"{seed} readers")
    names = chance.choices(list(READERS), WEIGHTS, k=READ)
    return Counter(f"reader {name}: {READERS[name](chance)}" for name in names)


def work(seed: str, first: int, step: int, histories: int) -> None:
    """Run every `step`-th history, and print what became of each."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    for number in range(first, histories, step):
        _say({"began": number})
        outcomes, driver, failure = one(f"{seed}/{number}")
        if failure:
            kept = _kept(driver, failure, f"{seed}/{number}")
            _say({"failed": number, "why": failure, "case": kept})
            continue
        try:
            outcomes += read(f"{seed}/{number}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
            _say({"failed": number, "why": f"a reader: {told(error)}", "case": ""})
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        _say({"done": number, "outcomes": outcomes, "mib": peak})


def _kept(driver: Driver, failure: str, seed: str) -> str:
    small = shrunk(driver.samples, failure, lambda samples: replayed(samples, registered=driver.registered))
    if place(replayed(small, registered=driver.registered)) != place(failure):
        small = driver.samples  # needs what came before: its own registry, say
    path = CASES / f"{seed.replace('/', '-')}.json"
    save(path, small, why=failure, seed=seed, registered=driver.registered)
    return str(path.relative_to(ROOT))


def _say(word: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


# -- all of them


@dataclass
class Total:
    """What all processes have said."""

    inputs: int
    seed: str
    began: float = field(default_factory=time.monotonic)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    mib: int = 0
    said: float = 0.0

    def hear(self, line: str) -> int | None:
        """Take a line of a process; return the number of the history it is at."""
        word = json.loads(line)
        if "began" in word:
            return int(word["began"])
        if "failed" in word:
            case, alone = f"--case {word['case']}", f"--seed {self.seed} --history {word['failed']}"
            self.fail(word["why"], f"python -m tests.fuzz {case if word['case'] else alone}")
        else:
            self.outcomes.update(word["outcomes"])
            self.mib = max(self.mib, int(word["mib"]))
        if time.monotonic() - self.said > 10:
            self.said = time.monotonic()
            sys.stderr.write(f"  {self.outcomes.total():,} of {self.inputs:,}\n")
        return None

    def fail(self, why: str, again: str) -> None:
        """Print a failure, and how to see it again."""
        self.failures.append(why)
        sys.stdout.write(f"FAILED {why}\n    {again}\n")

    def print(self) -> None:
        """Print rate, outcomes and seed."""
        seconds = time.monotonic() - self.began
        for name, count in sorted(self.outcomes.items()):
            sys.stdout.write(f"{count:10,}  {name}\n")
        total = self.outcomes.total()
        sys.stdout.write(
            f"{total:,} inputs in {seconds:.0f} s, {total / seconds:,.0f} a second, at most {self.mib} MiB a "
            f"process, {len(self.failures)} failures, SEED={self.seed}\n"
        )


def main() -> int:
    """Run as asked; return the exit status."""
    asked = _arguments()
    if asked.case:
        samples, about = load(asked.case)
        failure = replayed(samples, registered=about["registered"])
        sys.stdout.write((failure or "it does not fail any more") + "\n")
        return bool(failure)
    if asked.worker is not None:
        work(asked.seed, asked.worker, asked.processes, asked.histories)
        return 0
    if asked.history is not None:
        outcomes, driver, failure = one(f"{asked.seed}/{asked.history}")
        outcomes += read(f"{asked.seed}/{asked.history}")
        sys.stdout.write(f"{len(driver.samples)} inputs: {failure or dict(outcomes)}\n")
        return bool(failure)
    return _all(asked)


def _all(asked: argparse.Namespace) -> int:
    histories = -(-asked.inputs // (LENGTH + READ))
    total = Total(asked.inputs, asked.seed)
    children = [_child(asked, number, histories) for number in range(asked.processes)]
    for child, at in _listened(children, total):
        status = child.wait()
        if status:
            again = f"python -m tests.fuzz --seed {asked.seed} --history {at}"
            total.fail(f"a process ended with {status}", again)
    total.print()
    if total.mib > MOST_MIB:
        total.fail(f"{total.mib} MiB", "a history that takes so much, or many that leave something behind")
    return bool(total.failures)


def _child(asked: argparse.Namespace, number: int, histories: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.fuzz", "--seed", asked.seed, "--worker", str(number)]
    command += ["--processes", str(asked.processes), "--histories", str(histories)]
    return subprocess.Popen(  # noqa: S603 - this module
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def _listened(
    children: "list[subprocess.Popen[str]]", total: Total
) -> Iterator[tuple["subprocess.Popen[str]", int | None]]:
    """Hear all children to their end; yield each, with the last history that it began."""
    at: dict[int, int | None] = {}
    with selectors.DefaultSelector() as open_pipes:
        for child in children:
            assert child.stdout is not None
            open_pipes.register(child.stdout, selectors.EVENT_READ, child)
        while open_pipes.get_map():
            for key, _ in open_pipes.select():
                child = key.data
                line = child.stdout.readline()
                if not line:
                    open_pipes.unregister(key.fileobj)
                    yield child, at.get(child.pid)
                    continue
                began = total.hear(line)
                at[child.pid] = at.get(child.pid) if began is None else began


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--history", type=int, help="run one history alone")
    parser.add_argument("--case", type=Path, help="run a regression case")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--histories", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
