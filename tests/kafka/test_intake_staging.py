"""One batch of intake without a broker: every part of every payload ends as one thing, nothing is lost."""

import json
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.errors import RetriableError
from qosresolve.intake.reading import Reading
from qosresolve.kafka.incoming import Pairs
from qosresolve.kafka.intake.parked import OBSERVATION, RETRY
from qosresolve.kafka.outputs import Output
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, INTAKE, PARKED
from tests.kafka.foreign import Bench, alert, crossing, degradations, of, read_any, relation
from tests.kafka.harness import PARTITIONS, RECORDS

REASON = "__connect.errors.exception.message"


def test_positions_go_with_every_batch() -> None:
    """The record of positions is the last of the batch; what lies below them is skipped."""
    bench = Bench()
    first = bench.message(crossing("r"))
    bench.partition.take([first])
    outputs = bench.commit()
    assert of(outputs, INTAKE) == [outputs[-1]]
    assert list(bench.partition.positions.values()) == [1]
    bench.partition.take([first])
    assert not bench.partition.staged
    assert bench.partition.skipped == 1


def test_what_is_ignored_moves_the_position() -> None:
    """A payload that says nothing of quality is passed over, once."""
    bench = Bench()
    heartbeat = alert("r")["event"]
    assert isinstance(heartbeat, dict)
    heartbeat["commonEventHeader"]["domain"] = "heartbeat"
    bench.take(json.dumps({"event": heartbeat}).encode())
    outputs = bench.commit()
    assert [output.topic for output in outputs] == [outputs[-1].topic]
    assert list(bench.partition.positions.values()) == [1]


def test_a_flood_is_folded_and_a_change_is_not() -> None:
    """A thousand tellings of one crossing are one event; its end goes out at once."""
    bench = Bench(fold_ms=1_000)
    bench.know(relation("r", "P1"))
    bench.take(*(crossing("r", at, "CONT") for at in range(1_000)), crossing("r", 1_000, "CLEAR"))
    assert [event.sequence for event in degradations(bench.commit())] == [0, 1_000]


def test_a_batch_that_is_taken_again_is_not_folded_into_itself() -> None:
    """An aborted transaction leaves nothing behind that could swallow its records."""
    bench = Bench(fold_ms=1_000)
    bench.know(relation("r", "P1"))
    message = bench.message(crossing("r"))
    bench.partition.take([message])
    assert bench.partition.rewind()
    bench.partition.take([message])
    assert len(degradations(bench.commit())) == 1


def test_what_waits_holds_back_what_comes_later() -> None:
    """While an object's event waits, the next waits behind it even when the inventory knows by then."""
    bench = Bench()
    bench.take(crossing("r", 1))
    bench.commit()
    bench.inventory.put("r/P1", RECORDS.write_as("inventory", relation("r", "P1")))  # not told yet
    bench.take(crossing("r", 2, "CLEAR"))
    assert degradations(bench.commit()) == []
    bench.partition.learned(["r"])
    assert [event.sequence for event in degradations(bench.commit())] == [1, 2]
    assert len(bench.partition.lot) == 0


def test_an_aborted_batch_keeps_what_it_would_have_let_go() -> None:
    """What the inventory freed goes out with the next transaction when this one fails."""
    bench = Bench()
    bench.take(crossing("r", 1))
    bench.commit()
    bench.know(relation("r", "P1"))
    bench.partition.settle(None)
    assert bench.partition.staged
    bench.partition.rewind()
    outputs = bench.commit()
    assert len(degradations(outputs)) == 1
    assert [output.value for output in of(outputs, PARKED)] == [None]


def test_a_wide_fan_out_goes_on_behind_a_cursor() -> None:
    """Each transaction has a bounded number of events; the cursor is on its record, nobody is left out."""
    bench = Bench(batch_records=10)
    bench.know(*(relation("r", f"P{at:03}") for at in range(45)))
    bench.take(crossing("r", 1), crossing("r", 2, "CLEAR"))
    sent: list[tuple[int, str]] = []
    for _ in range(20):
        outputs = bench.commit()
        told = degradations(outputs)
        assert len(told) <= 10 * 4
        sent += [(event.sequence, event.product_id) for event in told]
    assert sent == [(sequence, f"P{at:03}") for sequence in (1, 2) for at in range(45)]
    assert len(bench.partition.lot) == 0


def test_a_fan_out_goes_on_where_a_restored_partition_left_it() -> None:
    """The cursor lies on the topic: who restores it repeats nothing."""
    bench = Bench(batch_records=10)
    bench.know(*(relation("r", f"P{at:03}") for at in range(25)))
    bench.take(crossing("r", 1))
    first = bench.commit()
    records = [output.value for output in of(first, PARKED)]
    again = Bench(batch_records=10)
    again.know(*(relation("r", f"P{at:03}") for at in range(25)))
    state = again.partition.remember(of(first, INTAKE)[0].value, [value for value in records if value])
    assert state is not None
    again.partition.start(state)
    rest = [event.product_id for _ in range(3) for event in degradations(again.commit())]
    assert [event.product_id for event in degradations(first)] + rest == [f"P{at:03}" for at in range(25)]


