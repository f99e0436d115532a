"""A partition's log in the model: what readers see of any history, before and after the cleaner."""

from dataclasses import dataclass, field

import pytest
from confluent_kafka import KafkaError
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.log import Batch, Body, Log, Record, State
from tests.simulation.refusal import Refused

KEYS = (b"a", b"b", b"c", None)
PRODUCERS = 3
NOW = 1_000


@dataclass
class History:
    """A log with some producers at work on it."""

    log: Log = field(default_factory=lambda: Log({"delete.retention.ms": "1000000"}))
    sequences: dict[int, int] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)
    states: dict[int, State] = field(default_factory=dict)

    def write(self, producer: int, key: bytes | None, value: bytes | None) -> None:
        """Let a producer write in its transaction; the last one is not transactional."""
        transactional = producer < PRODUCERS - 1
        sequence = self.sequences.get(producer, 0)
        self.sequences[producer] = sequence + 1
        bodies = (Body(key, value, None, NOW),)
        offset = self.log.append(Batch(bodies, producer, 0, sequence, transactional=transactional), NOW)
        self.states[offset] = State.OPEN if transactional else State.COMMITTED
        if transactional:
            self.open.add(producer)

    def end(self, producer: int, *, commit: bool) -> None:
        """Let a producer end its transaction, if one is open."""
        if producer not in self.open:
            return
        self.open.remove(producer)
        for record in self.log.records:
            if record.producer_id == producer and self.states.get(record.offset) is State.OPEN:
                self.states[record.offset] = State.COMMITTED if commit else State.ABORTED
        self.log.mark(producer, 0, NOW, commit=commit)

    def seen(self, *, committed: bool, chunk: int = 7) -> list[Record]:
        """Return what a reader sees that fetches in small parts."""
        found: list[Record] = []
        position = self.log.start
        while True:
            records, after = self.log.read(position, chunk, committed=committed)
            if after == position:
                return found
            found += records
            position = after


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Any interleaving of writes, commits and aborts."""
    history = History()
    for _ in range(draw(st.integers(0, 40))):
        producer = draw(st.integers(0, PRODUCERS - 1))
        match draw(st.sampled_from(("write", "write", "tombstone", "commit", "abort"))):
            case "write":
                history.write(producer, draw(st.sampled_from(KEYS)), b"%d" % history.log.end)
            case "tombstone":
                history.write(producer, draw(st.sampled_from(KEYS)), None)
            case "commit":
                history.end(producer, commit=True)
            case _:
                history.end(producer, commit=False)
    return history


def latest(records: list[Record]) -> dict[bytes | None, bytes | None]:
    """Return what a fold makes of them."""
    rows = {record.body.key: record.body.value for record in records}
    return {key: value for key, value in rows.items() if value is not None}


@given(histories(), st.integers(1, 9))
def test_readers_see_what_is_decided(history: History, chunk: int) -> None:
    """A reader of committed records sees those below the first open one, in order, however it fetches."""
    states = history.states
    first_open = min((at for at, state in states.items() if state is State.OPEN), default=history.log.end)
    assert history.log.last_stable == first_open
    expected = [at for at, state in states.items() if state is State.COMMITTED and at < first_open]
    assert [record.offset for record in history.seen(committed=True, chunk=chunk)] == expected
    assert [record.offset for record in history.seen(committed=False, chunk=chunk)] == list(states)
    assert {record.offset: record.state for record in history.log.records if record.commit is None} == states


@given(histories())
def test_the_cleaner_changes_no_fold(history: History) -> None:
    """Compaction moves nothing, and whoever folds the log by key comes to the same rows."""
    before = {record.offset: record.body for record in history.log.records}
    rows, ends = latest(history.seen(committed=True)), (history.log.last_stable, history.log.end)
    history.log.compact(NOW)
    assert latest(history.seen(committed=True)) == rows
    assert (history.log.last_stable, history.log.end) == ends
    assert all(before[record.offset] == record.body for record in history.log.records)
    kept = [record.offset for record in history.log.records]
    assert kept == sorted(kept)
    history.log.compact(NOW)
    assert [record.offset for record in history.log.records] == kept


@given(histories())
def test_the_cleaner_leaves_one_of_a_key(history: History) -> None:
    """Below the last batch and the first open transaction, a key lies there once, and nothing aborted."""
    history.log.compact(NOW)
    records = history.log.records
    last = records[-1].offset if records else 0
    producer = records[-1].producer_id if records else -1
    at = len(records) - 1
    while at > 0 and records[-1].commit is not None and records[at - 1].producer_id == producer:
        at -= 1
    limit = min(history.log.last_stable, records[at].offset if records else last)
    cleaned = [record for record in records if record.offset < limit and record.commit is None]
    assert len({record.body.key for record in cleaned}) == len(cleaned)
    assert not any(record.state is State.ABORTED for record in cleaned)


def test_tombstones_go_after_their_retention() -> None:
    """A tombstone is kept for readers on their way, then goes; the row it removed stays away."""
    history = History()
    history.write(PRODUCERS - 1, b"a", b"1")
    history.write(PRODUCERS - 1, b"a", None)
    history.write(PRODUCERS - 1, b"b", b"1")
    history.log.compact(NOW)
    assert [record.offset for record in history.seen(committed=True)] == [1, 2]
    history.log.compact(NOW + 1_000_000)
    assert [record.offset for record in history.seen(committed=True)] == [2]
    assert history.log.end == 3


def test_repeated_batches_are_known() -> None:
    """A batch that comes again has the offset of before; one with a gap, or of before, is refused."""
    log = Log({})

    def append(sequence: int, epoch: int = 0) -> int:
        return log.append(Batch((Body(None, b"1", None, NOW),), 7, epoch, sequence), NOW)

    assert [append(0), append(1), append(0), append(1), append(2)] == [0, 1, 0, 1, 2]
    for sequence, epoch, code in (
        (4, 0, KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER),
        (1, 1, KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER),
    ):
        with pytest.raises(Refused) as refused:
            append(sequence, epoch)
        assert refused.value.code == code
    assert append(0, 1) == 3
    with pytest.raises(Refused) as refused:
        append(3, 0)
    assert refused.value.code == KafkaError.INVALID_PRODUCER_EPOCH
    assert log.end == 4


def test_what_was_deleted_or_lost_is_out_of_range() -> None:
    """Records below the start and beyond the end are not to be read; the offsets of the others stay."""
    history = History()
    for _ in range(5):
        history.write(PRODUCERS - 1, b"a", b"1")
    history.log.delete_before(2)
    history.log.truncate(4)
    assert [record.offset for record in history.seen(committed=True)] == [2, 3]
    for position in (1, 5):
        with pytest.raises(Refused):
            history.log.read(position, 1, committed=True)
    history.sequences[PRODUCERS - 1] = 5
    history.write(PRODUCERS - 1, b"a", b"1")
    assert history.log.end == 5
