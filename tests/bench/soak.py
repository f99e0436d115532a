"""Whether the worker's memory stays where it is over millions of events: `make bench-soak`.

A worker as a process of its own takes events of 10,000 open reports, on a real broker; they are sent while it
works, so that there is always something to do and never much. Its resident memory is looked at from outside,
at regular counts of events. The journal is read as it grows, and what was read is deleted: disks stay small.
Ends with status 1 where the memory of the last third of the run is above that of the middle third by more
than the bound (medians), where an event is in the journal twice or not at all, and where one is a dead
letter. No timer runs: nothing is closed, and reports grow until they are as large as they may be.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from confluent_kafka import TopicPartition
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place, ends
from qosresolve.telemetry import log
from qosresolve.topics import DEAD_LETTERS, INPUTS, JOURNAL, REPORT, REQUESTS, Names, Topic
from tests.bench.filling import Due, fill_apart
from tests.bench.journal import Taken
from tests.bench.population import Opened
from tests.bench.restore import prime
from tests.bench.standing import Spread, events
from tests.bench.whole import machine, result
from tests.bench.whole.contenders import PRODUCT
from tests.bench.whole.data import BASE_MS, EVERY_MS, PARTITIONS
from tests.bench.whole.measuring import (
    STALLED_S,
    FailedError,
    Progress,
    cpu_seconds,
    process,
    resident_mb,
    tail,
)
from tests.bench.whole.site import VARIABLE, Site, broker
from tests.core.builders import HOUR
from tests.kafka.harness import wall_ms

BOUND = 0.05  # by how much the memory of the last third may be above that of the middle one
CHUNK = 20_000  # events that are sent at once; at most two of them wait
READS = 20  # of 2,000 records at most, before the next look at how far the worker is
TIDY = 200_000  # events after which is deleted what was read
SEGMENT_BYTES = 64 * 2**20  # what a broker can delete is whole segments
EVERY, SAMPLES, ROWS = 10_000, 120, 12  # it is looked at after so many events, or so often; lines shown
ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen once so many events were done, `seconds` of the clock and of CPU since the first look."""

    done: int
    seconds: float
    cpu_s: float
    rss_mb: float


class Stream:
    """Events for the topics of one site, what the journal says of them, and the deleting of both."""

    def __init__(self, site: Site, products: int) -> None:
        self._site, self._names = site, Names(site.settings.prefix)
        self._admin = clients.admin(site.settings)
        self._events = events(Spread(products))
        self._placed = Counter[int]()
        self._taken = Taken(site.input)
        self._journal = clients.reader(site.settings)
        self._journal.assign([TopicPartition(*place, 0) for place in self._places(JOURNAL)])

    @property
    def sent(self) -> int:
        """Return how many events were sent."""
        return self._placed.total()

    def _places(self, *topics: Topic) -> list[Place]:
        return [(self._names.of(topic), number) for topic in topics for number in range(PARTITIONS)]

    def send(self, count: int) -> None:
        """Send some more events, the last of them with an instant of now."""
        batch = list(islice(self._events, count))
        self._placed.update(event.partition for event in batch)
        self._site.fill(batch, wall_ms() - BASE_MS - int(self.sent * EVERY_MS))

    def read(self, wait_s: float) -> bool:
        """Read on in the journal; tell whether there was anything. Raises FailedError for doubles."""
        messages = clients.drain(self._journal, 2_000, wait_s)
        self._taken.read(message for message in messages if message.error() is None)
        return bool(messages)

    def bound(self) -> None:
        """Let the broker cut what is written into pieces that it can delete."""
        entry = ConfigEntry("segment.bytes", str(SEGMENT_BYTES), incremental_operation=AlterConfigOpType.SET)
        topics = (*INPUTS, JOURNAL, *REQUESTS, REPORT)
        asked = [
            ConfigResource(ResourceType.TOPIC, self._names.of(topic), incremental_configs=[entry])
            for topic in topics
        ]
        for future in self._admin.incremental_alter_configs(asked).values():
            future.result(ANSWER_S)

    def tidy(self) -> None:
        """Delete what nobody needs any more: events that the journal names, the journal so far, requests."""
        read = {
            (at.topic, at.partition): at.offset for at in self._journal.position(self._journal.assignment())
        }
        gone = read | ends(self._admin, self._places(*REQUESTS))
        gone |= {(self._site.input, number): self._taken.up_to(number) for number in range(PARTITIONS)}
        wanted = [TopicPartition(*place, offset) for place, offset in gone.items() if offset > 0]
        for future in self._admin.delete_records(wanted).values():
            future.result(ANSWER_S)

    def check(self) -> None:
        """Check that the journal names every event once, and that none is a dead letter."""
        until = time.monotonic() + STALLED_S
        while self._taken.count < self.sent and time.monotonic() < until:
            if self.read(0.5):
                until = time.monotonic() + STALLED_S
        self._taken.whole(self._placed)
        dead = sum(ends(self._admin, self._places(DEAD_LETTERS)).values())
        if dead:
            raise FailedError(f"{dead:,} offsets of dead letters were used: nothing should be refused here")

    def close(self) -> None:
        """Stop reading."""
        self._journal.close()


