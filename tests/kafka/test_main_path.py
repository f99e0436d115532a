"""The whole way of an event on a real broker, as its neighbours see it."""

from typing import Any, cast

from qosresolve.core.inputs import Finding
from qosresolve.core.requests import Action, EscalationNotice, TroubleRequest
from qosresolve.core.vocabulary import (
    AnswerState,
    Outcome,
    RootCauseKind,
    Status,
    Verb,
)
from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import (
    ACTIVITY_REQUEST,
    ACTIVITY_STATUS,
    DEAD_LETTERS,
    DEGRADATION,
    ESCALATION,
    JOURNAL,
    TROUBLE_REQUEST,
    TROUBLE_STATUS,
)
from tests.kafka.checks import check_all
from tests.kafka.conftest import MakeWorld
from tests.kafka.harness import (
    DEMO_POLICY,
    PARTITIONS,
    RECORDS,
    World,
    await_that,
    degradation,
    wall_ms,
)


def test_a_degradation_goes_all_the_way(world: World) -> None:
    """Raise, analyse, trouble request, resolved, abate, verified, cleared, closed: each step is a record."""
    with world.running(Worker):
        world.degrade("P1")
        report = world.await_report("P1", lambda item: bool(item.obligations), "opened")
        analysis = next(item for item in report.obligations if item.node == "first-analysis")
        world.answer(ACTIVITY_STATUS, "P1", analysis.obligation_id, AnswerState.ACCEPTED)
        finding = Finding("analyst", 1, wall_ms(), RootCauseKind.SERVICE, "service-P1", by_person=True)
        world.command("P1", Verb.FINDING, finding=finding)
        world.answer(ACTIVITY_STATUS, "P1", analysis.obligation_id, AnswerState.RESOLVED)
        report = world.await_report("P1", lambda item: item.status is Status.PENDING, "waiting for others")
        trouble = next(item for item in report.obligations if item.node == "service-trouble")
        world.answer(TROUBLE_STATUS, "P1", trouble.obligation_id, AnswerState.RESOLVED)
        world.abate("P1")
        report = world.await_report("P1", lambda item: item.restored_at is not None, "restored")
        verify = next(item for item in report.obligations if item.node == "verify")
        world.answer(ACTIVITY_STATUS, "P1", verify.obligation_id, AnswerState.RESOLVED)
        world.await_report("P1", lambda item: item.status is Status.CLEARED, "cleared")
        world.command("P1", Verb.CLOSE, role="close-process")
        closed = world.await_report("P1", lambda item: item.status is Status.CLOSED, "closed")
    assert closed.resolution == "service/own/permanent"
    assert closed.respond.outcome == closed.restore.outcome == "met"
    first = RECORDS.read_request("trouble-request", world.messages(TROUBLE_REQUEST)[0].value() or b"")
    assert isinstance(first, TroubleRequest)
    assert (first.action, first.service_id, first.attempt) == (Action.REQUEST, "service-P1", 1)
    assert world.messages(ACTIVITY_REQUEST)
    check_all(world)


def test_headers_tell_neighbours_what_they_read(world: World) -> None:
    """Journal records and requests are CloudEvents in binary mode and pass the trace context on."""
    with world.running(Worker):
        world.degrade("P1")
        world.await_entries(1)
    for topic in (JOURNAL, ACTIVITY_REQUEST):
        headers = dict(world.messages(topic)[-1].headers() or [])
        assert headers["ce_specversion"] == b"1.0"
        assert {"ce_id", "ce_type", "ce_source", "ce_time", "content-type"} <= headers.keys()


def test_jeopardy_comes_by_the_timer(make_world: MakeWorld) -> None:
    """At a percentage of the target an escalation is raised, at the target a breach, without any input."""
    world = make_world(DEMO_POLICY)
    with world.running(Worker, DEMO_POLICY), world.running(Timer):
        world.degrade("P1")
        world.await_report("P1", lambda item: item.respond.breached_at is not None, "breached")
    assert world.facts("P1").count("ReportOpened") == 1
    notices = [RECORDS.read_request("escalation", item.value() or b"") for item in world.messages(ESCALATION)]
    levels = [(item.raised, item.level) for item in notices if isinstance(item, EscalationNotice)]
    assert levels[0] == (True, 1), "the first threshold asks for level 1"
    assert max(level for _, level in levels) >= 3, "the breach asks for level 3"
    check_all(world)


