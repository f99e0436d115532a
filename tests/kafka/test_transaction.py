"""What one transaction after another comes to when brokers are slow, away, or others want the same.

The real client on the mock cluster. What each single error means is in `test_error_codes`.
"""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer, KafkaError

from qosresolve.errors import FatalError, FencedError, QosResolveError, RetriableError
from qosresolve.kafka import transaction
from qosresolve.kafka.denied import DeniedError
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.transaction import AbortedError, OutcomeUnknownError
from tests.kafka.harness import await_that
from tests.kafka.mock import IN, OUT, OUTPUT, Bench, member
from tests.support.mock_cluster import GROUP, TRANSACTION, Api, MockCluster, mock_cluster

pytestmark = pytest.mark.slow

IMPATIENT = {"socket.timeout.ms": "300", "request.timeout.ms": "300"}
Make = Callable[..., Bench]


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    """Two brokers, which lead the partitions of each topic in turn; the group's coordinator is the first."""
    with mock_cluster(2) as made:
        made.create(IN, 2)
        made.create(OUT, 2)
        made.coordinator(GROUP, "group", 1)
        yield made


@pytest.fixture(scope="module")
def group() -> bytes:
    """The metadata of a member of the group."""
    return member()


@pytest.fixture
def make(cluster: MockCluster, group: bytes) -> Iterator[Make]:
    """Return a function that makes transactions in a slot of their own, with the client's options."""
    benches: list[Bench] = []

    def made(options: dict[str, str] | None = None, timeout_ms: int = 2_000) -> Bench:
        bench = Bench(cluster, group, options or {}, timeout_ms)
        benches.append(bench)
        return bench

    yield made
    for bench in benches:
        bench.transactions.close()


# -- requests of unknown fate


@pytest.mark.parametrize("api", [Api.PRODUCE, Api.ADD_OFFSETS_TO_TXN, Api.TXN_OFFSET_COMMIT, Api.END_TXN])
def test_a_request_that_timed_out_replaces_the_producer(make: Make, api: Api) -> None:
    """The client repeats it and the transaction commits; a late first copy must not meet the next one."""
    bench = make(IMPATIENT)
    bench.cluster.late(api, 3_000)
    bench.commit()
    assert bench.count("committed") == 1
    _replaced_before_the_next(bench)


def test_a_request_whose_connection_broke_replaces_the_producer(make: Make) -> None:
    """Told of at the level of information only, as it was but one request; no option can silence it."""
    bench = make({"log.connection.close": "false"}, timeout_ms=10_000)
    bench.commit()
    bench.cluster.delay(Api.END_TXN, 5_000)
    bench.cluster.asked()

    def cut() -> None:
        await_that(lambda: Api.END_TXN in bench.cluster.heard(), "end of the transaction")
        bench.cluster.down()
        bench.cluster.up()

    cutting = threading.Thread(target=cut)
    cutting.start()
    bench.commit()
    cutting.join()
    assert bench.count("committed") == 2
    _replaced_before_the_next(bench)


def _replaced_before_the_next(bench: Bench) -> None:
    assert bench.rebuilt() == {}
    bench.cluster.asked()
    bench.commit()
    assert bench.rebuilt() == {"ambiguous": 1}
    asked = bench.cluster.asked()
    assert asked.index(Api.INIT_PRODUCER_ID) < asked.index(Api.ADD_OFFSETS_TO_TXN)
    bench.commit()
    assert bench.rebuilt() == {"ambiguous": 1}


def test_an_idle_worker_hears_of_it_too(make: Make) -> None:
    """The line waits for the client's poll; a round without a batch replaces the producer as well."""
    bench = make(IMPATIENT)
    bench.cluster.late(Api.END_TXN, 3_000)
    bench.commit()
    bench.transactions.poll()
    assert bench.rebuilt() == {"ambiguous": 1}


def test_a_broker_that_cannot_be_reached_is_no_reason(make: Make, cluster: MockCluster) -> None:
    """On a connection that never stood nothing can be under way: a dead broker costs no producers."""
    cluster.down(2)
    bench = make(timeout_ms=1_000)
    with pytest.raises((AbortedError, OutcomeUnknownError)):
        bench.commit([Output(OUT, 1, b"k", b"v", [])])
    bench.commit()
    assert "ambiguous" not in bench.rebuilt()


