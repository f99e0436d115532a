"""Escalations on their topic, as a worker writes them, and what a receiver made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import Writer
from tests.kafka.harness import PARTITIONS, RECORDS, World, wall_ms
from tests.notify.samples import SECRET, TRACE, ended, notice, secret_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qosresolve.contracts.tmf.edge import Edge
    from qosresolve.core.requests import EscalationNotice
    from tests.notify.receiver import Got, Receiver


def hooked(receiver: Receiver, folder: Path, *more: str) -> tuple[str, ...]:
    """Return settings of a webhook, with short pauses."""
    return (
        "notify_to=webhook",
        f"notify_url={receiver.url}",
        f"notify_secret_file={secret_file(folder, SECRET)}",
        "notify_timeout_ms=500",
        "notify_backoff_ms=200",
        *more,
    )


def escalate(
    world: World, told: Iterable[EscalationNotice], edge: Edge | None = None, at: int | None = None
) -> None:
    """Write some, with the headers that a worker gives them; `at` is their time, ms since the epoch."""
    writer, producer = Writer(world.names, RECORDS, edge), clients.plain_producer(world.settings)
    for each in told:
        number = partition_of(each.context.product_id, PARTITIONS)
        output = writer.request(number, each, TRACE)
        headers = cast("Any", output.headers)
        producer.produce(
            output.topic, output.value, output.key, number, timestamp=at or wall_ms(), headers=headers
        )
    assert producer.flush(30) == 0


def story(product: str, count: int) -> list[EscalationNotice]:
    """Return raises of one report, one after the other, and the end of the last."""
    raises = [notice(number, product=product, level=min(number, 10)) for number in range(1, count)]
    return [*raises, ended(count, count - 1, product)]


def ids(requests: Iterable[Got]) -> list[str]:
    """Return the ids of requests in order."""
    return [got.headers["webhook-id"] for got in requests]


def firsts(requests: Iterable[Got], product: str) -> list[str]:
    """Return the ids of a product in the order in which each was first taken."""
    return list(dict.fromkeys(item for item in ids(requests) if item.startswith(f"m-{product}-")))


def wanted(product: str, count: int) -> list[str]:
    """Return the ids of a story in its order."""
    return [f"m-{product}-{number}" for number in range(1, count + 1)]


def event_of(got: Got) -> dict[str, Any]:
    """Return the CloudEvent of a request."""
    return cast("dict[str, Any]", json.loads(got.body))
