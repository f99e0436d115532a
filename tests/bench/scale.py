"""Whether it stays as fast: with a hundred times the open reports, with hot products, with two workers.

`make bench-scale`. Every case has topics of its own, on one real broker, that hold open reports already; each
round sends it events, starts the worker on them and measures it as `make bench` does. Cases take turns within
a round, and ratios are of the same round. What has to be flat is events per CPU-second of the workers: by the
clock, a broker on the same cores counts as well. At the end the journal has each event once, and there is no
dead letter.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from confluent_kafka import ConsumerGroupState

from qosresolve.kafka import clients
from qosresolve.kafka.reading import read_all
from qosresolve.telemetry import log
from qosresolve.topics import DEAD_LETTERS, JOURNAL, Names
from tests.bench.filling import Due, fill_apart
from tests.bench.journal import Taken
from tests.bench.population import Opened, median_bytes
from tests.bench.restore import prime
from tests.bench.standing import Spread, events
from tests.bench.start import ready
from tests.bench.whole import machine, result
from tests.bench.whole.contenders import BATCH, PRODUCT
from tests.bench.whole.data import BASE_MS, EVERY_MS, PARTITIONS
from tests.bench.whole.measuring import FailedError, Measured, Progress, all_alive, follow_all, process, rates
from tests.bench.whole.rounds import tell
from tests.bench.whole.site import VARIABLE, Site, broker
from tests.core.builders import HOUR
from tests.kafka.harness import await_that, wall_ms
from tests.support.kafka_server import free_port

DOCS = Path(__file__).parents[2] / "docs" / "benchmarks"
STALL_S = 60.0
LONG_S = 600.0


@dataclass(frozen=True, slots=True)
class Case:
    """One row: how many reports are open, whose products have events, how many workers share them."""

    name: str
    reports: int
    spread: Spread
    workers: int = 1


def cases(few: int, many: int) -> tuple[Case, ...]:
    """Return all cases; the first is the one that the others are held against."""
    return (
        Case(f"{few:,} open reports", few, Spread(few)),
        Case(f"{many:,} open, events for {few:,} of them", many, Spread(few)),
        Case(f"{many:,} open, events for all of them", many, Spread(many)),
        Case(f"{few:,} open, 1 % have 90 % of the events", few, Spread(few, hot=True)),
        Case(f"{few:,} open, two workers", few, Spread(few), workers=2),
    )


class Standing:
    """The topics of one case, which stay from round to round, and the events that are still to come."""

    def __init__(self, bootstrap: str, case: Case) -> None:
        self.case = case
        self.site = Site(bootstrap)
        self._admin = clients.admin(self.site.settings)
        self._events = events(case.spread)
        self._sent = Counter[int]()
        prime(self.site.settings)
        now = wall_ms()
        lately = Opened(now - 2 * HOUR, HOUR)  # lives take up to 25 minutes, and the plan is still feasible
        fill_apart(self.site.settings, range(case.reports), Due(now + 24 * HOUR, 1), lately)

    def measured(self, count: int) -> Measured:
        """Send so many events to workers that wait for them, and return how they took them all."""
        batch, before = list(islice(self._events, count)), self._sent.total()
        self._sent.update(event.partition for event in batch)
        done = Progress(self.site.bootstrap, PRODUCT.group(self.site), self.site.input)
        try:
            with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
                log, began = Path(folder) / "log", time.monotonic()
                ports = [free_port() for _ in range(self.case.workers)]
                children = [
                    running.enter_context(
                        process(PRODUCT.command(self.site), self._environment(slot, port), log)
                    )
                    for slot, port in enumerate(ports)
                ]
                await_that(
                    lambda: all_alive(children, log) and self._shared(ports),
                    f"{self.case.workers} workers at work",
                    LONG_S,
                )
                self.site.fill(batch, wall_ms() - BASE_MS - int(self._sent.total() * EVERY_MS))
                looks, rss_mb = follow_all(children, lambda: max(0, done() - before), count, log)
                return rates(looks, count, began, rss_mb)
        finally:
            done.close()

    def _shared(self, ports: Sequence[int]) -> bool:
        """Tell whether every worker has partitions and has restored them: that is not measured here."""
        group = self.site.settings.group
        found = self._admin.describe_consumer_groups([group])[group].result(LONG_S)
        owners = [member for member in found.members if member.assignment.topic_partitions]
        stable = found.state is ConsumerGroupState.STABLE and len(owners) == self.case.workers
        return stable and all(ready(port) for port in ports)

    def _environment(self, slot: int, port: int) -> dict[str, str]:
        own = {"QOSRESOLVE_SLOT": str(slot), "QOSRESOLVE_HTTP_PORT": str(port)}
        return PRODUCT.environment(self.site) | own

    def check(self) -> None:
        """Check that each event is in the journal once, and that nothing is a dead letter."""
        names, settings = Names(self.site.settings.prefix), self.site.settings
        journal, dead = (
            read_all(settings, [(names.of(topic), number) for number in range(PARTITIONS)], stall_s=STALL_S)
            for topic in (JOURNAL, DEAD_LETTERS)
        )
        taken = Taken(self.site.input)
        taken.read(journal)
        taken.whole(self._sent)
        for message in dead:
            raise FailedError(f"a dead letter: {message.headers()}")


def main() -> int:
    """Measure, check, print and write; 1 where something was wrong."""
    log.configure("json", "warning")
    given = arguments()
    wanted = cases(given.few, given.many)
    found: result.Json = {
        "machine": machine.told(own_broker=not (given.bootstrap or os.environ.get(VARIABLE))),
        "data": {
            "events_a_round": given.events,
            "partitions": PARTITIONS,
            "median_report_bytes": median_bytes(),
        },
        "transaction_records": BATCH,
        "rounds": given.rounds,
        "load_before": machine.load(),
    }
    try:
        with broker(given.bootstrap) as bootstrap:
            runs = measured(bootstrap, wanted, given.events, given.rounds)
    except FailedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found |= {"cases": result.throughput(runs), "ratios": against(runs, wanted[0].name)}
    found["load_after"] = machine.load()
    sys.stdout.write(table(found) + "\n")
    if given.json:
        result.write(found, given.json)
    return 0


def measured(bootstrap: str, wanted: Sequence[Case], count: int, rounds: int) -> dict[str, list[Measured]]:
    """Return each case's runs. Raises FailedError that names the case."""
    with ExitStack() as over:
        standing = [_standing(bootstrap, case, over) for case in wanted]
        found: dict[str, list[Measured]] = {case.name: [] for case in wanted}
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            turn = number % len(standing)
            for item in [*standing[turn:], *standing[:turn]]:
                found[item.case.name].append(_measured(item, count))
        for item in standing:
            tell(f"checking: {item.case.name}")
            with about(item.case):
                item.check()
        return found


