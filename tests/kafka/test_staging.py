"""One record on its way into a batch: stepped, forwarded, obeyed, or buried; never half of it."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import DeadLettered, PolicyActivated
from qosresolve.core.inputs import Command
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.core.vocabulary import DegradationKind, Outcome, Verb
from qosresolve.errors import ConfigError, QosResolveError, RetriableError
from qosresolve.kafka import staging
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import Output
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, JOURNAL, REPORT, REQUESTS, Topic
from tests.kafka.bench import HERE, NAMES, POLICY_A, POLICY_B, Bench, journal, of, products
from tests.kafka.harness import PARTITIONS, RECORDS, command, degradation

POISON = b"\xc3\x01 a secret that is no Avro"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _outcomes(bench: Bench) -> list[tuple[str, str]]:
    return [(str(entry.outcome), str(entry.rule)) for entry in journal(bench.commit())]


# -- poison


@pytest.mark.parametrize("value", [POISON, None, b"", b"\x00" * 40])
def test_a_poison_record_is_buried_and_the_rest_taken(bench: Bench, value: bytes | None) -> None:
    """It becomes one dead letter and one journal entry, in the transaction of its neighbours."""
    first, second = products(2)
    bench.take(bench.record(degradation(first, 1)))
    bench.take(bench.raw(DEGRADATION, value, headers=[("origin", b"probe"), ("none", None)]))
    bench.take(bench.record(degradation(second, 1)))
    outputs = bench.commit()
    assert [entry.outcome for entry in journal(outputs)] == [
        Outcome.APPLIED,
        Outcome.DEAD_LETTER,
        Outcome.APPLIED,
    ]
    (letter,) = of(outputs, DEAD_LETTERS)
    assert (letter.key, letter.value, letter.partition) == (b"P1", value, HERE)
    assert list(letter.headers)[:2] == [("origin", b"probe"), ("none", None)]


def test_provenance_is_in_connects_headers(bench: Bench) -> None:
    """Who redrives finds topic, partition, offset and stage where Kafka Connect writes them."""
    bench.take(bench.raw(DEGRADATION, POISON))
    headers = dict(of(bench.commit(), DEAD_LETTERS)[0].headers)
    known = {name.removeprefix("__connect.errors."): value for name, value in headers.items()}
    assert known["topic"] == NAMES.of(DEGRADATION).encode()
    assert (known["partition"], known["offset"]) == (str(HERE).encode(), b"0")
    assert (known["stage"], known["exception.class.name"]) == (b"decode", b"PoisonRecordError")


def test_a_record_without_a_key_stays_without(bench: Bench) -> None:
    """A dead letter is byte-identical: no key is not an empty key."""
    bench.take(bench.raw(DEGRADATION, POISON, key=None))
    assert of(bench.commit(), DEAD_LETTERS)[0].key is None


def test_nothing_of_the_payload_is_told(bench: Bench) -> None:
    """Neither headers nor journal quote what could not be read."""
    bench.take(bench.raw(DEGRADATION, POISON))
    outputs = bench.commit()
    (entry,) = journal(outputs)
    told = [value for _, value in of(outputs, DEAD_LETTERS)[0].headers if value]
    assert not any(b"secret" in value for value in [*told, of(outputs, JOURNAL)[0].value or b""])
    (fact,) = entry.facts
    assert isinstance(fact, DeadLettered)
    assert fact.stage == "decode"


def test_a_key_that_is_no_text_is_still_told(bench: Bench) -> None:
    """The journal names the key of a dead letter as well as text can."""
    bench.take(bench.raw(DEGRADATION, POISON, key=b"\xff\xfe"))
    assert journal(bench.commit())[0].product_id == r"\xff\xfe"


def test_a_fault_in_the_rules_is_buried_without_its_text(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception's text may quote the payload: the dead letter says class and place, stage `step`."""

    def faulty(*_: object) -> object:
        raise KeyError("a secret of the payload")

    message = bench.record(degradation("P1", 1))
    with monkeypatch.context() as patch:
        patch.setattr(staging, "step", faulty)
        bench.take(message)
    outputs = bench.commit()
    (letter,) = of(outputs, DEAD_LETTERS)
    headers = dict(letter.headers)
    assert headers["__connect.errors.stage"] == b"step"
    assert (headers["__connect.errors.exception.message"] or b"").startswith(b"KeyError at test_staging:")
    assert not any(b"secret" in (value or b"") for value in headers.values())
    assert letter.value == message.value()
    assert not of(outputs, REPORT)


