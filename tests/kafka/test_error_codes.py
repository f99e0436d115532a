"""Every error that a broker may answer inside a transaction, answered to the real client.

What comes out is seen to be of its class, the producer to be replaced or not, and the next transaction to
work. What the client repeats by itself is not seen at all.
"""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError

from qosresolve.errors import FatalError, FencedError, QosResolveError
from qosresolve.kafka.denied import DeniedError
from qosresolve.kafka.transaction import AbortedError, OutcomeUnknownError
from tests.kafka.mock import IN, OUT, Bench, member
from tests.support.mock_cluster import Api, MockCluster, mock_cluster

pytestmark = pytest.mark.slow

REPEATED = {
    Api.PRODUCE: "NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND KAFKA_STORAGE_ERROR "
    "NOT_LEADER_FOR_PARTITION REQUEST_TIMED_OUT UNKNOWN_TOPIC_OR_PART",
    Api.ADD_PARTITIONS_TO_TXN: "CONCURRENT_TRANSACTIONS COORDINATOR_LOAD_IN_PROGRESS NOT_COORDINATOR",
    Api.ADD_OFFSETS_TO_TXN: "CONCURRENT_TRANSACTIONS COORDINATOR_LOAD_IN_PROGRESS NOT_COORDINATOR "
    "COORDINATOR_NOT_AVAILABLE REQUEST_TIMED_OUT",
    Api.TXN_OFFSET_COMMIT: "CONCURRENT_TRANSACTIONS COORDINATOR_LOAD_IN_PROGRESS NOT_COORDINATOR "
    "COORDINATOR_NOT_AVAILABLE REQUEST_TIMED_OUT UNKNOWN_TOPIC_OR_PART",
    Api.END_TXN: "CONCURRENT_TRANSACTIONS COORDINATOR_LOAD_IN_PROGRESS NOT_COORDINATOR "
    "COORDINATOR_NOT_AVAILABLE",
}
GROUP = {
    Api.TXN_OFFSET_COMMIT: "ILLEGAL_GENERATION UNKNOWN_MEMBER_ID FENCED_INSTANCE_ID FENCED_MEMBER_EPOCH "
    "STALE_MEMBER_EPOCH REBALANCE_IN_PROGRESS",
}
ABORTABLE = {
    Api.PRODUCE: "MSG_SIZE_TOO_LARGE INVALID_RECORD",
    Api.ADD_OFFSETS_TO_TXN: "INVALID_PRODUCER_ID_MAPPING UNKNOWN",
    Api.TXN_OFFSET_COMMIT: "OFFSET_METADATA_TOO_LARGE UNKNOWN",
}
# Of each the client says `abort`; whether the commit had an effect it does not say.
UNKNOWN = {
    Api.END_TXN: "UNKNOWN_PRODUCER_ID INVALID_PRODUCER_ID_MAPPING TRANSACTION_ABORTABLE REQUEST_TIMED_OUT "
    "NETWORK_EXCEPTION UNKNOWN",
}
# Told by the next call, whichever that is, and in the commit not to be told from its own.
EITHER = {
    Api.PRODUCE: "UNKNOWN_PRODUCER_ID INVALID_TXN_STATE TRANSACTION_ABORTABLE UNKNOWN",
    Api.ADD_PARTITIONS_TO_TXN: "INVALID_PRODUCER_ID_MAPPING UNKNOWN_PRODUCER_ID UNKNOWN",
}
FENCED = {
    Api.PRODUCE: "INVALID_PRODUCER_EPOCH PRODUCER_FENCED",
    Api.ADD_PARTITIONS_TO_TXN: "INVALID_PRODUCER_EPOCH PRODUCER_FENCED",
    Api.ADD_OFFSETS_TO_TXN: "INVALID_PRODUCER_EPOCH PRODUCER_FENCED",
    Api.TXN_OFFSET_COMMIT: "INVALID_PRODUCER_EPOCH PRODUCER_FENCED",
    Api.END_TXN: "INVALID_PRODUCER_EPOCH PRODUCER_FENCED",
}
FATAL = {
    Api.PRODUCE: "OUT_OF_ORDER_SEQUENCE_NUMBER",
    Api.ADD_PARTITIONS_TO_TXN: "INVALID_TXN_STATE",
    Api.ADD_OFFSETS_TO_TXN: "INVALID_TXN_STATE",
    Api.TXN_OFFSET_COMMIT: "INVALID_TXN_STATE INVALID_PRODUCER_ID_MAPPING",
    Api.END_TXN: "INVALID_TXN_STATE",
}
DENIED = {
    Api.PRODUCE: "TOPIC_AUTHORIZATION_FAILED",
    Api.ADD_PARTITIONS_TO_TXN: "TOPIC_AUTHORIZATION_FAILED TRANSACTIONAL_ID_AUTHORIZATION_FAILED "
    "CLUSTER_AUTHORIZATION_FAILED",
    Api.ADD_OFFSETS_TO_TXN: "GROUP_AUTHORIZATION_FAILED TRANSACTIONAL_ID_AUTHORIZATION_FAILED "
    "CLUSTER_AUTHORIZATION_FAILED",
    Api.TXN_OFFSET_COMMIT: "GROUP_AUTHORIZATION_FAILED TOPIC_AUTHORIZATION_FAILED "
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    Api.END_TXN: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED",
}


