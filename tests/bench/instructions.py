"""How many machine instructions an event takes: `make bench-instructions`.

Time swings by a factor of two with what else runs on a machine; what valgrind counts does not move by one
percent. So this tells whether a change of some percent is one. The events are those of `make bench-mix`,
without a broker; of two runs the shorter one is taken off the longer, so what a start takes does not count.
Needs valgrind (`apt-get install valgrind`).
"""

import os
import re
import shutil
import subprocess
import sys

from qosresolve.cli.run import garbage
from tests.bench import mix
from tests.bench.whole.data import prepared

FEW, MANY = 1_000, 3_000  # events
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")
_VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


def main() -> int:
    """Count and print; with a number of events as argument, take them: what is counted."""
    if sys.argv[1:]:
        take(int(sys.argv[1]))
        return 0
    if shutil.which(_VALGRIND[0]) is None:
        sys.stderr.write("valgrind is not installed: apt-get install valgrind\n")
        return 2
    few, many = counted((FEW, MANY))
    sys.stdout.write(f"{(many - few) / (MANY - FEW):12,.0f} instructions an event\n")
    return 0


def take(events: int) -> None:
    """Take the first events of a partition, in batches, as a worker does."""
    chosen = [(at, event) for at, event in enumerate(prepared(mix.SHAPE), 1) if event.partition == mix.HERE]
    messages = [mix.message(at, offset, event) for offset, (at, event) in enumerate(chosen[:events])]
    policies = mix.policies()
    garbage.settle()
    mix.measured(messages, policies)


def counted(sizes: tuple[int, ...]) -> list[int]:
    """Return what valgrind counts of each number of events, side by side. Raises RuntimeError."""
    prepared(mix.SHAPE)  # once, so that nobody of them makes the events
    command = (*_VALGRIND, sys.executable, "-m", "tests.bench.instructions")
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    runs = [
        subprocess.Popen(  # noqa: S603 - our own words
            [*command, str(size)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for size in sizes
    ]
    told = [run.communicate()[1] for run in runs]
    if any(run.returncode for run in runs):
        raise RuntimeError(told[-1][-2_000:])
    return [instructions(text) for text in told]


def instructions(told: str) -> int:
    """Return the count in what valgrind says at its end. Raises RuntimeError where there is none."""
    found = _COUNTED.search(told)
    if found is None:
        raise RuntimeError(f"valgrind told no count: {told[-2_000:]}")
    return int(found[1].replace(",", ""))


if __name__ == "__main__":
    sys.exit(main())
