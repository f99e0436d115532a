"""Where the worker's CPU time goes: `make profile`.

A real worker catches up with prepared events (those of `make bench`) on a real broker, py-spy samples it, and
the kernel says what each thread has used. Prints microseconds an event by stage, and leaves in .cache/profile
the samples (stacks.txt), the table as markdown (stages.md) and a flame graph (flame.svg).

All CPU time of the process is in the table: librdkafka's threads as the kernel counts them, the worker's own
thread in the proportions of its samples. Garbage is collected wherever memory is asked for, so it is part of
those stages. The process is stopped for each sample, which costs it about 4 % (in the table too). Without,
every second stack cannot be read, and shares of a stage were seen to differ threefold from run to run.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from tests.bench import flame, stages
from tests.bench.whole.contenders import PRODUCT
from tests.bench.whole.data import Shape, prepared, shift_to
from tests.bench.whole.generator import Sender
from tests.bench.whole.measuring import ROOT, FailedError, Progress, cpu_seconds, follow, process, tail
from tests.bench.whole.result import aligned
from tests.bench.whole.rounds import tell
from tests.bench.whole.site import VARIABLE, Site, broker
from tests.kafka.harness import wall_ms

FROM, UNTIL = 0.2, 0.9  # of all events: before is start-up
SAMPLES_A_SECOND = 100
OUT = ROOT / ".cache" / "profile"
KEPT = ROOT / "docs" / "benchmarks" / "flame.svg"
SPY = Path(sys.executable).with_name("py-spy")
OURS = "rdk:"  # what librdkafka calls its threads
END_S = 60.0
_ERRORS = re.compile(r"Errors: (\d+)")  # as py-spy counts the samples that failed
_TICKS = os.sysconf("SC_CLK_TCK")
EXAMPLES = f"""examples:
  make profile                                              300,000 events that wait in the topic
  python -m tests.bench.profile --products 1000000 --events 3000000
  python -m tests.bench.profile --rate 5000                 events that arrive one by one: small batches
  {VARIABLE}=broker:9092 python -m tests.bench.profile --keep
"""

Threads = dict[int, tuple[str, float, float]]  # by id: name, seconds of its own, seconds of the kernel for it


class Used(NamedTuple):
    """What a process has used until an instant: events done, CPU seconds in all, and by thread."""

    done: int
    cpu_s: float
    threads: Threads


def main() -> int:
    """Profile, print and write; 1 where something was wrong."""
    given = arguments()
    try:
        stages.frames()  # a stale table is told before anything starts
        tell(f"preparing {given.events:,} events")
        shape = Shape(given.events, given.products, given.shape)
        first, last = sampled(shape, given.rate, nonblocking=given.nonblocking)
        sys.stdout.write(told(first, last))
    except (FailedError, stages.StaleTableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if given.keep:
        shutil.copyfile(OUT / "flame.svg", KEPT)
    return 0


def told(first: Used, last: Used) -> str:
    """Return the table, and write what is made of the samples."""
    seen = stages.of_worker(stages.read((OUT / "stacks.txt").read_text(encoding="utf-8")))
    found = stages.shares(seen)
    if not found.counted:
        raise FailedError("no samples of the worker: give it more events")
    rows = list(stages.rows(costs(first, last, found)))
    title = f"qosresolve run worker: {last.done - first.done:,} events, {found.counted:,} samples"
    (OUT / "stages.md").write_text(stages.markdown(rows), encoding="utf-8")
    (OUT / "flame.svg").write_text(flame.picture(stages.below_root(seen), title), encoding="utf-8")
    lost = int(_ERRORS.findall((OUT / "stacks.log").read_text(encoding="utf-8"))[-1]) + found.unplaced
    return f"{title} ({lost:,} more could not be read)\n\n{aligned(rows)}\n"


def sampled(shape: Shape, rate: int | None, *, nonblocking: bool) -> tuple[Used, Used]:
    """Let a worker take all events, and sample it from one share of them to another; return both ends.

    With a rate, events are sent at that while it works; else they lie there before it starts.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    events = prepared(shape)
    with broker(None) as bootstrap, tempfile.TemporaryDirectory() as folder:
        site, log = Site(bootstrap), Path(folder) / "log"
        done = Progress(bootstrap, PRODUCT.group(site), site.input)
        try:
            if rate is None:
                site.fill(events, shift_to(events, wall_ms()))
            with (
                process(PRODUCT.command(site), PRODUCT.environment(site), log) as child,
                nullcontext() if rate is None else Sender(site, shape, Path(folder) / "times") as sender,
            ):
                if sender is not None:
                    sender.say(f"run {rate} {shape.events}")
                _follow(child, done, int(shape.events * FROM), log)
                with spying(child.pid, OUT / "stacks.txt", nonblocking=nonblocking):
                    first = used(child.pid, done)
                    _follow(child, done, int(shape.events * UNTIL), log)
                    last = used(child.pid, done)
                follow(child, done, shape.events, log)
        finally:
            done.close()
            site.remove()
    return first, last


