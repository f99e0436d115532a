"""What a batch tells when its transaction has ended: the spans of its records, and that of the commit."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from qosresolve.kafka.outputs import Output
from qosresolve.kafka.spans import conventions as c
from qosresolve.settings import Settings
from qosresolve.telemetry.spans import Context, Kind, Sink, Span, Value, opened, span_id

MOST_LINKS = 128  # of a commit; the SDK keeps no more by default


@dataclass(frozen=True, slots=True)
class Taken:
    """The span of one input that was taken, and what goes out of it to others."""

    span: Span
    me: Context
    sent: Sequence[Output] = ()


@runtime_checkable
class Noting(Protocol):
    """A batch of a partition that noted what came of each of its inputs."""

    taken: list[Taken]


class Telling:
    """Tells the spans of a role that works in transactions."""

    def __init__(self, sink: Sink, group: str) -> None:
        self._sink = sink
        self._group = group

    def committed(self, batches: Iterable[object], outputs: int, seconds: float) -> None:
        """Tell of a transaction that is confirmed, which took so long."""
        ended = time.time_ns()
        began = ended - int(seconds * 1e9)
        taken = [item for batch in batches if isinstance(batch, Noting) for item in batch.taken]
        for item in taken:
            self._sink.emit(replace(item.span, attributes={**item.span.attributes, c.GROUP: self._group}))
            for output in item.sent:
                self._sink.emit(sent(output, item.me, began, ended))
        self._commit(began, ended, outputs, taken, "")

    def failed(self, error: Exception, seconds: float) -> None:
        """Tell of a transaction that is not: what it took is taken again, and told then."""
        ended = time.time_ns()
        self._commit(ended - int(seconds * 1e9), ended, 0, [], type(error).__name__)

    def _commit(self, began: int, ended: int, outputs: int, taken: Sequence[Taken], error: str) -> None:
        more: dict[str, Value] = {c.GROUP: self._group, c.BATCH: len(taken), c.OUTPUTS: outputs}
        links = tuple(item.me for item in taken[:MOST_LINKS])
        told = c.attributes(c.COMMIT, more)
        name = f"{c.COMMIT} {self._group}"
        self._sink.emit(Span(name, Kind.CLIENT, None, None, began, ended, told, links, error))

    def close(self) -> None:
        """Send what is left."""
        self._sink.close()


def sent(output: Output, cause: Context, began: int, ended: int) -> Span:
    """Return the span of a request, a child of the one in which it was decided."""
    message_id = next((value for name, value in output.headers if name == "ce_id" and value), b"").decode()
    me = Context(cause.trace, span_id(c.SEND, message_id), cause.sampled)
    more = {c.DESTINATION: output.topic, c.PARTITION: str(output.partition), c.MESSAGE_ID: message_id}
    told = c.attributes(c.SEND, more)
    return Span(f"{c.SEND} {output.topic}", Kind.PRODUCER, me, cause, began, ended, told)


def telling(settings: Settings, role: str) -> Telling | None:
    """Return what tells a role's spans, None where tracing is off. Raises ConfigError."""
    sink = opened(settings, role)
    return None if sink is None else Telling(sink, settings.group)
