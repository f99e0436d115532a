"""How fast a replay is, per core, beside the worker that it replays: `python -m tests.bench.replay`.

On a real broker of its own: the whole benchmark's events through one worker, then its journal through
`replay`, and through the fold and comparison of `verify`, each a process of its own, on one core's worth of
processes. Prints records a CPU second and the most memory that each had. CPU seconds are those of the process
with all its threads, its start included, so they say the same on a busy machine; the wall does not.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from qosresolve.kafka import clients, topics_admin
from qosresolve.replay.reports import partition_states
from qosresolve.settings import Settings, load
from qosresolve.topics import DEGRADATION, Names
from tests.bench.whole.data import PARTITIONS, Shape, prepared, shift_to
from tests.kafka.harness import RECORDS, await_that, wall_ms
from tests.support.kafka_server import KafkaServer

LONG_S = 3_600.0
Sets = list[str]


@dataclass(frozen=True)
class Used:
    """What a process took: seconds of CPU and of the wall, MB at its peak, and what it wrote."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    output: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument(
        "--rounds", type=int, default=1, help="replays and verifications; the best is printed"
    )
    given = parser.parse_args()
    with KafkaServer() as server:
        sets = [
            f"bootstrap_servers={server.bootstrap}",
            "prefix=bench.",
            "group=bench",
            f"partitions={PARTITIONS}",
            "replication_factor=1",
            "log_level=error",
        ]
        settings = load(overrides=sets)
        topics_admin.create(settings)
        fill(settings, Shape(given.events, given.products))
        live = worked(settings, sets, given.events)
        replays = [told(["replay", "--jobs", "1", "--json"], sets) for _ in range(given.rounds)]
        proofs = [told(["verify", "--json"], sets) for _ in range(given.rounds)]
    replay, verify = (min(runs, key=lambda run: run.cpu_s) for runs in (replays, proofs))
    summary = json.loads(replay.output.splitlines()[-1])
    if summary["differs"] or summary["replayed"] < given.events:
        raise RuntimeError(f"the replay is not what was recorded: {summary}")
    row("worker", live, given.events)
    row("replay", replay, summary["replayed"])
    row("verify", verify, json.loads(verify.output)["entries"])
    for name, used in (("replay", replay), ("verify", verify)):
        sys.stdout.write(f"{live.cpu_s / used.cpu_s:12.2f}  times the worker's records a core: {name}\n")


def row(name: str, used: Used, records: int) -> None:
    """Print what one process did."""
    sys.stdout.write(
        f"{records / used.cpu_s:12,.0f}  records a CPU second, {name} ({records:,} records, "
        f"{used.cpu_s:.1f} s of CPU, {used.wall_s:.1f} s of the wall, at most {used.peak_mb:.0f} MB)\n"
    )
    sys.stdout.flush()


def fill(settings: Settings, shape: Shape) -> None:
    """Write the events, as if they had just been observed."""
    producer = clients.plain_producer(settings.model_copy(update={"kafka": {"compression.type": "lz4"}}))
    events = prepared(shape)
    shift = shift_to(events, wall_ms())
    topic = Names(settings.prefix).of(DEGRADATION)
    for event in events:
        while True:
            try:
                producer.produce(topic, event.moved(shift), event.product.encode(), event.partition)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    if producer.flush(60):
        raise RuntimeError("not all events were written")


def worked(settings: Settings, sets: Sets, events: int) -> Used:
    """Let a worker take all events; return what it took."""
    began = time.monotonic()
    worker = _started(["run", "worker"], [*sets, "slot=0"])
    await_that(lambda: worker.poll() is not None or _taken(settings) >= events, "journal", LONG_S)
    wall = time.monotonic() - began
    worker.send_signal(signal.SIGTERM)
    return _used(worker, wall)


def told(words: list[str], sets: Sets) -> Used:
    """Run a command to its end; return what it took and told."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as file:
        command = _started(words, sets, file.fileno())
        used = _used(command, 0.0)
        file.seek(0)
        return Used(used.cpu_s, time.monotonic() - began, used.peak_mb, file.read())


def _started(words: list[str], sets: Sets, output: int | None = None) -> "subprocess.Popen[bytes]":
    options = [word for each in sets for word in ("--set", each)]
    program = str(Path(sys.executable).with_name("qosresolve"))
    return subprocess.Popen([program, *words, *options], stdout=output)  # noqa: S603 - our own program


def _used(process: "subprocess.Popen[bytes]", wall: float) -> Used:
    """Wait for a process; its descendants that it waited for count as well."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return Used(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1_024, "")


def _taken(settings: Settings) -> int:
    """Return how many events lie below the positions that the worker committed."""
    time.sleep(1.0)
    topic = Names(settings.prefix).of(DEGRADATION)
    states = partition_states(settings, RECORDS).values()
    return sum(it.next_offset for state in states for it in state.positions if it.topic == topic)


if __name__ == "__main__":
    main()
