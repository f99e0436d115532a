"""Dead letters without a broker: what is read of them, put together, chosen, and decided about."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.core.case import Case
from qosresolve.core.facts import AlarmSettled, DeadLettered, Entry, Fact, IndicatorMeasured, ObligationChased
from qosresolve.core.inputs import Answer, Cause, Command, Input
from qosresolve.core.partition import PartitionState
from qosresolve.core.policy import Policies, UnknownPolicyError
from qosresolve.core.record import changed
from qosresolve.core.report import Indicator
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import AnswerState, IndicatorState, ObjectKind, Outcome, Severity, Verb
from qosresolve.errors import ConfigError, PoisonRecordError
from qosresolve.kafka.dead_letters import MOST_BYTES, dead_letter
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import Headers, Output
from qosresolve.replay.dead.book import Book
from qosresolve.replay.dead.choice import Choice, chosen
from qosresolve.replay.dead.contents import contents
from qosresolve.replay.dead.groups import grouped, kind_of
from qosresolve.replay.dead.later import Overtaken
from qosresolve.replay.dead.letters import (
    DISCARDED,
    REDRIVEN,
    UNKNOWN,
    Id,
    Letter,
    Resolution,
    Spot,
    again,
    id_of,
    read,
    resolved,
)
from qosresolve.replay.dead.plan import Planner, Row, Rules, Verdict
from qosresolve.replay.dead.trial import Trial, decoded
from qosresolve.topics import COMMAND, DEAD_LETTERS, DEGRADATION, FOREIGN
from tests.kafka.bench import HERE, NAMES, POLICY_A
from tests.kafka.harness import PARTITIONS, RECORDS, command, degradation, wall_ms

NOW = 1_772_409_600_000
TOPIC = NAMES.of(DEGRADATION)
BURIED = NAMES.of(DEAD_LETTERS)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["a", "__connect.errors.topic", "qosresolve.resolution", "qosresolve.redrive.of"])
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.none() | st.binary(max_size=20),
    ),
    max_size=12,
)


def message(output: Output, offset: int) -> Message:
    """Return an output as it is read again."""
    return Message(
        topic=output.topic,
        partition=output.partition,
        offset=offset,
        key=output.key,
        value=output.value,
        headers=list(output.headers),
        timestamp=(1, NOW),
    )


def incoming(
    value: bytes | None, headers: Headers = (), offset: int = 7, key: bytes | None = b"P1"
) -> Message:
    """Return a record of the degradation topic."""
    return message(Output(TOPIC, HERE, key, value, headers), offset)


def buried(came: Message, offset: int = 0, stage: str = "decode", error: str = "not known") -> Letter:
    """Return the letter of a record, as it is read from the dead-letter topic."""
    letter = read(message(dead_letter(NAMES, came, PoisonRecordError(error, stage=stage)), offset))
    assert isinstance(letter, Letter)
    return letter


def an_event(**changes: object) -> bytes:
    """Return the bytes of a degradation of P1."""
    return RECORDS.write_input(degradation("P1", 1, **changes))[1]


# -- what is read


@given(value=st.none() | st.binary(max_size=50), headers=HEADERS, key=st.none() | st.binary(max_size=9))
def test_a_letter_is_read_as_it_was_buried(value: bytes | None, headers: Headers, key: bytes | None) -> None:
    """Whatever headers a record came with, ours by name too: they are its own, and make no resolution."""
    letter = buried(incoming(value, headers, key=key), 3)
    assert (letter.id, letter.spot) == (Id(HERE, 3), Spot(TOPIC, HERE, 7))
    assert (letter.key, letter.value, list(letter.headers)) == (key, value, headers)
    assert (letter.stage, letter.error, letter.attempt) == ("decode", "not known", 0)


@given(headers=HEADERS)
def test_a_record_that_dies_again_has_the_headers_of_the_first_time(headers: Headers) -> None:
    """Those of the redrive are taken off and their attempt is counted: they do not pile up."""
    letter = buried(incoming(b"x", headers), 3)
    for attempt in (1, 2, 3):
        came = incoming(b"x", again(letter, BURIED, attempt, letter.spot), offset=10 + attempt)
        letter = buried(came, 3 + attempt)
        assert (letter.attempt, list(letter.headers)) == (attempt, headers)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("__connect.errors.topic", b"t")],
        [("qosresolve.resolution", b"redriven")],
        [("qosresolve.resolution", b"redriven"), ("qosresolve.resolution.of", b"1/x")],
        [("qosresolve.resolution", b"maybe"), ("qosresolve.resolution.of", b"0/1")],
        [
            ("qosresolve.resolution", b"redriven"),
            ("qosresolve.resolution.of", b"3/1"),
        ],  # of another partition
        [("qosresolve.resolution", b"redriven"), ("qosresolve.resolution.of", b"0/9")],  # before its letter
    ],
)
def test_what_is_neither_is_told_as_such(headers: Headers) -> None:
    """A record of somebody else's on that topic is a letter of no known origin; nobody is misled by it."""
    found = read(message(Output(BURIED, 0, b"k", b"v", headers), 5))
    assert isinstance(found, Letter)
    assert (found.stage, found.spot.topic) == (UNKNOWN, "")


