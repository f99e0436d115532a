"""When a reader of committed records saw what came of each event."""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, Message, TopicPartition

from qosresolve.kafka import clients
from qosresolve.topics import JOURNAL, Names
from tests.bench.whole.contenders import Contender
from tests.bench.whole.data import PARTITIONS
from tests.bench.whole.measuring import STALLED_S, FailedError, tail
from tests.bench.whole.site import Site

Place = tuple[int, int]  # partition, offset


class Reader:
    """Reads committed records of one topic from its start, and notes when it saw what came of each event."""

    def __init__(self, site: Site, contender: Contender) -> None:
        topic = contender.output(site) or Names(site.settings.prefix).of(JOURNAL)
        self._input = site.input if not contender.module else ""
        self._counted = [0] * PARTITIONS
        self.seen: dict[Place, int] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": site.bootstrap,
                "group.id": f"{site.settings.prefix}reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.queue.backoff.ms": 5,
                "fetch.wait.max.ms": 20,
            }
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])

    def until(self, count: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
        """Read until so many events were answered. Raises FailedError when nothing comes any more."""
        moved = time.monotonic()
        while len(self.seen) < count:
            messages = clients.drain(self._consumer, 2_000, 0.1)
            now = time.monotonic_ns()
            for message in messages:
                place = self._place(message)
                if place is not None and self.seen.setdefault(place, now) != now:
                    raise FailedError(f"the event at {place} was answered twice")
            if messages:
                moved = time.monotonic()
            elif child.poll() is not None or time.monotonic() - moved > STALLED_S:
                raise FailedError(f"answered {len(self.seen):,} of {count:,} events: {tail(log)}")

    def _place(self, message: Message) -> Place | None:
        """Return which event a record came of; None where of none."""
        if message.error() is not None:
            raise FailedError(f"cannot read: {message.error()}")
        partition = message.partition() or 0
        if not self._input:
            self._counted[partition] += 1
            return partition, self._counted[partition] - 1
        headers = cast("list[tuple[str, str | bytes | None]]", message.headers() or [])
        offset = identified(headers, self._input)
        return None if offset is None else (partition, offset)

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()


def identified(headers: Sequence[tuple[str, str | bytes | None]], topic: str) -> int | None:
    """Return the offset of the event that a journal record names; None where it is of another topic."""
    found = next((value for name, value in headers if name == "ce_id"), None)
    text = found if isinstance(found, str) else (found or b"").decode()
    name, _, place = text.partition("/")
    return int(place.rpartition("/")[2]) if name == topic else None