def test_too_many_that_wait_are_dead_letters() -> None:
    """The memory is bounded: beyond the limit an event is buried with the reason, not dropped."""
    bench = Bench(limit=2)
    bench.take(*(crossing(f"r{at}") for at in range(3)))
    outputs = bench.commit()
    assert len(of(outputs, PARKED)) == 2
    (letter,) = of(outputs, DEAD_LETTERS)
    assert b"2 observations" in (dict(letter.headers)[REASON] or b"")


def test_the_head_of_a_queue_that_is_given_up_frees_what_is_behind() -> None:
    """Its limit is its own: what came later waits on, or goes on where the inventory knows it."""
    bench = Bench(parked_ms=1_000)
    bench.take(crossing("r", 1))
    bench.commit()
    bench.now += 900
    bench.take(crossing("r", 2))
    bench.commit()
    bench.now += 200
    outputs = bench.commit(bench.now - 1_000)
    assert len(of(outputs, DEAD_LETTERS)) == 1
    assert len(bench.partition.lot) == 1
    bench.know(relation("r", "P1"))
    assert [event.sequence for event in degradations(bench.commit())] == [2]


def test_an_original_that_is_too_large_is_not_kept_for_each_part() -> None:
    """A list of a thousand events is not a thousand copies of the list; what was read is kept."""
    bench = Bench(parked_ms=1_000)
    listed = {"eventList": [alert(f"r{at}")["event"] for at in range(100)]}
    bench.take(json.dumps(listed).encode())
    outputs = bench.commit()
    assert len(of(outputs, PARKED)) == 100
    assert sum(len(output.value or b"") for output in outputs) < 400_000
    bench.now += 2_000
    letter = of(bench.commit(bench.now - 1_000), DEAD_LETTERS)[0]
    assert OBSERVATION in dict(letter.headers)
    assert json.loads(letter.value or b"")["objects"]


def test_a_source_whose_clock_is_off_is_marked() -> None:
    """From the third sample that is off by more than the limit, its events carry the mark."""
    bench = Bench()
    bench.know(relation("r", "P1"))
    past = (bench.now - 3_600_000) * 1_000
    bench.take(
        *(crossing("r", at, startEpochMicrosec=past + at, lastEpochMicrosec=past + at) for at in range(1, 5))
    )
    marks = [event.marks.split() for event in degradations(bench.commit())]
    assert ["clockOff" in each for each in marks] == [False, False, True, True]


def test_a_fault_of_intake_buries_one_record_and_many_stop_the_partition() -> None:
    """An error that nobody foresaw is a dead letter with its place; a row of them pulls the brake."""

    def broken(_form: str, _headers: Pairs, _value: bytes) -> Reading:
        raise ZeroDivisionError

    bench = Bench(read=broken)
    bench.take(crossing("r"))
    (letter,) = of(bench.commit(), DEAD_LETTERS)
    assert dict(letter.headers)["__connect.errors.stage"] == b"step"
    bench.take(*[b"{}"] * 1_000)
    bench.commit()
    assert bench.partition.brake.pulled


def test_an_outage_is_nobodys_dead_letter() -> None:
    """What is no fault of the record comes out of the batch, with nothing buried."""

    def away(_form: str, _headers: Pairs, _value: bytes) -> Reading:
        raise RetriableError("registry")

    bench = Bench(read=away)
    with pytest.raises(RetriableError):
        bench.take(crossing("r"))
    bench.partition.rewind()
    assert not bench.partition.staged


# -- retry


def _parked(bench: Bench, *values: bytes) -> list[str]:
    bench.take(*values)
    return [(output.key or b"").decode() for output in of(bench.commit(), PARKED)]


def _retry(bench: Bench, key: str, value: bytes) -> list[Output]:
    bench.partition.take([bench.message(value, [(RETRY, key.encode())])])
    return bench.commit()


def test_a_retry_reads_again_in_the_place_of_what_was_read() -> None:
    """With rules that name the object otherwise it goes out, and its record ends in the same transaction."""
    bench = Bench()
    bench.know(relation("other", "P1"))
    payload = crossing("r", 1)
    (key,) = _parked(bench, payload)
    renamed = payload.replace(b'"r"', b'"other"')
    object.__setattr__(bench.shared, "read", lambda form, headers, _: read_any(form, headers, renamed))
    outputs = _retry(bench, key, payload)
    assert [event.product_id for event in degradations(outputs)] == ["P1"]
    assert [output.value for output in of(outputs, PARKED)] == [None]
    assert of(_retry(bench, key, payload), DEGRADATION) == [], "a second one finds nothing to do"


def test_a_retry_that_finds_nothing_new_waits_on_in_its_place() -> None:
    """Order and time limit stay what they were."""
    bench = Bench()
    payloads = [crossing("r", at) for at in (1, 2, 3)]
    keys = _parked(bench, *payloads)
    before = {item.key: item.parked_at for item in bench.partition.lot}
    bench.now += 5_000
    assert degradations(_retry(bench, keys[1], payloads[1])) == []
    bench.commit()
    assert {item.key: item.parked_at for item in bench.partition.lot} == before
    bench.know(relation("r", "P1"))
    assert [event.sequence for event in degradations(bench.commit())] == [1, 2, 3]


