"""One trace from a foreign payload to what it makes others do, on a real broker and over OTLP."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from qosresolve.core.vocabulary import AnswerState
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import (
    ACTIVITY_REQUEST,
    ACTIVITY_STATUS,
    DEADLINE,
    DEGRADATION,
    ESCALATION,
    FOREIGN,
    Topic,
)
from tests.kafka.foreign import crossing, relate, relation
from tests.kafka.harness import DEMO_POLICY, World, await_that
from tests.support.otlp_receiver import OtlpReceiver, Received

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kafka.conftest import MakeWorld

TRACE, SENDER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SENDER}-01"
CONSUMER, PRODUCER = 5, 4


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[OtlpReceiver]:
    """Where the standard variables send traces to."""
    with OtlpReceiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield receiver


def send(world: World, value: bytes) -> None:
    """Send a payload as a collector of alarms would that is traced itself."""
    producer = Producer({"bootstrap.servers": world.settings.bootstrap_servers})
    headers: list[tuple[str, str | bytes | None]] = [("traceparent", TRACEPARENT.encode())]
    producer.produce(world.names.of(FOREIGN), value, b"vnf-1", headers=headers)
    assert producer.flush(30) == 0


def traceparents(world: World, topic: Topic) -> set[str]:
    """Return what the records of a topic carry on, empty for one that carries nothing."""
    found = (dict(message.headers() or []).get("traceparent", b"") for message in world.messages(topic))
    return {(value or b"").decode() if not isinstance(value, str) else value for value in found}


def live(world: World, *more: str) -> None:
    """A payload, a report, an activity that is accepted, and an escalation by the timer."""
    relate(world, relation("vnf-1", "P1"))
    with ExitStack() as stack:
        for role in (Intake, Worker, Timer):
            stack.enter_context(world.running(role, DEMO_POLICY, *more))
        send(world, crossing("vnf-1"))
        report = world.await_report("P1", lambda item: bool(item.obligations), "opened")
        asked = next(item for item in report.obligations if item.node == "first-analysis")
        world.answer(ACTIVITY_STATUS, "P1", asked.obligation_id, AnswerState.ACCEPTED)
        world.flush()
        await_that(lambda: world.messages(ESCALATION), "an escalation")


def test_one_trace_from_a_payload_to_an_escalation(make_world: MakeWorld, collector: OtlpReceiver) -> None:
    """Intake below the sender, worker below intake, deadlines below the timer, requests below decisions."""
    world = make_world()
    live(world, "tracing=true")
    spans = {(span.service, span.name): span for span in reversed(collector.spans)}

    def one(role: str, verb: str, topic: Topic) -> Received:
        return spans[f"qosresolve-{role}", f"{verb} {world.names.of(topic)}"]

    taken = one("intake", "process", FOREIGN)
    decided = one("worker", "process", DEGRADATION)
    asked = one("worker", "send", ACTIVITY_REQUEST)
    answered = one("worker", "process", ACTIVITY_STATUS)
    escalated = one("worker", "send", ESCALATION)
    by_ids = {span.ids: span for span in collector.spans}
    looked = by_ids[TRACE, escalated.parent]
    fired = by_ids[TRACE, looked.parent]
    assert [taken.parent, decided.parent, asked.parent] == [SENDER, taken.span, decided.span]
    assert (looked.name, fired.name) == tuple(
        f"{verb} {world.names.of(DEADLINE)}" for verb in ("process", "send")
    )
    assert (fired.service, fired.parent, answered.parent) == ("qosresolve-timer", SENDER, SENDER)
    chain = (taken, decided, asked, answered, fired, looked, escalated)
    assert {span.trace for span in chain} == {TRACE}
    assert [span.kind for span in chain] == [
        CONSUMER, CONSUMER, PRODUCER, CONSUMER, PRODUCER, CONSUMER, PRODUCER,
    ]  # fmt: skip
    assert taken.attributes["messaging.consumer.group.name"] == f"{world.settings.group}-intake"
    commits = [span for span in collector.spans if span.name.startswith("commit ")]
    assert decided.ids in {link for span in commits for link in span.links}
    assert all(span.trace != TRACE and not span.parent for span in commits)
    assert len(by_ids) == len(collector.spans), "an id was given twice"
    for topic in (DEGRADATION, ACTIVITY_REQUEST, ESCALATION):
        assert traceparents(world, topic) == {TRACEPARENT}


def test_off_sends_nothing_and_carries_the_context_on(make_world: MakeWorld, collector: OtlpReceiver) -> None:
    """The default: no request to the collector; the sender's context is in what goes out all the same."""
    world = make_world()
    relate(world, relation("vnf-1", "P1"))
    with world.running(Intake), world.running(Worker):
        send(world, crossing("vnf-1"))
        await_that(lambda: world.messages(ACTIVITY_REQUEST), "a request")
    assert collector.requests == 0
    for topic in (DEGRADATION, ACTIVITY_REQUEST):
        assert traceparents(world, topic) == {TRACEPARENT}