def _standing(bootstrap: str, case: Case, over: ExitStack) -> Standing:
    tell(f"preparing: {case.name}")
    standing = Standing(bootstrap, case)
    over.callback(standing.site.remove)
    return standing


def _measured(standing: Standing, count: int) -> Measured:
    with about(standing.case):
        run = standing.measured(count)
    tell(f"  {standing.case.name}: {run.wall:,.0f} events/s, {run.cpu:,.0f} per CPU-second")
    return run


@contextmanager
def about(case: Case) -> Iterator[None]:
    """Name the case in what fails within."""
    try:
        yield
    except FailedError as error:
        raise FailedError(f"{case.name}: {error}") from None


def against(runs: Mapping[str, Sequence[Measured]], base: str) -> result.Json:
    """Return each other case's rates in parts of the base's, round by round."""
    return {
        name: {
            "cpu": result.spread([run.cpu / at.cpu for run, at in zip(found, runs[base], strict=True)], 3),
            "wall": result.spread([run.wall / at.wall for run, at in zip(found, runs[base], strict=True)], 3),
        }
        for name, found in runs.items()
        if name != base
    }


def table(found: result.Json) -> str:
    """Return the result for people."""
    rows = [("", "events per CPU-second", "to the first", "events/s, wall", "to the first", "MB")]
    for name, row in found["cases"].items():
        ratio = found["ratios"].get(name)
        rows.append(
            (
                name,
                result.span(row["events_per_cpu_s"]),
                result.span(ratio["cpu"], 2) if ratio else "",
                result.span(row["wall_events_per_s"]),
                result.span(ratio["wall"], 2) if ratio else "",
                f"{row['rss_mb']['median']:,.0f}",
            )
        )
    return result.aligned(rows)


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=200_000, help="of each case, each round")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--few", type=int, default=10_000, help="open reports (default: %(default)s)")
    parser.add_argument("--many", type=int, default=1_000_000, help="open reports (default: %(default)s)")
    parser.add_argument("--bootstrap", help=f"another broker than one of our own; also {VARIABLE}")
    parser.add_argument("--json", type=Path, help="default: docs/benchmarks/scale.json, of a whole run")
    given = parser.parse_args()
    whole = all(vars(given)[name] == parser.get_default(name) for name in ("events", "few", "many"))
    if given.json is None and whole:
        given.json = DOCS / "scale.json"
    return given


if __name__ == "__main__":
    sys.exit(main())
