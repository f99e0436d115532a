"""Topics as a long life leaves them: many reports of ordinary size, with their alarm headers."""

import multiprocessing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from confluent_kafka import KafkaError, Message

from qosresolve.contracts.headers import alarm_headers
from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.settings import Settings
from qosresolve.telemetry import log
from qosresolve.topics import REPORT, Names
from tests.bench.population import OPENED, Opened, key_of, product_of, reports


@dataclass(frozen=True)
class Due:
    """When reports are due, ms since the epoch: a `step` after one another, within a `span` from a start."""

    start: int
    step: int
    span: int = 1 << 60
    a_second: int = 0  # so many instead of a step

    def __call__(self, at: int) -> int:
        """Return when the report is due that comes at this place."""
        return self.start + (at * 1_000 // self.a_second if self.a_second else at * self.step % self.span)


def keys(numbers: Iterable[int]) -> Iterator[bytes]:
    """Yield the key of each report."""
    return (key_of(product_of(number)) for number in numbers)


def fill(settings: Settings, numbers: range, due: Due, opened: Opened = OPENED) -> None:
    """Write reports in this process, each to the partition of its product."""
    log.configure("json", "warning")
    producer = clients.plain_producer(settings.model_copy(update={"kafka": {"compression.type": "lz4"}}))
    topic = Names(settings.prefix).of(REPORT)
    failed: list[str] = []

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failed.append(str(error))

    for at, (product, key, value) in enumerate(reports(numbers, opened)):
        place = partition_of(product, settings.partitions)
        headers = cast("Any", alarm_headers(due(at), 1))
        while True:
            try:
                producer.produce(topic, value, key, place, headers=headers, on_delivery=delivered)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    producer.flush(60)
    if failed:
        raise RuntimeError(f"{len(failed)} reports were not written: {failed[0]}")


def fill_apart(settings: Settings, numbers: range, due: Due, opened: Opened = OPENED) -> None:
    """Write reports in a process of its own, which leaves nothing behind in this one."""
    process = multiprocessing.get_context("spawn").Process(  # a fork would inherit the clients' locks
        target=fill, args=(settings, numbers, due, opened)
    )
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"filling ended with status {process.exitcode}")


def resident_bytes() -> int:
    """Return how much memory this process really has (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4_096
