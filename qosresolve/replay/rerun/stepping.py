"""One input after another through what the worker does with it, without its transactions.

The same staging as in a worker: it forwards, obeys, buries and steps. What would go out is handed on, and
nobody has to send it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from confluent_kafka import Message

from qosresolve.core.case import Case
from qosresolve.core.facts import DeadLettered, Entry
from qosresolve.core.inputs import Received
from qosresolve.core.policy import Policies, Policy, UnknownPolicyError
from qosresolve.core.rules import Rule
from qosresolve.core.step import step
from qosresolve.errors import FatalError, PoisonRecordError
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.outputs import Output, Writer
from qosresolve.kafka.staging import Control, Shared, Staging
from qosresolve.replay.rerun.cases import Cases
from qosresolve.topics import JOURNAL

TOGETHER = 1_000  # inputs on one overlay
_NO_BRAKE = 1 << 60


class Silent(Writer):
    """Writes journal records without headers: where nobody sends them, their bytes are enough to compare."""

    def journal(self, partition: int, entry: Entry, trace: str | None) -> Output:
        """Return the journal record of one input."""
        del trace
        value = self._contracts.write_entry(entry)
        return Output(self._names.of(JOURNAL), partition, None, value, ())


class Rehearsal(Staging):
    """Stages what nobody will send: a step becomes its journal record, and no more is written."""

    def _step(self, received: Received, now: int, *, check_reports: bool) -> None:
        if check_reports:
            super()._step(received, now, check_reports=True)
            return
        product = received.body.product_id
        before = self._committed(product)
        policies = self.control.windows.beside(self._policies(self.control.policy), now)
        done = step(before, received, policies, now)
        for request in done.requests:
            self._contracts.write_request(request)  # one that cannot be written is a fault, as in a worker
        self.outputs.append(self._writer.journal(self.number, done.entry, None))
        self.entries.append(done.entry)
        if done.case is not before:
            self.cases[product] = done.case


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one input: its entry and that one's bytes, what would go out, the cases before it."""

    entry: Entry
    written: bytes
    outputs: Sequence[Output]
    before: Mapping[str, Case]


class Stepper:
    """One partition."""

    def __init__(self, number: int, shared: Shared, cases: Cases, control: Control) -> None:
        self._number = number
        self._shared = shared
        self._cases = cases
        self._journal = shared.names.of(JOURNAL)
        self._left = 0
        self._kind = Rehearsal if shared.writer is Silent else Staging
        self._staging = self._kind(number, shared, cases.get, control, Brake(_NO_BRAKE))

    @property
    def control(self) -> Control:
        """Return the policy of new reports and the windows, as they are by now."""
        return self._staging.control

    def set_control(self, control: Control) -> None:
        """Say what controls the partition."""
        self._staging.control = control

    def activate(self, policy: str, now: int) -> Taken:
        """Make a policy the first one, as a worker does that finds none."""
        return self._done(lambda: self._staging.activate(policy, now))

    def take(self, message: Message, recorded: Entry | None = None) -> Taken:
        """Take an input; `recorded` is given where how it was taken decides how it is tried.

        A record whose report would have been too large is tried with each report written. One that ended
        processes is not tried: it is buried again. Raises FatalError where a policy is missing.
        """
        if recorded is not None and recorded.rule is Rule.ENDED_THE_PROCESS:
            return self._done(lambda: self._staging.bury(message, _buried(recorded)))
        check = recorded is not None and recorded.rule is Rule.TOO_LARGE
        return self._done(lambda: self._staging.stage(message, check_reports=check))

    def _done(self, work: Callable[[], None]) -> Taken:
        staging = self._ready()
        try:
            work()
        except UnknownPolicyError as error:
            raise FatalError(
                f"policy {error.policy_hash} is not on the policy topic; see docs/runbooks/unknown-policy.md"
            ) from error
        return self._kept(staging)

    def _kept(self, staging: Staging) -> Taken:
        """Keep what was staged, and clear the overlay."""
        cases, entry = staging.cases, staging.entries[-1]
        before: dict[str, Case] = {}
        for product, case in cases.items():
            before[product] = self._cases.get(product)
            self._cases.put(case)
        outputs = staging.outputs
        staging.outputs, staging.entries = [], []
        if cases:
            cases.clear()
        written = next(output.value for output in outputs if output.topic == self._journal) or b""
        return Taken(entry, written, outputs, before)

    def _ready(self) -> Staging:
        """Return the overlay; now and then it begins anew, as it does in a worker with every batch."""
        self._left -= 1
        if self._left < 0:
            self._left = TOGETHER
            self._shared.contracts.forget()
            control = self._staging.control
            self._staging = self._kind(self._number, self._shared, self._cases.get, control, Brake(_NO_BRAKE))
        return self._staging


def _buried(entry: Entry) -> PoisonRecordError:
    fact = next((fact for fact in entry.facts if isinstance(fact, DeadLettered)), None)
    if fact is None:
        return PoisonRecordError("the record ended the process", stage="crash")
    return PoisonRecordError(fact.error, stage=fact.stage, remedy=fact.remedy)


class _Every(dict[str, Policy]):
    """One policy under any name."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy

    def __missing__(self, _: str) -> Policy:
        return self._policy


def one_for_all(policy: Policy) -> Callable[[str], Policies]:
    """Return the policies of a replay in which every report, new or held, follows one policy."""
    policies = Policies(policy, _Every(policy))
    return lambda _: policies


def quiet(shared: Shared) -> Shared:
    """Return the same without headers on what is written."""
    return replace(shared, writer=Silent)
