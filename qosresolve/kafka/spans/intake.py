"""Intake's spans: one a payload, the child of whoever sent it, else the root of a trace of its own."""

import time

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.intake.folding import Folding
from qosresolve.intake.parking import Lot
from qosresolve.intake.reading import Reading
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.incoming import Pairs, headers_of
from qosresolve.kafka.intake.shared import Shared
from qosresolve.kafka.intake.staging import Staging
from qosresolve.kafka.spans import conventions as c
from qosresolve.kafka.spans.telling import Taken
from qosresolve.telemetry.spans import Context, Kind, Span, of_traceparent
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, PARKED


class TracedStaging(Staging):
    """Takes payloads as ever, and notes what came of each."""

    def __init__(self, number: int, shared: Shared, lot: Lot, folding: Folding, brake: Brake) -> None:
        super().__init__(number, shared, lot, folding, brake)
        self.taken: list[Taken] = []

    def _stage(self, message: Message, found: tuple[Pairs, Reading | str] | Exception) -> None:
        began, outputs = time.time_ns(), len(self.emitter.outputs)
        super()._stage(message, found)
        read = found[1] if isinstance(found, tuple) else None
        form = read.format if isinstance(read, Reading) else ""
        span, me = self._span(message, form, began, outputs)
        self.taken.append(Taken(span, me))

    def _span(self, message: Message, form: str, began: int, outputs: int) -> tuple[Span, Context]:
        topic = message.topic() or ""
        place = c.named(topic, message.partition() or 0, message.offset() or 0)
        own = head.traceparent(headers_of(message))
        written = [output.topic for output in self.emitter.outputs[outputs:]]
        names = self._shared.names
        told = c.attributes(
            c.PROCESS,
            {
                c.DESTINATION: topic,
                c.PARTITION: str(message.partition() or 0),
                c.OFFSET: message.offset() or 0,
                c.FORMAT: form,
                c.EVENTS: written.count(names.of(DEGRADATION)),
                c.PARKED: written.count(names.of(PARKED)),
            },
        )
        me = c.passed_by_intake(place, own)
        span = Span(
            f"{c.PROCESS} {topic}",
            Kind.CONSUMER,
            me,
            of_traceparent(own) if own else None,
            began,
            time.time_ns(),
            told,
            error="intake" if names.of(DEAD_LETTERS) in written else "",
        )
        return span, me
