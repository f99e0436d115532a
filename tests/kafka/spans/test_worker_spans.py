"""The worker's spans on a bench: the same outputs with and without, and each span in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qosresolve.core.inputs import Answer, Deadline
from qosresolve.core.requests import ActivityRequest
from qosresolve.core.vocabulary import AnswerState, Verb
from qosresolve.kafka.intake.shared import FROM
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.spans import conventions as c
from qosresolve.kafka.spans.telling import Telling
from qosresolve.kafka.spans.worker import TracedStaging
from qosresolve.kafka.staging import Staging
from qosresolve.telemetry.spans import Context, Span, of_traceparent, trace_of
from qosresolve.topics import ACTIVITY_REQUEST, ACTIVITY_STATUS, DEADLINE, DEGRADATION, REPORT
from tests.kafka.bench import HERE, NAMES, Bench, of
from tests.kafka.harness import RECORDS, command, degradation, wall_ms

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SENDER = of_traceparent(TRACE)
PLACE = "foreign.topic/3/77"
Headers = list[tuple[str, bytes | None]]
OWN: Headers = [("traceparent", TRACE.encode())]
FOREIGN: Headers = [(FROM, PLACE.encode())]
NOW = wall_ms()


@dataclass
class Heard:
    """A sink that keeps what it was told."""

    spans: list[Span] = field(default_factory=list)
    closed: bool = False

    def emit(self, span: Span) -> None:
        self.spans.append(span)

    def close(self) -> None:
        self.closed = True

    def named(self, start: str) -> list[Span]:
        return [span for span in self.spans if span.name.startswith(start)]


@dataclass
class Told:
    """A bench whose commits are told."""

    bench: Bench = field(default_factory=lambda: Bench(staging=TracedStaging, clock=lambda: NOW))
    heard: Heard = field(default_factory=Heard)

    def commit(self) -> list[Output]:
        outputs, staging = self.bench.commit_staging()
        Telling(self.heard, "workers").committed([staging], len(outputs), 0.5)
        return outputs

    def process(self) -> Span:
        """Return the span of the one input of the last batch."""
        self.heard.spans.clear()
        self.commit()
        (span,) = self.heard.named("process ")
        return span


@pytest.fixture
def told() -> Told:
    return Told()


def story(bench: Bench) -> Iterator[list[Output]]:
    """Open with a context, garbage, an answer without one, an order, a deadline: each a batch of its own."""
    bench.take(bench.record(degradation("P1", 1, observed_at=NOW), headers=[*OWN, *FOREIGN]))
    bench.take(bench.raw(DEGRADATION, b"no Avro", headers=FOREIGN))
    outputs = bench.commit()
    yield outputs
    request = RECORDS.read_request(ACTIVITY_REQUEST.record, of(outputs, ACTIVITY_REQUEST)[0].value or b"")
    assert isinstance(request, ActivityRequest)
    report_id = request.context.report_id
    answer = Answer("P1", "a1", request.request_id, AnswerState.ACCEPTED, NOW)
    bench.take(bench.raw(ACTIVITY_STATUS, RECORDS.write_answer(ACTIVITY_STATUS.record, answer)))
    yield bench.commit()
    bench.take(bench.record(command("P1", Verb.NOTE, command_id="c1", value="x", issued_at=NOW)))
    yield bench.commit()
    bench.take(bench.record(Deadline("P1", report_id, 0, NOW)))
    bench.partition.asked(dict.fromkeys(NAMES.inputs, 0))
    bench.partition.settle(0.0)
    yield bench.commit()


def test_what_goes_out_is_the_same_with_and_without() -> None:
    """Every record of every batch, byte by byte, headers too: tracing looks on."""
    without = list(story(Bench(clock=lambda: NOW)))
    assert list(story(Bench(staging=TracedStaging, clock=lambda: NOW))) == without
    assert all(without)


def test_off_is_the_very_staging_of_before() -> None:
    """No wrapper and no hook: what is called for a record is `Staging.stage`, as if this did not exist."""
    staging = Bench().partition._staging
    assert type(staging) is Staging
    assert staging.stage.__func__ is Staging.stage  # type: ignore[attr-defined]
    assert not hasattr(staging, "taken")


def test_a_record_hangs_below_whoever_sent_it(told: Told) -> None:
    """Its own context is the parent; place, group, outcome and report are told, what was sent is not."""
    told.bench.take(told.bench.record(degradation("P1", 1), headers=OWN))
    outputs = told.commit()
    (span,) = told.heard.named("process ")
    assert (span.name, span.parent) == (f"process {NAMES.of(DEGRADATION)}", SENDER)
    assert span.me is not None
    assert (span.me.trace, span.me.sampled) == (SENDER.trace, True)
    report = RECORDS.read_report(of(outputs, REPORT)[0].value or b"")
    facts = span.attributes[c.FACTS]
    assert isinstance(facts, tuple)
    assert "ReportOpened" in facts
    assert {name: value for name, value in span.attributes.items() if name != c.FACTS} == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": NAMES.of(DEGRADATION),
        "messaging.destination.partition.id": str(HERE),
        "messaging.kafka.offset": 0,
        "messaging.consumer.group.name": "workers",
        "qosresolve.report.id": report.report_id,
        "qosresolve.outcome": "applied",
    }


def test_a_request_hangs_below_the_decision(told: Told) -> None:
    """One span each, found by the message id of the request's own header."""
    told.bench.take(told.bench.record(degradation("P1", 1), headers=OWN))
    (request,) = of(told.commit(), ACTIVITY_REQUEST)
    (decided,), (sent,) = told.heard.named("process "), told.heard.named("send ")
    assert (sent.parent, sent.name) == (decided.me, f"send {NAMES.of(ACTIVITY_REQUEST)}")
    assert sent.attributes["messaging.message.id"] == dict(request.headers)["ce_id"].decode()  # type: ignore[union-attr]


