"""What an intake takes a second, by the CPU time of its process: VES alerts, with 10,000 objects known.

`make bench-intake`. A broker of its own unless QOSRESOLVE_TEST_BOOTSTRAP names one; the alerts lie there
before the intake starts, so that it is never idle. Each alert is another crossing, so that none is folded.
What is counted is what was committed; that each became exactly one event is checked at the end.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from qosresolve.core.inputs import Degradation
from qosresolve.kafka import clients
from qosresolve.kafka.reading import read_all
from qosresolve.topics import DEGRADATION, FOREIGN, INTAKE, INVENTORY, Names
from tests.bench.whole.measuring import FailedError, cpu_seconds
from tests.kafka.foreign import crossing, relation
from tests.kafka.harness import RECORDS, World, await_that, settings_for
from tests.support.kafka_server import find_broker

OBJECTS = 10_000
TARGET = 15_000
WARM = 0.2  # of the alerts: until then caches fill, and nothing is measured


def _fill(world: World, alerts: int, objects: int) -> None:
    for at in range(objects):
        made = relation(f"vnf-{at}", f"P{at}", customer_id=f"C{at % 997}", site=f"S{at % 53}")
        world.send(INVENTORY, made.key, RECORDS.write_as("inventory", made), partition=0)
    world.flush()
    for at in range(alerts):
        name = f"vnf-{at * 7_919 % objects}"
        action = ("SET", "CONT", "CLEAR")[at // objects % 3]
        world.send(FOREIGN, name, crossing(name, at + 1, action))
    world.flush()


def _taken(world: World) -> int:
    """Return how many alerts are committed, by the last positions."""
    last: dict[bytes, bytes] = {}
    for message in world.messages(INTAKE):
        last[message.key() or b""] = message.value() or b""
    from qosresolve.intake.state import IntakeState  # noqa: PLC0415 - of the measured program

    states = [RECORDS.read_as("intake", IntakeState, value) for value in last.values()]
    return sum(offset for state in states for offset in state.offsets.values())


def _started(world: World, folder: Path) -> subprocess.Popen[bytes]:
    given = {name: str(value) for name, value in world.settings.model_dump(exclude_unset=True).items()}
    given |= {"log_level": "warning", "session_timeout_ms": "45000", "transaction_timeout_ms": "15000"}
    sets = [word for item in given.items() for word in ("--set", "=".join(item))]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "qosresolve", "run", "intake", *sets], stderr=log
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """Alerts a second: by the clock, and of CPU of the whole process, librdkafka's threads included."""

    wall: float
    cpu: float


def measured(bootstrap: str, alerts: int, objects: int) -> Rate:
    """Fill topics of its own, run one intake, check what it wrote. Raises FailedError."""
    world = World(settings_for(bootstrap, f"i{secrets.token_hex(4)}."))
    try:
        _fill(world, alerts, objects)
        rate = _run(world, alerts)
        _check(world, alerts)
    finally:
        _remove(world)
    return rate


def _run(world: World, alerts: int) -> Rate:
    """Run one intake until all is taken; what is measured begins once it is warm."""
    with tempfile.TemporaryDirectory() as folder:
        process = _started(world, Path(folder))
        try:
            warm = await_that(
                lambda: n if (n := _taken(world)) > alerts * WARM else None, "a warm intake", 120
            )
            cpu, wall = cpu_seconds(process.pid), time.monotonic()
            await_that(lambda: _taken(world) >= alerts, "the last alert", 600)
            cpu, wall = cpu_seconds(process.pid) - cpu, time.monotonic() - wall
        finally:
            process.terminate()
            process.wait(30)
    done = alerts - warm
    if cpu <= 0 or done <= 0:
        raise FailedError(f"intake was too quick to be measured: give it more than {alerts:,} alerts")
    return Rate(done / wall, done / cpu)


def _remove(world: World) -> None:
    admin = clients.admin(world.settings)
    ours = [name for name in clients.metadata(admin) if name.startswith(world.settings.prefix)]
    for future in admin.delete_topics(ours).values():
        future.result(60)


def _check(world: World, alerts: int) -> None:
    """Each alert is one event: as many committed records as alerts, each of another sequence."""
    names = Names(world.settings.prefix)
    places = [(names.of(DEGRADATION), number) for number in range(world.settings.partitions)]
    sequences: Counter[int] = Counter()
    for message in read_all(world.settings, places):
        event = RECORDS.read_input("degradation", message.value() or b"")
        if not isinstance(event, Degradation):
            raise FailedError(f"intake wrote a {type(event).__name__}")
        sequences[event.sequence] += 1
    if sequences.total() != alerts or len(sequences) != alerts:
        raise FailedError(f"intake wrote {sequences.total()} events, {len(sequences)} different ones")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=300_000)
    parser.add_argument("--objects", type=int, default=OBJECTS)
    given = parser.parse_args()
    broker = find_broker()
    try:
        rate = measured(broker.bootstrap, given.alerts, given.objects)
    finally:
        broker.close()
    _say(
        f"{rate.wall:,.0f} alerts a second, {rate.cpu:,.0f} a CPU second, {1e6 / rate.cpu:.1f} us of CPU each"
    )
    _say(f"target: {TARGET:,} a CPU second: {'kept' if rate.cpu >= TARGET else 'MISSED'}")
    sys.exit(rate.cpu < TARGET)


if __name__ == "__main__":
    main()
