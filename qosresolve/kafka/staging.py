"""One batch of one partition on its way into a transaction.

Inputs are stepped into an overlay over the committed cases; nothing of it is seen by anybody until the
transaction is confirmed, and all of it is dropped if it is not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from traceback import extract_tb

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.contracts.records import Contracts
from qosresolve.contracts.tmf.edge import Edge
from qosresolve.contracts.windows import BadWindowError
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry, Facts, PolicyActivated, ReportRepaired
from qosresolve.core.ids import body_digest
from qosresolve.core.inputs import Cause, Command, Deadline, Degradation, Input, Received
from qosresolve.core.policy import Policies, UnknownPolicyError
from qosresolve.core.requests import Request
from qosresolve.core.rules import Rule
from qosresolve.core.step import Step, step
from qosresolve.core.vocabulary import Outcome, Verb
from qosresolve.errors import PoisonRecordError, QosResolveError
from qosresolve.kafka.dead_letters import Brake, dead_letter, fact_of, original_headers, size_of
from qosresolve.kafka.incoming import broker_time, headers_of, product_of, written_time
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import NEW_ROWS, SAID, TIMED, Output, Writer
from qosresolve.kafka.suspects import Suspects
from qosresolve.kafka.windows import Windows
from qosresolve.topics import COMMAND, Names

FORWARDED_FROM = "forwarded-from"
FORWARDED_BYTES = 1_000_000  # what a topic with the broker's own max.message.bytes takes for certain
_HASH = re.compile(r"[0-9a-f]{64}")
CONTROL = (Verb.ACTIVATE_POLICY, Verb.SET_WINDOW)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all partitions of a worker share."""

    partitions: int
    names: Names
    contracts: Contracts
    policies: Callable[[str], Policies]
    cached_cases: int
    dead_letter_limit: int
    backlog_wait_s: float
    suspects: Suspects = field(default_factory=Suspects)
    edge: Edge | None = None
    writer: Callable[[Names, Contracts, Edge | None], Writer] = Writer


@dataclass(frozen=True, slots=True)
class Control:
    """What control commands have made of a partition: the policy of new reports (hash), and the windows."""

    policy: str
    windows: Windows


Controlled = tuple[Control, Outcome, Rule, Facts]


