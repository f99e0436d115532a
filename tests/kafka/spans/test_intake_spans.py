"""Intake's spans on a bench: the same outputs with and without, one span a payload."""

from qosresolve.kafka.intake.staging import Staging
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.spans import conventions as c
from qosresolve.kafka.spans.intake import TracedStaging
from qosresolve.kafka.spans.telling import Telling
from qosresolve.telemetry.spans import Span, of_traceparent
from qosresolve.topics import FOREIGN
from tests.kafka.foreign import NAMES, Bench, crossing, relation
from tests.kafka.harness import wall_ms
from tests.kafka.spans.test_worker_spans import OWN, TRACE, Heard

NOW = wall_ms()
PAYLOADS = (crossing("vnf-1"), crossing("unknown"), b"no JSON")


def taken(staging: type[Staging]) -> tuple[list[Output], list[Span]]:
    """Return what a batch of known, unknown and unreadable payloads writes, and what is told of it."""
    bench, heard = Bench(staging=staging, now=NOW), Heard()
    bench.know(relation("vnf-1", "P1"), relation("vnf-1", "P2"))
    bench.commit()
    headers = (OWN, None, None)
    bench.partition.take([bench.message(*pair) for pair in zip(PAYLOADS, headers, strict=True)])
    outputs = bench.partition.outputs()
    Telling(heard, "intakes").committed([bench.partition.accept()], len(outputs), 0.1)
    return outputs, heard.named("process ")


def test_what_goes_out_is_the_same_with_and_without() -> None:
    """Every record, byte by byte, headers too; off, nothing is told."""
    without, nothing = taken(Staging)
    assert (taken(TracedStaging)[0], nothing) == (without, [])
    assert len(without) > len(PAYLOADS)


def test_each_payload_is_one_span() -> None:
    """Below its sender, else the root of its own trace; how many events, what is parked, what is buried."""
    _, spans = taken(TracedStaging)
    known, unknown, garbage = spans
    assert known.parent == of_traceparent(TRACE)
    assert (unknown.parent, garbage.parent) == (None, None)
    places = [c.named(NAMES.of(FOREIGN), 0, offset) for offset in range(3)]
    assert [span.me for span in spans] == [
        c.passed_by_intake(place, own) for place, own in zip(places, (TRACE, None, None), strict=True)
    ]
    assert [span.attributes[c.EVENTS] for span in spans] == [2, 0, 0]
    assert [span.attributes[c.PARKED] for span in spans] == [0, 1, 0]
    assert [span.error for span in spans] == ["", "", "intake"]
    assert known.attributes[c.FORMAT]
    assert "no JSON" not in repr(spans)
