"""A batch of one partition: what is skipped, seen, held and written, without a broker."""

from dataclasses import replace

import pytest
from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.inputs import Deadline, Degradation, Input
from qosresolve.core.partition import PartitionState, TopicIdentity
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import DegradationKind, Outcome, Verb
from qosresolve.errors import RetriableError
from qosresolve.kafka.incoming import broker_time
from qosresolve.kafka.note import PLACE
from qosresolve.kafka.outputs import Output, Writer
from qosresolve.topics import DEAD_LETTERS, DEADLINE, DEGRADATION, JOURNAL, PARTITION, REPORT
from tests.kafka.bench import HERE, NAMES, POLICY_A, POLICY_B, Bench, journal, of, products
from tests.kafka.harness import PARTITIONS, RECORDS, command, degradation, wall_ms

DEGRADATIONS, DEADLINES = NAMES.of(DEGRADATION), NAMES.of(DEADLINE)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _raised(bench: Bench, product: str, sequence: int = 1) -> Message:
    kind = DegradationKind.RAISE if sequence == 1 else DegradationKind.UPDATE
    return bench.record(degradation(product, sequence, kind=kind))


def _deadline(bench: Bench, product: str = "P1") -> Message:
    return bench.record(Deadline(product, "", 0, wall_ms()))


# -- positions


def test_what_lies_below_the_positions_is_skipped(bench: Bench) -> None:
    """A record read again after its commit is counted as skipped and leaves nothing."""
    first, second = _raised(bench, "P1"), _raised(bench, "P1", 2)
    bench.take(first)
    bench.commit()
    bench.take(first, second)
    entries = journal(bench.commit())
    assert [entry.cause.offset for entry in entries] == [1]
    assert bench.partition.counters.skipped == 1


def test_a_record_is_taken_once_even_within_a_batch(bench: Bench) -> None:
    """The client may hand out the same record twice around a seek."""
    first = _raised(bench, "P1")
    bench.take(first, first)
    assert len(journal(bench.commit())) == 1


def test_skipping_alone_is_nothing_to_commit(bench: Bench) -> None:
    """A rewound group costs no transactions."""
    first = _raised(bench, "P1")
    bench.take(first)
    bench.commit()
    bench.take(first)
    assert not bench.partition.staged


def test_the_partition_record_is_last_and_holds_all_six_positions(bench: Bench) -> None:
    """It is written after what it stands for, names every input, keeps ids, and says when."""
    identities = tuple(TopicIdentity(topic, f"id of {topic}") for topic in NAMES.inputs)
    bench.partition.start(replace(bench.partition.state, topic_ids=identities))
    message = _raised(bench, "P1")
    bench.take(message)
    last = bench.commit()[-1]
    assert (last.topic, last.key, last.partition) == (NAMES.of(PARTITION), str(HERE).encode(), HERE)
    state = RECORDS.read_partition(last.value or b"")
    assert {at.topic: at.next_offset for at in state.positions} == dict.fromkeys(NAMES.inputs, 0) | {
        DEGRADATIONS: 1
    }
    assert state.topic_ids == identities
    assert state.updated_at == broker_time(message)


# -- overlay


def test_nothing_is_seen_before_the_commit_is_confirmed(bench: Bench) -> None:
    """The overlay serves its own batch; the store learns of it by `accept` alone."""
    bench.take(_raised(bench, "P1"))
    bench.partition.outputs()
    assert bench.partition.store.get("P1") == Case("P1")
    bench.partition.accept(bench.partition.outputs())
    assert bench.partition.store.get("P1").open is not None


def test_a_rewind_leaves_nothing_of_the_batch(bench: Bench) -> None:
    """After an aborted transaction the same records are taken again, and give the same."""
    first = _raised(bench, "P1")
    bench.take(first)
    before = bench.partition.outputs()
    assert bench.partition.rewind() == dict.fromkeys(NAMES.inputs, 0)
    assert not bench.partition.staged
    assert bench.partition.store.get("P1") == Case("P1")
    bench.take(first)
    assert bench.commit() == before


