"""What an error of the client means, and what has to happen next.

    retriable   the same call again, within the transaction's own time
    abortable   nothing of it counts: abort, drop what was staged, rewind, another producer
    unknown     it may have been committed: another producer, then restore from the log
    fenced      another process has the slot, or the broker ended the transaction: stop, start again
    fatal       stop, somebody has to look; a right that is missing is one of these

The client's flags say less than they seem to. `txn_requires_abort` is also set when the broker's answer to a
commit was an error after which the commit may stand (a server error, a time-out of its own), and no flag at
all is undefined by the client's own words. So once a commit was asked for, only what a commit can never be
answered by is taken for an abort; everything else is unknown. Before that nothing can have been committed,
and a new producer under the same id ends whatever is open: as good as a new process.
"""

from enum import StrEnum

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from qosresolve.errors import FatalError, FencedError, QosResolveError
from qosresolve.kafka import clients
from qosresolve.kafka.denied import denial

# ruff: noqa: SLF001 - the client's own constants begin with an underscore


class Failure(StrEnum):
    """The classes, by what happens next."""

    RETRIABLE = "retriable"
    ABORTABLE = "abortable"
    UNKNOWN = "unknown"
    FENCED = "fenced"
    FATAL = "fatal"


_FENCING = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})
# What a group tells a member that is not up to date, often because *others* come and go: no illness.
_GROUP = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.FENCED_MEMBER_EPOCH,
        KafkaError.STALE_MEMBER_EPOCH,
        KafkaError.REBALANCE_IN_PROGRESS,
    }
)
# Of records and offsets. They surface in the commit that follows, before the end of the transaction is asked
# for; the coordinator never answers that with one of them.
_BEFORE_THE_END = _GROUP | {
    KafkaError._INCONSISTENT,  # some records were not delivered
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.INVALID_MSG,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
# What ends a consumer. `_FATAL` does not carry the flag, and hides what it was; only its words tell.
_STOPPING = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID})
_REPLACED = "group.instance.id"
_NO_GENERATION = b"\xff\xff\xff\xff"


def classify(error: KafkaError, *, committing: bool) -> Failure:
    """Return the class of a producer's error; `committing` from the moment that a commit is asked for."""
    code = error.code()
    if code in _FENCING:
        return Failure.FENCED
    if error.fatal() or code == KafkaError._FATAL or denial(error) is not None:
        return Failure.FATAL
    if error.retriable():
        return Failure.RETRIABLE
    if not committing or code in _BEFORE_THE_END:
        return Failure.ABORTABLE
    return Failure.UNKNOWN


def out_of_time(failure: Failure, *, committing: bool) -> Failure:
    """Return what a retriable error is once the transaction's time is over."""
    if failure is not Failure.RETRIABLE:
        return failure
    return Failure.UNKNOWN if committing else Failure.ABORTABLE


def of_group(error: KafkaError) -> bool:
    """Tell whether the group refused us for the generation that we are of."""
    return error.code() in _GROUP


def never_joined(metadata: object) -> bool:
    """Tell whether a group's metadata is of before the first join.

    The client writes `CGMDv2:`, then the generation. The broker takes -1 without looking, so a transaction
    that carries it is not fenced by the group.
    """
    return isinstance(metadata, bytes) and metadata[7:11] == _NO_GENERATION


def stops(error: KafkaError) -> bool:
    """Tell whether a consumer's error ends the role; all others pass by themselves."""
    return error.fatal() or error.code() in _STOPPING or denial(error) is not None


def stop(error: KafkaError, slot: str) -> QosResolveError:
    """Return what a role ends with that cannot read any more."""
    refused = denial(error)
    if refused is not None:
        return refused
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        return FatalError(
            f"an input's offset is not retained any more: {error}; see docs/runbooks/retention-passed.md"
        )
    if _REPLACED in error.str():
        return FencedError(
            f"another process joined the group as slot {slot!r} ({error}): give every worker its own slot; "
            "see docs/runbooks/slot-taken-over.md"
        )
    return FatalError(f"the consumer cannot go on: {error}; see docs/runbooks/consumer-stopped.md")


def polled(consumer: Consumer, most: int, wait_s: float, slot: str) -> list[Message]:
    """Return what is there, as `clients.drain`. Raises as `stop` where the client died: so it tells that."""
    try:
        return clients.drain(consumer, most, wait_s)
    except KafkaException as error:
        raise stop(error.args[0], slot) from None
