"""Some records of some places, without a group and without committing: what a check has to see itself.

Bounded by time: what does not come until then is told as a dependency that is down.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from qosresolve.errors import RetriableError
from qosresolve.kafka import clients, failures
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.reading import place_of
from qosresolve.replay.doctor.site import Site

WAIT_S = 0.2
READ_S = 20.0
CHUNK = 500


def first_of_each(site: Site, where: Mapping[Place, int]) -> dict[Place, Message]:
    """Return the first committed record at or behind an offset of each place that has one."""
    found: dict[Place, Message] = {}
    for message in records(site, where, enough=lambda _: True):
        found.setdefault(place_of(message)[0], message)
    return found


def records(
    site: Site, where: Mapping[Place, int], *, enough: Callable[[Message], bool] = lambda _: False
) -> Iterator[Message]:
    """Yield the committed records from these offsets to the present ends; of a place until it is `enough`.

    Raises RetriableError when that takes too long.
    """
    left = set(where)
    with _reading(site, where) as consumer:
        until = time.monotonic() + READ_S
        while left:
            if time.monotonic() > until or site.late:
                raise RetriableError(f"{len(left)} partitions were not read to their end in {READ_S:.0f} s")
            for message, ended in _next(consumer):
                place, _ = place_of(message)
                if place not in left:
                    continue
                if not ended:
                    yield message
                if ended or enough(message):
                    left.discard(place)
                    consumer.incremental_unassign([TopicPartition(*place)])


def watched(site: Site, where: Mapping[Place, int], seconds: float) -> Iterator[Message]:
    """Yield the committed records from these offsets on, and what comes meanwhile, for so long."""
    with _reading(site, where) as consumer:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not site.late:
            yield from (message for message, ended in _next(consumer) if not ended)


@contextmanager
def _reading(site: Site, where: Mapping[Place, int]) -> Iterator[Consumer]:
    consumer = clients.reader(site.settings)
    try:
        consumer.assign([TopicPartition(*place, offset) for place, offset in where.items()])
        yield consumer
    finally:
        consumer.close()


def _next(consumer: Consumer) -> Iterator[tuple[Message, bool]]:
    """Yield records (False) and ends of partitions (True). Raises what does not pass by itself."""
    for message in clients.drain(consumer, CHUNK, WAIT_S):
        error = message.error()
        if error is None:
            yield message, False
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own constant
            yield message, True
        else:
            raise_if_denied(error, message.topic(), Operation.READ)
            if failures.stops(error):
                raise KafkaException(error)
