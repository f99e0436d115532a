"""The auditor's comparison without a broker: nothing false, whatever is read first; what is wrong is found.

What the worker writes is written by the worker's own partition; what a foreign hand writes, by the test.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.contracts import headers as head
from qosresolve.core.facts import AlarmSettled
from qosresolve.core.vocabulary import DegradationKind, Severity, Verb
from qosresolve.kafka.outputs import Output
from qosresolve.replay.differences import Mismatch
from qosresolve.replay.live.following import SHORT_S, Phase
from qosresolve.replay.live.overlap import Overlap
from qosresolve.replay.live.store import Writer
from qosresolve.replay.live.tracks import KEPT
from qosresolve.topics import JOURNAL, PARTITION, REPORT, WATCH
from tests.core.builders import DAY, MINUTE
from tests.kafka.harness import RECORDS
from tests.replay.live.topics import PRODUCTS, READ, VICTIM, Log, Reader

pytestmark = pytest.mark.slow


def begun(seed: int) -> tuple[Log, Reader]:
    """Return a log with a past, and a reader that begins on it."""
    log = Log(seed)
    for _ in range(log.random.randint(0, 15)):
        log.work(log.random.randint(1, 12))
    if log.random.random() < 0.5:
        log.compact()
    return log, Reader(log, cached=log.random.choice((1, 100)))


def interleave(log: Log, reader: Reader, transactions: int) -> None:
    """Write and read in any order: topics are read at their own pace, points are asked for at any time."""
    for _ in range(transactions):
        log.work(log.random.randint(1, 12))
        if log.random.random() < 0.1 and reader.following.phase is not Phase.BASE:
            log.compact()  # not of what was written since the reader began: that takes the cleaner longer
        for _ in range(log.random.randint(0, 6)):
            reader.read(log.random.choice(READ), log.random.randint(1, 10))
            if log.random.random() < 0.5:
                reader.point()


@given(seed=st.integers(0, 1 << 40))
def test_what_the_worker_writes_is_never_a_finding(seed: int) -> None:
    """Begun at any time, read in any order, compacted: reports open, change, end and are forgotten."""
    log, reader = begun(seed)
    interleave(log, reader, 20)
    reader.catch_up()
    assert reader.following.live
    assert reader.findings() == {}
    assert len(reader.audit._tracks) == 0, "something still waits, with nothing left to come"


# -- what is wrong


def overwrite(log: Log) -> list[Output]:
    """A foreign hand writes another assignee."""
    report = log.open()
    return [log.bench.partition._writer.report(3, replace(report, assignee="somebody"))]


def write_an_older_value(log: Log) -> list[Output]:
    """A value that was right once."""
    log.open()
    before = log.rows[REPORT][-1]
    log.order(VICTIM, Verb.ACKNOWLEDGE)
    log.write(log.commit())
    return [before]


def remove(log: Log) -> list[Output]:
    """A tombstone that the journal knows nothing of."""
    log.open()
    return [replace(log.rows[REPORT][-1], value=None, headers=[])]


def invent(log: Log) -> list[Output]:
    """A report that no event opened."""
    report = replace(log.open(), report_id="11111111-1111-5111-8111-111111111111")
    return [log.bench.partition._writer.report(3, report)]


def lose_an_update(log: Log) -> list[Output]:
    """A transaction without its report."""
    log.open()
    log.order(VICTIM, Verb.ACKNOWLEDGE)
    return [output for output in log.commit() if not output.topic.endswith(REPORT.name)]


def lose_an_opening(log: Log) -> list[Output]:
    """A report that is in the journal alone."""
    log.sample(VICTIM, kind=DegradationKind.RAISE, severity=Severity.CRITICAL)
    return [output for output in log.commit() if not output.topic.endswith(REPORT.name)]


def keep_a_watch(log: Log) -> list[Output]:
    """An abatement without its raise is remembered, and its end is not written."""
    log.sample(VICTIM, kind=DegradationKind.ABATE)
    log.write(log.commit())
    alarm = log.armed[VICTIM, ""]
    log.now = alarm.due
    log.fire(VICTIM)
    return [output for output in log.commit() if not output.topic.endswith(WATCH.name)]


def double_an_entry(log: Log) -> list[Output]:
    """One input taken twice."""
    log.open()
    return [log.rows[JOURNAL][-1]]


def repeat_an_older_entry(log: Log) -> list[Output]:
    """An entry out of its order."""
    log.open()
    before = log.rows[JOURNAL][-1]
    log.sample(VICTIM, kind=DegradationKind.UPDATE)
    log.write(log.commit())
    return [before]


def set_positions_back(log: Log) -> list[Output]:
    """Inputs that a restarted worker would take again."""
    log.open()
    before = log.rows[PARTITION][-1]
    log.sample(PRODUCTS[0], kind=DegradationKind.UPDATE)
    log.write(log.commit())
    return [before]


def remove_positions(log: Log) -> list[Output]:
    """Nobody knows how far the inputs were taken."""
    log.open()
    return [replace(log.rows[PARTITION][-1], value=None)]


def disarm(log: Log) -> list[Output]:
    """The report as it is, but no timer will ever look at it."""
    log.open()
    return [replace(log.rows[REPORT][-1], headers=[])]


def arm_too_late(log: Log) -> list[Output]:
    """The report as it is, with its deadline a day later."""
    report = log.open()
    assert report.due is not None
    return [replace(log.rows[REPORT][-1], headers=head.alarm_headers(report.due + DAY, report.alarm))]


def scribble_on(topic: str) -> Callable[[Log], list[Output]]:
    """Bytes that are no record at all."""

    def scribble(log: Log) -> list[Output]:
        log.open()
        last = next(rows[-1] for kind, rows in log.rows.items() if kind.record == topic)
        return [replace(last, value=b"\xc3\x01nonsense")]

    return scribble


WRONG: dict[str, tuple[Callable[[Log], list[Output]], str]] = {
    "overwritten": (overwrite, "differs"),
    "an older value": (write_an_older_value, "differs"),
    "removed": (remove, "missing"),
    "invented": (invent, "extra"),
    "update lost": (lose_an_update, "differs"),
    "opening lost": (lose_an_opening, "missing"),
    "removal lost": (keep_a_watch, "extra"),
    "doubled": (double_an_entry, "doubled"),
    "out of order": (repeat_an_older_entry, "order"),
    "positions back": (set_positions_back, "positions"),
    "positions gone": (remove_positions, "positions"),
    "disarmed": (disarm, "unarmed"),
    "armed too late": (arm_too_late, "unarmed"),
    "report unreadable": (scribble_on("report"), "unreadable"),
    "entry unreadable": (scribble_on("report-event"), "unreadable"),
    "positions unreadable": (scribble_on("partition"), "unreadable"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(what: str) -> None:
    """Each by its name, at the next common point; nothing was found before."""
    wrong, kind = WRONG[what]
    log = Log(1)
    reader = Reader(log)
    reader.catch_up()
    outputs = wrong(log)
    reader.catch_up()
    assert reader.findings() == {}
    log.write(outputs)
    reader.catch_up()
    assert reader.found(kind) == 1


@given(seed=st.integers(0, 1 << 40), what=st.sampled_from(sorted(WRONG)))
def test_what_is_wrong_is_found_amid_the_traffic(seed: int, what: str) -> None:
    """Whatever is read first, while other products go on; and nothing else is found beside it."""
    wrong, kind = WRONG[what]
    log, reader = begun(seed)
    interleave(log, reader, 5)
    reader.catch_up()
    outputs = wrong(log)
    log.write(outputs)
    for topic in READ:
        reader.read(topic, log.random.choice((0, 1_000)))
    log.work(5)
    reader.catch_up()
    assert reader.found(kind) >= 1
    assert set(reader.findings()) <= {kind, "differs"} if kind in ("doubled", "order") else {kind}


def test_a_record_that_is_right_again_differs_no_more() -> None:
    """The worker's next record is what the journal says: the gauge goes down, the count stays."""
    log = Log(1)
    reader = Reader(log)
    reader.catch_up()
    log.write(overwrite(log))
    reader.catch_up()
    assert reader.audit.standing.count == 1
    log.order(VICTIM, Verb.ACKNOWLEDGE)
    log.write(log.commit())
    reader.catch_up()
    assert reader.audit.standing.count == 0
    assert reader.findings() == {"differs": 1}


