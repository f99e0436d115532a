"""What is on the topics and cannot be read at all: a batch of an input, a policy, a key of state."""

import pytest
import structlog
from confluent_kafka import Producer
from structlog.testing import capture_logs

from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.vocabulary import Outcome
from qosresolve.kafka.incoming import LEFT_OUT
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.partition import TRIES
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, REPORT, WATCH
from tests.kafka.bench import HERE, NAMES, Bench
from tests.kafka.checks import check_all
from tests.kafka.harness import PARTITIONS, RECORDS, World, await_that

# The client unpacks zstd up to the size of the largest answer that it takes.
NARROW = ("receive.message.max.bytes=1200000", "fetch.max.bytes=1000000", "fetch.message.max.bytes=1000000")


def _elsewhere() -> str:
    """Return a product of another partition."""
    here = partition_of("P1", PARTITIONS)
    return next(name for name in map("P{}".format, range(2, 99)) if partition_of(name, PARTITIONS) != here)


def test_a_batch_that_cannot_be_unpacked_stops_its_partition(world: World) -> None:
    """The client would try for ever, in silence: the partition stops with a page, the others go on."""
    settings = {"bootstrap.servers": world.settings.bootstrap_servers, "message.max.bytes": 100_000_000}
    producer = Producer(settings | {"compression.type": "zstd"})
    place = partition_of("P1", PARTITIONS)
    producer.produce(world.names.of(DEGRADATION), b"\0" * 8_000_000, b"P1", place)
    assert producer.flush(30) == 0
    world.degrade("P1", 1)
    world.degrade(other := _elsewhere(), 1)
    world.flush()
    with world.running(Worker, *(f"kafka.{option}" for option in NARROW)) as worker:
        ready = "qosresolve_partitions"
        await_that(lambda: worker.metric(ready, state="ready") == PARTITIONS - 1 and world.journal(), "stop")
        world.degrade(other, 2)
        world.flush()
        assert {entry.product_id for entry in world.await_entries(2)} == {other}
        assert not worker.health.ready
    with world.running(Worker):  # with room enough it goes on where it stopped
        entries = world.await_entries(4)
    assert [entry.outcome for entry in entries if entry.product_id == "P1"] == [
        Outcome.DEAD_LETTER,
        Outcome.APPLIED,
    ]
    assert LEFT_OUT in dict(world.messages(DEAD_LETTERS)[0].headers() or [])
    check_all(world)


def test_a_passing_fault_of_a_fetch_stops_nothing() -> None:
    """Only the same batch, so many times in a row, is one that cannot be read."""
    partition = Bench().partition
    place = (NAMES.of(DEGRADATION), HERE)
    assert not any(partition.stuck(place, 5) for _ in range(TRIES - 1))
    assert not partition.stuck(place, 6)
    assert not any(partition.stuck(place, 5) for _ in range(TRIES - 1))
    assert partition.stuck(place, 5)


# -- policies


@pytest.fixture
def book() -> PolicyBook:
    structlog.reset_defaults()
    return PolicyBook(Settings(slot="0"), RECORDS)


def _canonical() -> bytes:
    return policy_file.compile(policy_file.load(policy_file.default_text()))


def test_a_policy_is_known_by_the_hash_of_what_it_holds(book: PolicyBook) -> None:
    """As it was published."""
    canonical = _canonical()
    name = policy_file.policy_hash(canonical)
    book.learn(RECORDS.write_policy(name, "shipped", 0, canonical))
    assert name in book
    assert book.policies(name).active.hash == name


@pytest.mark.parametrize("kind", ["noise", "another hash", "no policy", "a newer format"])
def test_a_policy_that_is_none_is_left_out(book: PolicyBook, kind: str) -> None:
    """It stopped every worker at its start; now only who is told to follow it waits, and has a page."""
    canonical = _canonical()
    name = policy_file.policy_hash(canonical)
    match kind:
        case "noise":
            value = b"\xc3\x01 no Avro"
        case "another hash":
            name = "a" * 64
            value = RECORDS.write_policy(name, "shipped", 0, canonical)
        case "no policy":
            name = policy_file.policy_hash(b"{}")
            value = RECORDS.write_policy(name, "shipped", 0, b"{}")
        case _:
            newer = canonical.replace(b'"format":', b'"format":9', 1)
            name = policy_file.policy_hash(newer)
            value = RECORDS.write_policy(name, "shipped", 0, newer)
    with capture_logs() as told:
        book.learn(value)
    assert name not in book
    assert [line["event"] for line in told] == ["policy left out"]


# -- keys of state


def test_a_key_of_state_that_is_no_text_does_not_stop_a_restore(world: World) -> None:
    """Only workers write there; should somebody else, a product of that name is nobody's."""
    with world.running(Worker):
        world.degrade("P1", 1)
        world.flush()
        world.await_entries(1)
    producer = Producer({"bootstrap.servers": world.settings.bootstrap_servers})
    for topic in (REPORT, WATCH):
        producer.produce(world.names.of(topic), b"no Avro", b"\xff\xfe", partition_of("P1", PARTITIONS))
    assert producer.flush(10) == 0
    with world.running(Worker):
        world.degrade("P1", 2)
        world.flush()
        assert [entry.outcome for entry in world.await_entries(2)] == [Outcome.APPLIED] * 2