def test_a_retry_with_other_bytes_is_refused() -> None:
    """Nobody replaces what waits by something else."""
    bench = Bench()
    payload = crossing("r", 1)
    (key,) = _parked(bench, payload)
    outputs = _retry(bench, key, crossing("other", 1))
    assert len(of(outputs, DEAD_LETTERS)) == 1
    assert len(bench.partition.lot) == 1


def test_a_retry_that_cannot_be_read_any_more_is_a_dead_letter() -> None:
    """Today's rules may say that it is nothing: then it waits no more."""
    bench = Bench()
    payload = crossing("r", 1)
    (key,) = _parked(bench, payload)
    object.__setattr__(bench.shared, "read", lambda form, headers, _: read_any(form, headers, b"{}"))
    outputs = _retry(bench, key, payload)
    (letter,) = of(outputs, DEAD_LETTERS)
    assert letter.value == payload
    assert len(bench.partition.lot) == 0


# -- garbage


def _garbage(chance: random.Random) -> bytes:
    """Return a payload like none before: noise, cut or mangled JSON, JSON of the wrong shape."""
    whole = json.dumps(alert(f"r{chance.random()}", chance.randrange(10**9))).encode()
    match chance.randrange(6):
        case 0:
            return chance.randbytes(chance.randrange(1, 200))
        case 1:
            return whole[: chance.randrange(len(whole))]
        case 2:
            at = chance.randrange(len(whole))
            return whole[:at] + chance.choice([chance.randbytes(2), b"77"]) + whole[at + 2 :]
        case 3:
            return json.dumps({f"k{chance.random()}": chance.choice([None, [], {}, 1e308, "x"])}).encode()
        case 4:
            header = {"domain": chance.choice(["", 7, None, "fault"])}
            return json.dumps({"event": {"commonEventHeader": header, "n": chance.random()}}).encode()
        case _:
            return b"[" * chance.randrange(1, 5_000) + str(chance.random()).encode()


@pytest.mark.slow
def test_a_hundred_thousand_garbage_payloads_leave_their_reasons() -> None:
    """Each is a dead letter with a reason, waits for its object, or is passed over: none ends anything."""
    chance = random.Random(7)
    bench = Bench(limit=200_000)
    ends: Counter[str] = Counter()
    for _ in range(100):
        bench.take(*(_garbage(chance) for _ in range(1_000)))
        done = bench.partition._staging
        outputs = bench.commit()
        letters = of(outputs, DEAD_LETTERS)
        assert all(dict(letter.headers)[REASON] for letter in letters)
        assert not any(dict(letter.headers)["__connect.errors.stage"] == b"step" for letter in letters)
        ends["buried"] += len(letters)
        ends["parked"] += len({(output.key or b"").rpartition(b"/")[0] for output in of(outputs, PARKED)})
        ends["ignored"] += done.tally.ignored.total()
        ends["events"] += len(of(outputs, DEGRADATION))
    assert list(bench.partition.positions.values()) == [100_000]
    assert ends["buried"] + ends["parked"] + ends["ignored"] >= 100_000
    assert ends["events"] == 0
    assert ends["buried"] > 10_000
    assert ends["parked"] > 1_000


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans()), max_size=30))
def test_each_crossing_goes_out_once_whatever_happens_between(
    steps: list[tuple[int, int, bool]],
) -> None:
    """Aborted batches, late knowledge, many at once: each event once for each product, in order by object."""
    bench = Bench(batch_records=3)
    sent: list[tuple[str, str, int]] = []
    taken: Counter[str] = Counter()
    pending = []
    for what, at, aborts in steps:
        name = f"r{at}"
        if what == 3:  # the role learns before it stages
            bench.know(*(relation(name, f"P{product}") for product in range(5)))
        elif what <= 2:
            taken[name] += 1
            pending.append(bench.message(crossing(name, taken[name])))
        bench.partition.settle(None)
        for message in pending:
            bench.partition.take([message])
        if aborts:
            bench.partition.rewind()
        else:
            sent += [(e.object_id, e.product_id, e.sequence) for e in degradations(bench.commit())]
            pending = []
    for message in pending:
        bench.partition.take([message])
    sent += [(e.object_id, e.product_id, e.sequence) for e in degradations(bench.commit())]
    bench.know(*(relation(f"r{at}", f"P{product}") for at in range(3) for product in range(5)))
    for _ in range(2 + 5 * len(steps)):
        sent += [(e.object_id, e.product_id, e.sequence) for e in degradations(bench.commit())]
    wanted = {
        (name, f"P{product}", at + 1) for name in taken for at in range(taken[name]) for product in range(5)
    }
    assert Counter(sent) == dict.fromkeys(wanted, 1)
    for name in taken:
        for product in range(5):
            order = [seq for obj, prod, seq in sent if (obj, prod) == (name, f"P{product}")]
            assert order == sorted(order)
    assert all(output.partition in range(PARTITIONS) for output in bench.commit())