class Soak:
    """One run: keeps the worker busy, and looks at it."""

    def __init__(self, stream: Stream, child: "subprocess.Popen[bytes]", log: Path, total: int) -> None:
        self._stream, self._child, self._log = stream, child, log
        self._total, self._tidied = total, 0
        self._began, self._cpu_s = time.monotonic(), cpu_seconds(child.pid)
        self.samples: list[Sample] = []

    def run(self, done: Progress, bar: "Shown", seconds: float) -> None:
        """Work until all events were sent and taken, or as many as were sent within so many seconds."""
        committed, moved = 0, time.monotonic()
        while committed < self._total:
            if time.monotonic() - self._began > seconds:
                self._total = self._stream.sent  # and no more
            before, committed = committed, max(committed, done())
            if committed > before:
                moved = time.monotonic()
                self._look(committed)
                bar.show(committed, self._total)
            self._raise_if_stuck(moved, committed)
            self._feed(committed)

    def _feed(self, committed: int) -> None:
        stream = self._stream
        if stream.sent < self._total and stream.sent - committed < CHUNK:
            stream.send(min(CHUNK, self._total - stream.sent))
        for _ in range(READS):
            if not stream.read(0.05):
                break
        if committed - self._tidied >= TIDY:
            self._tidied = committed
            stream.tidy()

    def _look(self, committed: int) -> None:
        every = min(EVERY, self._total // SAMPLES)
        if not self.samples or committed - self.samples[-1].done >= every or committed >= self._total:
            pid = self._child.pid
            seconds, cpu_s = time.monotonic() - self._began, cpu_seconds(pid) - self._cpu_s
            self.samples.append(Sample(committed, seconds, cpu_s, resident_mb(pid)))

    def _raise_if_stuck(self, moved: float, committed: int) -> None:
        if self._child.poll() is not None:
            raise FailedError(f"the worker ended with status {self._child.returncode}: {tail(self._log)}")
        if time.monotonic() - moved > STALLED_S:
            raise FailedError(f"the worker stood still at {committed:,} events: {tail(self._log)}")


class Shown:
    """A progress bar on standard error; none where that is no terminal."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("events", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, done: int, total: int) -> None:
        """Say how far it is."""
        self._bar.update(self._task, completed=done, total=total)


def growth(samples: Sequence[Sample]) -> float:
    """Return by which part the memory of the last third of the events is above that of the middle third."""
    last = samples[-1].done
    middle = [item.rss_mb for item in samples if last / 3 < item.done <= last * 2 / 3]
    end = [item.rss_mb for item in samples if item.done > last * 2 / 3]
    if len(middle) < 3 or len(end) < 3:
        raise FailedError("too few looks at it: give it more events")
    return statistics.median(end) / statistics.median(middle) - 1


def rows(samples: Sequence[Sample], most: int = ROWS) -> Iterator[tuple[str, ...]]:
    """Yield the table: what was seen, and the rates since the line before."""
    yield ("events", "RSS MB", "events/s", "events per CPU-second")
    before = Sample(0, 0.0, 0.0, 0.0)
    for at in range(1, min(most, len(samples)) + 1):
        item = samples[at * len(samples) // min(most, len(samples)) - 1]
        done = item.done - before.done
        rates = (
            done / max(item.seconds - before.seconds, 0.001),
            done / max(item.cpu_s - before.cpu_s, 0.01),
        )
        yield (f"{item.done:,}", f"{item.rss_mb:,.0f}", *(f"{rate:,.0f}" for rate in rates))
        before = item


def main() -> int:
    """Run, print and judge; 1 where something was wrong."""
    log.configure("json", "warning")
    given = arguments()
    try:
        samples = soaked(given)
        sys.stdout.write(result.aligned(list(rows(samples))) + "\n")
        grown = growth(samples)
    except FailedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"memory, last third against middle third: {grown:+.1%} (bound {given.bound:+.0%})\n")
    if given.json:
        told = machine.told(own_broker=not (given.bootstrap or os.environ.get(VARIABLE)))
        run = {"products": given.products, "growth": round(grown, 4), "samples": [asdict(x) for x in samples]}
        result.write({"machine": told, "load_after": machine.load()} | run, given.json)
    return int(grown > given.bound)


def soaked(given: argparse.Namespace) -> list[Sample]:
    """Return what was seen of a worker that took all events. Raises FailedError where it did not."""
    with (
        broker(given.bootstrap) as bootstrap,
        prepared(bootstrap, given.products) as site,
        tempfile.TemporaryDirectory() as folder,
    ):
        log, stream = Path(folder) / "log", Stream(site, given.products)
        done = Progress(bootstrap, PRODUCT.group(site), site.input)
        try:
            stream.bound()
            with process(PRODUCT.command(site), PRODUCT.environment(site), log) as child:
                soak = Soak(stream, child, log, given.events)
                with Shown(given.events) as bar:
                    soak.run(done, bar, given.minutes * 60)
            stream.check()
        finally:
            done.close()
            stream.close()
    return soak.samples


@contextmanager
def prepared(bootstrap: str, products: int) -> Iterator[Site]:
    """Yield topics that hold an open report of each product."""
    site = Site(bootstrap)
    try:
        prime(site.settings)
        now = wall_ms()
        lately = Opened(now - 2 * HOUR, HOUR)
        fill_apart(site.settings, range(products), Due(now + 24 * HOUR, 1), lately)
        yield site
    finally:
        site.remove()


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=10_000_000, help="default: %(default)s")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="send no more after so many")
    parser.add_argument("--products", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--bound", type=float, default=BOUND, help="of the growth (default: %(default)s)")
    parser.add_argument("--bootstrap", help=f"another broker than one of our own; also {VARIABLE}")
    parser.add_argument("--json", type=Path, help="write what was seen there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
