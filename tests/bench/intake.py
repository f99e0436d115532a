"""What an intake takes a second, by the CPU time of its process: VES alerts, with 10,000 objects known.

`make bench-intake`. A broker of its own unless QOSRESOLVE_TEST_BOOTSTRAP names one; the alerts lie there
before the intake starts, so that it is never idle. Each alert is another crossing, so that none is folded.
What is counted is what was committed; that each became exactly one event is checked at the end.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from qosresolve.kafka import clients
from qosresolve.kafka.offsets import ends
from qosresolve.kafka.reading import read_all
from qosresolve.topics import DEGRADATION, FOREIGN, INTAKE, INVENTORY, Names
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
    started = time.monotonic()
    for at in range(alerts):
        name = f"vnf-{at * 7_919 % objects}"
        action = ("SET", "CONT", "CLEAR")[at // objects % 3]
        world.send(FOREIGN, name, crossing(name, at + 1, action))
    world.flush()
    _say(f"{alerts} alerts of {objects} objects lie there, after {time.monotonic() - started:.0f} s")


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, user and system (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


def measured(bootstrap: str, alerts: int, objects: int) -> float:
    """Fill, run one intake, print what it did; return alerts a CPU second."""
    world = World(settings_for(bootstrap, f"i{secrets.token_hex(4)}."))
    _fill(world, alerts, objects)
    with tempfile.TemporaryDirectory() as folder:
        process = _started(world, Path(folder))
        try:
            warm = await_that(
                lambda: n if (n := _taken(world)) > alerts * WARM else None, "a warm intake", 120
            )
            cpu, wall = _cpu_s(process.pid), time.monotonic()
            await_that(lambda: _taken(world) >= alerts, "the last alert", 600)
            cpu, wall = _cpu_s(process.pid) - cpu, time.monotonic() - wall
        finally:
            process.terminate()
            process.wait(30)
    done = alerts - warm
    _check(world, alerts)
    _say(f"{done} alerts after the first {warm}: {done / wall:,.0f} a second, {done / cpu:,.0f} a CPU second")
    _say(f"that is {cpu / done * 1e6:.1f} us of CPU an alert, librdkafka's threads included")
    return done / cpu


def _check(world: World, alerts: int) -> None:
    """Each alert is one event: as many committed records as alerts, each of another sequence."""
    admin = clients.admin(world.settings)
    names = Names(world.settings.prefix)
    places = [(names.of(DEGRADATION), number) for number in range(world.settings.partitions)]
    assert sum(ends(admin, places).values()) >= alerts
    sequences = set()
    count = 0
    for message in read_all(world.settings, places):
        event = RECORDS.read_input("degradation", message.value() or b"")
        sequences.add(event.sequence)  # type: ignore[union-attr] # what else would lie there fails here
        count += 1
    assert count == len(sequences) == alerts, f"{count} events, {len(sequences)} different ones"


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
    _say(f"target: {TARGET:,} a CPU second: {'kept' if rate >= TARGET else 'MISSED'}")
    sys.exit(rate < TARGET)


if __name__ == "__main__":
    main()