# -- all of a record or nothing


@pytest.mark.parametrize("failing", ["write_entry", "write_request"])
def test_a_record_that_fails_late_leaves_nothing_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """If journal or request cannot be written, the report does not change either: one entry, the burial."""
    whole = getattr(Contracts, failing)
    calls = []

    def once(self: Contracts, item: object) -> object:
        calls.append(item)
        if len(calls) == 1:
            raise ValueError("not to be written")
        return whole(self, item)

    monkeypatch.setattr(Contracts, failing, once)
    bench.take(bench.record(degradation("P1", 1)))
    outputs = bench.commit()
    assert [entry.outcome for entry in journal(outputs)] == [Outcome.DEAD_LETTER]
    assert not of(outputs, REPORT)
    assert bench.partition.store.get("P1").open is None


@pytest.mark.parametrize(
    "error",
    [RetriableError("registry"), ConfigError("registry refuses"), UnknownPolicyError("c" * 64)],
    ids=lambda error: type(error).__name__,
)
def test_what_is_no_fault_of_the_record_is_raised(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: QosResolveError
) -> None:
    """An outage, a wrong setting, an unknown policy: no dead letter, and nothing staged of the record."""

    def unable(*_: object) -> object:
        raise error

    message = bench.record(degradation("P1", 1))
    with monkeypatch.context() as patch:
        patch.setattr(Contracts, "read_input", unable)
        with pytest.raises(type(error)):
            bench.take(message)
    assert not bench.partition.staged
    bench.partition.rewind()
    bench.take(message)
    assert _outcomes(bench) == [("applied", "")]


def test_a_policy_that_nobody_knows_leaves_nothing_staged(bench: Bench) -> None:
    """The order that names it is taken again when it has been published."""
    missing = "c" * 64
    order = command("", Verb.ACTIVATE_POLICY, role="policy-manager", value=missing)
    message = bench.record(order)
    with pytest.raises(UnknownPolicyError):
        bench.take(message)
    assert not bench.partition.staged
    bench.known[missing] = bench.known[POLICY_B.hash]
    bench.partition.rewind()
    bench.take(message)
    assert _outcomes(bench) == [("control", "")]


# -- the brake


def test_the_brake_counts_dead_letters_in_a_row() -> None:
    """A record that is taken starts the count anew."""
    brake = Brake(3)
    for dead in (True, True, False, True, True):
        brake.count(dead=dead)
        assert not brake.pulled
    brake.count(dead=True)
    assert brake.pulled


def test_the_brake_stays_pulled() -> None:
    """Where a batch ends must not decide whether a flood is seen."""
    brake = Brake(2)
    for dead in (True, True, False):
        brake.count(dead=dead)
    assert brake.pulled


def test_the_brake_counts_across_batches() -> None:
    """Single poison records in a row stop a partition too."""
    bench = Bench(limit=3)
    for _ in range(2):
        bench.take(bench.raw(DEGRADATION, POISON))
        bench.commit()
    assert not bench.partition.brake.pulled
    bench.take(bench.raw(DEGRADATION, POISON))
    bench.commit()
    assert bench.partition.brake.pulled


def test_a_batch_taken_again_counts_once() -> None:
    """Aborted transactions do not make poison out of nothing."""
    bench = Bench(limit=3)
    message = bench.raw(DEGRADATION, POISON)
    for _ in range(5):
        bench.take(message)
        bench.partition.outputs()
        bench.partition.rewind()
    bench.take(message)
    bench.commit()
    assert not bench.partition.brake.pulled


# -- forwarding


def test_a_record_on_the_wrong_partition_is_sent_on(bench: Bench) -> None:
    """Bytes and headers stay, the key is the product, and a header says where it lay; nothing is stepped."""
    elsewhere = (HERE + 1) % PARTITIONS
    product = products(1, elsewhere)[0]
    message = bench.record(degradation(product, 1), headers=[("traceparent", TRACE.encode())])
    bench.take(message)
    outputs = bench.commit()
    (sent,) = of(outputs, DEGRADATION)
    assert (sent.partition, sent.key, sent.value) == (elsewhere, product.encode(), message.value())
    assert list(sent.headers) == [
        ("traceparent", TRACE.encode()),
        (staging.FORWARDED_FROM, f"{NAMES.of(DEGRADATION)}/{HERE}/0".encode()),
    ]
    assert not of(outputs, REPORT)
    assert [(str(entry.outcome), str(entry.rule)) for entry in journal(outputs)] == [
        ("forwarded", "WrongPartition")
    ]