def test_a_resolution_says_what_was_decided() -> None:
    """Who, why, and where it was sent."""
    to = Spot(TOPIC, 2, 40)
    headers = resolved(Id(0, 4), REDRIVEN, "jo", "CHG-1", to)
    found = read(message(Output(BURIED, 0, b"k", None, headers), 5))
    assert found == Resolution(Id(0, 4), REDRIVEN, NOW, "jo", "CHG-1", to)


@pytest.mark.parametrize("text", ["", "3", "3/", "a/1", "1/2/3", "-1/2", "٣/1"])
def test_what_is_no_id_is_refused(text: str) -> None:
    """With how one is written."""
    with pytest.raises(ConfigError, match="PARTITION/OFFSET"):
        id_of(text)


def test_a_record_that_was_too_large_is_a_reference() -> None:
    """Its letter has no bytes, and says so; one whose headers alone were lost has them."""
    letter = buried(incoming(b"x" * (MOST_BYTES + 1)))
    assert letter.reference
    assert letter.left_out.startswith("key 2 bytes")
    assert not buried(incoming(b"x", [("qosresolve.left-out", b"headers: a name is not UTF-8")])).reference


# -- where they stand


def book_of(*found: Letter | Resolution) -> Book:
    book = Book()
    for each in found:
        book.add(each)
    return book


def test_the_first_place_is_known_through_every_redrive() -> None:
    """A record that died twice counts as lying where it lay the very first time."""
    first = buried(incoming(b"x", offset=7), 0)
    sent = Resolution(first.id, REDRIVEN, NOW, "jo", "", Spot(TOPIC, HERE, 20))
    second = buried(incoming(b"x", offset=20), 2)
    third_at = Spot(TOPIC, HERE, 30)
    book = book_of(first, sent, second, Resolution(second.id, REDRIVEN, NOW, "jo", "", third_at))
    assert book.origin(third_at) == first.spot
    assert book.origin(Spot(TOPIC, HERE, 21)) == Spot(TOPIC, HERE, 21)
    assert [book.standing(letter) for letter in (first, second)] == [REDRIVEN, REDRIVEN]
    assert book.in_order([second, buried(incoming(b"y", offset=9), 1)], NAMES)[0] is second


def test_errors_that_differ_in_values_are_of_one_kind() -> None:
    """Sizes, quotations and hashes do not part them; places of a fault in the rules do."""
    errors = [
        f"degradation.value: {size} bytes, 'x{size}', schema 9f8e7d6c5b4a39{size}" for size in (300, 301)
    ]
    letters = [buried(incoming(b"x"), at, "validate", error) for at, error in enumerate(errors)]
    faults = [buried(incoming(b"x"), 2 + at, "step", f"ValueError at escalate:{at}") for at in (0, 1)]
    groups = grouped((letter, "open" if letter.id.offset else DISCARDED) for letter in letters + faults)
    assert [(group.stage, group.open, group.total) for group in groups] == [
        ("validate", 1, 2),
        ("step", 1, 1),
        ("step", 1, 1),
    ]
    assert groups[0].example == letters[1].id  # the open one
    assert kind_of(letters[0]) == "degradation.value: # bytes, '…', schema #"