def _each(table: dict[Api, str]) -> pytest.MarkDecorator:
    rows = [(api, name) for api, names in table.items() for name in names.split()]
    return pytest.mark.parametrize(("api", "name"), rows, ids=lambda item: getattr(item, "name", item))


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    """A broker of all these tests."""
    with mock_cluster() as made:
        made.create(IN, 4)
        made.create(OUT, 4)
        yield made


@pytest.fixture(scope="module")
def group() -> bytes:
    """The metadata of a member of the group."""
    return member()


@pytest.fixture
def bench(cluster: MockCluster, group: bytes) -> Iterator[Bench]:
    """Transactions in a slot of their own."""
    made = Bench(cluster, group)
    yield made
    for api in Api:
        cluster.clear(api)
    made.transactions.close()


def _answer(bench: Bench, api: Api, name: str, times: int = 1) -> None:
    bench.cluster.answer(api, *[getattr(KafkaError, name)] * times)


def _fails(bench: Bench, *kinds: type[QosResolveError]) -> QosResolveError:
    with pytest.raises(QosResolveError) as raised:
        bench.commit()
    assert type(raised.value) in kinds
    return raised.value


@_each(REPEATED)
def test_what_the_client_repeats_is_not_seen(bench: Bench, api: Api, name: str) -> None:
    """The transaction commits, twice if need be, with the very same producer."""
    _answer(bench, api, name)
    bench.commit()
    bench.commit()
    assert bench.count("committed") == 2
    assert bench.rebuilt() == {}
    assert Api.INIT_PRODUCER_ID not in bench.cluster.asked()


@_each(ABORTABLE)
def test_what_had_no_effect_is_aborted(bench: Bench, api: Api, name: str) -> None:
    """The worker is told to rewind; another producer begins the next transaction."""
    _answer(bench, api, name)
    assert name in str(_fails(bench, AbortedError))
    _goes_on(bench, "aborted", "aborted")


@_each(GROUP)
def test_what_the_group_refuses_is_aborted(bench: Bench, api: Api, name: str) -> None:
    """A rebalance of others is no illness: the same, under a name of its own."""
    _answer(bench, api, name)
    assert name in str(_fails(bench, AbortedError))
    _goes_on(bench, "aborted", "group")


@_each(UNKNOWN)
def test_what_may_have_been_committed_is_unknown(bench: Bench, api: Api, name: str) -> None:
    """The worker is told to restore, whatever the client says: after a server error a commit may stand."""
    _answer(bench, api, name)
    assert name in str(_fails(bench, OutcomeUnknownError))
    _goes_on(bench, "unknown", "unknown")


@_each(EITHER)
def test_what_the_next_call_tells_is_aborted_or_unknown(bench: Bench, api: Api, name: str) -> None:
    """Told before the commit was asked for, it had no effect; told by the commit, it is unknown."""
    _answer(bench, api, name)
    failure = _fails(bench, AbortedError, OutcomeUnknownError)
    # Where the client hears of it between two calls, the second is told of the state that it is in, no more.
    assert name in str(failure) or "Erroneous state" in str(failure)
    outcome = "aborted" if isinstance(failure, AbortedError) else "unknown"
    _goes_on(bench, outcome, outcome)


def _goes_on(bench: Bench, outcome: str, reason: str) -> None:
    """The next transaction is begun by another producer, and works."""
    assert bench.count(outcome) == 1
    assert bench.rebuilt() == {reason: 1}
    bench.cluster.asked()
    bench.commit()
    asked = bench.cluster.asked()
    assert asked.index(Api.INIT_PRODUCER_ID) < asked.index(Api.ADD_OFFSETS_TO_TXN)
    assert bench.count("committed") == 1
    assert bench.rebuilt() == {reason: 1}


@_each(FENCED)
def test_a_rival_ends_the_process(bench: Bench, api: Api, name: str) -> None:
    """Status 75, the slot named, and no new producer: that would fence the rival in turn."""
    _answer(bench, api, name)
    failure = _fails(bench, FencedError)
    assert failure.exit_code == 75
    assert f"another process runs in slot '{bench.slot}'" in str(failure)
    assert "docs/runbooks/slot-taken-over.md" in str(failure)
    assert bench.count("fenced") == 1
    _stopped(bench)


@_each(FATAL)
def test_what_no_producer_survives_ends_the_process(bench: Bench, api: Api, name: str) -> None:
    """Status 70, with the page that says what to look at."""
    _answer(bench, api, name)
    failure = _fails(bench, FatalError)
    assert failure.exit_code == 70
    assert name in str(failure)
    assert "docs/runbooks/transactions-failing.md" in str(failure)
    _stopped(bench)


@_each(DENIED)
def test_a_right_that_is_missing_ends_the_process(bench: Bench, api: Api, name: str) -> None:
    """Status 2: somebody has to grant it, no supervisor can. What can be aborted is."""
    _answer(bench, api, name)
    assert _fails(bench, DeniedError).exit_code == 2
    _stopped(bench)


def _stopped(bench: Bench) -> None:
    """Nothing was begun anew; it can be closed; the next process in the slot works."""
    assert bench.rebuilt() == {}
    assert Api.INIT_PRODUCER_ID not in bench.cluster.asked()
    bench.transactions.close()
    bench.start()
    bench.commit()
    assert bench.count("committed") == 1