@pytest.mark.parametrize("what", ["overwritten", "removed", "invented", "report unreadable"])
@pytest.mark.parametrize("record_first", [False, True])
def test_a_repair_ends_what_was_wrong(what: str, record_first: bool) -> None:
    """Whatever lay there, nothing, or what nobody can read, and whichever of its records is read first."""
    log = Log(1)
    reader = Reader(log)
    reader.catch_up()
    log.write({**WRONG, "overwritten": (overwrite, "differs")}[what][0](log))
    reader.catch_up()
    assert reader.audit.standing.count == 1
    (name,) = reader.audit.standing.differing
    right = log.bench.partition.store.get(VICTIM).report(name[1])
    log.repair(*name, right)
    log.write(log.commit())
    if record_first:
        reader.read(REPORT)
    reader.catch_up()
    assert reader.audit.standing.count == 0
    assert sum(reader.findings().values()) == 1
    assert not reader.audit.unproved
    assert log.rows[REPORT][-1].value is None or right is not None


def test_what_was_wrong_before_is_over_with_its_repair() -> None:
    """The auditor that folds the whole journal found it when it began."""
    log = Log(1)
    log.write(overwrite(log))
    reader = Reader(log)
    reader.catch_up()
    report = log.bench.partition.store.get(VICTIM).open
    assert report is not None
    reader.audit.standing.past([Mismatch(VICTIM, report.report_id, "differs", "assignee")])
    assert reader.audit.standing.count == 1
    log.repair(VICTIM, report.report_id, report)
    log.write(log.commit())
    reader.catch_up()
    assert reader.audit.standing.count == 0


