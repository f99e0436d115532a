"""The classes of errors, for every code that the client knows, with every flag, before and in the commit."""

import itertools
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, KafkaError

from qosresolve.errors import FatalError, FencedError, QosResolveError
from qosresolve.kafka.denied import DeniedError
from qosresolve.kafka.failures import Failure, classify, never_joined, of_group, out_of_time, stop, stops
from tests.kafka.mock import member

CODES = sorted(
    value
    for name in dir(KafkaError)
    if name.lstrip("_").isupper() and isinstance(value := getattr(KafkaError, name), int)
)
FENCING = {KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED}
DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
# What the coordinator never answers to EndTxn, so that no commit can hide behind it.
NO_ANSWER_TO_A_COMMIT = {
    KafkaError._INCONSISTENT,
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.INVALID_MSG,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError.FENCED_MEMBER_EPOCH,
    KafkaError.STALE_MEMBER_EPOCH,
    KafkaError.REBALANCE_IN_PROGRESS,
}


def _errors() -> Iterator[KafkaError]:
    """Every code, without a flag and with each."""
    for code, (fatal, retriable, abort) in itertools.product(
        CODES, [(False, False, False), (True, False, False), (False, True, False), (False, False, True)]
    ):
        yield KafkaError(code, None, fatal, retriable, abort)


def _codes(wanted: Failure, *, committing: bool, abort: bool = False) -> set[int]:
    """Return the codes that are of a class when they carry no flag, or the one to abort."""
    errors = (KafkaError(code, None, False, False, abort) for code in CODES)
    return {error.code() for error in errors if classify(error, committing=committing) is wanted}


def test_there_are_codes_to_look_at() -> None:
    """Those of the brokers and those of the client."""
    assert len(CODES) > 150
    assert min(CODES) < -100 < 100 < max(CODES)


def test_before_a_commit_nothing_is_unknown() -> None:
    """Nothing was asked to be committed: whatever is no reason to stop is aborted, flag or not."""
    for error in _errors():
        found = classify(error, committing=False)
        assert found is not Failure.UNKNOWN
        assert out_of_time(found, committing=False) not in {Failure.UNKNOWN, Failure.RETRIABLE}


@pytest.mark.parametrize("abort", [False, True])
def test_in_a_commit_only_what_answers_no_commit_is_aborted(abort: bool) -> None:
    """The client's flag does not decide: it is also set where the commit may stand."""
    assert _codes(Failure.ABORTABLE, committing=True, abort=abort) == NO_ANSWER_TO_A_COMMIT
    stopping = FENCING | DENIED | {KafkaError._FATAL}
    unknown = set(CODES) - NO_ANSWER_TO_A_COMMIT - stopping
    assert _codes(Failure.UNKNOWN, committing=True, abort=abort) == unknown


@pytest.mark.parametrize("committing", [False, True])
def test_a_rival_is_told_by_the_code_alone(committing: bool) -> None:
    """Whatever else the client says of it: aborting and going on would fence the rival in turn."""
    for error in _errors():
        assert (classify(error, committing=committing) is Failure.FENCED) == (error.code() in FENCING)


@pytest.mark.parametrize("committing", [False, True])
def test_what_is_fatal(committing: bool) -> None:
    """By flag; by the one code that hides the flag; or a right that is missing."""
    for error in _errors():
        fatal = error.fatal() or error.code() in DENIED | {KafkaError._FATAL}
        expected = fatal and error.code() not in FENCING
        assert (classify(error, committing=committing) is Failure.FATAL) == expected


def test_what_is_repeated_is_bounded() -> None:
    """Retriable is what the client says is; when the transaction's time is over it depends on the commit."""
    passing = KafkaError(KafkaError._TIMED_OUT, None, False, True, False)
    assert classify(passing, committing=True) is Failure.RETRIABLE
    assert out_of_time(Failure.RETRIABLE, committing=False) is Failure.ABORTABLE
    assert out_of_time(Failure.RETRIABLE, committing=True) is Failure.UNKNOWN
    for failure in set(Failure) - {Failure.RETRIABLE}:
        assert out_of_time(failure, committing=True) is failure


def test_what_the_group_says_is_of_the_group() -> None:
    """Six codes, by both protocols."""
    found = {code for code in CODES if of_group(KafkaError(code))}
    assert len(found) == 6
    assert found < NO_ANSWER_TO_A_COMMIT


def test_who_never_joined_is_seen_by_the_metadata() -> None:
    """Both by the real client: before the first join, and by a member."""
    stranger = Consumer({"bootstrap.servers": "127.0.0.1:1", "group.id": "group", "log_level": 0})
    assert never_joined(stranger.consumer_group_metadata())
    stranger.close()
    assert not never_joined(member())


# -- consumers


@pytest.mark.parametrize(
    ("code", "text", "kind", "page"),
    [
        (KafkaError._AUTO_OFFSET_RESET, "no offset", FatalError, "retention-passed"),
        (KafkaError._FATAL, "Static consumer fenced: group.instance.id", FencedError, "slot-taken-over"),
        (KafkaError.FENCED_INSTANCE_ID, "the same group.instance.id", FencedError, "slot-taken-over"),
        (KafkaError._FATAL, "whatever", FatalError, "consumer-stopped"),
        (KafkaError.UNSUPPORTED_ASSIGNOR, "not that one", None, ""),
        (KafkaError.UNKNOWN, "Fetch failed", None, ""),
        (KafkaError._TRANSPORT, "gone", None, ""),
    ],
)
def test_what_ends_a_consumer(code: int, text: str, kind: type[QosResolveError] | None, page: str) -> None:
    """All else passes by itself; a member that was replaced is told from one that broke."""
    error = KafkaError(code, text)
    assert stops(error) is (kind is not None)
    if kind is not None:
        found = stop(error, "7")
        assert type(found) is kind
        assert f"docs/runbooks/{page}.md" in str(found)


def test_a_right_that_is_missing_ends_a_consumer() -> None:
    """With status 2, for a supervisor cannot help."""
    for code in DENIED:
        error = KafkaError(code, "no")
        assert stops(error)
        assert isinstance(stop(error, "7"), DeniedError)


def test_a_refused_look_up_of_an_offset_is_a_right_that_is_missing() -> None:
    """The client wraps it into its own code for an offset that is not there; only the words are left."""
    error = KafkaError(
        KafkaError._AUTO_OFFSET_RESET,
        "failed to query logical offset: Broker: Topic authorization failed (broker 1)",
    )
    assert stops(error)
    assert isinstance(stop(error, "7"), DeniedError)


def test_a_fatal_flag_ends_a_consumer_whatever_the_code() -> None:
    """UNSUPPORTED_ASSIGNOR, say, which the client calls fatal."""
    assert stops(KafkaError(KafkaError.UNSUPPORTED_ASSIGNOR, "no", True))
