"""For how long partitions stand still when a worker ends: `make bench-takeover`.

Two workers as processes on a real broker of their own, a steady trickle of events on every partition, and
many reports to restore. One worker is killed, or asked to end; measured is the time from then until the last
of its partitions has committed again, as a neighbour who reads committed records sees it.
"""

import argparse
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self
from urllib.error import URLError

from confluent_kafka import TopicPartition

from qosresolve.core.vocabulary import DegradationKind
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import ends
from qosresolve.telemetry import log
from qosresolve.topics import JOURNAL
from tests.bench.filling import Due, fill_apart
from tests.kafka.bench import products
from tests.kafka.harness import PARTITIONS, World, await_that, settings_for, wall_ms
from tests.support.kafka_server import KafkaServer, free_port

LONG_S = 180.0
EVERY_S = 0.1  # one event a partition
GRACE_S = 0.5  # what the killed one had committed just before is still on its way to the reader
READY = re.compile(r'^qosresolve_partitions\{state="ready"\} ([0-9.]+)$', re.MULTILINE)
# As brokers have it by default; the test broker is quicker.
PRODUCTION = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000",
    "group.consumer.session.timeout.ms": "45000",
    "group.consumer.heartbeat.interval.ms": "5000",
}
SHORT = PRODUCTION | {
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.heartbeat.interval.ms": "1000",
}


@dataclass(frozen=True)
class Mode:
    """One row of the table."""

    what: str
    settings: tuple[str, ...] = ()
    broker: str = "production"
    fate: signal.Signals = signal.SIGKILL
    again: bool = False  # a supervisor starts the same slot again at once


CLASSIC = ("session_timeout_ms=45000", "transaction_timeout_ms=15000")
QUICK = ("session_timeout_ms=6000", "transaction_timeout_ms=5000")
KIP_848 = (*CLASSIC, "group_protocol=consumer")
STATIC = "static_membership=true"
MODES = (
    Mode("SIGTERM, the other one takes over", CLASSIC, fate=signal.SIGTERM),
    Mode("SIGTERM, KIP-848", KIP_848, fate=signal.SIGTERM),
    Mode("kill -9, static member, same slot started again", (*CLASSIC, STATIC), again=True),
    Mode("kill -9, static member, same slot started again, KIP-848", (*KIP_848, STATIC), again=True),
    Mode("kill -9, session 6 s, transaction 5 s", QUICK),
    Mode("kill -9, session 6 s, transaction 5 s, KIP-848", (*QUICK, "group_protocol=consumer"), "short"),
    Mode("kill -9, session 45 s", CLASSIC),
    Mode("kill -9, session 45 s, same slot started again", CLASSIC, again=True),
    Mode("kill -9, session 45 s, KIP-848", KIP_848),
)


def main() -> None:
    """Measure and print."""
    log.configure("json", "warning")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each mode")
    parser.add_argument("--reports", type=int, default=100_000, help="to be restored, over all partitions")
    parser.add_argument("--only", default="", help="modes whose name contains this")
    given = parser.parse_args()
    with KafkaServer(PRODUCTION) as production, KafkaServer(SHORT) as short:
        brokers = {"production": production.bootstrap, "short": short.bootstrap}
        _print("least", "most", f"seconds, {given.reports:,} reports on {PARTITIONS} partitions, 2 workers")
        for mode in MODES:
            if given.only in mode.what:
                took = [measure(brokers[mode.broker], mode, given.reports) for _ in range(given.runs)]
                _print(f"{min(took):.1f}", f"{max(took):.1f}", mode.what)


def _print(least: str, most: str, what: str) -> None:
    sys.stdout.write(f"{least:>7} {most:>7}  {what}\n")
    sys.stdout.flush()


def measure(bootstrap: str, mode: Mode, reports: int) -> float:
    """Return for how long the longest-waiting partition did not commit."""
    settings = settings_for(bootstrap, f"take{secrets.token_hex(4)}.", *mode.settings)
    world = World(settings)
    with _worker(world, "0") as first, _worker(world, "1") as second:
        half = PARTITIONS / 2
        await_that(lambda: first.ready == second.ready == half, "split of the partitions", LONG_S)
        fill_apart(settings, range(reports), Due(wall_ms() + 3_600_000, 1))
        with _trickle(world), Journal(world) as journal:
            await_that(lambda: len(journal.heard_since(0)) == PARTITIONS, "commits of all partitions")
            first.process.send_signal(mode.fate)
            if mode.fate == signal.SIGKILL:
                first.process.wait()
            began = time.monotonic()
            if not mode.again:
                return _until_all(journal, began)
            with _worker(world, "0"):
                return _until_all(journal, began)


def _until_all(journal: "Journal", began: float) -> float:
    heard = await_that(
        lambda: found if len(found := journal.heard_since(began + GRACE_S)) == PARTITIONS else None,
        "commits of all partitions",
        LONG_S,
    )
    return max(heard.values()) - began


@dataclass
class Process:
    """A worker as an operator would run it."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def ready(self) -> float:
        """Return how many partitions it has ready. Fails when it has ended."""
        assert self.process.poll() is None, f"a worker ended with status {self.process.returncode}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                found = READY.search(answer.read().decode())
        except (URLError, ConnectionError):
            return 0
        return float(found[1]) if found else 0


@contextmanager
def _worker(world: World, slot: str) -> Iterator[Process]:
    port = free_port()
    said = world.settings.model_dump(exclude_unset=True, exclude={"kafka"})
    said |= {"slot": slot, "http_port": port, "log_level": "error"}
    environment = {f"QOSRESOLVE_{name.upper()}": str(value) for name, value in said.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "qosresolve", "run", "worker"], env=os.environ | environment
    )
    try:
        yield Process(process, port)
    finally:
        process.kill()
        process.wait()


@contextmanager
def _trickle(world: World) -> Iterator[None]:
    """Send an event to every partition, again and again."""
    stop = threading.Event()
    names = [products(1, number)[0] for number in range(PARTITIONS)]

    def send() -> None:
        sequence = 0
        while not stop.wait(EVERY_S):
            sequence += 1
            kind = DegradationKind.UPDATE if sequence > 1 else DegradationKind.RAISE
            for name in names:
                world.degrade(name, sequence, kind=kind)
            world._producer.poll(0)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Journal:
    """A neighbour that reads the journal, committed records only, and notes when it heard of a partition."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._heard: dict[int, list[float]] = {number: [] for number in range(PARTITIONS)}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def heard_since(self, instant: float) -> dict[int, float]:
        """Return, of each partition that was heard of since then, when that was first."""
        first = {
            number: next((at for at in list(heard) if at > instant), None)
            for number, heard in self._heard.items()
        }
        return {number: at for number, at in first.items() if at is not None}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _listen(self) -> None:
        settings = self._world.settings
        places = [(self._world.names.of(JOURNAL), number) for number in range(PARTITIONS)]
        last = ends(clients.admin(settings), places)
        consumer = clients.reader(settings)
        consumer.assign([TopicPartition(*place, last[place]) for place in places])
        while not self._stop.is_set():
            for message in consumer.consume(100, 0.02):
                if message.error() is None:
                    self._heard[message.partition() or 0].append(time.monotonic())
        consumer.close()


if __name__ == "__main__":
    main()
