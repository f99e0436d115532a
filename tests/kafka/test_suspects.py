"""What is remembered of a death, by whom, and when it is forgotten; no broker, no process dies."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.core.vocabulary import DegradationKind, Outcome
from qosresolve.errors import ConfigError, FatalError, PoisonRecordError, RetriableError
from qosresolve.kafka import staging
from qosresolve.kafka.examine import DONE, GONE, IN_HAND, Ended
from qosresolve.kafka.note import CHECKING, PLACE, READING, SIZE, TAKING, WRITING, Note, at, parts
from qosresolve.kafka.outputs import Writer
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.suspect_file import default_path
from qosresolve.kafka.suspects import DEATHS, PROVEN, SURVIVED, Suspect, Suspects, digest_of, opened
from qosresolve.settings import Settings, load
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, PARTITION
from tests.kafka.bench import HERE, NAMES, Bench, journal, of, products
from tests.kafka.harness import degradation

DEGRADATIONS = NAMES.of(DEGRADATION)
HERE_TAKING = at(HERE, 0, TAKING)


class Memory:
    """What the kernel keeps when a process dies; each `life` is the next process."""

    def __init__(self) -> None:
        self._words = memoryview(bytearray(SIZE)).cast("q")

    def life(self) -> Suspects:
        return Suspects(NAMES, self._words)

    def die(self, place: int, offset: int) -> None:
        """Die in the middle of something."""
        self.life().note.set(place, offset)


@pytest.fixture
def memory() -> Memory:
    return Memory()


def _bench(suspects: Suspects) -> Bench:
    """Return a partition of a process that has these suspects."""
    bench = Bench()
    shared = bench.partition._shared
    state = bench.partition.state
    bench.partition = Partition(HERE, 1, replace(shared, suspects=suspects))
    bench.partition.start(state)
    return bench


def _outcomes(bench: Bench) -> list[str]:
    return [str(entry.outcome) for entry in journal(bench.commit())]


# -- places


@pytest.mark.parametrize("partition", [0, 1, 11, 9_999])
@pytest.mark.parametrize("topic", range(7))
@pytest.mark.parametrize("phase", [TAKING, CHECKING, READING, WRITING])
def test_a_place_is_one_word(partition: int, topic: int, phase: int) -> None:
    """Partition, topic and phase come back out of it, and it is never the word for nothing."""
    place = at(partition, topic, phase)
    assert place
    assert parts(place) == (topic, partition, phase)


def test_a_phase_within_a_phase() -> None:
    """Reading a state while a record is taken changes the phase and nothing else, and back."""
    note = Note()
    note.set(at(3, 2, TAKING), 7)
    before = note.enter(READING)
    assert parts(note.words[PLACE]) == (2, 3, READING)
    note.leave(before)
    assert parts(note.words[PLACE]) == (2, 3, TAKING)
    note.clear()
    note.leave(note.enter(READING))
    assert not note.words[PLACE]


# -- counting


def test_a_process_that_ends_in_between_leaves_nothing(memory: Memory) -> None:
    """No note, no suspect."""
    memory.life()
    assert not memory.life().known


def test_deaths_at_one_record_add_up(memory: Memory) -> None:
    """Each start counts the note once: a process that dies before it notes anything adds nothing."""
    for deaths in range(1, DEATHS + 1):
        memory.die(HERE_TAKING, 7)
        (suspect,) = memory.life().known
        assert (suspect.partition, suspect.offset, suspect.deaths) == (HERE, 7, deaths)
        assert [item.deaths for item in memory.life().known] == [deaths]
        assert suspect.guilty is (deaths == DEATHS)


def test_two_records_are_counted_apart(memory: Memory) -> None:
    """Deaths that take turns between two records reach the limit for each."""
    for _ in range(DEATHS):
        memory.die(HERE_TAKING, 7)
        memory.die(at(HERE, 1, TAKING), 7)
    assert [(item.topic, item.deaths) for item in memory.life().known] == [(0, DEATHS), (1, DEATHS)]


def test_many_suspects_are_bounded(memory: Memory) -> None:
    """There is room for so many; the oldest are let go."""
    for offset in range(200):
        memory.die(HERE_TAKING, offset)
    offsets = [item.offset for item in memory.life().known]
    assert offsets == list(range(200 - len(offsets), 200))


def test_a_file_of_another_kind_is_begun_anew(memory: Memory) -> None:
    """What is not ours is never taken for suspects."""
    words = memory.life().note.words
    for number in range(len(words)):
        words[number] = 0x0123_4567_89AB_CDEF
    assert not memory.life().known
    assert not memory.life().careful


def test_what_a_child_found_is_kept(memory: Memory) -> None:
    """Over further deaths, for this very record."""
    memory.die(HERE_TAKING, 7)
    life = memory.life()
    (suspect,) = life.unread
    life.judge(suspect, 4711, PROVEN)
    assert suspect.guilty
    memory.die(HERE_TAKING, 8)
    assert [(item.digest, item.guilty) for item in memory.life().known] == [(4711, True), (0, False)]
    assert [item.offset for item in memory.life().unread] == [8]


# -- in the loop


def test_the_note_stands_while_a_record_is_taken(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is said, and that it is over, whatever the outcome."""
    life = memory.life()
    bench = _bench(life)
    seen = []

    def stage(*_: object, **__: object) -> None:
        seen.append((*parts(life.note.words[PLACE]), life.note.words[PLACE + 1]))
        if len(seen) > 1:
            raise UnknownPolicyError("c" * 64)

    monkeypatch.setattr(staging.Staging, "stage", stage)
    bench.raw(DEGRADATION, b"")
    bench.take(bench.raw(DEGRADATION, b""))
    assert seen == [(0, HERE, TAKING, 1)]
    assert not life.note.words[PLACE]
    with pytest.raises(UnknownPolicyError):
        bench.take(bench.raw(DEGRADATION, b""))
    assert not life.note.words[PLACE]