def test_several_inputs_of_one_report_are_one_report_record(bench: Bench) -> None:
    """The last state is written once; each input has its journal record."""
    bench.take(*(_raised(bench, "P1", sequence) for sequence in (1, 2, 3)))
    outputs = bench.commit()
    assert len(of(outputs, JOURNAL)) == 3
    (written,) = of(outputs, REPORT)
    assert RECORDS.read_report(written.value or b"") == bench.partition.store.get("P1").open


def test_what_was_kept_decoded_is_what_was_written(bench: Bench) -> None:
    """The case in memory equals its bytes: a cold restore would decide the same."""
    bench.take(_raised(bench, "P1"))
    bench.commit()
    warm = bench.partition.store.get("P1")
    bench.partition.store._decoded.clear()
    assert bench.partition.store.get("P1") == warm


def test_a_partition_keeps_its_share_of_decoded_cases(bench: Bench) -> None:
    """A worker that holds every partition keeps as many as were asked for, not as many for each of them."""
    bench.take(*(_raised(bench, product) for product in products(100)))
    bench.commit()
    assert len(bench.partition.store) == 100
    assert len(bench.partition.store._decoded) == 100 // PARTITIONS


# -- the first policy


def test_the_first_policy_outlives_an_aborted_transaction(bench: Bench) -> None:
    """A partition that has no policy yet gets it with the transaction that commits, not the first tried."""
    bench.partition.start(replace(bench.partition.state, active_policy=""))
    bench.partition.activate(POLICY_A.hash, 1)
    bench.partition.rewind()
    bench.take(_raised(bench, "P1"))
    outputs = bench.commit()
    assert [entry.outcome for entry in journal(outputs)] == [Outcome.CONTROL, Outcome.APPLIED]
    assert bench.partition.state.active_policy == POLICY_A.hash


def test_the_first_policy_is_activated_once(bench: Bench) -> None:
    """Once committed it is never staged again, and a later order is not undone."""
    bench.partition.start(replace(bench.partition.state, active_policy=""))
    bench.partition.activate(POLICY_A.hash, 1)
    bench.commit()
    assert not bench.partition.staged
    order = command("", Verb.ACTIVATE_POLICY, role="policy-manager", value=POLICY_B.hash)
    bench.take(bench.record(order))
    bench.commit()
    bench.partition.rewind()
    assert not bench.partition.staged
    assert bench.partition.state.active_policy == POLICY_B.hash


# -- deadlines


def _asked(bench: Bench, **ends: int) -> None:
    found = dict.fromkeys(bench.partition.backlog, 0) | {NAMES.of(DEGRADATION): ends.get("degradations", 0)}
    bench.partition.asked(found)


def _causes(bench: Bench) -> list[tuple[str, int]]:
    return [(entry.cause.topic, entry.cause.offset) for entry in journal(bench.commit())]


def test_a_deadline_waits_until_the_others_are_read(bench: Bench) -> None:
    """It is stepped after the records that lay there when it arrived, and only then passed."""
    bench.take(_deadline(bench), _raised(bench, "P1"))
    assert bench.partition.unasked
    bench.partition.settle(0.1)
    assert bench.partition.next_offsets()[DEADLINES] == 0
    _asked(bench, degradations=2)
    bench.partition.settle(0.2)
    assert _causes(bench) == [(DEGRADATIONS, 0)]
    bench.take(_raised(bench, "P1", 2), now=0.3)
    bench.partition.settle(0.3)
    assert _causes(bench) == [(DEGRADATIONS, 1), (DEADLINES, 0)]
    assert bench.partition.counters.backlog_timeouts == 0
    assert bench.partition.next_offsets()[DEADLINES] == 1


def test_the_end_of_a_partition_counts_as_read(bench: Bench) -> None:
    """Control records lie behind the last record: only the end-of-partition event tells of them."""
    bench.take(_deadline(bench), _raised(bench, "P1"))
    _asked(bench, degradations=2)  # the record and a transaction's marker
    bench.partition.settle(0.1)
    assert bench.partition.next_offsets()[DEADLINES] == 0
    bench.partition.reach(DEGRADATIONS, 2)
    bench.partition.settle(0.2)
    assert bench.partition.next_offsets()[DEADLINES] == 1


