"""Sends events at a steady rate, in a process of its own, and remembers when each was handed to the client.

Called as `python -m tests.bench.whole.generator BOOTSTRAP TOPIC EVENTS PRODUCTS SEED FILE`; obeys lines on
its standard input: `one` sends the next event, `run RATE COUNT` so many at that rate, `end` writes the
instants (monotonic, ns, of each event in order) to FILE.
"""

import subprocess
import sys
import time
from array import array
from pathlib import Path
from typing import Self

from confluent_kafka import Producer

from tests.bench.whole.data import Event, Shape, prepared
from tests.bench.whole.measuring import ROOT, FailedError
from tests.bench.whole.site import Site
from tests.kafka.harness import wall_ms

TICK_S = 0.002
FLUSH_S = 60.0


class Generator:
    """Some prepared events, of which each is sent once."""

    def __init__(self, bootstrap: str, topic: str, events: list[Event]) -> None:
        self._topic = topic
        self._events = events
        self._placed = [(event.product.encode(), event.partition) for event in events]
        self._next = 0
        self.sent = array("q")
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "log_level": 3,
                "enable.idempotence": True,
                "linger.ms": 1,
                "compression.type": "lz4",
            }
        )
        self._producer.list_topics(topic, timeout=10)

    def one(self) -> None:
        """Send the next event at once."""
        self._send(1)
        self._producer.flush(FLUSH_S)

    def run(self, rate: int, count: int) -> None:
        """Send so many events, each at its time; what is late goes out at once."""
        began, done = time.monotonic(), 0
        while done < count:
            due = min(count, int((time.monotonic() - began) * rate) + 1)
            self._send(due - done)
            done = due
            self._producer.poll(0)
            time.sleep(TICK_S)
        self._producer.flush(FLUSH_S)

    def _send(self, count: int) -> None:
        now = wall_ms()
        for at in range(self._next, self._next + count):
            key, partition = self._placed[at]
            value = self._events[at].at(now)
            self.sent.append(time.monotonic_ns())
            self._producer.produce(self._topic, value, key, partition)
        self._next += count


class Sender:
    """The generator's process, from here."""

    def __init__(self, site: Site, shape: Shape, times: Path) -> None:
        words = [site.bootstrap, site.input, shape.events, shape.products, shape.seed, times]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "tests.bench.whole.generator", *map(str, words)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            raise FailedError("the generator did not start")
        return self

    def say(self, line: str) -> None:
        """Tell it what to do next."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()


def main(bootstrap: str, topic: str, events: str, products: str, seed: str, file: str) -> None:
    """Obey until told to end; `ready` is said when all is prepared."""
    shape = Shape(int(events), int(products), seed=int(seed))
    generator = Generator(bootstrap, topic, prepared(shape))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        match line.split():
            case ["one"]:
                generator.one()
            case ["run", rate, count]:
                generator.run(int(rate), int(count))
            case _:
                break
    with Path(file).open("wb") as out:
        generator.sent.tofile(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