def test_a_group_coordinator_that_dies_in_mid_batch_hangs_nothing(make: Make) -> None:
    """The client would wait for the dead one for ever; told of the broken connection, we do not ask it to."""
    bench = make()
    bench.cluster.coordinator(GROUP, "group", 2)
    bench.commit()

    def meanwhile() -> Iterator[Output]:
        yield OUTPUT
        bench.cluster.down(2)
        bench.cluster.coordinator(GROUP, "group", 1)
        await_that(bench.broken, "line of the broken connection")

    with pytest.raises(AbortedError):
        bench.commit(meanwhile())
    bench.commit()
    assert bench.rebuilt() == {"ambiguous": 1}


def test_a_group_coordinator_that_died_between_batches_hangs_nothing(make: Make) -> None:
    """The same, noticed before the next transaction begins: nothing has to be aborted."""
    bench = make()
    bench.cluster.coordinator(GROUP, "group", 2)
    bench.commit()
    bench.cluster.down(2)
    bench.cluster.coordinator(GROUP, "group", 1)
    await_that(bench.broken, "line of the broken connection")
    bench.commit()
    assert (bench.count("committed"), bench.rebuilt()) == (2, {"ambiguous": 1})


def test_a_coordinator_that_moves_is_followed(make: Make) -> None:
    """The client looks for it again; the transaction commits."""
    bench = make()
    bench.commit()
    bench.cluster.coordinator(TRANSACTION, bench.identity, 2)
    bench.commit()
    assert bench.count("committed") == 2


# -- brokers that are away


