"""What is written is what is read, for every record, and equal values are equal bytes."""

import json
from io import BytesIO
from pathlib import Path
from typing import get_args

import pytest
from fastavro import schemaless_reader, schemaless_writer
from fastavro.utils import generate_one
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.contracts import schemas
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.convert import CHANNELS, OMITTED, to_avro
from qosresolve.contracts.records import REQUESTS, Contracts, PublishedPolicy
from qosresolve.core import facts as f
from qosresolve.core.inputs import Answer, Cause, Command, Deadline, Degradation, Finding
from qosresolve.core.partition import MaintenanceWindow, PartitionState
from qosresolve.core.report import Report
from qosresolve.core.requests import Request
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import AnswerState, Outcome, Verb
from qosresolve.core.watch import Watch
from tests.contracts.strategies import INSTANTS, anything, valid

CODEC = SingleObjectCodec()
CONTRACTS = Contracts(CODEC)

few = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
FACTS = {kind: anything(kind) for kind in get_args(f.Fact)}


@few
@given(anything(Report))
def test_reports(report: Report) -> None:
    """A report reads as it was written; written again it is the same bytes."""
    written = CONTRACTS.write_report(report)
    again = CONTRACTS.read_report(written)
    assert again == report
    assert CONTRACTS.write_report(again) == written


@few
@given(anything(Watch))
def test_watches(watch: Watch) -> None:
    """A watch reads as it was written."""
    assert CONTRACTS.read_watch(CONTRACTS.write_watch(watch)) == watch


@few
@given(anything(PartitionState))
def test_partitions(state: PartitionState) -> None:
    """What a partition remembers reads as it was written."""
    assert CONTRACTS.read_partition(CONTRACTS.write_partition(state)) == state


@few
@given(anything(MaintenanceWindow))
def test_windows(window: MaintenanceWindow) -> None:
    """A window reads as it was written."""
    assert CONTRACTS.read_window(CONTRACTS.write_window(window)) == window


@few
@given(anything(PublishedPolicy))
def test_policies(policy: PublishedPolicy) -> None:
    """A published policy reads as it was written."""
    written = CONTRACTS.write_policy(policy.hash, policy.name, policy.published_at, policy.body)
    assert CONTRACTS.read_policy(written) == policy


@pytest.mark.parametrize("kind", FACTS)
@given(data=st.data())
@settings(few, max_examples=5)
def test_facts(kind: type[f.Fact], data: st.DataObject) -> None:
    """Each fact reads as it was written, out of the union of all."""
    fact = data.draw(FACTS[kind])
    entry = data.draw(anything_with(facts=(fact, fact)))
    assert CONTRACTS.read_entry(CONTRACTS.write_entry(entry)) == entry


def anything_with(facts: f.Facts) -> st.SearchStrategy[f.Entry]:
    """Return any journal entry with these facts."""
    return st.builds(
        f.Entry,
        st.text(),
        anything(Cause),
        INSTANTS,
        st.sampled_from(Outcome),
        st.sampled_from(Rule),
        st.text(),
        st.binary(),
        st.just(facts),
    )


@few
@given(st.lists(st.one_of(*FACTS.values()), max_size=4).map(tuple).flatmap(anything_with))
def test_entries(entry: f.Entry) -> None:
    """An entry with facts of several kinds keeps them all, in order."""
    written = CONTRACTS.write_entry(entry)
    assert CONTRACTS.read_entry(written) == entry
    assert CONTRACTS.write_entry(CONTRACTS.read_entry(written)) == written


@pytest.mark.parametrize("kind", REQUESTS.values())
@given(data=st.data())
@few
def test_requests(kind: type[Request], data: st.DataObject) -> None:
    """A request reads as it was written, and names its record."""
    request = data.draw(anything(kind))
    record, written = CONTRACTS.write_request(request)
    assert REQUESTS[record] is kind
    assert CONTRACTS.read_request(record, written) == request


@pytest.mark.parametrize(("record", "kind"), [("degradation", Degradation), ("deadline", Deadline)])
@given(data=st.data())
@few
def test_inputs(record: str, kind: type, data: st.DataObject) -> None:
    """An input within its limits reads as it was written."""
    body = data.draw(valid(kind))
    assert CONTRACTS.write_input(body)[0] == record
    assert CONTRACTS.read_input(*CONTRACTS.write_input(body)) == body


@few
@given(valid(Command, finding=st.none() | valid(Finding), degradation=st.none() | valid(Degradation)))
def test_commands(command: Command) -> None:
    """A command reads as it was written, whatever it carries."""
    assert CONTRACTS.read_input(*CONTRACTS.write_input(command)) == command


@pytest.mark.parametrize("record", CHANNELS)
@given(data=st.data())
@few
def test_answers(record: str, data: st.DataObject) -> None:
    """An answer reads as it was written, on each channel."""
    answer = data.draw(valid(Answer, **dict.fromkeys(OMITTED[record], st.just(""))))
    assert CONTRACTS.read_input(record, CONTRACTS.write_answer(record, answer)) == answer


def test_a_channel_refuses_what_it_cannot_say() -> None:
    """An answer whose party would be lost is not written."""
    answer = Answer("p", "a", "o", AnswerState.RESOLVED, 1_700_000_000_000, party="carrier")
    with pytest.raises(ValueError, match="activity-status has no field for party"):
        CONTRACTS.write_answer("activity-status", answer)


@pytest.mark.parametrize("record", schemas.records())
def test_every_bundled_version_is_read(record: str) -> None:
    """Data of each frozen version reads as today's record."""
    for path in schemas.history(record):
        old = schemas.parse(json.loads(path.read_text(encoding="utf-8")))
        body = BytesIO()
        schemaless_writer(body, old.parsed, generate_one(old.parsed))
        value = CODEC.decode(record, b"\xc3\x01" + old.fingerprint + body.getvalue())
        today = json.loads(schemas.text(record))
        assert set(value) == {field["name"] for field in today["fields"]}


@pytest.mark.parametrize("path", schemas.history("report-event"), ids=lambda path: path.stem)
def test_every_old_fact_is_read_as_itself(path: Path) -> None:
    """A journal of years has facts of every frozen version: none is taken for another of its shape."""
    old = schemas.parse(json.loads(path.read_text(encoding="utf-8")))
    for _ in range(40):
        body = BytesIO()
        schemaless_writer(body, old.parsed, generate_one(old.parsed))
        then = schemaless_reader(BytesIO(body.getvalue()), old.parsed, None, True, True)
        now = CODEC.decode("report-event", b"\xc3\x01" + old.fingerprint + body.getvalue())
        assert isinstance(then, dict)
        assert [name for name, _ in now["facts"]] == [name for name, _ in then["facts"]]


def test_an_unknown_verb_is_a_word_not_a_dead_letter() -> None:
    """A verb newer than this version reads as UNKNOWN: the core refuses it by rule."""
    value = to_avro(Command("p", "c", Verb.CLOSE, "a", "r", "", 1_700_000_000_000)) | {"verb": "defenestrate"}
    command = CONTRACTS.read_input("command", CODEC.encode("command", value))
    assert isinstance(command, Command)
    assert command.verb is Verb.UNKNOWN
