"""Spans to OpenTelemetry's SDK: the only module that imports it, and only where tracing is on.

The standard OTEL_... variables say what becomes of them: exporter and endpoint, sampler, resource, batches.
"""

import logging
import os
import threading
import time
from importlib.metadata import entry_points
from socket import gethostname

import structlog
from opentelemetry import context as around
from opentelemetry import trace as api
from opentelemetry.sdk.environment_variables import (
    OTEL_EXPORTER_OTLP_PROTOCOL,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
)
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.semconv.schemas import Schemas

from qosresolve import __version__
from qosresolve.errors import ConfigError
from qosresolve.telemetry.spans import EXTRA, Context, Span

TRACES_EXPORTER = "OTEL_TRACES_EXPORTER"
_GROUP = "opentelemetry_traces_exporter"
_OTLP = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
CLOSE_S = 3.0  # for what is left; a collector that is away must not hold up the end of a process
TELL_S = 60.0  # between two lines about exporting
_KINDS = {kind.name: kind for kind in api.SpanKind}


class Ids(IdGenerator):
    """Gives the ids that were asked for beforehand, once; else random ones."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self.wanted: Context | None = None

    def generate_trace_id(self) -> int:
        """Return the id of a trace that begins."""
        return self.wanted.trace if self.wanted else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the id of a span."""
        return self.wanted.span if self.wanted else self._random.generate_span_id()


class SdkLog(logging.Handler):
    """Takes the SDK's own lines, of a collector that is away, say: one a minute becomes a line of ours."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told_at = float("-inf")

    @classmethod
    def take(cls) -> None:
        """Take them from now on."""
        sdk = logging.getLogger("opentelemetry")
        sdk.propagate = False
        if not any(isinstance(handler, cls) for handler in sdk.handlers):
            sdk.addHandler(cls())

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a line, where none was told lately."""
        now = time.monotonic()
        if now - self._told_at >= TELL_S:
            self._told_at = now
            structlog.get_logger().warning("tracing", line=record.getMessage()[:300])


class Exporting:
    """Exports the spans of one role."""

    def __init__(self, role: str, slot: str, *exporters: SpanExporter) -> None:
        SdkLog.take()
        self._ids = Ids()
        self._provider = TracerProvider(
            resource=_resource(role, slot), id_generator=self._ids, shutdown_on_exit=False
        )
        for exporter in exporters:
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        # What we write follows the conventions of this version.
        self._tracer = self._provider.get_tracer("qosresolve", __version__, schema_url=Schemas.V1_44_0.value)
        structlog.get_logger(role=role).info("tracing is on", exporters=len(exporters))

    @classmethod
    def by_environment(cls, role: str, slot: str) -> "Exporting":
        """Return one with the exporters that OTEL_TRACES_EXPORTER names. Raises ConfigError."""
        names = os.environ.get(TRACES_EXPORTER, "otlp").split(",")
        return cls(role, slot, *(_exporter(name.strip()) for name in names if name.strip() != "none"))

    def emit(self, span: Span) -> None:
        """Take one span."""
        self._ids.wanted = span.me
        try:
            started = self._tracer.start_span(
                span.name,
                api.set_span_in_context(self._parent(span.parent)) if span.parent else around.Context(),
                _KINDS[span.kind],
                dict(span.attributes),
                [api.Link(_remote(link)) for link in span.links],
                span.began,
            )
        finally:
            self._ids.wanted = None
        if span.error:
            started.set_attribute("error.type", span.error)
            started.set_status(api.StatusCode.ERROR)
        started.end(span.ended)

    def _parent(self, parent: Context) -> api.Span:
        """Return the parent; one that began its trace was sampled by the sampler that is ours too."""
        if parent.sampled is not None:
            return api.NonRecordingSpan(_remote(parent))
        decided = self._provider.sampler.should_sample(None, parent.trace, "").decision
        return api.NonRecordingSpan(_remote(parent, sampled=decided is Decision.RECORD_AND_SAMPLE))

    def close(self) -> None:
        """Send what is left, for a moment at most."""
        closing = threading.Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        closing.start()
        closing.join(CLOSE_S)


def _remote(context: Context, *, sampled: bool | None = None) -> api.SpanContext:
    taken = context.sampled if sampled is None else sampled
    flags = api.TraceFlags(api.TraceFlags.SAMPLED if taken is not False else api.TraceFlags.DEFAULT)
    return api.SpanContext(context.trace, context.span, is_remote=True, trace_flags=flags)


def _resource(role: str, slot: str) -> Resource:
    """Return what the spans are of; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word."""
    ours = {
        "service.namespace": "qosresolve",
        "service.name": f"qosresolve-{role}",
        "service.version": __version__,
        "service.instance.id": f"{gethostname()}-{slot}" if slot else gethostname(),
    }
    return Resource.create(ours).merge(OTELResourceDetector().detect())


def _exporter(name: str) -> SpanExporter:
    """Return an exporter by the name that OTEL_TRACES_EXPORTER has for it. Raises ConfigError."""
    protocol = os.environ.get(OTEL_EXPORTER_OTLP_TRACES_PROTOCOL) or os.environ.get(
        OTEL_EXPORTER_OTLP_PROTOCOL, "http/protobuf"
    )
    wanted = _OTLP.get(protocol, protocol) if name == "otlp" else name
    found = next(iter(entry_points(group=_GROUP, name=wanted)), None)
    if found is None:
        raise ConfigError(
            f"no trace exporter {wanted!r} is installed",
            setting=TRACES_EXPORTER,
            remedy=f"{EXTRA} has otlp over http/protobuf and console; none: no exporter",
        )
    kind: type[SpanExporter] = found.load()
    return kind()
