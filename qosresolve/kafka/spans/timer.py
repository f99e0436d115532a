"""The timer's spans: one a deadline that lies on its topic, in the trace of the report that it is about.

An alarm's headers know no trace, so a timer that is to tell decodes each report that it arms; a timer that is
not decodes nothing.
"""

import time
from collections.abc import Mapping

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Deadline
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.alarms import Alarm
from qosresolve.kafka.deadlines import Deadlines, Delivered
from qosresolve.kafka.spans import conventions as c
from qosresolve.kafka.watched import Watched
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import TimerMetrics
from qosresolve.telemetry.spans import Context, Kind, Sink, Span, of_traceparent
from qosresolve.topics import REPORT, Names


class TracedWatched(Watched):
    """A partition that also knows the trace of each report that is armed in it."""

    def __init__(self, contracts: Contracts, number: int, names: Names) -> None:
        super().__init__(number, names)
        self.traces: dict[bytes, str] = {}
        self._contracts = contracts
        self._reports = names.of(REPORT)

    def take(self, topic: str, message: Message) -> None:
        """Arm, move or disarm what a record is about, as `Watched` does."""
        super().take(topic, message)
        if topic != self._reports:
            return
        key, trace = message.key() or b"", self._trace(message.value())
        if trace:
            self.traces[key] = trace
        else:
            self.traces.pop(key, None)

    def _trace(self, value: bytes | None) -> str:
        try:
            return "" if value is None else self._contracts.read_report(value).trace
        except PoisonRecordError:  # the worker says so
            return ""


class TracedDeadlines(Deadlines):
    """Sends deadlines as ever, and tells of each when it lies on its topic, the first time."""

    def __init__(
        self,
        settings: Settings,
        contracts: Contracts,
        metrics: TimerMetrics,
        sink: Sink,
        held: Mapping[int, Watched],
    ) -> None:
        super().__init__(settings, contracts, metrics)
        self._sink = sink
        self._held = held

    def send(self, number: int, alarm: Alarm, delivered: Delivered) -> bool:
        """Send one to a partition, as `Deadlines` does."""
        began = time.time_ns()
        held = self._held.get(number)
        kept = held.traces.get(alarm.key, "") if isinstance(held, TracedWatched) else ""

        def told(message: Message | None) -> None:
            delivered(message)
            if message is not None and alarm.times == 1:
                self._sink.emit(self._span(message, alarm, kept, began))

        return super().send(number, alarm, told)

    def _span(self, message: Message, alarm: Alarm, kept: str, began: int) -> Span:
        product, report = alarm.names
        me = c.fired(Deadline(product, report, alarm.number, alarm.due).identity(), report, kept)
        topic = message.topic() or ""
        told = c.attributes(
            c.SEND,
            {
                c.DESTINATION: topic,
                c.PARTITION: str(message.partition() or 0),
                c.OFFSET: message.offset() or 0,
                c.REPORT: report,
            },
        )
        parent: Context | None = of_traceparent(kept) if kept else None
        return Span(f"{c.SEND} {topic}", Kind.PRODUCER, me, parent, began, time.time_ns(), told)

    def close(self) -> None:
        """Close the producer, then tell what is left."""
        super().close()
        self._sink.close()
