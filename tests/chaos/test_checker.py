"""The checker finds what it is there to find: topics that are in order pass, doctored ones do not.

Each doctored set of topics is what a fault of the product would leave; no broker is needed.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from qosresolve.core.inputs import Deadline
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.core.requests import ActivityRequest
from qosresolve.core.vocabulary import DegradationKind, Severity
from qosresolve.kafka.murmur import partition_of
from qosresolve.topics import (
    ACTIVITY_REQUEST,
    DEAD_LETTERS,
    DEADLINE,
    DEGRADATION,
    JOURNAL,
    PARTITION,
    REPORT,
    WATCH,
    Topic,
)
from tests.chaos.bench import Site
from tests.chaos.checker import checked
from tests.chaos.evidence import Commit, End, Evidence, Record, Violation, kept, record_of
from tests.chaos.history import Event
from tests.chaos.ledger import Ledger
from tests.chaos.rules import outputs
from tests.chaos.takeover import takeovers
from tests.chaos.told import verdict
from tests.kafka.bench import HERE, NAMES, products
from tests.kafka.harness import PARTITIONS, RECORDS, degradation, wall_ms

FIRST, SECOND, THIRD = products(3)
VERIFIED = Event(0.0, 0.0, "verify", {"code": 0, "said": ""})
REPLAYED = Event(0.0, 0.0, "replay", {"code": 0, "said": "", "unequal": 0})
TERMINATED = ("signal", {"signal": "SIGTERM"})
Doctor = Callable[[Site], None]


@pytest.fixture
def site() -> Site:
    """Three products in trouble, garbage between them, a deadline, and a watch that waits."""
    made = Site()
    bench = made.bench
    made.take(*(bench.record(degradation(product, 1)) for product in (FIRST, SECOND)))
    made.commit()
    made.take(bench.raw(DEGRADATION, b"garbage", headers=[("a", None), ("b", b"\xff")]))
    made.take(bench.record(degradation(FIRST, 2, kind=DegradationKind.UPDATE, severity=Severity.MAJOR)))
    made.take(bench.record(degradation(THIRD, 3, kind=DegradationKind.ABATE)))
    made.commit()
    report = _report(made)
    made.take(bench.record(Deadline(report.product_id, report.report_id, report.alarm, wall_ms())))
    made.commit()
    made.take(bench.record(degradation(SECOND, 4, kind=DegradationKind.ABATE)))
    made.commit()
    return made


def _report(site: Site) -> Report:
    return RECORDS.read_report(site.of(REPORT)[-1].value or b"")


def _kinds(evidence: Evidence, *events: Event) -> set[str]:
    return {violation.kind for violation in checked(evidence, [*events, VERIFIED, REPLAYED])[1]}


def test_topics_in_order_pass(site: Site) -> None:
    """What a worker leaves that nothing happened to is in order."""
    evidence = site.evidence()
    assert checked(evidence, [VERIFIED, REPLAYED])[1] == []
    for topic in (REPORT, WATCH, JOURNAL, PARTITION, ACTIVITY_REQUEST, DEAD_LETTERS, DEADLINE):
        assert evidence.of(topic), f"nothing of {topic.name} was looked at"


def _without(topic: Topic, at: int) -> Doctor:
    def doctor(site: Site) -> None:
        del site.of(topic)[at]

    return doctor


def _twice(topic: Topic, at: int) -> Doctor:
    def doctor(site: Site) -> None:
        records = site.of(topic)
        records.append(_moved(records[at], records[-1].offset + 1))

    return doctor


def _swapped(topic: Topic, one: int, other: int) -> Doctor:
    def doctor(site: Site) -> None:
        records = site.of(topic)
        first, second = records[one], records[other]
        records[one], records[other] = _moved(second, first.offset), _moved(first, second.offset)

    return doctor


def _moved(record: Record, offset: int) -> Record:
    return msgspec.structs.replace(record, offset=offset)


def _with_value(topic: Topic, at: int, change: Callable[[bytes], bytes]) -> Doctor:
    def doctor(site: Site) -> None:
        record = site.of(topic)[at]
        site.of(topic)[at] = msgspec.structs.replace(record, value=change(record.value or b""))

    return doctor


def _letter_without_header(site: Site) -> None:
    letter = site.of(DEAD_LETTERS)[0]
    site.of(DEAD_LETTERS)[0] = msgspec.structs.replace(letter, headers=letter.headers[1:])


def _stolen_letter(site: Site) -> None:
    """A dead letter of a record that was applied."""
    letter = site.of(DEAD_LETTERS)[0]
    offset = ("__connect.errors.offset", b"0")
    site.of(DEAD_LETTERS)[0] = msgspec.structs.replace(letter, headers=[*letter.headers, offset])


def _offsets_ahead(site: Site) -> None:
    """Offsets of a transaction whose records were not committed."""
    width = len(NAMES.inputs)
    site.commits += [
        Commit(at.topic, at.partition, at.offset + 1, at.timestamp) for at in site.commits[-width:]
    ]


def _offsets_behind(site: Site) -> None:
    """Records of a transaction whose offsets were not committed."""
    del site.commits[-len(NAMES.inputs) :]


def _offsets_back(site: Site) -> None:
    """A worker that lost its partitions commits once more."""
    width = len(NAMES.inputs)
    site.commits[-width:] = site.commits[-width:] + site.commits[:width] + site.commits[-width:]


def _half_an_offset_commit(site: Site) -> None:
    del site.commits[-1]


@pytest.mark.parametrize(
    ("kind", "doctor"),
    [
        ("lost", _without(JOURNAL, 0)),
        ("lost", _without(JOURNAL, -1)),
        ("lost", _without(ACTIVITY_REQUEST, 0)),
        ("lost", _without(DEAD_LETTERS, 0)),
        ("doubled", _twice(JOURNAL, 1)),
        ("doubled", _twice(ACTIVITY_REQUEST, 0)),
        ("doubled", _twice(DEAD_LETTERS, 0)),
        ("invented", _without(DEGRADATION, 0)),
        ("invented", _stolen_letter),
        ("reordered", _swapped(JOURNAL, 0, 1)),
        ("reordered", _swapped(JOURNAL, 3, 4)),
        ("reordered", _swapped(ACTIVITY_REQUEST, 0, 1)),
        ("reordered", _swapped(PARTITION, 0, 1)),
        ("torn", _without(REPORT, -1)),
        ("torn", _without(WATCH, -1)),
        ("reordered", _swapped(REPORT, 0, 2)),
        ("torn", _without(PARTITION, -1)),
        ("torn", _offsets_ahead),
        ("torn", _offsets_behind),
        ("torn", _half_an_offset_commit),
        ("reordered", _offsets_back),
        ("changed", _with_value(DEAD_LETTERS, 0, lambda value: value + b"!")),
        ("changed", _letter_without_header),
    ],
)
def test_doctored_topics_do_not_pass(site: Site, kind: str, doctor: Doctor) -> None:
    """Whatever a fault leaves is found, and called what it is."""
    doctor(site)
    assert kind in _kinds(site.evidence())


def test_a_request_that_says_something_else(site: Site) -> None:
    """A request with the right id whose content does not follow from the facts is found."""
    value = site.of(ACTIVITY_REQUEST)[0].value or b""
    request = RECORDS.read_request(ACTIVITY_REQUEST.record, value)
    assert isinstance(request, ActivityRequest)
    other = RECORDS.write_request(replace(request, attempt=9))[1]
    _with_value(ACTIVITY_REQUEST, 0, lambda _: other)(site)
    assert _kinds(site.evidence()) == {"changed"}


def test_a_report_that_says_something_else(site: Site) -> None:
    """A report that is no value of the fold is found, even where a later record hides it."""
    first = RECORDS.read_report(site.of(REPORT)[0].value or b"")
    other = RECORDS.write_report(changed(first, assignee="somebody"))
    _with_value(REPORT, 0, lambda _: other)(site)
    assert _kinds(site.evidence()) == {"torn"}


def test_an_event_that_is_not_the_one_at_its_place(site: Site) -> None:
    """A journal record whose event id is not that of the input at its place is found."""
    entry = RECORDS.read_entry(site.of(JOURNAL)[0].value or b"")
    other = RECORDS.write_entry(changed(entry, cause=changed(entry.cause, event_id="another")))
    _with_value(JOURNAL, 0, lambda _: other)(site)
    assert "changed" in _kinds(site.evidence())


def test_acknowledged_and_gone(site: Site) -> None:
    """What a broker acknowledged has to lie there, and has to be what was sent."""
    topic = NAMES.of(DEGRADATION)
    name = degradation(FIRST, 1).identity()
    right = Event(0, 0, "acknowledged", {"inputs": [[topic, HERE, 0, name]]})
    gone = Event(0, 0, "acknowledged", {"inputs": [[topic, HERE, 99, name]]})
    other = Event(0, 0, "acknowledged", {"inputs": [[topic, HERE, 1, name]]})
    assert _kinds(site.evidence(), right) == set()
    assert _kinds(site.evidence(), gone) == {"lost"}
    assert _kinds(site.evidence(), other) == {"changed"}


def test_good_and_bad_are_told_apart(site: Site) -> None:
    """Good inputs that were buried are found, and garbage that was taken."""
    topic = NAMES.of(DEGRADATION)
    buried = Event(0, 0, "acknowledged", {"inputs": [[topic, HERE, 2, ""]]})
    accused = Event(0, 0, "acknowledged", {"inputs": [[topic, HERE, 2, "good"]]})
    taken = Event(0, 0, "acknowledged", {"inputs": [[topic, HERE, 0, ""]]})
    assert _kinds(site.evidence(), buried) == set()
    assert "accused" in _kinds(site.evidence(), accused)
    assert _kinds(site.evidence(), taken) == {"accused"}


def test_a_rewind_by_an_operator_is_no_worker_that_goes_back(site: Site) -> None:
    """Offsets that an operator set back are told from those of a worker, by the history alone."""
    back = [Commit(topic, HERE, 0, wall_ms()) for topic in NAMES.inputs]
    site.commits[2 * len(NAMES.inputs) : 2 * len(NAMES.inputs)] = back
    assert _kinds(site.evidence()) == {"reordered"}
    assert _kinds(site.evidence(), _rewound(back, 0)) == set()


def test_a_rewind_to_where_the_workers_were_before(site: Site) -> None:
    """Their own commit of the same offsets is still theirs: the positions beside it are not torn."""
    width = len(NAMES.inputs)
    first = [_at(at, 1_000) for at in site.commits[:width]]
    back = [_at(at, 3_000) for at in first]
    later = [_at(at, 4_000) for at in site.commits[width:]]
    site.commits[:] = [*first, *back, *later]
    assert _kinds(site.evidence(), _rewound(back, 2.0)) == set()
    assert _kinds(site.evidence(), _rewound(back, 0.5)) == set(), "one of the two, whichever"
    assert _kinds(site.evidence(), _rewound(back, 0.5), _rewound(back, 0.6)) == {"torn"}


def _at(commit: Commit, timestamp: int) -> Commit:
    """Return the commit at another time, in ms."""
    return msgspec.structs.replace(commit, timestamp=timestamp)


def _rewound(back: list[Commit], wall: float) -> Event:
    return Event(wall, 0, "rewound", {"offsets": [[at.topic, at.partition, at.offset] for at in back]})


def test_a_transaction_left_open(site: Site) -> None:
    """A log that is not stable to its end is found."""
    evidence = site.evidence()
    end = evidence.ends[0]
    evidence.ends[0] = End(end.topic, end.partition, end.last, end.last - 1)
    assert _kinds(evidence) == {"stuck"}


def test_an_input_that_nobody_took(site: Site) -> None:
    """An input behind the positions is found lost, and its partition stuck."""
    message = site.bench.record(degradation(FIRST, 9))
    site.records[NAMES.of(DEGRADATION)].append(record_of(message))
    assert _kinds(site.evidence()) == {"lost", "stuck"}


def test_an_alarm_that_nobody_settled(site: Site) -> None:
    """An alarm that was due long before the timers ended is found; a moment is allowed."""
    report = _report(site)
    assert report.due is not None
    assert _kinds(site.evidence(quiet_at=report.due + 1_000)) == set()
    assert _kinds(site.evidence(quiet_at=report.due + 3_600_000)) == {"stuck"}


def test_a_deadline_taken_before_its_time(site: Site) -> None:
    """A deadline that was settled long before it was due is found."""
    deadline = RECORDS.read_input(DEADLINE.record, site.of(DEADLINE)[0].value or b"")
    assert isinstance(deadline, Deadline)
    later = RECORDS.write_input(replace(deadline, due=deadline.due + 60_000))[1]
    _with_value(DEADLINE, 0, lambda _: later)(site)
    assert "early" in _kinds(site.evidence())


def test_what_was_to_be_forwarded(site: Site) -> None:
    """A record on a wrong partition has to lie on its own one, with the same bytes, once."""
    stray = products(1, (HERE + 1) % PARTITIONS)[0]
    site.take(site.bench.record(degradation(stray, 1)))
    site.commit()
    forwarded = site.of(DEGRADATION)[-1]
    assert forwarded.partition == partition_of(stray, PARTITIONS)
    assert list(outputs.forwarded(Ledger(site.evidence()))) == []
    site.of(DEGRADATION).append(_moved(forwarded, forwarded.offset + 1))
    assert [found.kind for found in outputs.forwarded(Ledger(site.evidence()))] == ["doubled"]
    del site.of(DEGRADATION)[-2:]
    assert [found.kind for found in outputs.forwarded(Ledger(site.evidence()))] == ["lost"]


@pytest.mark.parametrize(
    ("events", "broken"),
    [
        ([("start", {}), ("signal", {"signal": "SIGKILL"}), ("exit", {"code": -9})], False),
        ([("start", {}), ("exit", {"code": -9})], True),
        ([("start", {}), TERMINATED, ("exit", {"code": 0})], False),
        ([("start", {}), ("exit", {"code": 0})], True),
        ([("start", {}), ("exit", {"code": 70})], False),
        ([("start", {}), ("exit", {"code": 75})], False),
        ([("start", {}), ("exit", {"code": 2})], True),
        ([("start", {}), ("exit", {"code": -11})], True),
        ([("start", {}), TERMINATED, ("exit", {"code": -15})], False),
        ([("start", {}), ("assigned", {}), TERMINATED, ("exit", {"code": -15})], True),
        ([("start", {}), ("assigned", {}), TERMINATED, ("given-up", {}), ("exit", {"code": -15})], True),
        ([("start", {}), ("assigned", {}), ("given-up", {}), TERMINATED, ("exit", {"code": -15})], False),
        ([("start", {}), ("crashed", {"what": "Traceback"})], True),
        ([("start", {}), ("overdue", {"what": "did not end"})], True),
    ],
)
def test_how_a_process_may_end(
    site: Site, events: list[tuple[str, dict[str, object]]], *, broken: bool
) -> None:
    """By a signal of ours, or with a status that a supervisor may restart; never by itself or by a fault."""
    told = [Event(0, 0, kind, {"name": "worker-0", "pid": 7} | more) for kind, more in events]
    assert _kinds(site.evidence(), *told) == ({"broken"} if broken else set())


@pytest.mark.parametrize(
    "event",
    [
        Event(0, 0, "verify", {"code": 1, "said": "1 differs"}),
        Event(0, 0, "replay", {"code": 1, "said": "1 differs", "unequal": None}),
        Event(0, 0, "replay", {"code": 0, "said": "", "unequal": 1}),
        Event(0, 0, "auditor", {"name": "auditor-0", "asked": True, "differing": 1}),
        Event(0, 0, "auditor", {"name": "auditor-0", "asked": False, "differing": 0}),
        Event(0, 0, "audit", {"name": "auditor-0", "what": "doubled"}),
    ],
)
def test_witnesses_are_believed(site: Site, event: Event) -> None:
    """What a tool or the auditor found is a violation, whatever the topics look like."""
    assert _kinds(site.evidence(), event) == {"torn"}


def test_what_was_not_asked_is_no_proof(site: Site) -> None:
    """A run that did not ask `qosresolve verify` and `replay` has not passed."""
    for asked in (VERIFIED, REPLAYED):
        assert {violation.kind for violation in checked(site.evidence(), [asked])[1]} == {"broken"}


def test_evidence_is_kept_whole(site: Site, tmp_path: Path) -> None:
    """What was kept in a file is what was taken."""
    evidence = site.evidence()
    evidence.keep(tmp_path / "topics")
    assert kept(tmp_path / "topics") == evidence


def test_takeover_is_measured_from_the_kill(site: Site) -> None:
    """From SIGKILL of a worker that held partitions to the next journal record of the last of them."""
    records = [msgspec.structs.replace(at, timestamp=1_000 * n) for n, at in enumerate(site.of(JOURNAL))]
    site.records[NAMES.of(JOURNAL)] = records
    worker = {"name": "worker-0", "pid": 7}
    events = [
        Event(0.0, 0, "assigned", worker | {"partitions": [HERE]}),
        Event(1.5, 0, "fault", {"id": 1, "fault": "kill"}),
        Event(1.5, 0, "signal", worker | {"signal": "SIGKILL"}),
        Event(1.6, 0, "healed", {"id": 1, "fault": "kill"}),
        Event(1.7, 0, "signal", {"name": "worker-1", "pid": 8, "signal": "SIGKILL"}),
    ]
    assert [(over.seconds, over.alone) for over in takeovers(site.evidence(), events)] == [(0.5, True)]
    other = [
        Event(1.0, 0, "fault", {"id": 2, "fault": "x"}),
        Event(3.0, 0, "healed", {"id": 2, "fault": "x"}),
    ]
    assert not takeovers(site.evidence(), other + events)[0].alone


def test_the_verdict_says_what_was_found() -> None:
    """One line: the seed, how much was done, and what is wrong, or that nothing is."""
    run = Event(0, 0, "run", {"seed": 4, "nodes": 3})
    assert verdict([run], []).endswith("zero lost, doubled, reordered or torn")
    told = verdict([run], [Violation("lost", "a"), Violation("lost", "b"), Violation("torn", "c")])
    assert told == "seed 4, 3 nodes, 0 faults of 0 kinds, 0 inputs: BROKEN: 2 lost; 1 torn"
