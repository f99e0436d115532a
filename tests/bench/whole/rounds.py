"""Rounds: all read the same events on the same broker, one after the other, in an order that rotates."""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.whole.contenders import RAW, Contender
from tests.bench.whole.data import Event, shift_to
from tests.bench.whole.measuring import FailedError, Measured, Progress, follow, process, rates
from tests.bench.whole.site import Site
from tests.kafka.harness import wall_ms


def warm_up(bootstrap: str, events: list[Event]) -> None:
    """Let the broker's JVM see the work once; nobody counts."""
    tell("warming the broker up")
    _round(bootstrap, events, [RAW])


def measured(
    bootstrap: str, events: list[Event], contenders: Sequence[Contender], rounds: int
) -> dict[str, list[Measured]]:
    """Return each contender's runs. Raises FailedError that names who failed and how."""
    found: dict[str, list[Measured]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        turn = number % len(contenders)
        order = [*contenders[turn:], *contenders[:turn]]
        tell(f"round {number + 1} of {rounds}")
        for name, run in _round(bootstrap, events, order).items():
            found[name].append(run)
    return found


def _round(bootstrap: str, events: list[Event], order: Sequence[Contender]) -> dict[str, Measured]:
    site = Site(bootstrap)
    try:
        by_ms = shift_to(events, wall_ms())
        site.fill(events, by_ms)
        found = {}
        for contender in order:
            try:
                run = found[contender.name] = _run(site, contender, len(events))
                contender.check(site, contender.output(site), events, by_ms)
            except FailedError as error:
                raise FailedError(f"{contender.name}: {error}") from None
            tell(f"  {contender.name}: {run.wall:,.0f} events/s, {run.cpu:,.0f} per CPU-second, right")
        return found
    finally:
        site.remove()


def _run(site: Site, contender: Contender, total: int) -> Measured:
    """Return how one contender did, from its start to the last event."""
    command = contender.command(site)
    done = Progress(site.bootstrap, contender.group(site), site.input)
    try:
        with tempfile.TemporaryDirectory() as folder:
            log, began = Path(folder) / "log", time.monotonic()
            with process(command, contender.environment(site), log) as child:
                looks, rss_mb = follow(child, done, total, log)
            return rates(looks, total, began, rss_mb)
    finally:
        done.close()


def tell(line: str) -> None:
    """Say how far it is, beside the result."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
