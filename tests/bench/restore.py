"""How fast a worker restores: `python -m tests.bench.restore` (`make bench-restore`).

On a real broker of its own: reports of many lengths of life on as many partitions as in production, all of
them taken by one worker, from its start to its readiness; and what it takes of memory.
"""

import argparse
import gc
import sys
import threading
import time
from dataclasses import dataclass

from qosresolve.cli.run import garbage
from qosresolve.kafka import topics_admin
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings, load
from qosresolve.telemetry import log
from tests.bench.filling import Due, fill_apart, resident_bytes
from tests.bench.population import median_bytes
from tests.kafka.harness import Running, World, await_that, wall_ms
from tests.support.kafka_server import KafkaServer

PARTITIONS = 12
LONG_S = 600.0


def main() -> None:
    """Measure and print."""
    log.configure("json", "warning")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3, help="the median of the rates is that of so many")
    given = parser.parse_args()
    with KafkaServer() as server:
        settings = load(
            overrides=[
                f"bootstrap_servers={server.bootstrap}",
                "prefix=bench.",
                "slot=0",
                f"partitions={PARTITIONS}",
                "replication_factor=1",
                "session_timeout_ms=6000",
                "log_level=warning",
            ]
        )
        topics_admin.create(settings)
        prime(settings)
        fill_apart(settings, range(given.reports), Due(wall_ms() + 3_600_000, 1))
        garbage.settle()
        before = resident_bytes()
        runs = [measure(settings) for _ in range(given.runs)]
    _print("bytes, the median report as it is encoded", median_bytes())
    _print("bytes a report of resident memory", (runs[0].held - before) / given.reports)
    _print("MB that the process grew at most", (runs[0].most - before) / 2**20)
    _print("longest full garbage collection, ms", max(run.collected_s for run in runs) * 1_000)
    middle = sorted(runs, key=lambda run: run.read_s)[len(runs) // 2]
    _print("seconds from start to assignment", middle.joined_s, 2)
    _print("seconds from assignment to ready", middle.read_s, 2)
    _print("records restored", middle.records)
    _print("records a second, from assignment to ready", middle.records / middle.read_s)
    _print("records a second, from start to ready", middle.records / (middle.joined_s + middle.read_s))
    _print("CPU of the process, us a record", middle.cpu_s * 1e6 / middle.records, 2)


def prime(settings: Settings) -> None:
    """Let a worker make the first commit of every partition: beside it, reports may be filled in."""
    first = World.start(Worker, settings)
    await_that(lambda: _committed(first), "a first commit of every partition", LONG_S)
    first.stop()


@dataclass(frozen=True)
class Run:
    """One restore: seconds, bytes, and records."""

    joined_s: float
    read_s: float
    cpu_s: float
    collected_s: float
    most: int
    held: int
    records: float


def measure(settings: Settings) -> Run:
    """Start a worker, wait until it is ready, look at it, and stop it."""
    peak, busy, began = Peak(), time.process_time(), time.monotonic()
    worker = World.start(Worker, settings)
    role = worker.role
    assert isinstance(role, Worker)
    await_that(lambda: worker.failure or not role._restorer.idle, "partitions")
    joined = time.monotonic()
    await_that(lambda: worker.failure or worker.health.ready, "readiness", LONG_S)
    ready, cpu_s, most = time.monotonic(), time.process_time() - busy, peak.stop()
    if worker.failure:
        raise worker.failure[0]
    gc.collect()
    collected = time.monotonic()
    gc.collect()
    collected_s, held = time.monotonic() - collected, resident_bytes()
    worker.stop()
    records = worker.metric("qosresolve_restored_records_total")
    return Run(joined - began, ready - joined, cpu_s, collected_s, most, held, records)


def _committed(worker: Running) -> bool:
    assert not worker.failure, worker.failure
    done = worker.metric("qosresolve_partitions", state="ready") == PARTITIONS
    return done and worker.metric("qosresolve_transactions_total", outcome="committed") >= 1


class Peak:
    """Looks at the memory of this process, often."""

    def __init__(self) -> None:
        self.most = resident_bytes()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, resident_bytes())

    def stop(self) -> int:
        """Return the most that was seen."""
        self._stop.set()
        self._thread.join()
        return self.most


def _print(what: str, value: float, places: int = 0) -> None:
    sys.stdout.write(f"{value:12,.{places}f}  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