def test_every_other_input_is_waited_for(bench: Bench) -> None:
    """One of five that has not been read is enough to wait."""
    assert len(bench.partition.backlog) == 5
    for unread in bench.partition.backlog:
        held = Bench()
        held.take(_deadline(held))
        held.partition.asked({topic: int(topic == unread) for topic in held.partition.backlog})
        held.partition.settle(0.1)
        assert not held.partition.staged
        held.partition.reach(unread, 1)
        held.partition.settle(0.1)
        assert held.partition.staged


def test_the_wait_is_bounded_and_counted(bench: Bench) -> None:
    """After the longest wait the deadline is stepped all the same; a metric tells."""
    bench.take(_deadline(bench), now=0.0)
    _asked(bench, degradations=100)
    bench.partition.settle(29.9)
    assert not bench.partition.staged
    bench.partition.settle(30.0)
    assert _causes(bench) == [(DEADLINES, 0)]
    assert bench.partition.counters.backlog_timeouts == 1


def test_a_backlog_that_was_read_late_is_no_time_out(bench: Bench) -> None:
    """Only a deadline that is stepped before its backlog counts."""
    bench.take(_deadline(bench), now=0.0)
    _asked(bench)
    bench.partition.settle(31.0)
    assert bench.partition.staged
    assert bench.partition.counters.backlog_timeouts == 0


def test_deadlines_keep_their_order(bench: Bench) -> None:
    """A later one never overtakes an earlier one that still waits."""
    bench.take(_deadline(bench))
    _asked(bench, degradations=1)
    bench.take(_deadline(bench))
    _asked(bench)  # meets only the second
    bench.partition.settle(0.1)
    assert not bench.partition.staged
    assert bench.partition.next_offsets()[DEADLINES] == 0
    bench.partition.reach(DEGRADATIONS, 1)
    bench.partition.settle(0.2)
    assert _causes(bench) == [(DEADLINES, 0), (DEADLINES, 1)]


def test_the_timer_is_told_the_first_held_deadline(bench: Bench) -> None:
    """The header says what was consumed; a held deadline is not, so it is not fired again meanwhile."""
    bench.take(_deadline(bench), _deadline(bench))
    _asked(bench, degradations=1)
    bench.take(bench.record(degradation(products(2)[1], 1)))
    bench.partition.reach(DEGRADATIONS, 0)
    told = bench.partition.outputs()[-1]
    assert list(told.headers) == [("deadline-next", b"0")]
    bench.partition.settle(0.1)
    assert list(bench.commit()[-1].headers) == [("deadline-next", b"2")]


def test_a_rewind_forgets_what_was_read_and_held(bench: Bench) -> None:
    """After a rewind the inputs are read anew, so nothing counts as read and no deadline is held twice."""
    message = _deadline(bench)
    bench.take(message)
    bench.partition.reach(DEGRADATIONS, 5)
    bench.partition.rewind()
    assert not bench.partition.unasked
    bench.take(message)
    _asked(bench, degradations=5)
    bench.partition.settle(0.1)
    assert not bench.partition.staged
    assert bench.partition.next_offsets()[DEADLINES] == 0


# -- reports that cannot be written


def _bulky(product: str, number: int) -> Degradation:
    return degradation(product, number, object_id=f"{number:03}" + "x" * 240, indicator=f"row-{number}")


def _fitting() -> int:
    """Return how many bulky rows a report holds."""
    bench = Bench()
    for number in range(1, 60):
        bench.take(bench.record(_bulky("P1", number)))
    outcomes = [entry.outcome for entry in journal(bench.commit())]
    return outcomes.index(Outcome.DEAD_LETTER)