def test_letters_are_chosen_by_all_that_is_said() -> None:
    """By filter only open ones, by id whatever it is; an id that is not there is refused."""
    one, two = buried(incoming(b"x"), 0), buried(incoming(b"x", key=b"P2"), 1, "validate", "empty: a.b")
    book = book_of(one, two, Resolution(one.id, DISCARDED, NOW, "jo", "x"))

    def found(**said: Any) -> list[Letter]:  # noqa: ANN401 - fields of a choice
        return chosen(book, Choice(**said), NAMES)

    assert found() == [two]
    assert found(ids=(one.id,)) == [one]
    assert found(topic=DEGRADATION.name) == found(topic=TOPIC) == [two]
    assert found(reason="validate") == found(reason="a.b") == found(product="P2") == [two]
    assert found(since=NOW) == [two]
    assert not found(since=NOW + 1)
    assert not found(until=NOW)
    assert not found(topic=COMMAND.name)
    with pytest.raises(ConfigError, match="no dead letter 3/9"):
        found(ids=(Id(3, 9),))


# -- overtaken


def row(name: str, object_id: str = "svc") -> IndicatorMeasured:
    of = (name, object_id, ObjectKind.SERVICE, "source", IndicatorState.DEGRADED, Severity.MAJOR)
    return IndicatorMeasured("r", Indicator(*of, started_at=NOW, rated_at=NOW, sampled_at=NOW, sequence=1))


def entry(spot: Spot, *facts: Fact, product: str = "P1", now: int = NOW) -> Entry:
    return Entry(product, Cause(*spot, "e"), now, Outcome.APPLIED, Rule.NONE, "", b"", facts)


def overtaken(letter: Letter, body: Input | None, *entries: Entry, book: Book | None = None) -> int:
    asked = Overtaken((book or Book()).origin)
    asked.add(letter, body)
    for each in entries:
        asked.take(each)
    return asked.of(letter).count


EVENT = degradation("P1", 1, object_id="svc", observed_at=NOW)


@pytest.mark.parametrize(
    ("found", "count"),
    [
        (entry(Spot(TOPIC, HERE, 8), row("latency")), 1),
        (entry(Spot(TOPIC, HERE, 6), row("latency")), 0),  # it lay before
        (entry(Spot(TOPIC, HERE, 8), row("jitter")), 0),  # another indicator
        (entry(Spot(TOPIC, HERE, 8), row("latency", "other")), 0),  # of another object
        (entry(Spot(TOPIC, HERE, 8), row("latency"), product="P2"), 0),
        (entry(Spot(NAMES.of(COMMAND), HERE, 8), row("latency")), 0),  # another topic
        (entry(Spot(TOPIC, HERE, 8)), 0),  # without effect
        (entry(Spot(TOPIC, HERE, 8), DeadLettered("decode", "", "", 0, b"")), 0),
        (entry(Spot(TOPIC, HERE + 1, 1), row("latency"), now=NOW + 1), 1),  # elsewhere: by time
        (entry(Spot(TOPIC, HERE + 1, 9), row("latency"), now=NOW), 0),
    ],
)
def test_a_degradation_is_overtaken_by_its_indicator(found: Entry, count: int) -> None:
    """Something of its product, indicator and topic that lay behind it and did something."""
    assert overtaken(buried(incoming(an_event())), EVENT, found) == count


def test_an_answer_is_overtaken_by_its_obligation_and_the_rest_by_the_product() -> None:
    """What cannot be read is known by its key alone, so anything of the product counts."""
    letter = buried(incoming(b"x"))
    answer = Answer("P1", "a", "mine", AnswerState.ACCEPTED, NOW)
    mine, other = (ObligationChased("r", name, 1, "", NOW, "") for name in ("mine", "other"))
    at = Spot(TOPIC, HERE, 8)
    assert overtaken(letter, answer, entry(at, other)) == 0
    assert overtaken(letter, answer, entry(at, mine)) == 1
    for body in (None, command("P1", Verb.NOTE)):
        assert overtaken(letter, body, entry(at, AlarmSettled("r", 2))) == 1


