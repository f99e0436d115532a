"""One partition replayed: its journal says the order, its input topics have the bytes. Talks to no broker.

Entries before the range are folded, which makes the cases, the policy and the windows as they were when it
begins. From there on the recorded entry only names the input; what is decided is decided anew, on what the
replay made of the case.

Under another policy recorded deadlines are not taken: a virtual timer fires. It waits, as the real one does,
for what was written before: no alarm goes off while an older record of any other input is still unread.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol

from confluent_kafka import Message

from qosresolve.contracts.journal_head import Head
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry, PolicyActivated, ReportOpened, WindowLifted, WindowSet
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Deadline
from qosresolve.core.vocabulary import Outcome
from qosresolve.kafka.staging import Control, Shared
from qosresolve.kafka.windows import Windows
from qosresolve.replay.rerun.cases import Cases
from qosresolve.replay.rerun.judge import Judge
from qosresolve.replay.rerun.stepping import Stepper, Taken
from qosresolve.replay.rerun.virtual_timer import VirtualTimer
from qosresolve.topics import COMMAND, DEADLINE, Names

FIRED_FROM = 1 << 48  # offsets of deadlines that no topic has: above any that one could have
NEVER = 1 << 62
_GONE = "its input is past the retention of its topic"
_TWICE = "the journal names an input twice, or out of order"


class Recorded(NamedTuple):
    """A journal record: its offset, and its bytes."""

    offset: int
    value: bytes


class Inputs(Protocol):
    """The input topics of the partition, each read forward."""

    def begin(self, positions: dict[str, int]) -> None:
        """Read from these offsets on; called once, before anything is asked for."""

    def get(self, topic: str, offset: int) -> Message | None:
        """Return the record at an offset, None where the topic has none there any more."""

    def next_time(self) -> int:
        """Return the broker time of the oldest record that was not asked for, deadlines apart; else NEVER."""

    @property
    def skipped(self) -> int:
        """Return how many records were passed over because nobody asked for them."""


Sent = Callable[[Taken], None]


class Rerun:
    """A partition, from the beginning of its journal to the end of the range."""

    def __init__(
        self,
        number: int,
        shared: Shared,
        cases: Cases,
        judge: Judge,
        inputs: Inputs,
        *,
        sent: Sent | None = None,
    ) -> None:
        self.number = number
        self.next_offsets: dict[str, int] = dict.fromkeys(shared.names.inputs, 0)
        self._contracts = shared.contracts
        self._names: Names = shared.names
        self._commands = shared.names.of(COMMAND)
        self._deadlines = shared.names.of(DEADLINE)
        self._cases = cases
        self._judge = judge
        self._inputs = inputs
        self._question = question = judge.question
        self._sent = sent
        self._begun = False
        self._ended = False
        self._latest = 0  # the newest instant of the range by now
        self._fired = FIRED_FROM
        self._timer = VirtualTimer() if question.policy is not None else None
        self._stepper = Stepper(number, shared, cases, Control("", Windows()))

    @property
    def control(self) -> Control:
        """Return what controls the partition by now."""
        return self._stepper.control

    def control_from(self, control: Control) -> None:
        """Say what controlled the partition where its journal begins."""
        self._stepper.set_control(control)

    def take(self, recorded: Recorded) -> bool:
        """Take the next record of the journal; False once the range is over."""
        head = self._contracts.read_head(recorded.value)
        if self._ended or self._question.until.holds(head.cause, head.now):
            self._ended = True
            return False
        since = self._question.since
        if not self._begun and (since.holds(head.cause, head.now) or (since.at is None and not since.where)):
            self._begin()
        if not self._begun:
            self._fold(recorded, head)
        elif self._timer is None:
            self._again(recorded, head)
        else:
            self._otherwise(recorded, head)
        if head.cause.offset >= 0:
            self.next_offsets[head.cause.topic] = head.cause.offset + 1
        return True

    def finish(self) -> None:
        """End the range: what is due in it goes off, and what differs is told."""
        if self._begun and self._timer is not None:
            until = self._question.until.at
            self._fire(self._latest + 1 if until is None or not self._ended else until)
        self._judge.counts.skipped += self._inputs.skipped
        self._judge.finish()

    # -- before the range

    def _fold(self, recorded: Recorded, head: Head) -> None:
        self._judge.counts.folded += 1
        if not self._concerns(head):
            return
        entry = self._contracts.read_entry(recorded.value)
        self._judge.known(entry)
        self._follow(entry)
        if entry.facts and entry.product_id and self._asked(entry.product_id):
            self._cases.put(fold(self._cases.get(entry.product_id), entry))

    def _follow(self, entry: Entry) -> None:
        """Take in what an entry says of the partition's policy and windows."""
        control = self._stepper.control
        for fact in entry.facts:
            match fact:
                case PolicyActivated(policy):
                    control = replace(control, policy=policy)
                case ReportOpened(policy=policy) if not control.policy:  # its activation is past retention
                    control = replace(control, policy=policy)
                case WindowSet() | WindowLifted():
                    control = replace(control, windows=control.windows.follow(fact, entry.now))
        self._stepper.set_control(control)

    def _begin(self) -> None:
        self._begun = True
        self._inputs.begin(
            {topic: at for topic, at in self.next_offsets.items() if not self._replaced(topic)}
        )
        if self._timer is not None:
            for product in self._cases.products():
                self._timer.follow(Case(product), self._cases.get(product))

    # -- within the range

    def _concerns(self, head: Head) -> bool:
        """Tell whether an entry may be about what is asked for; commands may control the partition."""
        return self._asked(head.product_id) or head.cause.topic == self._commands

    def _asked(self, product: str) -> bool:
        return self._question.product in ("", product)

    def _again(self, recorded: Recorded, head: Head) -> None:
        """Take an input again, as the journal has it in order, and compare."""
        entry = None if self._asked(head.product_id) else self._control(recorded, head)
        if head.product_id in self._judge.unprovable or not (entry or self._asked(head.product_id)):
            self._pass(head)
            return
        taken = self._taken(recorded, head, entry)
        if taken is None:
            return
        self._judge.counts.replayed += 1
        if taken.written == recorded.value:
            self._judge.same(taken.entry)
        else:
            self._judge.compare(self._contracts.read_entry(recorded.value), taken, recorded.offset)

    def _control(self, recorded: Recorded, head: Head) -> Entry | None:
        """Return an entry that controls the partition, None for any other."""
        if head.cause.topic != self._commands:
            return None
        entry = self._contracts.read_entry(recorded.value)
        return entry if _controls(entry) else None

    def _pass(self, head: Head) -> None:
        """Read past an input that nobody wants to know of."""
        cause = head.cause
        if cause.offset >= self.next_offsets[cause.topic] and not self._replaced(cause.topic):
            self._inputs.get(cause.topic, cause.offset)

    def _replaced(self, topic: str) -> bool:
        """Tell whether a topic's records are not taken: recorded deadlines beside a virtual timer."""
        return self._timer is not None and topic == self._deadlines

    def _taken(self, recorded: Recorded, head: Head, entry: Entry | None) -> Taken | None:
        """Return what becomes of an entry's input; None where it is not to be had."""
        cause = head.cause
        if cause.offset < 0:
            entry = entry or self._contracts.read_entry(recorded.value)
            first = next((fact.policy for fact in entry.facts if isinstance(fact, PolicyActivated)), "")
            return self._done(self._stepper.activate(first, entry.now))
        if cause.offset < self.next_offsets[cause.topic]:
            self._lose(head, _TWICE)
            return None
        message = self._inputs.get(cause.topic, cause.offset)
        if message is None:
            self._gone(recorded, head)
            return None
        control = self._stepper.control
        if not cause.event_id or not control.policy:  # a dead letter: how it was taken says how to try it
            entry = entry or self._contracts.read_entry(recorded.value)
        if control.policy or entry is None:
            return self._done(self._stepper.take(message, entry))
        return self._presumed(message, entry, control)

    def _presumed(self, message: Message, entry: Entry, control: Control) -> Taken:
        """Take an input where the activation is past retention: the entry says which, or its report's."""
        reported = self._cases.get(entry.product_id).open is not None
        self._stepper.set_control(replace(control, policy=entry.policy))
        taken = self._done(self._stepper.take(message, entry))
        if reported and self._stepper.control.policy == entry.policy:
            self._stepper.set_control(control)
        return taken

    def _done(self, taken: Taken) -> Taken:
        if self._timer is not None:
            for product, before in taken.before.items():
                self._timer.follow(before, self._cases.get(product))
        if self._sent is not None:
            self._sent(taken)
        return taken

    def _gone(self, recorded: Recorded, head: Head) -> None:
        """An input is not to be had: what it was about is unprovable; what it controlled was recorded."""
        entry = self._contracts.read_entry(recorded.value)
        if _controls(entry):
            if self._timer is None or not any(isinstance(fact, PolicyActivated) for fact in entry.facts):
                self._follow(entry)
        else:
            self._lose(head, _GONE)

    def _lose(self, head: Head, why: str) -> None:
        cause = head.cause
        where = f"{cause.topic}/{cause.partition}/{cause.offset}"
        self._judge.lose(head.product_id, where, head.now, why)

    # -- under another policy

    def _otherwise(self, recorded: Recorded, head: Head) -> None:
        """Take an input under the other policy, after the alarms that are due before it."""
        self._latest = max(self._latest, head.now)
        self._fire(self._latest + 1)
        asked = self._asked(head.product_id)
        entry = self._contracts.read_entry(recorded.value) if asked else self._control(recorded, head)
        if entry is None or head.product_id in self._judge.unprovable:
            self._pass(head)
            return
        if self._replaced(head.cause.topic):
            self._judge.counts.told += 1
        elif head.cause.offset >= 0:
            taken = self._taken(recorded, head, entry)
            if taken is None:
                return
            self._judge.counts.replayed += 1
            self._judge.replayed(taken.entry)
        self._judge.recorded(entry)

    def _fire(self, before: int) -> None:
        """Let go off what is due before an instant, and before whatever is unread of older records."""
        timer = self._timer
        if timer is None or timer.quiet(before):
            return
        before = min(before, self._inputs.next_time())
        while (deadline := timer.next(before)) is not None:
            if deadline.product_id in self._judge.unprovable:
                continue
            taken = self._done(self._stepper.take(self._message(deadline)))
            self._judge.counts.fired += 1
            self._judge.replayed(taken.entry)

    def _message(self, deadline: Deadline) -> Message:
        self._fired += 1
        return Message(
            topic=self._deadlines,
            partition=self.number,
            offset=self._fired,
            key=deadline.product_id.encode(),
            value=self._contracts.write_input(deadline)[1],
            timestamp=(2, deadline.due),
        )


def _controls(entry: Entry) -> bool:
    return entry.outcome is Outcome.CONTROL