def test_a_commit_links_what_was_taken(told: Told) -> None:
    """One span a transaction, in a trace of its own: it belongs to all of them."""
    for number in (1, 2, 3):
        told.bench.take(told.bench.record(degradation("P1", number), headers=OWN))
    outputs = told.commit()
    (commit,) = told.heard.named("commit ")
    assert (commit.me, commit.parent) == (None, None)
    assert list(commit.links) == [span.me for span in told.heard.named("process ")]
    assert (commit.attributes["messaging.batch.message_count"], commit.attributes[c.OUTPUTS]) == (
        3,
        len(outputs),
    )
    assert commit.ended - commit.began == 500_000_000


def test_intakes_span_is_the_parent_of_what_it_wrote(told: Told) -> None:
    """Found by where the payload lay; in the payload's trace, or in the one that begins with it."""
    told.bench.take(told.bench.record(degradation("P1", 1), headers=[*OWN, *FOREIGN]))
    assert told.process().parent == c.passed_by_intake(PLACE, TRACE)
    told.bench.take(told.bench.raw(DEGRADATION, b"no Avro", headers=FOREIGN))
    assert told.process().parent == c.passed_by_intake(PLACE, None)


def test_without_any_context_a_report_is_its_own_trace(told: Told) -> None:
    """Its id is the trace's; where intake wrote it, intake's span is linked."""
    told.bench.take(told.bench.record(degradation("P1", 1), headers=FOREIGN))
    span = told.process()
    assert span.me is not None
    assert span.me.trace == trace_of(str(span.attributes[c.REPORT]))
    assert (span.parent, span.links) == (None, (c.passed_by_intake(PLACE, None),))
    assert f"{span.me.trace:032x}" == str(span.attributes[c.REPORT]).replace("-", "")


def test_what_brings_none_goes_on_in_the_reports_trace(told: Told) -> None:
    """An answer, an order and a deadline belong to the trace that opened the report."""
    list(story(told.bench))  # without telling: only what the report keeps is known
    told.bench.take(told.bench.record(command("P1", Verb.NOTE, value="y")))
    span = told.process()
    assert (span.parent, span.attributes[c.OUTCOME]) == (SENDER, "applied")


def test_a_deadline_hangs_below_the_timers_span(told: Told) -> None:
    """Also one that comes in vain; that of a watch has a trace of its own."""
    told.bench.take(told.bench.record(degradation("P1", 1), headers=OWN))
    report_id = str(told.process().attributes[c.REPORT])
    for number, (of_report, kept) in enumerate(((report_id, TRACE), (report_id, TRACE), ("", ""))):
        deadline = Deadline("P1", of_report, number, NOW)
        told.bench.take(told.bench.record(deadline))
        told.bench.partition.asked(dict.fromkeys(NAMES.inputs, 0))
        told.bench.partition.settle(0.0)
        span = told.process()
        assert span.name == f"process {NAMES.of(DEADLINE)}"
        assert span.parent == c.fired(deadline.identity(), of_report, kept)


def test_taken_twice_is_told_once_and_with_the_same_ids(told: Told) -> None:
    """A batch that is dropped tells nothing; the same records again have the ids that they would have had."""
    records = [told.bench.record(degradation("P1", number), headers=OWN) for number in (1, 2)]
    told.bench.take(*records)
    first = [item.me for item in told.bench.partition._staging.taken]  # type: ignore[attr-defined]
    told.bench.partition.rewind()
    told.bench.take(*records)
    told.commit()
    assert [span.me for span in told.heard.named("process ")] == first
    assert len(set(first)) == 2


def test_a_dead_letter_is_an_error(told: Told) -> None:
    """Its stage is the error's type; the payload is nowhere in it."""
    told.bench.take(told.bench.raw(DEGRADATION, b"a secret that is no Avro", headers=OWN))
    span = told.process()
    assert (span.error, span.attributes[c.OUTCOME]) == ("decode", "deadLetter")
    assert "secret" not in repr(span)


def test_a_transaction_that_failed_is_told_as_such() -> None:
    """With the class of its error, and without the records: they are taken again."""
    heard = Heard()
    Telling(heard, "workers").failed(ValueError("quotes what came in"), 0.5)
    (span,) = heard.spans
    assert (span.name, span.error, span.links) == ("commit workers", "ValueError", ())
    assert "quotes" not in repr(span)


def test_a_context_that_is_not_sampled_stays_so(told: Told) -> None:
    """Whoever began the trace decided."""
    headers: Headers = [("traceparent", TRACE.replace("-01", "-00").encode())]
    told.bench.take(told.bench.record(degradation("P1", 1), headers=headers))
    me = told.process().me
    assert me == Context(SENDER.trace, me.span if me else 0, sampled=False)


def test_attributes_are_those_of_the_conventions() -> None:
    """Each name that is not ours is in OpenTelemetry's own list, and not deprecated there."""
    known = pytest.importorskip("opentelemetry.semconv._incubating.attributes.messaging_attributes")
    source = Path(known.__file__).read_text(encoding="utf-8")
    names = [
        value for name, value in vars(c).items() if name.isupper() and str(value).startswith("messaging.")
    ]
    assert len(names) == 9
    for name in names:
        said = re.search(f'Final = "{re.escape(name)}"\n(""".*?"""|\n)', source, re.DOTALL)
        assert said, name
        assert "Deprecated" not in said[1]