def test_a_commit_that_nobody_answers_is_unknown_and_then_waited_for(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with the transaction's time. Until brokers answer the next one may be tried, no more."""
    monkeypatch.setattr(transaction, "CALL_S", 0.3)
    bench = make(timeout_ms=1_000)
    bench.cluster.late(Api.END_TXN, 60_000, times=3)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        bench.commit()
    assert time.monotonic() - began < 3
    assert bench.rebuilt() == {"unknown": 1}
    _all(bench.cluster.down)
    for _ in range(2):
        with pytest.raises(RetriableError, match=r"docs/runbooks/dependency-down\.md"):
            bench.transactions.poll()
    _all(bench.cluster.up)
    _comes_back(bench)


def test_offsets_that_nobody_takes_are_aborted(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was asked to be committed, so nothing can have been."""
    monkeypatch.setattr(transaction, "CALL_S", 0.3)
    bench = make(timeout_ms=1_000)

    def away() -> Iterator[Output]:
        _all(bench.cluster.down)
        yield OUTPUT

    with pytest.raises(AbortedError):
        bench.commit(away())
    _all(bench.cluster.up)
    _comes_back(bench)


def _all(what: Callable[[int], None]) -> None:
    for broker in (1, 2):
        what(broker)


def _comes_back(bench: Bench) -> None:
    def committed() -> bool:
        try:
            bench.commit()
        except (RetriableError, AbortedError, OutcomeUnknownError):
            return False
        return True

    await_that(committed, "commit once brokers answer again", 20)


def test_a_full_queue_is_waited_for_as_long_as_the_transaction_lasts(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that can take no more records ends in an abort, not in a loop without end."""
    monkeypatch.setattr(transaction, "CALL_S", 0.3)
    bench = make({"queue.buffering.max.messages": "1"}, timeout_ms=1_000)
    bench.cluster.slow(3_000)
    began = time.monotonic()
    with pytest.raises(AbortedError, match=r"Queue full|Erroneous state"):
        bench.commit([OUTPUT] * 3)
    assert time.monotonic() - began < 10


# -- the group


def test_metadata_of_before_the_first_join_is_never_sent(make: Make) -> None:
    """The broker would take generation -1 without looking: such a commit is not fenced."""
    bench = make()
    stranger = Consumer({"bootstrap.servers": bench.cluster.bootstrap, "group.id": "group"})
    member, bench.group = bench.group, stranger.consumer_group_metadata()
    with pytest.raises(AbortedError, match="before the first join"):
        bench.commit()
    stranger.close()
    assert Api.TXN_OFFSET_COMMIT not in bench.cluster.asked()
    assert bench.rebuilt() == {"group": 1}
    bench.group = member
    bench.commit()
    assert bench.count("committed") == 1


def test_a_storm_of_rebalances_ends_no_process(make: Make) -> None:
    """Refused thirty times for the generation, which is nobody's illness: slower, and then it works."""
    bench = make()
    storm = [KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS] * 15
    bench.cluster.answer(Api.TXN_OFFSET_COMMIT, *storm)
    pauses = []
    for _ in storm:
        with pytest.raises(AbortedError):
            bench.commit()
        pauses.append(bench.transactions.pause_s)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.1, 1.0)
    assert bench.rebuilt() == {"group": 30}
    bench.commit()
    assert bench.transactions.pause_s == 0
    assert bench.count("committed") == 1


# -- too much of it


def test_producers_that_are_replaced_again_and_again_end_the_process(make: Make) -> None:
    """Ten a minute: then somebody has to look, and is told at what."""
    bench = make()
    bench.cluster.answer(Api.PRODUCE, *[KafkaError.MSG_SIZE_TOO_LARGE] * 11)
    pauses = []
    for _ in range(10):
        with pytest.raises(AbortedError):
            bench.commit()
        pauses.append(bench.transactions.pause_s)
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert pauses[-1] == 5
    with pytest.raises(FatalError, match=r"10 producers.*MSG_SIZE_TOO_LARGE") as stopped:
        bench.commit()
    assert "docs/runbooks/transactions-failing.md" in str(stopped.value)


def test_a_budget_that_was_spent_comes_back(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts the last minute only."""
    bench = make()
    bench.cluster.answer(Api.PRODUCE, *[KafkaError.MSG_SIZE_TOO_LARGE] * 12)
    for _ in range(10):
        with pytest.raises(AbortedError):
            bench.commit()
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    for _ in range(2):
        with pytest.raises(AbortedError):
            bench.commit()


# -- a rival


def test_a_record_that_the_client_refuses_is_aborted(make: Make) -> None:
    """Too large for the client itself: an error without any flag, before the commit."""
    bench = make()
    huge = Output(OUT, 0, b"key", b"x" * 20_000_000, [])
    with pytest.raises(AbortedError, match="MSG_SIZE_TOO_LARGE"):
        bench.commit([huge])
    bench.commit()
    assert bench.rebuilt() == {"aborted": 1}


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("INVALID_PRODUCER_EPOCH", FencedError, "another process runs in slot"),
        ("OUT_OF_ORDER_SEQUENCE_NUMBER", FatalError, "OUT_OF_ORDER_SEQUENCE_NUMBER"),
        ("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", DeniedError, "TransactionalId"),
    ],
)
def test_a_producer_that_dies_in_mid_batch_says_of_what(
    make: Make, name: str, kind: type[QosResolveError], said: str
) -> None:
    """`produce` only says that it is dead; taken for a passing fault, we would fence the rival in turn."""
    bench = make({"linger.ms": "0"})
    api = Api.ADD_PARTITIONS_TO_TXN if kind is DeniedError else Api.PRODUCE
    bench.cluster.answer(api, getattr(KafkaError, name))

    def slowly() -> Iterator[Output]:
        yield OUTPUT
        await_that(lambda: api in bench.cluster.heard(), "the first record")
        time.sleep(0.2)  # its answer is on its way, and nothing tells when the client has seen it
        yield from [OUTPUT] * 3

    with pytest.raises(kind, match=said):
        bench.commit(slowly())
    assert bench.rebuilt() == {}


def test_a_rival_that_is_met_while_aborting_ends_the_process(make: Make) -> None:
    """The abort that follows a passing error tells it; a new producer would take the slot back."""
    bench = make()
    bench.cluster.answer(Api.TXN_OFFSET_COMMIT, KafkaError.ILLEGAL_GENERATION)
    bench.cluster.answer(Api.END_TXN, KafkaError.PRODUCER_FENCED)
    with pytest.raises(FencedError, match="another process runs in slot"):
        bench.commit()
    assert bench.rebuilt() == {}


def test_a_rival_that_is_met_while_starting_ends_the_process(make: Make) -> None:
    """Two that start at once: one of them goes, with the slot named."""
    bench = make()
    bench.cluster.answer(Api.INIT_PRODUCER_ID, KafkaError.PRODUCER_FENCED)
    with pytest.raises(FencedError, match=f"slot '{bench.slot}'"):
        bench.start()
