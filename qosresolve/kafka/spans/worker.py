"""The worker's spans: where each input belongs, and what came of it.

A record's own context counts first, and where intake wrote it, intake's span is the parent. A deadline hangs
below the timer's span. What brought none belongs to the trace of its report.
"""

import time
from collections.abc import Callable

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.core.case import Case
from qosresolve.core.facts import DeadLettered, Entry
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.incoming import headers_of
from qosresolve.kafka.intake.shared import FROM
from qosresolve.kafka.spans import conventions as c
from qosresolve.kafka.spans.telling import Taken
from qosresolve.kafka.staging import Control, Shared, Staging
from qosresolve.telemetry.spans import Context, Kind, Span, of_traceparent, trace_id, trace_of
from qosresolve.topics import DEADLINE, REQUESTS

MOST_FACTS = 50  # of one span


class TracedStaging(Staging):
    """Stages as ever, and notes what came of each input."""

    def __init__(
        self, number: int, shared: Shared, committed: Callable[[str], Case], control: Control, brake: Brake
    ) -> None:
        super().__init__(number, shared, committed, control, brake)
        self.taken: list[Taken] = []
        self._deadlines = shared.names.of(DEADLINE)
        self._neighbours = frozenset(shared.names.of(topic) for topic in REQUESTS)

    def stage(self, message: Message, *, check_reports: bool = False) -> None:
        """Step one input into the overlay, as `Staging` does."""
        began, entries, outputs = time.time_ns(), len(self.entries), len(self.outputs)
        super().stage(message, check_reports=check_reports)
        self._note(message, began, entries, outputs)

    def bury(self, message: Message, error: PoisonRecordError) -> None:
        """Make a dead letter of a record that is not to be read, as `Staging` does."""
        began, entries, outputs = time.time_ns(), len(self.entries), len(self.outputs)
        super().bury(message, error)
        self._note(message, began, entries, outputs)

    def _note(self, message: Message, began: int, entries: int, outputs: int) -> None:
        sent = [output for output in self.outputs[outputs:] if output.topic in self._neighbours]
        for entry in self.entries[entries:]:
            span, me = self._span(message, entry, began)
            self.taken.append(Taken(span, me, sent))

    def _span(self, message: Message, entry: Entry, began: int) -> tuple[Span, Context]:
        cause = entry.cause
        place = c.named(cause.topic, cause.partition, cause.offset)
        report_id = self._about(entry)
        parent, trace, links = self._belongs(message, entry, report_id, place)
        me = Context(trace, c.taken_by("worker", place), parent.sampled if parent else None)
        told = c.attributes(
            c.PROCESS,
            {
                c.DESTINATION: cause.topic,
                c.PARTITION: str(cause.partition),
                c.OFFSET: cause.offset,
                c.REPORT: report_id,
                c.OUTCOME: str(entry.outcome),
                c.RULE: str(entry.rule),
                c.FACTS: tuple(type(fact).__name__ for fact in entry.facts[:MOST_FACTS]),
            },
        )
        error = next((fact.stage for fact in entry.facts if isinstance(fact, DeadLettered)), "")
        name, ended = f"{c.PROCESS} {cause.topic}", time.time_ns()
        return Span(name, Kind.CONSUMER, me, parent, began, ended, told, links, error), me

    def _about(self, entry: Entry) -> str:
        """Return the report that an input was about, empty where that is not known."""
        if entry.cause.topic != self._deadlines or not entry.cause.event_id:
            return head.about(entry.facts)
        _, of, _ = entry.cause.event_id.rsplit("|", 2)
        return "" if of == entry.product_id else of  # that of the watch

    def _belongs(
        self, message: Message, entry: Entry, report_id: str, place: str
    ) -> tuple[Context | None, int, tuple[Context, ...]]:
        """Return the parent of an input's span, the trace, and what is linked."""
        pairs = headers_of(message)
        own = head.traceparent(pairs)
        foreign = c.foreign_place(next((value for name, value in pairs if name == FROM), None))
        if own:
            parent = c.passed_by_intake(foreign, own) if foreign else of_traceparent(own)
            return parent, parent.trace, ()
        kept = self._kept_trace(entry.product_id, report_id)
        if entry.cause.topic == self._deadlines and entry.cause.event_id:
            parent = c.fired(entry.cause.event_id, report_id, kept)
            return parent, parent.trace, ()
        links = (c.passed_by_intake(foreign, None),) if foreign else ()
        if kept:
            parent = of_traceparent(kept)
            return parent, parent.trace, links
        if report_id:
            return None, trace_of(report_id), links
        return (links[0], links[0].trace, ()) if links else (None, trace_id(place), ())

    def _kept_trace(self, product: str, report_id: str) -> str:
        """Return the context that a report was opened with."""
        if not report_id:
            return ""
        cases = (self.cases.get(product), self._committed(product))
        reports = (case.report(report_id) for case in cases if case is not None)
        return next((report.trace for report in reports if report is not None), "")
