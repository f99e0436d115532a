"""Spans to OpenTelemetry: off unless asked for, with the ids that were asked for, to where OTEL_... says."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from qosresolve.errors import ConfigError
from qosresolve.settings import Settings, load
from qosresolve.telemetry import otel, spans
from qosresolve.telemetry.spans import Context, Kind, Span

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ON = {"tracing": True}
ROLES = "qosresolve.kafka.worker, qosresolve.kafka.timer, qosresolve.kafka.intake.role"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    logging.getLogger("opentelemetry").handlers.clear()  # it tells one line a minute


def exported(*told: Span) -> list[ReadableSpan]:
    """Return what an exporter is given of some spans."""
    memory = InMemorySpanExporter()
    sink = otel.Exporting("worker", "7", memory)
    for span in told:
        sink.emit(span)
    sink.close()
    return list(memory.get_finished_spans())


def span(**changes: object) -> Span:
    values: dict[str, object] = {"name": "process t", "kind": Kind.CONSUMER, "me": None, "parent": None}
    return Span(**(values | {"began": 1_000, "ended": 3_000} | changes))  # type: ignore[arg-type]


def test_off_loads_nothing() -> None:
    """The default: no sink, and a role's modules do not even import OpenTelemetry."""
    assert load().tracing is False
    assert spans.opened(load(), "worker") is None
    look = f"import sys, {ROLES}; print([name for name in sys.modules if 'opentelemetry' in name])"
    words = [sys.executable, "-c", look]
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603 -- ours
    assert done.stdout.strip() == "[]"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """On, but not installed: a wrong setting with its remedy, not a traceback."""
    monkeypatch.delitem(sys.modules, "qosresolve.telemetry.otel")
    monkeypatch.delattr("qosresolve.telemetry.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigError, match=r"(?s)tracing needs OpenTelemetry.*qosresolve\[otel\]"):
        spans.opened(Settings(tracing=True), "worker")


def test_a_span_has_the_ids_that_were_asked_for() -> None:
    """Below its parent, or as the root of the trace that was asked for; else with random ones."""
    parent = spans.of_traceparent(TRACE)
    below = span(me=Context(parent.trace, 5, sampled=True), parent=parent, links=(Context(8, 9),))
    root, free = span(me=Context(6, 7)), span(kind=Kind.CLIENT)
    first, second, third = exported(below, root, free)
    assert first.context is not None
    assert (first.context.trace_id, first.context.span_id) == (parent.trace, 5)
    assert first.parent is not None
    assert (first.parent.span_id, first.parent.is_remote) == (parent.span, True)
    assert [(link.context.trace_id, link.context.span_id) for link in first.links] == [(8, 9)]
    assert (first.start_time, first.end_time, first.kind) == (1_000, 3_000, SpanKind.CONSUMER)
    assert second.context is not None
    assert (second.context.trace_id, second.context.span_id, second.parent) == (6, 7, None)
    assert third.context is not None
    assert third.context.trace_id not in (parent.trace, 6)


def test_an_error_is_a_status() -> None:
    """With its type; a span without one says nothing of it."""
    wrong, fine = exported(span(error="decode"), span(attributes={"messaging.system": "kafka"}))
    assert (wrong.status.status_code, dict(wrong.attributes or {})) == (
        StatusCode.ERROR,
        {"error.type": "decode"},
    )
    assert (fine.status.status_code, dict(fine.attributes or {})) == (
        StatusCode.UNSET,
        {"messaging.system": "kafka"},
    )


def test_what_a_trace_is_not_sampled_for_is_not_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever began it decides; where that was one of us, the same sampler says the same everywhere."""
    unwanted = spans.of_traceparent(TRACE.replace("-01", "-00"))
    assert not exported(span(me=Context(unwanted.trace, 5, sampled=False), parent=unwanted))
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    low, high = Context(1, 2), Context((1 << 128) - 1, 2)
    told = exported(
        span(me=low), span(me=high), span(parent=low, me=Context(1, 3)), span(parent=high, me=high)
    )
    assert [item.context.trace_id for item in told if item.context] == [1, 1]


def test_the_resource_is_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service a role, its slot the instance; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win."""
    (told,) = exported(span())
    assert told.resource.attributes["service.name"] == "qosresolve-worker"
    assert str(told.resource.attributes["service.instance.id"]).endswith("-7")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ours")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=lab")
    (told,) = exported(span())
    assert told.resource.attributes["service.name"] == "ours"
    assert told.resource.attributes["deployment.environment.name"] == "lab"


@pytest.mark.parametrize("protocol", ["", "http/protobuf"])
def test_the_exporter_is_otlp_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch, protocol: str) -> None:
    """By HTTP, the one that the extra brings."""
    if protocol:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
    made: list[type[SpanExporter]] = []

    def processor(exporter: SpanExporter) -> _Idle:
        made.append(type(exporter))
        return _Idle()

    monkeypatch.setattr(otel, "BatchSpanProcessor", processor)
    otel.Exporting.by_environment("worker", "0").close()
    assert [kind.__module__.split(".")[:4] for kind in made] == [
        ["opentelemetry", "exporter", "otlp", "proto"]
    ]
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    otel.Exporting.by_environment("worker", "0").close()
    assert len(made) == 1


class _Idle:
    def shutdown(self) -> None:
        pass


def test_an_exporter_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that names it."""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(ConfigError, match=r"(?s)OTEL_TRACES_EXPORTER.*'zipkin'"):
        otel.Exporting.by_environment("worker", "0")


class _Away(SpanExporter):
    """A collector that does not answer until it is let."""

    def __init__(self) -> None:
        self.answers = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        logging.getLogger("opentelemetry.exporter").warning("no answer for %d", len(spans))
        self.answers.wait(30)
        return SpanExportResult.FAILURE


def test_a_collector_that_is_away_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither telling nor the end of a process waits for it; it is named once a minute, in the log."""
    monkeypatch.setattr(otel, "CLOSE_S", 0.2)
    away = _Away()
    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            sink = otel.Exporting("worker", "7", away)
            sink.emit(span())
            began = time.monotonic()
            sink.close()
            assert time.monotonic() - began < 10
    away.answers.set()
    told = [line for line in lines if line["event"] == "tracing"]
    assert [line["line"] for line in told] == ["no answer for 1"]


def test_ids_are_the_same_wherever_they_are_asked_for() -> None:
    """Pinned: a role of another version finds the same; and never the invalid 0."""
    assert f"{spans.span_id('worker', 'a/0/1'):016x}" == "81fb129e9329d561"
    assert f"{spans.trace_id('a/0/1'):032x}" == "565fe2f92a6392ccdf020d3743c1e9d6"
    assert spans.span_id("ab", "c") != spans.span_id("a", "bc")
    assert spans.trace_of("0af76519-16cd-43dd-8448-eb211c80319c") == 0x0AF7651916CD43DD8448EB211C80319C
    assert spans.trace_of("not a uuid") == spans.trace_id("report", "not a uuid")