def test_a_poison_record_becomes_a_dead_letter(world: World) -> None:
    """Bytes that do not decode lie on the dead-letter topic, identical; the records around them are taken."""
    poison = b"\xc3\x01 this is not Avro"
    with world.running(Worker) as worker:
        world.degrade("P1")
        world.send(DEGRADATION, "P1", poison)
        world.send(DEGRADATION, "P1", None)
        world.abate("P1")
        entries = world.await_entries(4)
        assert worker.metric("qosresolve_dead_letters_total", stage="decode") == 2
    assert [entry.outcome for entry in entries] == [
        Outcome.APPLIED,
        Outcome.DEAD_LETTER,
        Outcome.DEAD_LETTER,
        Outcome.APPLIED,
    ]
    letters = world.messages(DEAD_LETTERS)
    assert [letter.value() for letter in letters] == [poison, None]
    assert letters[0].key() == b"P1"
    headers = dict(letters[0].headers() or [])
    assert headers["__connect.errors.offset"] == b"1"
    check_all(world)


def test_a_dead_letter_is_what_came_in(world: World) -> None:
    """No key stays no key, and headers keep their order, their repetitions and their nulls."""
    number = partition_of("P1", PARTITIONS)
    headers: list[tuple[str, bytes | None]] = [("trace", b"1"), ("trace", None), ("origin", b"probe")]
    producer = clients.plain_producer(world.settings)
    producer.produce(world.names.of(DEGRADATION), b"no Avro", partition=number, headers=cast("Any", headers))
    assert producer.flush(10) == 0
    with world.running(Worker):
        world.await_entries(1)
    (letter,) = world.messages(DEAD_LETTERS)
    assert (letter.key(), letter.value(), letter.partition()) == (None, b"no Avro", number)
    assert cast("list[tuple[str, bytes | None]]", letter.headers())[:3] == headers


def test_a_foreign_partitioner_is_put_right(world: World) -> None:
    """A record on a partition that its product does not hash to is forwarded, not stepped there."""
    wrong = (partition_of("P1", PARTITIONS) + 1) % PARTITIONS
    value = RECORDS.write_input(degradation("P1", 1))[1]
    with world.running(Worker):
        world.send(DEGRADATION, "P1", value, wrong)
        entries = world.await_entries(2)
    assert {entry.outcome for entry in entries} == {Outcome.FORWARDED, Outcome.APPLIED}
    stepped = next(entry for entry in entries if entry.outcome is Outcome.APPLIED)
    assert stepped.cause.partition == partition_of("P1", PARTITIONS)
    check_all(world)


def test_a_worker_says_when_it_is_ready(world: World) -> None:
    """Ready only after the restore of what it was assigned."""
    with world.running(Worker) as worker:
        await_that(lambda: worker.health.ready, "readiness")
        assert worker.metric("qosresolve_partitions", state="ready") == PARTITIONS
        assert worker.metric("qosresolve_partitions", state="restoring") == 0


def test_commands_are_answered_in_the_journal(world: World) -> None:
    """A command's sender finds the outcome, or the rule that refused it, by the command's id."""
    with world.running(Worker):
        world.degrade("P1")
        world.await_entries(1)  # two topics: nothing orders the command behind the event
        world.command("P1", Verb.CANCEL, command_id="c1", reason="becauseISaySo")
        world.command("P1", Verb.CANCEL, command_id="c2", role="visitor", reason="falseAlarm")
        world.command("P1", Verb.CANCEL, command_id="c3", reason="falseAlarm")
        entries = world.await_entries(4)
    found = {entry.cause.event_id: (str(entry.outcome), str(entry.rule)) for entry in entries}
    assert found["command|c1"] == ("refused", "ReasonUnknown")
    assert found["command|c2"] == ("refused", "RoleNotAllowed")
    assert found["command|c3"] == ("applied", "")
    assert world.reports()["P1"].status is Status.CANCELLED
    check_all(world)