def test_a_redriven_one_lies_where_it_lay_first() -> None:
    """Redriven before the letter that lay behind it: it has not overtaken it."""
    first, second = buried(incoming(b"x", offset=5), 0), buried(incoming(b"x", offset=7), 1)
    now_at = Spot(TOPIC, HERE, 20)
    book = book_of(first, second, Resolution(first.id, REDRIVEN, NOW, "jo", "", now_at))
    assert overtaken(second, EVENT, entry(now_at, row("latency")), book=book) == 0
    assert overtaken(second, EVENT, entry(now_at, row("latency"))) == 1  # nobody knows any more


def test_an_order_to_a_partition_is_overtaken_by_the_next_one() -> None:
    """It names no product: orders of that partition are its key."""
    order = Command("", "c", Verb.SET_WINDOW, "jo", "operator", "", NOW)
    letter = buried(incoming(b"x"))
    done = entry(Spot(TOPIC, HERE, 9), AlarmSettled("", 1), product="")
    assert overtaken(letter, order, changed(done, outcome=Outcome.CONTROL)) == 1
    elsewhere = changed(done, outcome=Outcome.CONTROL, cause=Cause(TOPIC, HERE + 1, 9, ""))
    assert overtaken(letter, order, elsewhere) == 0


# -- trial and plan


class Standing:
    """Nothing is open; one policy is active in every partition but the one that is named."""

    def __init__(self, fresh: int = -1) -> None:
        self._fresh = fresh

    def case(self, product_id: str) -> Case:
        return Case(product_id)

    def state(self, number: int) -> PartitionState | None:
        return None if number == self._fresh else PartitionState(number, (), POLICY_A.hash)

    def policies(self, policy: str) -> Policies:
        if policy != POLICY_A.hash:
            raise UnknownPolicyError(policy)
        return Policies(POLICY_A, {POLICY_A.hash: POLICY_A})


def planned(
    letter: Letter,
    *found: Resolution | Entry,
    standing: Standing | None = None,
    **rules: Any,  # noqa: ANN401 - fields of the rules
) -> Row:
    """Return the row of one letter."""
    book = book_of(letter, *(each for each in found if isinstance(each, Resolution)))
    read_ = decoded(letter, RECORDS, NAMES)
    asked = Overtaken(book.origin)
    asked.add(letter, read_.body)
    for each in found:
        if isinstance(each, Entry):
            asked.take(each)
    trial = Trial(NAMES, RECORDS, PARTITIONS, standing or Standing(), wall_ms)
    planner = Planner(book, NAMES, PARTITIONS, Rules(**rules), trial.of)
    return planner.row(read_, asked.of(letter))


def test_what_can_be_taken_goes_to_its_partition() -> None:
    """Tried with the worker's own code: the decision is told, nothing has to be forced."""
    letter = buried(message(Output(TOPIC, (HERE + 1) % PARTITIONS, b"?", an_event(), ()), 7))
    found = planned(letter)
    assert (found.verdict, found.partition, found.attempt) == (Verdict.REDRIVE, HERE, 1)
    assert found.tried is not None
    assert found.tried.entry is not None
    assert found.tried.entry.outcome is Outcome.APPLIED


def _activation() -> bytes:
    order = command("", Verb.ACTIVATE_POLICY, value="c" * 64, role="policy-manager")
    return RECORDS.write_input(order)[1]


