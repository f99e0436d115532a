"""The one place where bytes become what the core knows, and back.

Framing is `codec`'s business, field names `convert`'s, limits of what arrives `limits`'. Every reader raises
PoisonRecordError for bytes that are not that record; with a registry, RetriableError while it is down.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from qosresolve.contracts import convert, glance, limits
from qosresolve.contracts.codec import Codec
from qosresolve.contracts.incremental import Incremental
from qosresolve.contracts.journal_head import Head, head_of
from qosresolve.contracts.readers import UNREAD, reader
from qosresolve.contracts.writers import writer
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Input
from qosresolve.core.partition import MaintenanceWindow, PartitionState
from qosresolve.core.report import Report
from qosresolve.core.requests import (
    ActivityRequest,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.watch import Watch

T = TypeVar("T")

REQUESTS: dict[str, type[Request]] = {
    "activity-request": ActivityRequest,
    "trouble-request": TroubleRequest,
    "supplier-request": SupplierRequest,
    "escalation": EscalationNotice,
}
_RECORD_OF: dict[type[object], str] = {
    Degradation: "degradation",
    Command: "command",
    Deadline: "deadline",
    **{kind: record for record, kind in REQUESTS.items()},
}


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """One policy as it lies on its topic: `body` is its canonical JSON, `hash` the body's SHA-256 in hex."""

    hash: str
    name: str
    published_at: int
    body: bytes


