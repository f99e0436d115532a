"""A partition recorded in memory, by the worker's own code and a timer, and replayed without a broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from confluent_kafka import Message

from qosresolve.contracts.policy.canonical import read_canonical, write_canonical
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Input
from qosresolve.core.policy import Policies, Policy
from qosresolve.kafka.staging import Shared
from qosresolve.replay.rerun.cases import Cases
from qosresolve.replay.rerun.differences import EntryDifference, Line, Unprovable
from qosresolve.replay.rerun.judge import Finding, Judge
from qosresolve.replay.rerun.partition import NEVER, Recorded, Rerun
from qosresolve.replay.rerun.question import Question
from qosresolve.replay.rerun.stepping import Taken, one_for_all, quiet
from qosresolve.topics import ACTIVITY_STATUS, COMMAND, DEADLINE, DEGRADATION, JOURNAL, Topic
from tests.core.builders import MONDAY
from tests.kafka.bench import HERE, NAMES, POLICY_A, Bench, journal
from tests.kafka.harness import PARTITIONS, RECORDS

_TOPIC_OF: dict[type, Topic] = {
    Degradation: DEGRADATION,
    Command: COMMAND,
    Answer: ACTIVITY_STATUS,
    Deadline: DEADLINE,
}


@dataclass
class Bed:
    """Records what a worker makes of inputs, in record time, and keeps inputs and journal as topics would."""

    policy: Policy = POLICY_A
    now: int = MONDAY
    lateness: int = 0  # ms by which the timer is late
    known: Iterable[Policy] = ()
    inputs: dict[tuple[str, int], Message] = field(default_factory=dict)
    journal: list[bytes] = field(default_factory=list)
    bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self.bench = Bench(active="", clock=lambda: self.now)
        everything = {policy.hash: policy for policy in (self.policy, *self.known)}
        self.bench.known = {policy.hash: Policies(policy, everything) for policy in everything.values()}
        self.bench.partition.activate(self.policy.hash, self.now)

    # -- recording

    def take(self, body: Input, at: int | None = None) -> Entry:
        """Let time pass, with its alarms, and take an input; return its entry."""
        if at is not None:
            self.run_until(at)
        value = RECORDS.write_answer(ACTIVITY_STATUS.record, body) if isinstance(body, Answer) else None
        topic = _TOPIC_OF[type(body)]
        written = value if value is not None else RECORDS.write_input(body)[1]  # type: ignore[arg-type]
        return self.raw(topic, written, body.product_id.encode())

    def raw(self, topic: Topic, value: bytes | None, key: bytes) -> Entry:
        """Take whatever bytes."""
        message = self.bench.raw(topic, value, key)
        self.inputs[message.topic() or "", message.offset() or 0] = message
        self.bench.take(message)
        if topic is DEADLINE:
            self.bench.partition.asked(dict.fromkeys(self.bench.partition.backlog, 0))
            self.bench.partition.settle(0.0)
        outputs = self.bench.commit()
        self.journal += [output.value or b"" for output in outputs if output.topic == NAMES.of(JOURNAL)]
        return journal(outputs)[-1]

    def run_until(self, at: int) -> None:
        """Fire, as a timer that is late by `lateness`, whatever is due and would be seen by an instant."""
        while (alarm := self._alarm()) is not None and alarm.due + self.lateness < at:
            self.now = max(self.now, alarm.due + self.lateness)
            self.take(alarm)
        self.now = max(self.now, at)

    def _alarm(self) -> Deadline | None:
        store = self.bench.partition.store
        found = []
        for product in store.products():
            case = store.get(product)
            found += [Deadline(product, it.report_id, it.alarm, it.due) for it in case.reports if it.due]
            if case.watch is not None and case.watch.due is not None:
                found.append(Deadline(product, "", case.watch.alarm, case.watch.due))
        return min(found, key=lambda alarm: (alarm.due, alarm.product_id), default=None)

    @property
    def entries(self) -> list[Entry]:
        """Return the journal."""
        return [RECORDS.read_entry(value) for value in self.journal]

    # -- replaying

    def replay(self, question: Question | None = None, **changes: object) -> Replayed:
        """Replay the whole journal, or what a question asks for; `changes` are of `Replayed`."""
        replayed = Replayed(self, question or Question(), **changes)  # type: ignore[arg-type]
        return replayed.run()


@dataclass
class Replayed:
    """One replay, and what it found."""

    bed: Bed
    question: Question
    policies: Callable[[str], Policies] | None = None
    gone: frozenset[tuple[str, int]] = frozenset()
    shortened: bool = False
    cached: int = 100
    found: list[Finding] = field(default_factory=list)
    sent: list[Taken] = field(default_factory=list)
    judge: Judge = field(init=False)
    rerun: Rerun = field(init=False)

    def run(self) -> Replayed:
        """Take the journal, record by record."""
        cases = Cases(RECORDS, self.cached)
        self.judge = Judge(self.question, cases.get, self.found.append, shortened=self.shortened)
        inputs = Kept({place: it for place, it in self.bed.inputs.items() if place not in self.gone})
        policies = self.policies or self.bed.bench.policies
        shared = quiet(Shared(PARTITIONS, NAMES, RECORDS, policies, 1, 1, 0.0))
        self.rerun = Rerun(HERE, shared, cases, self.judge, inputs, sent=self.sent.append)
        for offset, value in enumerate(self.bed.journal):
            if not self.rerun.take(Recorded(offset, value)):
                break
        self.rerun.finish()
        return self

    def of(self, kind: type) -> list[Finding]:
        """Return the findings of a class."""
        return [item for item in self.found if isinstance(item, kind)]

    @property
    def sent_entries(self) -> list[Entry]:
        """Return the replay's own journal."""
        return [taken.entry for taken in self.sent]

    @property
    def entries(self) -> list[EntryDifference]:
        """Return the entries that differ."""
        return [item for item in self.found if isinstance(item, EntryDifference)]

    @property
    def unprovable(self) -> list[Unprovable]:
        """Return what cannot be proved."""
        return [item for item in self.found if isinstance(item, Unprovable)]

    @property
    def lines(self) -> list[Line]:
        """Return the reports that differ."""
        return [item for item in self.found if isinstance(item, Line)]

    @property
    def differences(self) -> set[tuple[str, str, str]]:
        """Return (kind, what, verdict) of every decision that differs."""
        return {
            (str(pair.either.kind), pair.either.what, str(pair.verdict))
            for line in self.lines
            for pair in line.differing
        }


