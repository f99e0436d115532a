"""Log ends and starts, asked of the brokers.

The end is taken with READ_UNCOMMITTED: with a foreign transaction open, READ_COMMITTED stops below records
that are committed already, and a restore that trusts it misses them.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from qosresolve.errors import RetriableError
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied, raise_if_hidden

Place = tuple[str, int]
T = TypeVar("T")
TIMEOUT = 10.0
NONE = -1  # the brokers' answer where no record is so young


def ends(admin: AdminClient, places: Iterable[Place]) -> dict[Place, int]:
    """Return the READ_UNCOMMITTED end offset of each (topic, partition)."""
    return _offsets(admin, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]


def stable_ends(admin: AdminClient, places: Iterable[Place]) -> dict[Place, int]:
    """Return up to where each (topic, partition) is decided: all below is committed or aborted."""
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    return _offsets(admin, places, latest, IsolationLevel.READ_COMMITTED)


def starts(admin: AdminClient, places: Iterable[Place]) -> dict[Place, int]:
    """Return the first retained offset of each (topic, partition)."""
    return _offsets(admin, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]


def since(admin: AdminClient, places: Iterable[Place], instant: int) -> dict[Place, int]:
    """Return the first offset of each that is of an instant in ms or later; its end where none is."""
    found = _offsets(admin, places, OffsetSpec.for_timestamp(instant), least=NONE)
    return found | ends(admin, [place for place, offset in found.items() if offset == NONE])


def patiently(call: Callable[[], T], seconds: float = 30.0) -> T:
    """Repeat a call while it raises RetriableError, for a bounded time: leaders move, new topics settle."""
    end = time.monotonic() + seconds
    while True:
        try:
            return call()
        except RetriableError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.1)


def _offsets(
    admin: AdminClient,
    places: Iterable[Place],
    spec: OffsetSpec,
    isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    *,
    least: int = 0,
) -> dict[Place, int]:
    wanted = {TopicPartition(topic, partition): spec for topic, partition in places}
    if not wanted:
        return {}
    futures = admin.list_offsets(wanted, isolation_level=isolation, request_timeout=TIMEOUT)
    found = {}
    for at, future in futures.items():
        try:
            found[at.topic, at.partition] = _known(at, future.result().offset, least)
        except RetriableError:
            raise
        except Exception as error:
            raise_if_denied(error, at.topic, Operation.READ)
            if _unseen(error):
                raise_if_hidden(admin, at.topic, Operation.READ)
            _look_again(admin, error)
            raise RetriableError(f"cannot list offsets: {error}") from error
    return found


def _known(at: TopicPartition, offset: int, least: int) -> int:
    """Return an offset that a broker told: of a leader that does not answer in time the client says -1001."""
    if offset < least:
        raise RetriableError(f"the leader of {at.topic} partition {at.partition} does not answer")
    return offset


def _look_again(admin: AdminClient, error: Exception) -> None:
    """Learn the leaders anew: the client asks with the epoch that it knows, and gets the same no for ever."""
    code = error.args[0].code() if isinstance(error, KafkaException) else None
    if code in _OUTDATED:
        with suppress(KafkaException):
            admin.list_topics(timeout=TIMEOUT)


_OUTDATED = (
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.NOT_LEADER_FOR_PARTITION,
)


def _unseen(error: Exception) -> bool:
    """Tell whether the brokers did not say who leads the partition: it is not there, or we may not see it."""
    return isinstance(error, KafkaException) and error.args[0].code() in (
        KafkaError._NOENT,  # noqa: SLF001 - the client's own constant
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    )