def test_what_was_removed_while_the_base_was_read_is_in_what_came_since() -> None:
    """A long reading: the record of a key is compacted away before it is read, for one that came after."""
    log = Log(1)
    log.open()
    reader = Reader(log)
    reader.point()
    log.order(VICTIM, Verb.ACKNOWLEDGE)
    log.write(log.commit())
    log.compact()
    reader.now += SHORT_S
    for topic in (REPORT, WATCH, PARTITION):
        reader.read(topic, 1)  # as far as it was wanted: there is nothing of the report
    reader.catch_up()
    log.sample(VICTIM, kind=DegradationKind.UPDATE, indicator="latency")
    log.write(log.commit())
    reader.catch_up()
    assert reader.following.live
    assert reader.findings() == {}
    assert reader.audit.counts.records == 1


def test_what_was_removed_before_it_was_read_is_in_what_came_after() -> None:
    """An auditor that is behind: a point is reached, and the record that lay there is not there any more."""
    log = Log(1)
    log.open()
    reader = Reader(log)
    reader.catch_up()
    for _ in range(2):
        log.sample(VICTIM, kind=DegradationKind.UPDATE, indicator="latency")
        log.write(log.commit())
        reader.read(JOURNAL)
        reader.point()
    log.compact()
    for _ in range(3):
        reader.read(REPORT, 1)
        reader.read(PARTITION, 1)
        reader.point()
    assert reader.findings() == {}
    reader.catch_up()
    assert reader.findings() == {}
    assert reader.audit.counts.records == 1


def test_what_differs_and_goes_on_is_told_once_and_forgotten_in_parts() -> None:
    """A report that was corrupt when the auditor began never equals its fold: one line, and little memory."""
    log = Log(1)
    log.write(overwrite(log))
    reader = Reader(log)
    reader.catch_up()
    assert reader.findings() == {}, "it is believed, see `verify`"
    with structlog.testing.capture_logs() as lines:
        for _ in range(40):
            log.sample(VICTIM, kind=DegradationKind.UPDATE)
            log.write(log.commit())
            reader.read(JOURNAL)
            reader.catch_up()
    assert [line["log_level"] for line in lines] == ["error"]
    (track,) = reader.audit._tracks._open.values()
    assert len(track.steps) <= KEPT + 1