def test_only_the_input_that_is_too_much_is_buried(bench: Bench) -> None:
    """A report over its cap costs the guilty input, stage `size`; all others of the batch are taken."""
    fitting, other = _fitting(), products(2)[1]
    assert fitting > 5
    rows = [bench.record(_bulky("P1", number)) for number in range(1, fitting + 2)]
    bench.take(*rows, _raised(bench, other))
    outputs = bench.commit()
    entries = journal(outputs)
    dead = [entry for entry in entries if entry.outcome is Outcome.DEAD_LETTER]
    assert [(entry.cause.offset, str(entry.rule)) for entry in dead] == [(fitting, "TooLarge")]
    assert len(entries) == fitting + 2
    (letter,) = of(outputs, DEAD_LETTERS)
    assert dict(letter.headers)["__connect.errors.stage"] == b"size"
    assert letter.value == rows[-1].value()
    assert {output.key for output in of(outputs, REPORT)} == {
        f"{product}/{report.report_id}".encode()
        for product in ("P1", other)
        for report in bench.partition.store.get(product).reports
    }


def test_staging_again_keeps_the_first_policy(bench: Bench) -> None:
    """The search for the guilty input starts from what the batch started from."""
    fitting = _fitting()
    bench.partition.start(replace(bench.partition.state, active_policy=""))
    bench.partition.activate(POLICY_A.hash, 1)
    rows = [bench.record(_bulky("P1", number)) for number in range(1, fitting + 2)]
    bench.take(*rows)
    entries = journal(bench.commit())
    assert entries[0].outcome is Outcome.CONTROL
    assert len(entries) == fitting + 2


def test_a_report_that_cannot_be_encoded_costs_its_input(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that shows only when the report is written must not stop the partition for ever."""
    report = Writer.report

    def broken(self: Writer, partition: int, item: Report, room: int) -> Output:
        if item.product_id == "P1":
            raise ValueError("not to be written")
        return report(self, partition, item, room)

    monkeypatch.setattr(Writer, "report", broken)
    bench.take(_raised(bench, "P1"), _raised(bench, products(2)[1]))
    outputs = bench.commit()
    assert [entry.outcome for entry in journal(outputs)] == [Outcome.DEAD_LETTER, Outcome.APPLIED]
    assert dict(of(outputs, DEAD_LETTERS)[0].headers)["__connect.errors.stage"] == b"step"


def test_a_registry_that_is_down_while_writing_is_no_dead_letter(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage is waited for; the batch is taken again as it was."""

    def down(*_: object) -> object:
        raise RetriableError("registry")

    message = _raised(bench, "P1")
    bench.take(message)
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "report", down)
        with pytest.raises(RetriableError):
            bench.partition.outputs()
    bench.partition.rewind()
    bench.take(message)
    assert [entry.outcome for entry in journal(bench.commit())] == [Outcome.APPLIED]


def test_whoever_waits_for_a_registry_has_no_record_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed while it asks leaves no note: three such ends would bury the record."""
    asked: list[int] = []
    read: list[int] = []
    reads = Contracts.read_input

    def ask(_: Contracts, data: bytes | None) -> None:
        asked.append(note.words[PLACE])
        if data == b"wait":
            raise RetriableError("registry")

    def read_input(self: Contracts, record: str, data: bytes) -> Input:
        read.append(note.words[PLACE])
        return reads(self, record, data)

    monkeypatch.setattr(Contracts, "asks", True)
    monkeypatch.setattr(Contracts, "ask", ask)
    monkeypatch.setattr(Contracts, "read_input", read_input)
    bench = Bench()
    note = bench.partition._note
    bench.take(_raised(bench, "P1"))
    with pytest.raises(RetriableError):
        bench.take(bench.raw(DEGRADATION, b"wait"))
    assert asked == [0, 0]
    assert len(read) == 1
    assert all(read), "the note is set while a record is read"
    assert note.words[PLACE] == 0


# -- restore


def test_a_partition_starts_where_its_state_says(bench: Bench) -> None:
    """What was read before the start of this state counts for nothing."""
    bench.take(_raised(bench, "P1"))
    state = PartitionState(HERE, bench.partition.state.positions, POLICY_A.hash)
    bench.partition.start(state)
    assert bench.partition.ready
    assert not bench.partition.staged
    assert bench.partition.positions == dict.fromkeys(NAMES.inputs, 0)
