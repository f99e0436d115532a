"""A reference for a replay under another policy: all inputs in memory, the core alone, and plain lists.

It shares nothing with what it is compared with but the core: neither order of reading, nor timer, nor what
counts as a decision, nor how two accounts are laid side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from confluent_kafka import Message

from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.ids import body_digest
from qosresolve.core.inputs import Cause, Deadline, Received
from qosresolve.core.policy import Policies, Policy
from qosresolve.core.step import step
from qosresolve.core.vocabulary import Outcome
from qosresolve.topics import DEADLINE, INPUTS
from tests.kafka.harness import RECORDS

NEVER = 1 << 62  # later than any instant
Account = dict[str, list[tuple[str, int, str]]]  # by report: what was decided, when, and what else it says
NOT_STEPPED = (Outcome.DEAD_LETTER, Outcome.FORWARDED, Outcome.CONTROL)

# Fact: what it is about, its instant (else the entry's), what else it says.
DECIDED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "ReportOpened": ((), "opened_at", "severity"),
    "ReportReopened": (("relapse",), "at", ""),
    "SeverityChanged": (("severity",), "", ""),
    "TargetSet": (("clock",), "due_at", "reason"),
    "HoldStarted": ((), "", ""),
    "HoldEnded": (("reason",), "at", ""),
    "ThresholdReached": (("clock", "percent"), "", "level"),
    "EscalationRaised": (("level",), "at", "target"),
    "EscalationEnded": (("level",), "at", "reason"),
    "TargetBreached": (("clock",), "", ""),
    "PlanInfeasible": ((), "", ""),
    "Restored": ((), "at", ""),
    "StatusChanged": (("status",), "at", "reason"),
    "CloseReminded": ((), "at", ""),
    "ObligationRequested": (("obligation_id",), "at", "contact"),
    "ObligationChased": (("obligation_id",), "", "contact"),
    "ObligationOverdue": (("obligation_id",), "", ""),
    "WithdrawalRequested": (("obligation_id",), "at", "reason"),
    "ObligationEnded": (("obligation_id", "state"), "at", "reason"),
}


def account(entries: Sequence[Entry]) -> Account:
    """Return what entries decide, by report."""
    told: Account = defaultdict(list)
    for entry in entries:
        for fact in entry.facts:
            name = type(fact).__name__
            if name in DECIDED:
                about, at, value = DECIDED[name]
                what = " ".join([name, *(str(getattr(fact, word)) for word in about)])
                instant = (getattr(fact, at) or 0) if at else entry.now
                told[fact.report_id].append((what, instant, str(getattr(fact, value)) if value else ""))  # type: ignore[union-attr]
    return told


def differing(one: Account, other: Account, tolerance: int = 0, end: int = NEVER) -> set[str]:
    """Return the reports of which two accounts are not the same, the first of a kind beside the first.

    What only the other has, within the tolerance of the end, may have come too late for the one. A clock's
    instant is its deadline, which says nothing of when it was set.
    """
    return {
        name
        for name in one.keys() | other.keys()
        if _apart(one.get(name, []), other.get(name, []), tolerance, end)
    }


def _apart(
    one: list[tuple[str, int, str]], other: list[tuple[str, int, str]], tolerance: int, end: int
) -> bool:
    for what in {what for what, _, _ in (*one, *other)}:
        mine, theirs = ([it for it in account if it[0] == what] for account in (one, other))
        while len(theirs) > len(mine) and theirs[-1][1] >= end - tolerance and "TargetSet" not in what:
            theirs.pop()
        if len(mine) != len(theirs):
            return True
        for (_, at, value), (_, later, said) in zip(mine, theirs, strict=True):
            if abs(at - later) > tolerance or value != said:
                return True
    return False


def stepped(
    entries: Sequence[Entry], inputs: dict[tuple[str, int], Message], policy: Policy
) -> Iterator[Entry]:
    """Yield what one partition's inputs would have been decided to, in the order of its journal."""
    return _Partition(policy).run(
        [(entry, inputs.get((entry.cause.topic, entry.cause.offset))) for entry in entries]
    )


class _Partition:
    def __init__(self, policy: Policy) -> None:
        self._policies = Policies(policy, defaultdict(lambda: policy))
        self._cases: dict[str, Case] = {}
        self._fired = 0

    def run(self, day: list[tuple[Entry, Message | None]]) -> Iterator[Entry]:
        latest = 0
        for at, (entry, message) in enumerate(day):
            latest = max(latest, entry.now)
            ahead = [it.timestamp()[1] for _, it in day[at:] if it is not None and not _deadline(it)]
            yield from self._fire(min([latest + 1, *ahead]))
            if message is not None and not _deadline(message) and entry.outcome not in NOT_STEPPED:
                yield self._take(message)
        yield from self._fire(latest + 1)

    def _take(self, message: Message) -> Entry:
        topic, value = message.topic() or "", message.value() or b""
        body = RECORDS.read_input(next(it.record for it in INPUTS if topic.endswith(it.name)), value)
        cause = Cause(topic, message.partition() or 0, message.offset() or 0, body.identity())
        return self._step(Received(cause, body, body_digest(value)), message.timestamp()[1])

    def _fire(self, before: int) -> Iterator[Entry]:
        while alarms := [it for case in self._cases.values() for it in _alarms(case) if it.due < before]:
            deadline = min(alarms, key=lambda alarm: (alarm.due, alarm.product_id, alarm.report_id))
            self._fired += 1
            cause = Cause("fired", 0, self._fired, deadline.identity())
            yield self._step(Received(cause, deadline, b""), deadline.due)

    def _step(self, received: Received, now: int) -> Entry:
        product = received.body.product_id
        done = step(self._cases.get(product, Case(product)), received, self._policies, now)
        self._cases[product] = done.case
        return done.entry


def _deadline(message: Message) -> bool:
    return (message.topic() or "").endswith(DEADLINE.name)


def _alarms(case: Case) -> Iterator[Deadline]:
    holders: list[Any] = [*case.reports, *([case.watch] if case.watch is not None else [])]
    for it in holders:
        if it.due is not None:
            yield Deadline(case.product_id, getattr(it, "report_id", ""), it.alarm, it.due)
