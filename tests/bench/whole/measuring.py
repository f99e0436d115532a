"""One process at work, looked at from outside: how far its group has committed, what the kernel says of it.

Nothing is asked of the process itself, so nothing has to be built into it and nothing slows it down.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.bench.whole.data import PARTITIONS
from tests.support.kafka_node import die_with_parent

LOOK_S = 0.05
STALLED_S = 90.0
STOP_S = 60.0
FROM, UNTIL = 0.2, 0.8  # of all events: before it is start-up, and the last look has to come after
ROOT = Path(__file__).parents[3]
_TICKS = os.sysconf("SC_CLK_TCK")


class FailedError(Exception):
    """A contender ended, stood still or gave a wrong answer; the message says which."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one instant: events done, seconds of CPU."""

    at: float
    done: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: rates of events once it was under way, seconds until the first commit, memory at the end."""

    wall: float
    cpu: float
    start_s: float
    rss_mb: float


class Progress:
    """How far a group has got, asked by a client that never joins it."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        # Reading uncommitted, the broker answers with what is committed even while a transaction is open.
        reading = {"isolation.level": "read_uncommitted", "enable.auto.commit": False}
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group} | reading)
        self._places = [TopicPartition(topic, number) for number in range(PARTITIONS)]

    def __call__(self) -> int:
        """Return the sum of the committed offsets."""
        try:
            found = self._consumer.committed(self._places, timeout=5)
        except KafkaException:
            return 0  # the group is being made
        return sum(max(place.offset, 0) for place in found)

    def close(self) -> None:
        """Leave the broker alone."""
        self._consumer.close()


@contextmanager
def process(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program for the length of a block; ask it to end, and expect that it does so in good order."""
    with log.open("wb") as file:
        child = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            env=os.environ | environment,
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call: no lock can be held in it
        )
    try:
        yield child
        child.send_signal(signal.SIGTERM)
        if child.wait(STOP_S) not in (0, -signal.SIGTERM):
            raise FailedError(f"ended with status {child.returncode}: {tail(log)}")
    finally:
        child.kill()
        child.wait()


def follow(
    child: "subprocess.Popen[bytes]", done: Callable[[], int], total: int, log: Path
) -> tuple[list[Look], float]:
    """Return what was seen until all events were done, and the resident memory then, in MB."""
    return follow_all([child], done, total, log)


def follow_all(
    children: Sequence["subprocess.Popen[bytes]"], done: Callable[[], int], total: int, log: Path
) -> tuple[list[Look], float]:
    """Return the same of processes that share the events: CPU seconds and memory of them all."""

    def look() -> Look:
        return Look(time.monotonic(), done(), sum(cpu_seconds(child.pid) for child in children))

    looks = [look()]
    moved = looks[0].at
    while looks[-1].done < total:
        time.sleep(LOOK_S)
        all_alive(children, log)
        looks.append(look())
        if looks[-1].done > looks[-2].done:
            moved = looks[-1].at
        elif looks[-1].at - moved > STALLED_S:
            raise FailedError(f"stood still at {looks[-1].done:,} of {total:,}: {tail(log)}")
    if looks[-1].done > total:
        raise FailedError(f"committed {looks[-1].done:,} of {total:,} events")
    return looks, sum(resident_mb(child.pid) for child in children)


def all_alive(children: Sequence["subprocess.Popen[bytes]"], log: Path) -> bool:
    """Return True. Raises FailedError where one has ended."""
    for child in children:
        if child.poll() is not None:
            raise FailedError(f"ended with status {child.returncode} before it was done: {tail(log)}")
    return True


def rates(looks: Sequence[Look], total: int, began: float, rss_mb: float) -> Measured:
    """Return the rates between the first look past 20 % and the last one before the end.

    The end itself lies somewhere between two looks. Where nothing was seen shortly before it, it counts.
    """
    first = next(look for look in looks if look.done >= total * FROM)
    before = [look for look in looks if total * UNTIL <= look.done < total]
    last = before[-1] if before else looks[-1]
    committed = next(look.at for look in looks if look.done > 0)
    done = last.done - first.done
    if last.cpu_s <= first.cpu_s or not done:
        raise FailedError(f"too quick to be measured: give it more than {total:,} events")
    return Measured(done / (last.at - first.at), done / (last.cpu_s - first.cpu_s), committed - began, rss_mb)


def cpu_seconds(pid: int) -> float:
    """Return how much CPU time a process has had, with all its threads and the kernel's work for it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int) -> float:
    """Return how much memory a process really has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def tail(log: Path) -> str:
    """Return the end of what a process said."""
    return log.read_text(encoding="utf-8", errors="replace")[-1_500:].strip()