OTHERS = Message(topic="others", partition=9, offset=1, key=b"k", value=b"{}", timestamp=(1, NOW))
CASES: dict[str, tuple[Callable[[], Letter], Verdict, bool]] = {  # the letter; the verdict; can it be forced
    "garbage": (lambda: buried(incoming(b"no Avro")), Verdict.FAILS, True),
    "tombstone": (lambda: buried(incoming(None)), Verdict.FAILS, True),
    "unknown policy": (
        lambda: buried(message(Output(NAMES.of(COMMAND), HERE, b"", _activation(), ()), 7)),
        Verdict.FAILS,
        True,
    ),
    "ended the process": (lambda: buried(incoming(an_event()), stage="crash"), Verdict.UNTRIED, True),
    "not here": (lambda: buried(incoming(b"x" * (MOST_BYTES + 1))), Verdict.REFERENCE, False),
    "too large": (lambda: buried(incoming(an_event(), [("h", b"x" * 1_000_000)])), Verdict.TOO_LARGE, False),
    "of others": (lambda: buried(OTHERS), Verdict.FOREIGN, False),
    "tried often": (lambda: changed(buried(incoming(an_event())), attempt=3), Verdict.ATTEMPTS, False),
}


@pytest.mark.parametrize("name", CASES)
def test_what_stays_says_why_and_what_would_help(name: str) -> None:
    """Force moves what is a matter of judgement, not what cannot be sent, died often, or is of others."""
    make, verdict, forced = CASES[name]
    found = planned(make())
    assert found.verdict is verdict
    assert found.why
    assert found.remedy
    assert planned(make(), force=True).goes is forced


def test_what_was_decided_stays_decided() -> None:
    """Redriven is redriven; what was discarded can be forced."""
    letter = buried(incoming(an_event()))
    for what, forced in ((REDRIVEN, False), (DISCARDED, True)):
        known = Resolution(letter.id, what, NOW, "jo", "why")
        assert planned(letter, known).verdict is Verdict.RESOLVED
        assert planned(letter, known, force=True).goes is forced


def test_rules_can_be_loosened_one_by_one() -> None:
    """More attempts, topics of others; a partition without a policy yet is not stepped, and says so."""
    letter = buried(incoming(an_event()))
    assert planned(changed(letter, attempt=3), attempts=4).goes
    found = planned(buried(OTHERS), foreign=True)
    assert found.goes
    assert (found.letter.spot.topic, found.partition) == ("others", 9)
    assert planned(buried(OTHERS, stage="crash"), foreign=True).verdict is Verdict.UNTRIED
    intake = Message(topic=NAMES.of(FOREIGN), partition=1, offset=1, value=b"{}", timestamp=(1, NOW))
    assert planned(buried(intake, stage="intake")).goes  # intake alone reads it
    assert planned(letter, standing=Standing(HERE)).verdict is Verdict.UNTRIED
    later = entry(Spot(TOPIC, HERE, 9), row("latency", "service-P1"))
    assert planned(letter, later).verdict is Verdict.LATER
    assert planned(letter, later, force=True).goes


# -- what it says


@given(
    value=st.binary(max_size=300) | st.just(an_event()[:40]), stage=st.sampled_from(["decode", "crash", "x"])
)
def test_contents_are_told_of_anything(value: bytes, stage: str) -> None:
    """As far as they can be read; always with a remedy, never an exception."""
    said = contents(buried(incoming(value), stage=stage), RECORDS, NAMES)
    assert said["remedy"]
    assert ("hex" in said) + ("text" in said) + ("value" in said) == 1


def test_what_breaks_a_limit_is_shown_field_by_field() -> None:
    """The field that is wrong can be looked at, and what is to be done about it."""
    value = RECORDS.write_input(replace(EVENT, event_id=""))[1]
    said = contents(buried(incoming(value), stage="validate"), RECORDS, NAMES)
    assert said["value"]["indicator"] == "latency"
    assert "event_id: empty" in said["today"]
    assert "event_id" in said["remedy"]
    assert partition_of("P1", PARTITIONS) == HERE


def test_the_page_says_what_helps_with_each_verdict() -> None:
    """docs/dead-letters.md has a row for each reason why a letter stays, and for no other."""
    page = (Path(__file__).parents[2] / "docs" / "dead-letters.md").read_text(encoding="utf-8")
    table = page.partition("| Verdict |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert sorted(named) == sorted(set(Verdict) - {Verdict.REDRIVE})
