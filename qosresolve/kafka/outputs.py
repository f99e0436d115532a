"""From what was decided to records: journal, requests, and the last state of what changed."""

from collections.abc import Iterator, Sequence

from qosresolve.contracts import headers as head
from qosresolve.contracts.records import Contracts, record_of
from qosresolve.contracts.tmf.edge import Edge
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.partition import PartitionState
from qosresolve.core.record import record
from qosresolve.core.report import Report
from qosresolve.core.requests import Request
from qosresolve.core.watch import Watch
from qosresolve.errors import PoisonRecordError
from qosresolve.topics import BY_RECORD, JOURNAL, PARTITION, REPORT, WATCH, Names

# Bytes of a report and of a watch, by what is to be written. Rows of what is bad may fill the first: anybody
# can send them. What is said of it has room beyond that, and time more still: a report that is full must be
# cleared, and its deadlines settled, all the same.
NEW_ROWS, SAID, TIMED = range(3)
REPORT_CAPS = (16_384, 131_072, 262_144)
WATCH_CAPS = (65_536, 131_072, 262_144)
Headers = Sequence[tuple[str, bytes | None]]


@record
class Output:
    """One record to produce; `value` None is a tombstone. Only a dead letter may lack a key."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Writer:
    """Makes outputs of one worker: topic names and bytes.

    With an edge, requests and escalations are TM Forum's JSON; the journal, the state of record, stays Avro.
    """

    def __init__(self, names: Names, contracts: Contracts, edge: Edge | None = None) -> None:
        self._names = names
        self._contracts = contracts
        self._edge = edge
        self._journal, self._report, self._watch = map(names.of, (JOURNAL, REPORT, WATCH))

    def journal(self, partition: int, entry: Entry, trace: str | None) -> Output:
        """Return the journal record of one input."""
        return Output(
            self._journal,
            partition,
            entry.product_id.encode(),
            self._contracts.write_entry(entry),
            head.for_entry(entry, trace),
        )

    def request(self, partition: int, request: Request, trace: str | None) -> Output:
        """Return a request to a neighbour."""
        if self._edge is not None:
            return self._in_json(self._edge, partition, request, trace)
        record, value = self._contracts.write_request(request)
        return Output(
            self._names.of(BY_RECORD[record]),
            partition,
            request.context.product_id.encode(),
            value,
            head.for_request(request, trace),
        )

    def _in_json(self, edge: Edge, partition: int, request: Request, trace: str | None) -> Output:
        document = edge.request(request)
        return Output(
            self._names.of(BY_RECORD[record_of(request)]),
            partition,
            request.context.product_id.encode(),
            document.encoded(),
            head.for_request(request, trace, form=document.form()),
        )

    def removed(self, partition: int, product_id: str, report_id: str) -> Output:
        """Return the tombstone of a report."""
        return _state(self._report, partition, f"{product_id}/{report_id}", None, [])

    def changes(self, partition: int, before: Case, after: Case, room: int = TIMED) -> Iterator[Output]:
        """Yield the records of a case's reports and watch that differ, once each. Raises as `report`."""
        old = {report.report_id: report for report in before.reports}
        for report in after.reports:
            if old.pop(report.report_id, None) is not report:
                yield self.report(partition, report, room)
        for gone in old:
            yield self.removed(partition, after.product_id, gone)
        if after.watch is not before.watch:
            yield self.watch(partition, after.product_id, after.watch, room)

    def report(self, partition: int, report: Report, room: int = TIMED) -> Output:
        """Return a report's record with its alarm headers. Raises PoisonRecordError above the cap."""
        value = self._contracts.write_report(report)
        if len(value) > REPORT_CAPS[room]:
            raise PoisonRecordError(
                f"report {report.report_id} would take {len(value)} bytes, the cap is {REPORT_CAPS[room]}",
                stage="size",
                remedy="fewer open indicators and obligations on one product, or a shorter description",
            )
        key = f"{report.product_id}/{report.report_id}"
        return _state(self._report, partition, key, value, head.alarm_headers(report.due, report.alarm))

    def watch(self, partition: int, product_id: str, watch: Watch | None, room: int = TIMED) -> Output:
        """Return a watch's record with its alarm headers, None removes it. Raises as `report`."""
        if watch is None:
            return _state(self._watch, partition, product_id, None, [])
        value = self._contracts.write_watch(watch)
        if len(value) > WATCH_CAPS[room]:
            raise PoisonRecordError(
                f"the watch of a product would take {len(value)} bytes, the cap is {WATCH_CAPS[room]}",
                stage="size",
                remedy="fewer indicators of one product that wait for a report, or shorter descriptions",
            )
        return _state(self._watch, partition, product_id, value, head.alarm_headers(watch.due, watch.alarm))

    def partition(self, state: PartitionState, deadline_next: int) -> Output:
        """Return the partition record; the timer reads from its header how far deadlines were taken."""
        value = self._contracts.write_partition(state)
        topic, key = self._names.of(PARTITION), str(state.partition)
        return _state(topic, state.partition, key, value, head.deadline_next(deadline_next))


def _state(topic: str, partition: int, key: str, value: bytes | None, headers: Headers) -> Output:
    return Output(topic, partition, key.encode(), value, headers)