def test_the_key_does_not_decide_where_a_product_belongs(bench: Bench) -> None:
    """A foreign key with our product is stepped here: the product in the record counts."""
    value = RECORDS.write_input(degradation("P1", 1))[1]
    assert partition_of("P1", PARTITIONS) == HERE
    bench.take(bench.raw(DEGRADATION, value, key=b"something else"))
    assert _outcomes(bench) == [("applied", "")]


def test_the_trace_goes_on(bench: Bench) -> None:
    """Journal and requests carry the context that the input brought."""
    bench.take(bench.record(degradation("P1", 1), headers=[("traceparent", TRACE.encode())]))
    bench_outputs = bench.commit()
    assert dict(of(bench_outputs, JOURNAL)[0].headers)["traceparent"] == TRACE.encode()


@pytest.mark.parametrize("own", ["", TRACE.replace("b7ad6b71", "c8be7c82")])
def test_what_goes_out_without_a_trace_of_its_own_carries_the_reports(bench: Bench, own: str) -> None:
    """An order without context asks in the one that opened the report, an order with one in its own."""
    bench.take(bench.record(degradation("P1", 1), headers=[("traceparent", TRACE.encode())]))
    assert _traces(bench.commit(), REQUESTS) == {TRACE.encode()}
    order = command("P1", Verb.CLEAR, role="operator")  # withdraws what was asked
    bench.take(bench.record(order, headers=[("traceparent", own.encode())]))
    outputs = bench.commit()
    assert _traces(outputs, REQUESTS) == {(own or TRACE).encode()}
    assert _traces(outputs, [JOURNAL]) == {own.encode() or None}


def _traces(outputs: list[Output], topics: Iterable[Topic]) -> set[bytes | None]:
    return {dict(output.headers).get("traceparent") for topic in topics for output in of(outputs, topic)}


# -- control


def _activate(value: str, role: str = "policy-manager") -> Command:
    return command("", Verb.ACTIVATE_POLICY, role=role, value=value)


def test_a_policy_is_for_the_records_after_it(bench: Bench) -> None:
    """Which policy a decision saw is order: within a batch the switch lies between two records."""
    first, second = products(2)
    bench.take(bench.record(degradation(first, 1)))
    bench.take(bench.record(_activate(POLICY_B.hash)))
    bench.take(bench.record(degradation(second, 1)))
    entries = journal(bench.commit())
    assert [entry.outcome for entry in entries] == [Outcome.APPLIED, Outcome.CONTROL, Outcome.APPLIED]
    assert entries[1].facts == (PolicyActivated(POLICY_B.hash),)
    store = bench.partition.store
    pinned = [report.policy for product in (first, second) for report in store.get(product).reports]
    assert pinned == [POLICY_A.hash, POLICY_B.hash]
    assert bench.partition.state.active_policy == POLICY_B.hash


def test_a_switch_that_was_aborted_is_no_switch(bench: Bench) -> None:
    """The policy is part of the overlay."""
    bench.take(bench.record(_activate(POLICY_B.hash)))
    bench.partition.rewind()
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    assert [report.policy for report in bench.partition.store.get("P1").reports] == [POLICY_A.hash]


@pytest.mark.parametrize(
    ("value", "role", "rule"),
    [
        (POLICY_B.hash, "visitor", "RoleNotAllowed"),
        ("", "policy-manager", "BadValue"),
        ("b" * 63, "policy-manager", "BadValue"),
        ("B" * 64, "policy-manager", "BadValue"),
    ],
)
def test_an_order_that_can_never_be_followed_is_refused(
    bench: Bench, value: str, role: str, rule: str
) -> None:
    """Only a hash can be waited for; anything else would stop every partition for nothing."""
    bench.take(bench.record(_activate(value, role)))
    assert _outcomes(bench) == [("refused", rule)]
    assert bench.partition.state.active_policy == POLICY_A.hash


def test_unknown_words_are_refused(bench: Bench) -> None:
    """A verb or a kind newer than this version is answered, not buried."""
    strange = replace(degradation("P1", 2), kind=DegradationKind.UNKNOWN)
    bench.take(bench.record(command("P1", Verb.UNKNOWN)), bench.record(strange))
    assert [rule for _, rule in _outcomes(bench)] == ["UnknownWord", "UnknownWord"]