def test_lines_name_the_report_and_the_field_and_no_value() -> None:
    """What an operator needs, and nothing of what is in the record."""
    log = Log(1)
    reader = Reader(log)
    reader.catch_up()
    with structlog.testing.capture_logs() as lines:
        log.write(overwrite(log))
        reader.catch_up()
    (line,) = lines
    assert (line["report"], line["field"]) == (
        (log.rows[REPORT][-1].key or b"").decode().split("/")[1],
        "assignee",
    )
    assert line["offset"] == len(log.rows[REPORT]) - 1
    assert line["runbook"] == "docs/runbooks/report-differs.md"
    assert "somebody" not in str(line)


def test_a_watch_that_comes_and_goes_leaves_no_trace_to_miss() -> None:
    """Within one transaction it is never written: that is no lost update."""
    log = Log(1)
    reader = Reader(log)
    reader.catch_up()
    log.sample(VICTIM, kind=DegradationKind.ABATE, indicator="latency")
    log.now += MINUTE
    log.open()
    reader.catch_up()
    assert not log.rows[WATCH]
    entries = [RECORDS.read_entry(row.value or b"") for row in log.rows[JOURNAL]]
    facts = [type(fact).__name__ for entry in entries for fact in entry.facts]
    assert {"AbatementKept", "AbatementDropped"} < set(facts)
    assert reader.findings() == {}


def test_bytes_of_an_older_schema_are_compared_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of an older version writes other bytes: they are decoded, at the common point."""
    log, reader = begun(3)
    monkeypatch.setattr(Writer, "same", lambda *_: False)
    interleave(log, reader, 15)
    reader.catch_up()
    assert reader.findings() == {}
    assert len(reader.audit._tracks) == 0


# -- without the protections


def test_without_waiting_for_a_common_point_there_are_false_alarms() -> None:
    """Judged as soon as it is read, an entry has no report yet."""
    log = Log(1)
    reader = Reader(log)
    reader.catch_up()
    reader.waits = False
    log.open()
    reader.read(JOURNAL)
    reader.read(PARTITION)
    for _ in range(3):
        reader.point()
    assert reader.findings() == {"missing": 1}
    reader.catch_up()
    assert reader.audit.standing.count == 0, "it was there all the time"


@pytest.mark.parametrize("folded", ["all", "none"])
def test_without_knowing_what_the_base_holds_there_are_false_alarms(
    monkeypatch: pytest.MonkeyPatch, folded: str
) -> None:
    """The journal's first entries are in some records and not in others."""
    take = {"all": lambda *given: [given[3]], "none": lambda *_: []}[folded]
    monkeypatch.setattr(Overlap, "take", take)
    found = 0.0
    for seed in range(10):
        log, reader = begun(seed)
        interleave(log, reader, 10)
        reader.catch_up()
        found += sum(reader.findings().values())
    assert found


def test_a_flood_within_one_millisecond_is_told_apart() -> None:
    """More entries of one instant than the ring remembers: the last that it knows has all before it."""
    for written in (1, 3, 5):
        log = Log(1)
        log.open()
        reader = Reader(log)
        reader.point()  # the journal's place
        for _ in range(written):
            for _ in range(40):
                log.sample(VICTIM, kind=DegradationKind.UPDATE, indicator="latency")
            log.write(log.commit())
        for topic in (REPORT, WATCH, PARTITION):
            reader.read(topic)  # all of it is in the base, and in the journal once more
        for _ in range(40):
            log.sample(VICTIM, kind=DegradationKind.UPDATE, indicator="latency")
        log.write(log.commit())
        reader.catch_up()
        assert reader.findings() == {}
        assert not reader.audit.unproved


def test_a_deadline_of_another_record_in_the_same_instant_leaves_it_unproved() -> None:
    """Nothing tells whether it is in the base: the record is audited no further, rather than wrongly."""
    log = Log(1)
    report = log.open()
    name = (VICTIM, report.report_id)
    entry = RECORDS.read_entry(log.rows[JOURNAL][-1].value or b"")
    foreign = replace(entry, fingerprint=b"", facts=(AlarmSettled("another", 3), *entry.facts[1:]))
    overlap = Overlap()
    assert overlap.take(name, report, foreign) == []
    overlap.decide(name, report)
    assert overlap.unclear == {name}