class Kept:
    """Inputs that lie in memory."""

    def __init__(self, messages: dict[tuple[str, int], Message]) -> None:
        self.skipped = 0
        self._left: dict[str, list[Message]] = {}
        for (topic, _), message in sorted(messages.items()):
            self._left.setdefault(topic, []).append(message)
        self._topics: list[str] = []

    def begin(self, positions: dict[str, int]) -> None:
        """Read from these offsets on."""
        self._topics = list(positions)
        for topic, at in positions.items():
            self._left[topic] = [it for it in self._left.get(topic, []) if (it.offset() or 0) >= at]

    def get(self, topic: str, offset: int) -> Message | None:
        """Return the record at an offset."""
        left = self._left[topic]
        while left and (left[0].offset() or 0) < offset:
            left.pop(0)
            self.skipped += 1
        return left.pop(0) if left and left[0].offset() == offset else None

    def next_time(self) -> int:
        """Return the time of the oldest record that is left."""
        heads = (self._left[topic][0] for topic in self._topics if self._left[topic])
        return min((message.timestamp()[1] for message in heads), default=NEVER)


def canonical(policy: Policy) -> tuple[bytes, Policy]:
    """Return a policy as it would be published, and as it is read back."""
    written = write_canonical(policy, tzdata="2026.1")
    return written, read_canonical(written)


def under(policy: Policy) -> tuple[Question, Callable[[str], Policies]]:
    """Return the question what that policy would have decided, and the policies of the replay."""
    written, read = canonical(policy)
    return Question(policy=written), one_for_all(read)
