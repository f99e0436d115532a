"""A receiver of traces: OTLP over HTTP, as a collector takes them. It keeps all it was sent."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

Ids = tuple[str, str]  # trace and span, in hex


@dataclass(frozen=True, slots=True)
class Received:
    """A span as it came in; `parent` is empty for a root."""

    service: str
    name: str
    kind: int
    trace: str
    span: str
    parent: str
    attributes: Mapping[str, object]
    links: tuple[Ids, ...]
    error: bool
    seconds: float

    @property
    def ids(self) -> Ids:
        """Trace and span."""
        return self.trace, self.span


@dataclass
class OtlpReceiver:
    """Listens on a port of its own, for the length of a block."""

    spans: list[Received] = field(default_factory=list)
    requests: int = 0

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.take(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def take(self, body: bytes) -> None:
        """Keep the spans of a request."""
        self.requests += 1
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = str(_plain(resource.resource.attributes).get("service.name", ""))
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        Received(
                            service,
                            span.name,
                            span.kind,
                            span.trace_id.hex(),
                            span.span_id.hex(),
                            span.parent_span_id.hex(),
                            _plain(span.attributes),
                            tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                            span.status.code == 2,
                            (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                        )
                    )

    @property
    def endpoint(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _plain(attributes: object) -> dict[str, object]:
    pairs: list[KeyValue] = list(attributes)  # type: ignore[call-overload]
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> object:
    kind = pair.value.WhichOneof("value")
    if kind == "array_value":
        return [item.string_value for item in pair.value.array_value.values]
    return getattr(pair.value, kind) if kind else None