@pytest.mark.parametrize(
    "error",
    [RetriableError("down"), ConfigError("wrong"), FatalError("page")],
    ids=lambda item: type(item).__name__,
)
def test_what_is_raised_on_purpose_is_no_death(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A process that stops with a message does not blame the record that it was at."""

    def unable(*_: object) -> None:
        raise error

    bench = _bench(memory.life())
    message = bench.record(degradation("P1", 1))
    bench.take(message)
    monkeypatch.setattr(Writer, "report", unable)
    with pytest.raises(type(error)):
        bench.partition.outputs()
    monkeypatch.setattr(Contracts, "read_input", unable)
    with pytest.raises(type(error)):
        bench.take(bench.record(degradation("P1", 2)))
    assert not memory.life().known
    assert not memory.life().careful


def test_no_memory_is_a_death(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be anybody's fault: the process ends, and the record is looked at before the next begins."""

    def no_memory(*_: object) -> None:
        raise MemoryError

    bench = _bench(memory.life())
    monkeypatch.setattr(staging, "step", no_memory)
    with pytest.raises(MemoryError):
        bench.take(bench.record(degradation("P1", 1)))
    assert [(item.offset, item.phase) for item in memory.life().known] == [(0, TAKING)]


def test_the_note_tells_reading_from_taking(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that is decoded at first use is not the record's fault."""
    bench = _bench(memory.life())
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    (stored,) = bench.partition.store.reports()
    bench.partition.store.put_report(*stored)  # so it has to be decoded again

    def dying(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Contracts, "read_report", dying)
    with pytest.raises(MemoryError):
        bench.take(bench.record(degradation("P1", 2, kind=DegradationKind.UPDATE)))
    for _ in range(DEATHS):
        memory.die(at(HERE, 0, READING), 1)
    (suspect,) = memory.life().known
    assert (suspect.phase, suspect.deaths, suspect.guilty) == (READING, DEATHS + 1, False)
    assert not memory.life().unread


def test_a_partition_record_that_ends_the_process_is_a_state(memory: Memory) -> None:
    """It is read at the restore, before any record."""
    bench = _bench(memory.life())
    bench.take(bench.record(degradation("P1", 1)))
    value = of(bench.commit(), PARTITION)[0].value or b""
    life = memory.life()
    assert _bench(life).partition.remembered(5, value).partition == HERE
    assert not memory.life().known
    memory.life().reading(HERE, 5)
    (suspect,) = (life := memory.life()).known
    assert (life.topic(suspect), suspect.phase) == (NAMES.of(PARTITION), READING)
    _bench(life)
    assert not memory.life().known  # a partition that starts was read


def test_state_that_does_not_decode_stops_the_worker(memory: Memory) -> None:
    """Not the input: it would be a dead letter, and so would every other of its product."""
    bench = _bench(memory.life())
    with pytest.raises(FatalError, match=r"unreadable-state\.md"):
        bench.partition.remembered(5, b"\xc3\x01 no Avro")
    bench.partition.store.put_report("P1/r", b"\xc3\x01 no Avro")
    with pytest.raises(FatalError, match=r"unreadable-state\.md"):
        bench.take(bench.record(degradation("P1", 1)))
    assert not bench.partition.staged


# -- burying


def _guilty(memory: Memory, message: Message, deaths: int = DEATHS) -> Suspects:
    for _ in range(deaths):
        memory.die(HERE_TAKING, message.offset() or 0)
    life = memory.life()
    for suspect in life.unread:
        life.judge(suspect, digest_of(message), SURVIVED)
    return life


def test_a_guilty_record_is_buried_unread(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes, key and headers whole, in the transaction of its neighbours; once committed it is forgotten."""
    first, second = products(2)
    made = Bench()
    once, guilty = degradation(first, 1), degradation(second, 1)
    rows = [made.record(event, headers=[("a", None)]) for event in (once, guilty, once)]
    bench = _bench(_guilty(memory, rows[1]))
    read = Contracts.read_input

    def reads(self: Contracts, record: str, data: bytes) -> object:
        assert data != rows[1].value(), "it was read"
        return read(self, record, data)

    monkeypatch.setattr(Contracts, "read_input", reads)
    bench.take(*rows)
    outputs = bench.partition.outputs()
    assert memory.life().known  # not before the commit is confirmed
    bench.partition.accept(outputs)
    assert [str(entry.outcome) for entry in journal(outputs)] == ["applied", "deadLetter", "noOp"]
    (letter,) = of(outputs, DEAD_LETTERS)
    assert (letter.key, letter.value) == (second.encode(), rows[1].value())
    headers = dict(letter.headers)
    assert headers["a"] is None
    assert headers["__connect.errors.stage"] == b"crash"
    entry = journal(outputs)[1]
    assert (entry.product_id, str(entry.rule)) == (second, "EndedTheProcess")
    assert not memory.life().known


def test_one_that_has_not_died_often_enough_is_taken(memory: Memory) -> None:
    """And with its commit the count begins anew: only deaths without getting past it count."""
    message = Bench().record(degradation("P1", 1))
    bench = _bench(_guilty(memory, message, DEATHS - 1))
    bench.take(message)
    assert _outcomes(bench) == ["applied"]
    assert not memory.life().known


def test_another_record_at_the_same_place_is_taken(memory: Memory) -> None:
    """A topic made anew has other records at the same offsets."""
    guilty, innocent = Bench().record(degradation("P1", 1)), Bench().record(degradation("P1", 2))
    bench = _bench(_guilty(memory, guilty))
    bench.take(innocent)
    assert _outcomes(bench) == ["applied"]
    assert not memory.life().known


def test_a_record_that_no_child_could_read_is_known_from_then_on(memory: Memory) -> None:
    """Without its digest nothing proves that it is the one: it is taken once more."""
    message = Bench().record(degradation("P1", 1))
    for _ in range(DEATHS):
        memory.die(HERE_TAKING, 0)
    bench = _bench(memory.life())
    bench.take(message)
    assert [str(entry.outcome) for entry in journal(bench.partition.outputs())] == ["applied"]
    memory.die(HERE_TAKING, 0)
    bench = _bench(memory.life())
    bench.take(message)
    assert _outcomes(bench) == ["deadLetter"]


def test_positions_beyond_it_forget_a_suspect(memory: Memory) -> None:
    """Another worker got past it while the partition was there."""
    memory.die(HERE_TAKING, 7)
    life = memory.life()
    assert list(life.of(HERE, {DEGRADATIONS: 7})) == [(DEGRADATIONS, 7)]
    assert not life.of(HERE + 1, {DEGRADATIONS: 8})
    assert not life.of(HERE, {DEGRADATIONS: 8})
    assert not memory.life().known


# -- deaths while a batch is written


def test_after_a_death_in_writing_reports_are_written_one_by_one(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the next death names the record; other partitions are not slowed down."""
    memory.die(at(HERE, 0, WRITING), 0)
    life = memory.life()
    assert not life.known
    assert life.careful == {HERE}
    bench = _bench(life)

    def dying(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Writer, "report", dying)
    with pytest.raises(MemoryError):
        bench.take(bench.record(degradation("P1", 1)))
    life = memory.life()
    assert [(item.offset, item.phase) for item in life.known] == [(0, CHECKING)]
    assert life.careful == {HERE}  # until that record is past
    assert _bench(memory.life()).partition._careful > 0


def test_a_batch_that_is_looked_at_again_still_buries(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that cannot be written makes the batch be staged again: a guilty record stays unread."""
    first, second = products(2)
    made = Bench()
    rows = [made.record(degradation(name, 1)) for name in (first, second)]
    bench = _bench(_guilty(memory, rows[0]))
    bench.take(*rows)
    whole = Writer.report
    calls = []

    def once(self: Writer, partition: int, report: object, room: int) -> object:
        calls.append(report)
        if len(calls) == 1:
            raise PoisonRecordError("too large", stage="size")
        return whole(self, partition, report, room)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "report", once)
    entries = journal(bench.commit())
    assert [entry.outcome for entry in entries] == [Outcome.DEAD_LETTER, Outcome.APPLIED]
    assert str(entries[0].rule) == "EndedTheProcess"


# -- the file


def _settings(path: Path | str | None = None, *more: str) -> Settings:
    named = [] if path is None else [f"suspect_file={path}"]
    return load(overrides=[*named, "slot=0", *more])


def test_the_file_is_ours_alone(tmp_path: Path) -> None:
    """Mode 0600, locked while it is used, removed by a clean stop that remembers nothing."""
    path = tmp_path / "suspects"
    suspects = opened(_settings(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert opened(_settings(path))._file is None
    suspects.note.set(HERE_TAKING, 7)
    suspects.close()
    again = opened(_settings(path))
    assert [item.offset for item in again.known] == [7]
    again.drop(*again.known)
    again.close()
    assert not path.exists()
    again.close()


@pytest.mark.parametrize("kind", ["link", "hard link", "open to others", "directory", "no folder"])
def test_what_is_not_ours_is_not_used(tmp_path: Path, kind: str) -> None:
    """A file that somebody put there is refused where the settings name it; nothing in it is touched."""
    path, other = tmp_path / "suspects", tmp_path / "other"
    other.write_bytes(b"precious")
    other.chmod(0o600)
    match kind:
        case "link":
            path.symlink_to(other)
        case "hard link":
            path.hardlink_to(other)
        case "open to others":
            path.write_bytes(b"precious")
            path.chmod(0o644)
        case "directory":
            path.mkdir()
        case _:
            path = tmp_path / "none" / "suspects"
    with pytest.raises(ConfigError, match="suspect_file"):
        opened(_settings(path))
    assert other.read_bytes() == b"precious"


def test_by_default_it_goes_on_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root file system that is read-only is no reason not to work: a warning says what is missing."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    suspects = opened(_settings())
    assert suspects._file is None
    suspects.note.set(HERE_TAKING, 1)


def test_each_slot_has_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Told apart by cluster, prefix, group and slot; nothing in a name leads out of the folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    paths = {
        default_path(_settings(None, *more))
        for more in (
            (),
            ("slot=1",),
            ("group=g",),
            ("prefix=p",),
            ("bootstrap_servers=b:1",),
            ("group=../../g",),
        )
    }
    assert len(paths) == 6
    assert {path.parent for path in paths} == {tmp_path}


@pytest.mark.parametrize("more", [("suspect_file=",), ("broker=embedded",)])
def test_off(more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file is made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened(_settings(None, *more)).note.set(HERE_TAKING, 1)
    assert not list(tmp_path.iterdir())


# -- what a child proves


@pytest.mark.parametrize(
    ("said", "status", "fault"),
    [
        ((IN_HAND,), -11, "SIGSEGV"),
        ((IN_HAND,), -6, "SIGABRT"),
        ((IN_HAND,), -24, "SIGXCPU"),
        ((IN_HAND,), None, "no end"),
        ((IN_HAND,), 3, "exit status 3"),
        ((IN_HAND,), 12, "out of memory"),
        ((IN_HAND,), -9, ""),  # a kill from outside
        ((IN_HAND,), -15, ""),
        ((IN_HAND,), 75, ""),  # the registry does not answer
        ((IN_HAND, DONE), 0, ""),
        ((IN_HAND, DONE), -11, ""),  # it had been taken
        ((), -11, ""),  # before the record was in hand
        ((), None, ""),
        ((GONE,), 0, ""),
    ],
)
def test_only_what_is_certain_counts(said: tuple[str, ...], status: int | None, fault: str) -> None:
    """A fault, an exit or no end, after the record was in hand; nothing else."""
    assert Ended(dict.fromkeys(said, 1), status).fault == fault


def test_why_is_told_without_the_payload() -> None:
    """How often, and what proved it; the page says what to do."""
    by_child = Suspect(0, 1, 7, TAKING, 1, 5, PROVEN).error()
    assert "1 times, and a child" in str(by_child)
    by_count = Suspect(0, 1, 7, TAKING, 3, 5, SURVIVED).error()
    assert "3 times, each time" in str(by_count)
    assert {by_child.stage, by_count.stage} == {"crash"}
    assert "docs/runbooks/crashing-record.md" in by_child.remedy