def _follow(child: "subprocess.Popen[bytes]", done: Callable[[], int], goal: int, log: Path) -> None:
    follow(child, lambda: min(done(), goal), goal, log)


@contextmanager
def spying(pid: int, file: Path, *, nonblocking: bool) -> Iterator[None]:
    """Sample a process for the length of a block. Raises FailedError where that cannot be."""
    file.unlink(missing_ok=True)
    how = ["--format", "raw", "--rate", str(SAMPLES_A_SECOND), "--threads"]
    how += ["--nonblocking"] if nonblocking else []
    said = file.with_suffix(".log")
    with said.open("wb") as out:
        spy = subprocess.Popen(  # noqa: S603 - locked with the other tools
            [SPY, "record", *how, "--output", file, "--pid", str(pid)], stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield
        if spy.poll() is None:
            spy.send_signal(signal.SIGINT)
        if spy.wait(END_S) or not file.exists():
            raise FailedError(
                f"py-spy ended with status {spy.returncode} (where the kernel forbids it: be root, or "
                f"set kernel.yama.ptrace_scope to 0): {tail(said)}"
            )
    finally:
        spy.kill()
        spy.wait()


def used(pid: int, done: Callable[[], int]) -> Used:
    """Return what a process has used."""
    return Used(done(), cpu_seconds(pid), threads_of(pid))


def threads_of(pid: int) -> Threads:
    """Return what each thread of a process has used."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        head, _, rest = (task / "stat").read_text(encoding="utf-8").rpartition(")")
        fields = rest.split()
        found[int(task.name)] = (
            head.partition("(")[2],
            int(fields[11]) / _TICKS,
            int(fields[12]) / _TICKS,
        )
    return found


def costs(first: Used, last: Used, found: stages.Shares) -> dict[str, float]:
    """Return microseconds an event by stage, those of other threads behind.

    Of the threads that are not librdkafka's, the one that used most is the worker's; it is charged with all
    that the others were not.
    """
    events = last.done - first.done
    if events <= 0 or last.cpu_s <= first.cpu_s:
        raise FailedError("too quick to be measured: give it more events")
    native = system = 0.0
    python = []
    for task, (name, user_s, kernel_s) in last.threads.items():
        _, user_before, kernel_before = first.threads.get(task, ("", 0.0, 0.0))
        if name.startswith(OURS):
            native += user_s - user_before
            system += kernel_s - kernel_before
        else:
            python.append(user_s - user_before + kernel_s - kernel_before)
    others = sum(sorted(python)[:-1])
    worker = last.cpu_s - first.cpu_s - native - system - others
    seconds = {stage: worker * share for stage, share in found.by_stage.items()} | {
        "librdkafka's threads": native,
        "the kernel for them": system,
        "other threads": others,
    }
    return {stage: 1e6 * cost / events for stage, cost in seconds.items()}


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.profile",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=Shape.events, help="default: %(default)s")
    parser.add_argument("--products", type=int, default=Shape.products, help="default: %(default)s")
    parser.add_argument("--shape", choices=("even", "hot"), default="even", help="hot: 1 %% have 90 %%")
    parser.add_argument("--rate", type=int, help="events/s that arrive while it works; default: all at once")
    parser.add_argument("--nonblocking", action="store_true", help="do not stop it for a sample: inaccurate")
    parser.add_argument("--keep", action="store_true", help=f"copy the graph to {KEPT.relative_to(ROOT)}")
    given = parser.parse_args()
    if given.rate is not None and given.shape != Shape.shape:
        parser.error("--rate sends even events only")
    if given.rate is not None and given.rate <= 0:
        parser.error("--rate has to be above 0")
    return given


if __name__ == "__main__":
    sys.exit(main())
