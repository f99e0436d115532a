"""How fast a worker restores: `python -m tests.bench.restore` (`make bench-restore`).

On a real broker of its own: reports of ordinary size on as many partitions as in production, all of them
taken by one worker, from its start to its readiness; and what it takes of memory, at most and in the end.
"""

import argparse
import gc
import sys
import threading
import time

from qosresolve.kafka import topics_admin
from qosresolve.kafka.worker import Worker
from qosresolve.settings import load
from tests.bench.filling import Due, fill_apart, report_bytes, resident_bytes
from tests.kafka.harness import Running, World, await_that, wall_ms
from tests.support.kafka_server import KafkaServer

PARTITIONS = 12
LONG_S = 600.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=300_000)
    count = parser.parse_args().reports
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
        first = World.start(Worker, settings)
        await_that(lambda: _committed(first), "a first commit of every partition", LONG_S)
        first.stop()
        fill_apart(settings, range(count), Due(wall_ms() + 3_600_000, 1))
        gc.collect()
        before, peak = resident_bytes(), Peak()
        began, busy = time.monotonic(), time.process_time()
        worker = World.start(Worker, settings)
        await_that(lambda: worker.failure or worker.health.ready, "readiness", LONG_S)
        seconds, cpu_s = time.monotonic() - began, time.process_time() - busy
        most = peak.stop()
        worker.stop()
        if worker.failure:
            raise worker.failure[0]
        restored = worker.metric("qosresolve_restored_records_total")
        _print("seconds from start to ready", seconds)
        _print("records restored", restored)
        _print("records a second, joining the group included", restored / seconds)
        _print("CPU of the worker, us a record", cpu_s * 1e6 / restored)
        _print("bytes a report on the topic", len(report_bytes()))
        _print("bytes a report in memory", (resident_bytes() - before) / count)
        _print("MB that the process grew at most", (most - before) / 2**20)


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


def _print(what: str, value: float) -> None:
    sys.stdout.write(f"{value:12,.1f}  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
