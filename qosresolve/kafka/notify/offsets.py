"""Where the group stands, where it begins, and saying how far it came."""

import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from qosresolve.errors import RetriableError
from qosresolve.kafka import failures
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.offsets import Place, since
from qosresolve.kafka.positions import committed_at
from qosresolve.settings import Settings

NONE = -1


def begin(
    consumer: Consumer, admin: AdminClient, places: Sequence[Place], settings: Settings
) -> dict[Place, int]:
    """Return from where to read; a group that has no offset begins with what is young enough.

    That is committed at once: however long nothing is taken, a next start begins there. Raises DeniedError,
    RetriableError.
    """
    found = committed_at(consumer, [TopicPartition(*place) for place in places])
    fresh = [place for place, offset in found.items() if offset == NONE]
    if fresh:
        first = since(admin, fresh, time.time_ns() // 1_000_000 - settings.notify_first_ms)
        if not commit(consumer, [TopicPartition(*place, first[place]) for place in fresh], settings.slot):
            raise RetriableError("the group shares its partitions anew")
        found |= first
    return found


def commit(consumer: Consumer, offsets: Sequence[TopicPartition], slot: str) -> bool:
    """Commit; False where the group is being shared anew, and the next round says whose they are.

    Raises what ends the role, and RetriableError for what passes.
    """
    try:
        done = consumer.commit(offsets=list(offsets), asynchronous=False)
        errors = [at.error for at in done or () if at.error is not None]
    except KafkaException as error:
        errors = [error.args[0]]
    for each in errors:
        raise_if_denied(each)
        if failures.stops(each):
            raise failures.stop(each, slot)
        if not failures.of_group(each):
            raise RetriableError(f"cannot commit how far escalations were told: {each.str()}")
    return not errors
