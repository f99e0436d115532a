"""Spans: what each one tells, and where it belongs in its trace. Who exports them is `telemetry.otel`.

Ids are derived from where a record lies, so each role finds its neighbours' spans without being told, and the
same record taken twice, or replayed, has the same ids. Nothing in here needs OpenTelemetry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from qosresolve.errors import ConfigError

if TYPE_CHECKING:
    from qosresolve.settings import Settings

Value = str | int | bool | tuple[str, ...]
_TRACE_BYTES, _SPAN_BYTES = 16, 8
EXTRA = "pip install 'qosresolve[otel]'"


class Kind(StrEnum):
    """What a span does, in OpenTelemetry's words."""

    CONSUMER = "CONSUMER"
    PRODUCER = "PRODUCER"
    CLIENT = "CLIENT"


@dataclass(frozen=True, slots=True)
class Context:
    """A span's ids. `sampled` is what its traceparent says; None: nobody said, the sampler decides."""

    trace: int
    span: int
    sampled: bool | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """One span; `began` and `ended` in ns since the epoch, `error` is its type, empty for none."""

    name: str
    kind: Kind
    me: Context | None  # None: nobody has to find it, so its ids are random
    parent: Context | None
    began: int
    ended: int
    attributes: Mapping[str, Value] = field(default_factory=dict)
    links: tuple[Context, ...] = ()
    error: str = ""


class Sink(Protocol):
    """Takes spans; it neither waits nor raises."""

    def emit(self, span: Span) -> None:
        """Take one."""

    def close(self) -> None:
        """Send what is left, for a moment at most."""


def opened(settings: "Settings", role: str) -> Sink | None:
    """Return what takes a role's spans, None where tracing is off.

    Raises ConfigError where OpenTelemetry is not installed, or an OTEL_... variable names no exporter.
    """
    if not settings.tracing:
        return None
    try:
        from qosresolve.telemetry import otel
    except ImportError as error:
        raise ConfigError(
            f"tracing needs OpenTelemetry: no module {error.name}", setting="tracing", remedy=EXTRA
        ) from None
    return otel.Exporting.by_environment(role, settings.slot)


def of_traceparent(text: str) -> Context:
    """Return what a valid W3C traceparent names."""
    _, trace, span, flags = text.split("-")
    return Context(int(trace, 16), int(span, 16), sampled=bool(int(flags, 16) & 1))


def span_id(*parts: object) -> int:
    """Return the id of the span about something, the same wherever it is asked for."""
    return _digest(_SPAN_BYTES, parts)


def trace_id(*parts: object) -> int:
    """Return the id of a trace that begins with something."""
    return _digest(_TRACE_BYTES, parts)


def trace_of(report_id: str) -> int:
    """Return the trace of a report that came without one: its id is a UUID, so it is that."""
    try:
        return UUID(report_id).int
    except ValueError:
        return trace_id("report", report_id)


def _digest(size: int, parts: tuple[object, ...]) -> int:
    text = "\0".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=size, person=b"qosresolve").digest()) or 1
