"""For how long a worker under a backlog waits for its commits: `make bench-commit`.

That is what could be had at most by going on with the next batch while the last one is committed. Waited for
is that the brokers have all records of the transaction, take its offsets, and end it. The worker runs in this
process, on topics of its own on a real broker; `--batch` is the most records in a transaction.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest import mock

from confluent_kafka import Producer

from qosresolve.cli.run import garbage
from qosresolve.kafka.transaction import Transactions
from qosresolve.kafka.worker import Worker
from qosresolve.telemetry import log
from tests.bench.whole.contenders import PRODUCT
from tests.bench.whole.data import Shape, prepared, shift_to
from tests.bench.whole.measuring import FailedError, Progress
from tests.bench.whole.rounds import tell
from tests.bench.whole.site import Site, broker
from tests.kafka.harness import Running, World, await_that, wall_ms

FROM, UNTIL = 0.2, 0.9  # of all events
LONG_S = 600.0


class Spent(NamedTuple):
    """Since the start: seconds of the clock, seconds waited, transactions, events done."""

    at: float
    waited: float
    transactions: float
    done: int


class Clock:
    """Counts what the calls take that wait for a commit, while it is on."""

    def __init__(self) -> None:
        self.waited = 0.0

    @contextmanager
    def on(self) -> Iterator[None]:
        """Look at the one place where the worker waits for a transaction."""
        until = Transactions._until

        def counted(owner: Transactions, producer: Producer, call: Callable[[float], None]) -> None:
            began = time.monotonic()
            try:
                until(owner, producer, call)
            finally:
                self.waited += time.monotonic() - began

        with mock.patch.object(Transactions, "_until", counted):
            yield


def main() -> int:
    """Measure and print; 1 where it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="default: %(default)s")
    parser.add_argument("--batch", type=int, default=2_000, help="default: %(default)s")
    given = parser.parse_args()
    shape = Shape(events=given.events)
    tell(f"preparing {shape.events:,} events")
    prepared(shape)
    log.configure("json", "warning")
    try:
        with broker(None) as bootstrap:
            first, last = spent(Site(bootstrap), shape, given.batch)
    except FailedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for value, what in rows(first, last):
        sys.stdout.write(f"{value:12,.1f}  {what}\n")
    return 0


def spent(site: Site, shape: Shape, batch: int) -> tuple[Spent, Spent]:
    """Let a worker take all events, and return what it had spent early and late."""
    events = prepared(shape)
    site.fill(events, shift_to(events, wall_ms()))
    clock, done = Clock(), Progress(site.bootstrap, PRODUCT.group(site), site.input)
    garbage.settle()
    with clock.on():
        worker = World.start(Worker, site.settings.model_copy(update={"batch_records": batch}))
        try:
            first = _at(worker, clock, done, int(shape.events * FROM))
            return first, _at(worker, clock, done, int(shape.events * UNTIL))
        finally:
            worker.stop()
            done.close()
            site.remove()


def _at(worker: Running, clock: Clock, done: Progress, goal: int) -> Spent:
    def there() -> bool:
        if worker.failure:
            raise FailedError(f"the worker ended: {worker.failure[0]}")
        return done() >= goal

    await_that(there, f"{goal:,} events", LONG_S)
    transactions = worker.metric("qosresolve_transactions_total", outcome="committed")
    return Spent(time.monotonic(), clock.waited, transactions, done())


def rows(first: Spent, last: Spent) -> list[tuple[float, str]]:
    """Return figures with what they are."""
    seconds, waited = last.at - first.at, last.waited - first.waited
    count, events = last.transactions - first.transactions, last.done - first.done
    if not count or not events:
        raise FailedError("too quick to be measured: give it more events")
    return [
        (events / seconds, "events/s"),
        (events / count, "events a transaction"),
        (seconds / count * 1e3, "ms a transaction"),
        (waited / count * 1e3, "of them waited for the commit"),
        (waited / seconds * 100, "% of the time waited for the commit"),
    ]


if __name__ == "__main__":
    sys.exit(main())