class Contracts:
    """Reads and writes every record; `record` is a name in `schemas/`, as in `topics.Topic.record`."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._reports = Incremental("report", Report)
        # Hundreds of windows would be encoded in each transaction.
        self._partitions = Incremental("partition", PartitionState)

    def forget(self) -> None:
        """Say that a batch is done: what a registry did not know is asked for again in the next."""
        self._codec.forget()

    @property
    def asks(self) -> bool:
        """True where schemas come from a registry."""
        return self._codec.asks

    def ask(self, data: bytes | None) -> None:
        """Ask a registry for the schema of some bytes, before they are taken.

        Whoever waits for a registry holds no record that could be blamed if the process ends meanwhile.
        Raises RetriableError while the registry is down; what is wrong with the bytes, reading them tells.
        """
        self._codec.ask(data)

    def announce(self, records: Iterable[str]) -> None:
        """Have the frames of records at hand, before the first is written.

        With a registry their schemas are looked up or registered. Raises RetriableError while it is down,
        ConfigError where it does not take one.
        """
        for record in records:
            self._codec.frame(record)

    # -- inputs

    def read_input(self, record: str, data: bytes) -> Input:
        """Return an input within its limits; `record` is one of the six inputs."""
        body = self._input(record, data)
        limits.check(record, body)
        return body

    def _input(self, record: str, data: bytes) -> Input:
        if record == "degradation":
            return self._read(record, Degradation, data)
        if record == "deadline":
            return self._read(record, Deadline, data)
        if record == "command":
            return self._read(record, Command, data, convert.to_command)
        return convert.to_answer(record, self._codec.decode(record, data))

    def fields(self, record: str, data: bytes) -> dict[str, Any]:
        """Return what lies in an input's bytes, by name, whatever its limits say: for showing."""
        return self._codec.decode(record, data)

    def write_input(self, body: Degradation | Command | Deadline) -> tuple[str, bytes]:
        """Return (record, bytes). Answers have three channels: `write_answer`."""
        record = _RECORD_OF[type(body)]
        return record, self._write(record, body)

    def write_answer(self, record: str, answer: Answer) -> bytes:
        """Return an answer in the words of activity-status, trouble-status or supplier-status."""
        return self._codec.encode(record, convert.from_answer(record, answer))

    # -- state

    def read_report(self, data: bytes) -> Report:
        """Return a report."""
        return self._read("report", Report, data)

    def read_glance(self, data: bytes) -> tuple[glance.Glance, int]:
        """Return a report at a glance, and when it was opened, ms since the epoch."""
        return glance.read(self._codec.decode("report", data, glance.schema()))

    def write_report(self, report: Report) -> bytes:
        """Return a report's bytes; equal reports are equal bytes."""
        return self._reports.encode(report.report_id, report, self._codec.frame("report"))

    def read_watch(self, data: bytes) -> Watch:
        """Return a watch."""
        return self._read("watch", Watch, data)

    def write_watch(self, watch: Watch) -> bytes:
        """Return a watch's bytes."""
        return self._write("watch", watch)

    def read_partition(self, data: bytes) -> PartitionState:
        """Return what a partition remembers."""
        return self._read("partition", PartitionState, data)

    def write_partition(self, state: PartitionState) -> bytes:
        """Return the bytes of what a partition remembers."""
        return self._partitions.encode(str(state.partition), state, self._codec.frame("partition"))

    # -- journal

    def read_entry(self, data: bytes) -> Entry:
        """Return a journal entry with its facts."""
        return self._read("report-event", Entry, data, convert.to_entry)

    def read_head(self, data: bytes) -> Head:
        """Return what a journal entry is about and which input it took; its facts are not looked at."""
        frame = self._codec.frame("report-event")
        if data.startswith(frame):
            try:
                return head_of(data, len(frame))
            except UNREAD:
                pass  # damaged: the whole reader says so in its own words
        entry = self.read_entry(data)
        return Head(entry.product_id, entry.cause, entry.now)

    def write_entry(self, entry: Entry) -> bytes:
        """Return a journal entry's bytes."""
        return self._write("report-event", entry)

    # -- what goes out

    def write_request(self, request: Request) -> tuple[str, bytes]:
        """Return (record, bytes) of a request."""
        record = _RECORD_OF[type(request)]
        return record, self._write(record, request)

    def read_request(self, record: str, data: bytes) -> Request:
        """Return a request as its receiver sees it."""
        return self._read(record, REQUESTS[record], data)

    # -- control

    def read_policy(self, data: bytes) -> PublishedPolicy:
        """Return a published policy; whether the hash is the body's is for the loader to check."""
        return self._read("policy", PublishedPolicy, data)

    def write_policy(self, policy_hash: str, name: str, published_at: int, body: bytes) -> bytes:
        """Return a published policy's bytes; `published_at` in ms since the epoch, UTC."""
        return self._write("policy", PublishedPolicy(policy_hash, name, published_at, body))

    def read_window(self, data: bytes) -> MaintenanceWindow:
        """Return a maintenance window."""
        return self._read("maintenance-window", MaintenanceWindow, data)

    def write_window(self, window: MaintenanceWindow) -> bytes:
        """Return a maintenance window's bytes."""
        return self._write("maintenance-window", window)

    # -- what intake keeps: its classes lie above

    def read_as(self, record: str, kind: type[T], data: bytes) -> T:
        """Return a record as a dataclass whose fields are the schema's."""
        return self._read(record, kind, data)

    def write_as(self, record: str, value: object) -> bytes:
        """Return the bytes of such a dataclass."""
        return self._write(record, value)

    def _read(
        self, record: str, kind: type[T], data: bytes, generally: Callable[[convert.Value], T] | None = None
    ) -> T:
        """Return a record as a dataclass: by a function made for it, where it is of today's schema.

        Others, and what is damaged, go the way of every schema: `codec`, then `generally` or `convert`.
        """
        start = self._codec.today(record, data)
        if start:
            made: Any = reader
            read = made(record, kind)
            try:
                value: T = read(data, start)
            except UNREAD:
                pass  # the general way says what is wrong
            else:
                return value
        decoded = self._codec.decode(record, data)
        return generally(decoded) if generally else convert.to_core(kind, decoded)

    def _write(self, record: str, value: object) -> bytes:
        kind: Any = type(value)
        return self._codec.frame(record) + writer(record, kind)(value)


def record_of(request: Request) -> str:
    """Return the name of a request's record, as `topics.Topic.record` has it."""
    return _RECORD_OF[type(request)]