class Staging:
    """The overlay of one partition, and the records that would go out with it."""

    def __init__(
        self, number: int, shared: Shared, committed: Callable[[str], Case], control: Control, brake: Brake
    ) -> None:
        self.number = number
        self.cases: dict[str, Case] = {}
        self.outputs: list[Output] = []
        self.entries: list[Entry] = []
        self.refusals: list[tuple[str, BadWindowError]] = []  # by command id, for the log: a rule has no text
        self.control = control
        self.brake = brake
        self._rooms: dict[str, int] = {}  # the least of those of a product's inputs that were not looked at
        self._committed = committed
        self._partitions = shared.partitions
        self._names = shared.names
        self._contracts = shared.contracts
        self._policies = shared.policies
        self._writer = shared.writer(shared.names, shared.contracts, shared.edge)

    def stage(self, message: Message, *, check_reports: bool = False) -> None:
        """Step one input into the overlay; a record that fails becomes a dead letter beside it.

        With `check_reports`, one whose reports cannot be written is such a record. Raises what is no fault of
        the record, with nothing staged of it: UnknownPolicyError, RetriableError, ConfigError, FatalError;
        and MemoryError, of which one record proves nothing.
        """
        try:
            self._take(message, check_reports=check_reports)
            self.brake.count(dead=False)
        except PoisonRecordError as error:
            self._bury(message, error)
        except (QosResolveError, UnknownPolicyError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault in the rules must not stop the partition
            self._bury(message, _fault(error))

    def bury(self, message: Message, error: PoisonRecordError) -> None:
        """Make a dead letter of a record that is not to be read."""
        self._bury(message, error)

    def _take(self, message: Message, *, check_reports: bool) -> None:
        value = message.value()
        if value is None:
            raise PoisonRecordError(
                "a record without a value", stage="decode", remedy="send no tombstones here"
            )
        topic = message.topic() or ""
        body = self._contracts.read_input(self._names.topic(topic).record, value)
        cause = Cause(topic, self.number, message.offset() or 0, body.identity())
        now = broker_time(message)
        if isinstance(body, Command) and body.verb in CONTROL:
            self._control(message, body, cause, now)
        elif partition_of(body.product_id, self._partitions) != self.number:
            self._forward(message, body, cause)
        else:
            digest = (isinstance(body, Degradation) and body.content) or body_digest(value)
            headers = headers_of(message)
            trace = (headers and head.traceparent(headers)) or ""
            self._step(Received(cause, body, digest, trace), now, check_reports=check_reports)

    def _step(self, received: Received, now: int, *, check_reports: bool) -> None:
        product = received.body.product_id
        before = self.cases.get(product) or self._committed(product)
        policies = self.control.windows.beside(self._policies(self.control.policy), now)
        result = step(before, received, policies, now)
        room = room_for(received.body, before, result.case)
        if check_reports:
            for _ in self._writer.changes(self.number, before, result.case, room):
                pass  # raises when a report would be too large, or is not to be written
            room = TIMED
        requests = self._requested(result, before, received.trace) if result.requests else []
        self._record(result.entry, received.trace)
        self.outputs += requests
        if isinstance(received.body, Command):
            self._removed(result.entry, before)
        if result.case is not before:  # last: whatever raised above left nothing of this record behind
            self.cases[product] = result.case
            self._rooms[product] = min(room, self._rooms.get(product, TIMED))

    def _requested(self, result: Step, before: Case, trace: str) -> list[Output]:
        return [
            self._writer.request(self.number, item, trace or _kept(item, result.case, before))
            for item in result.requests
        ]

    def _removed(self, entry: Entry, before: Case) -> None:
        """Remove from the topic what a repair found there and nobody holds: no change of a case would."""
        for fact in entry.facts:
            if isinstance(fact, ReportRepaired) and fact.report is None and not before.report(fact.report_id):
                self.outputs.append(self._writer.removed(self.number, entry.product_id, fact.report_id))

    def _record(self, entry: Entry, trace: str | None) -> None:
        journal = self._writer.journal(self.number, entry, trace)
        self.entries.append(entry)
        self.outputs.append(journal)

    def _entry(
        self, message: Message, product: str, cause: Cause, outcome: Outcome, rule: Rule, facts: Facts = ()
    ) -> None:
        entry = Entry(product, cause, written_time(message), outcome, rule, self.control.policy, b"", facts)
        self._record(entry, head.traceparent(headers_of(message)))

    def _control(self, message: Message, order: Command, cause: Cause, now: int) -> None:
        """Apply to the partition it lies in: which policy and window a decision saw is order, not luck."""
        control, outcome, rule, facts = self._obeyed(order, now)
        self._entry(message, order.product_id, cause, outcome, rule, facts)
        self.control = control

    def _obeyed(self, order: Command, now: int) -> Controlled:
        control = self.control
        if not self._policies(control.policy).active.may(order.verb, order.role):
            return control, Outcome.REFUSED, Rule.ROLE_NOT_ALLOWED, ()
        if order.verb is Verb.SET_WINDOW:
            return self._set_window(order, now)
        # What is no hash can never be published: waiting for it would only stop every partition.
        if not _HASH.fullmatch(order.value):
            return control, Outcome.REFUSED, Rule.BAD_VALUE, ()
        self._policies(order.value)  # raises UnknownPolicyError: it has to be published first
        activated = PolicyActivated(order.value)
        return replace(control, policy=order.value), Outcome.CONTROL, Rule.NONE, (activated,)

    def _set_window(self, order: Command, now: int) -> Controlled:
        try:
            windows, fact = self.control.windows.obey(order, now)
        except BadWindowError as error:
            self.refusals.append((order.command_id, error))
            return self.control, Outcome.REFUSED, Rule.BAD_WINDOW, ()
        if fact is None:
            return self.control, Outcome.NO_OP, Rule.NOTHING_CHANGES, ()
        return replace(self.control, windows=windows), Outcome.CONTROL, Rule.NONE, (fact,)

    def activate(self, policy: str, now: int) -> None:
        """Start a partition that has no policy yet: journalled like a control command, without a record."""
        self._policies(policy)
        self.control = replace(self.control, policy=policy)
        cause = Cause(self._names.of(COMMAND), self.number, -1, "initial")
        facts = (PolicyActivated(policy),)
        entry = Entry("", cause, now, Outcome.CONTROL, Rule.NONE, policy, b"", facts)
        self._record(entry, None)

    def _forward(self, message: Message, body: Input, cause: Cause) -> None:
        """A foreign partitioner put it here: sent on to the product's own partition, not stepped."""
        here = f"{message.topic()}/{message.partition()}/{message.offset()}"
        headers = [*original_headers(message), (FORWARDED_FROM, here.encode())]
        key, value = body.product_id.encode(), message.value()
        size = size_of(key, value, headers)
        if size > FORWARDED_BYTES:
            raise PoisonRecordError(
                f"{size} bytes on the wrong partition, more than {FORWARDED_BYTES} are not sent on",
                stage="size",
                remedy="mend the sender's partitioner (murmur2 of the product), then send it anew",
            )
        number = partition_of(body.product_id, self._partitions)
        self._entry(message, body.product_id, cause, Outcome.FORWARDED, Rule.WRONG_PARTITION)
        self.outputs.append(Output(message.topic() or "", number, key, value, headers))

    def _bury(self, message: Message, error: PoisonRecordError) -> None:
        cause = Cause(message.topic() or "", self.number, message.offset() or 0, "")
        rule = _RULES.get(error.stage, Rule.DOES_NOT_DECODE)
        facts = (fact_of(message, error),)
        self._entry(message, product_of(message), cause, Outcome.DEAD_LETTER, rule, facts)
        self.outputs.append(dead_letter(self._names, message, error))
        self.brake.count(dead=True)

    def changes(self) -> list[Output]:
        """Return one record for every report and watch that changed. Raises PoisonRecordError on the cap."""
        changes = self._writer.changes
        return [
            output
            for product, case in self.cases.items()
            for output in changes(self.number, self._committed(product), case, self._rooms[product])
        ]


def _kept(request: Request, after: Case, before: Case) -> str:
    """Return the trace context of the report that a request is about."""
    report_id = request.context.report_id
    report = after.report(report_id) or before.report(report_id)
    return report.trace if report else ""


def room_for(body: Input, before: Case, after: Case) -> int:
    """Return which cap holds for what an input makes of a case: only new rows have to keep the first."""
    if isinstance(body, Deadline):
        return TIMED
    bad = body if isinstance(body, Degradation) else getattr(body, "degradation", None)
    return SAID if bad is None or _rows(after) <= _rows(before) else NEW_ROWS


def _rows(case: Case) -> int:
    watch = case.watch
    rows = 0 if watch is None else len(watch.waiting) + len(watch.abatements) + len(watch.suppressions)
    for report in case.reports:
        rows += len(report.indicators)
    return rows


_RULES = {"size": Rule.TOO_LARGE, "crash": Rule.ENDED_THE_PROCESS}


def _fault(error: Exception) -> PoisonRecordError:
    """Return where the rules failed; values are left out, they may quote the payload."""
    frames = extract_tb(error.__traceback__)
    at = " < ".join(f"{Path(frame.filename).stem}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return PoisonRecordError(
        f"{type(error).__name__} at {at}", stage="step", remedy="a fault in qosresolve: mend it, then redrive"
    )
