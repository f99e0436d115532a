"""Dead letters of any size and any headers: byte-identical where that is possible, and never a crash loop."""

from collections.abc import Iterable
from gc import get_referents
from hashlib import sha256
from operator import methodcaller
from random import Random
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.core.facts import DeadLettered
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import FatalError, PoisonRecordError
from qosresolve.kafka import clients
from qosresolve.kafka.dead_letters import MOST_BYTES, dead_letter, size_of
from qosresolve.kafka.incoming import LEFT_OUT, headers_of
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import ends
from qosresolve.kafka.outputs import Headers, Output
from qosresolve.kafka.staging import FORWARDED_BYTES
from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEAD_LETTER_BYTES, DEAD_LETTERS, DEGRADATION, JOURNAL
from tests.kafka.bench import HERE, NAMES, Bench, journal, of, products
from tests.kafka.harness import PARTITIONS, RECORDS, World, await_that, degradation
from tests.support import raw_producer

POISON = b"\xc3\x01 no Avro"
BROKERS_LIMIT = 1_048_588  # max.message.bytes of a topic that says nothing else
NAMES_OF_HEADERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
HEADERS = st.lists(st.tuples(NAMES_OF_HEADERS, st.none() | st.binary(max_size=60)), max_size=30)


def _message(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Message:
    return Message(
        topic=NAMES.of(DEGRADATION),
        partition=HERE,
        offset=7,
        key=key,
        value=value,
        headers=cast("Any", list(headers)),  # the stub knows no null header; the broker does
        timestamp=(2, 1_760_000_000_000),
    )


def _letter(message: Message) -> Output:
    return dead_letter(NAMES, message, PoisonRecordError("x" * 300, stage="decode"))


def _said(letter: Output) -> dict[str, bytes | None]:
    return dict(letter.headers)


# -- on the bench


@given(key=st.none() | st.binary(max_size=300), value=st.none() | st.binary(max_size=300), headers=HEADERS)
def test_a_letter_is_its_record(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    """Key, value and headers as they came, in order, repeated and null ones too; ours come behind."""
    letter = _letter(_message(key, value, headers))
    assert (letter.key, letter.value) == (key, value)
    assert list(letter.headers)[: len(headers)] == headers
    assert len(letter.headers) == len(headers) + 7


@given(
    shares=st.tuples(*[st.integers(0, 100)] * 3).filter(any),
    count=st.sampled_from([0, 1, 7, 1_000]),
    total=st.sampled_from([BROKERS_LIMIT, MOST_BYTES - 1, MOST_BYTES, MOST_BYTES + 1, 10 * MOST_BYTES]),
)
def test_a_letter_always_fits(shares: tuple[int, int, int], count: int, total: int) -> None:
    """However a record's bytes are spread over key, value and headers: the topic takes its letter.

    Whole, where a batch that is not compressed can hold it; else as a reference to where it lies.
    """
    in_key, in_value, in_headers = (total * share // sum(shares) for share in shares)
    each = in_headers // count if count else 0
    key, value = b"k" * in_key, b"v" * (in_value + (0 if count else in_headers))
    headers: Headers = [("h", b"x" * max(0, each - 11))] * count
    letter = _letter(_message(key, value, headers))
    assert size_of(letter.key, letter.value, letter.headers) <= DEAD_LETTER_BYTES - 32_768
    whole = size_of(key, value, headers) <= MOST_BYTES
    assert (letter.value == value) is whole
    assert (LEFT_OUT in _said(letter)) is not whole
    if total == BROKERS_LIMIT:
        assert whole, "whatever the brokers take uncompressed is kept whole"


def test_a_reference_says_what_and_where(bench: Bench) -> None:
    """Sizes, the hash of the value, and the place; a short key stays, so that it lies with its product."""
    value = b"\0" * (3 * MOST_BYTES)
    bench.take(bench.raw(DEGRADATION, value, headers=[("a", b"b")]))
    outputs = bench.commit()
    (letter,) = of(outputs, DEAD_LETTERS)
    said = _said(letter)
    assert (letter.key, letter.value) == (b"P1", None)
    assert said[LEFT_OUT] == f"key 2 bytes, value {len(value)} bytes, 1 headers".encode()
    assert said[f"{LEFT_OUT}.sha256"] == sha256(value).hexdigest().encode()
    assert said["__connect.errors.topic"] == NAMES.of(DEGRADATION).encode()
    assert said["__connect.errors.stage"] == b"size"
    (fact,) = journal(outputs)[0].facts
    assert isinstance(fact, DeadLettered)
    assert fact.size == len(value)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("key", [b"\xff" * 1_000_000, "ü".encode() * 500_000, b"k" * 257])
def test_a_key_that_is_no_product_does_not_make_the_journal_too_large(bench: Bench, key: bytes) -> None:
    """A key may take a megabyte: the journal holds as much of it as a product's id may have."""
    bench.take(bench.raw(DEGRADATION, POISON, key=key))
    outputs = bench.commit()
    (entry,) = journal(outputs)
    assert len(entry.product_id) <= 256
    assert len(of(outputs, JOURNAL)[0].value or b"") < 5_000
    assert of(outputs, DEAD_LETTERS)[0].key == key


def test_a_record_that_is_too_large_to_be_sent_on_is_buried(bench: Bench) -> None:
    """The topic it came from may refuse it with one more header: that would stop the partition for ever."""
    product = products(1, (HERE + 1) % PARTITIONS)[0]
    value = RECORDS.write_input(degradation(product, 1))[1]
    room = FORWARDED_BYTES - 2_000
    bench.take(bench.raw(DEGRADATION, value, headers=[("a", b"x" * room)]))
    bench.take(bench.raw(DEGRADATION, value, headers=[("a", b"x" * FORWARDED_BYTES)]))
    outputs = bench.commit()
    assert [entry.outcome for entry in journal(outputs)] == [Outcome.FORWARDED, Outcome.DEAD_LETTER]
    assert len(of(outputs, DEGRADATION)) == 1
    assert _said(of(outputs, DEAD_LETTERS)[0])["__connect.errors.stage"] == b"size"


class Holed(Message):
    """A message as the client hands it out that has a header whose name is no text."""

    asked = 0

    def headers(self) -> list[tuple[str, bytes | None]]:  # type: ignore[override]
        self.asked += 1
        assert self.asked == 1, "a second time, the client hands out a hole"
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    def set_headers(self, value: list[tuple[str, bytes]]) -> None:  # type: ignore[override]
        self.headers = lambda: value  # type: ignore[method-assign, assignment, return-value]


@pytest.mark.parametrize(
    "value",
    [POISON, None, RECORDS.write_input(degradation("P1", 1))[1]],
    ids=["poison", "tombstone", "event"],  # the event's bytes hold the present instant
)
def test_a_header_that_is_no_text_is_asked_for_once(bench: Bench, value: bytes | None) -> None:
    """Whether the record is taken or buried, and taken again: the client is never asked a second time."""
    message = Holed(
        topic=NAMES.of(DEGRADATION), partition=HERE, offset=0, value=value, timestamp=(2, 1_760_000_000_000)
    )
    for _ in range(3):
        bench.partition.rewind()
        bench.take(message)
        outputs = bench.partition.outputs()
        assert [LEFT_OUT in _said(letter) for letter in of(outputs, DEAD_LETTERS)] == (
            [] if value and value != POISON else [True]
        )


# -- on a real broker


def _tell(world: World, name: str, value: int) -> None:
    entry = ConfigEntry("max.message.bytes", str(value), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    admin = clients.admin(world.settings)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(30)


def _produce(
    world: World, key: bytes, value: bytes, headers: list[tuple[str, bytes]], **config: object
) -> None:
    settings = {"bootstrap.servers": world.settings.bootstrap_servers, "message.max.bytes": 100_000_000}
    producer = Producer(settings | config)
    failed: list[object] = []
    producer.produce(
        world.names.of(DEGRADATION),
        value,
        key,
        partition_of("P1", PARTITIONS),
        headers=headers,  # type: ignore[arg-type]
        on_delivery=lambda error, _: failed.append(error) if error else None,
    )
    assert producer.flush(30) == 0
    assert not failed


@pytest.mark.parametrize("where", ["value", "key", "headers"])
def test_the_largest_record_the_broker_takes_has_its_letter(world: World, where: str) -> None:
    """A megabyte that cannot be compressed, wherever it lies, and a thousand headers beside it."""
    chance, size = Random(1), BROKERS_LIMIT - 40_000
    parts = {"key": b"k", "value": POISON} | {where: chance.randbytes(size)}
    headers = [(f"h{number}", chance.randbytes(16)) for number in range(1_000)]
    if where == "headers":
        headers.append(("large", chance.randbytes(size)))
    _produce(world, parts["key"], parts["value"], headers)
    world.degrade("P1", 2)
    world.flush()
    with world.running(Worker):
        entries = world.await_entries(2)
    assert [entry.outcome for entry in entries] == [Outcome.DEAD_LETTER, Outcome.APPLIED]
    (letter,) = world.messages(DEAD_LETTERS)
    assert (letter.key(), letter.value()) == (parts["key"], parts["value"])
    assert list(letter.headers() or [])[: len(headers)] == headers


def test_a_record_that_only_a_compressed_batch_can_hold(world: World) -> None:
    """Twenty megabytes of nothing, twenty kilobytes on the wire: its letter says where it lies."""
    _produce(world, b"P1", b"\0" * 20_000_000, [("a", b"b")], **{"compression.type": "gzip"})
    world.degrade("P1", 2)
    world.flush()
    with world.running(Worker):
        entries = world.await_entries(2)
    assert [entry.outcome for entry in entries] == [Outcome.DEAD_LETTER, Outcome.APPLIED]
    (letter,) = world.messages(DEAD_LETTERS)
    assert letter.value() is None
    said = dict(letter.headers() or [])
    assert said[LEFT_OUT] == b"key 2 bytes, value 20000000 bytes, 1 headers"


def test_a_header_whose_name_is_no_text(world: World) -> None:
    """The client would end the process: the record is taken, or buried without its headers."""
    place = (world.names.of(DEGRADATION), partition_of("P1", PARTITIONS))
    good = RECORDS.write_input(degradation("P1", 1))[1]
    for value in (good, POISON):
        raw_producer.produce(
            world.settings.bootstrap_servers, *place, (b"P1", value), [(b"\xff", b"x"), (b"trace", b"y")]
        )
    with world.running(Worker):
        entries = world.await_entries(2)
    assert [entry.outcome for entry in entries] == [Outcome.APPLIED, Outcome.DEAD_LETTER]
    (letter,) = world.messages(DEAD_LETTERS)
    assert letter.value() == POISON
    assert LEFT_OUT in dict(letter.headers() or [])


def test_what_the_client_does_with_such_a_header(world: World) -> None:
    """It hands out a list with a hole, and says so once, and not to everybody: a change shows here."""
    topic, number = world.names.of(DEGRADATION), partition_of("P1", PARTITIONS)
    raw_producer.produce(world.settings.bootstrap_servers, topic, number, (b"k", b"v"), [(b"\xff", b"x")])
    consumer: Consumer = clients.reader(world.settings)
    consumer.assign([TopicPartition(topic, number, 0)])
    message = await_that(
        lambda: next((it for it in consumer.consume(1, 1) if it.error() is None), None), "the record"
    )
    with pytest.raises(SystemError):
        methodcaller("headers")(message)
    (pair,) = message.headers() or []
    assert get_referents(pair) == [b"x"]  # the name is not there; to touch it ends the process
    message.set_headers([("a", b"b")])
    assert headers_of(message) == [("a", b"b")]
    consumer.close()


def test_a_topic_that_does_not_take_letters_stops_the_worker(world: World) -> None:
    """Configured against the table, it would be a loop without end: it stops, and says what to look at."""
    _tell(world, world.names.of(DEAD_LETTERS), 5_000)
    place = (world.names.of(DEGRADATION), partition_of("P1", PARTITIONS))
    _produce(world, b"P1", Random(2).randbytes(50_000), [])
    running = world.start(Worker, world.settings)
    failure = await_that(lambda: running.failure, "stop", 120)[0]
    assert isinstance(failure, FatalError)
    assert "MSG_SIZE_TOO_LARGE" in str(failure)
    assert "docs/runbooks/" in str(failure)
    assert not world.journal()
    _tell(world, world.names.of(DEAD_LETTERS), DEAD_LETTER_BYTES)
    with world.running(Worker):  # mended: nothing is lost
        assert [entry.outcome for entry in world.await_entries(1)] == [Outcome.DEAD_LETTER]
    assert ends(clients.admin(world.settings), [place])[place] == 1
