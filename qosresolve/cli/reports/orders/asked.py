"""Two ways to learn what becomes of commands: send them and wait, or step them here and send nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from qosresolve.cli.asking import Asking, Where
from qosresolve.cli.reports.orders.held import Held
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.ids import body_digest
from qosresolve.core.inputs import Cause, Command, Received
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.core.requests import Request
from qosresolve.core.step import step
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import FatalError

Progress = Callable[[int], None]
NOWHERE = ("", -1, -1)


@dataclass(frozen=True, slots=True)
class Decision:
    """A command and what became of it; no entry where no decision came in time, or it was not given."""

    command: Command
    entry: Entry | None
    where: Where = NOWHERE
    requests: tuple[Request, ...] = ()
    given: bool = True

    @property
    def applied(self) -> bool:
        """True when it did what was ordered."""
        return self.entry is not None and self.entry.outcome is Outcome.APPLIED


class Asks(Protocol):
    """Learns what becomes of commands."""

    def ask(self, commands: Sequence[Command], progress: Progress) -> list[Decision]:
        """Return the decision on each."""


class Worker:
    """The worker, asked over Kafka."""

    def __init__(self, asking: Asking, seconds: float) -> None:
        self._asking = asking
        self._seconds = seconds

    def ask(self, commands: Sequence[Command], progress: Progress) -> list[Decision]:
        """Send them and wait; each may come back without a decision."""
        told = self._asking.ask(commands, self._seconds, progress)
        return [
            Decision(command, item.entry, item.where) for command, item in zip(commands, told, strict=True)
        ]


class Rehearsal:
    """The core itself, on the cases as they are held; nothing leaves this process."""

    def __init__(self, held: Held, now: int) -> None:
        self._held = held
        self._now = now
        self._cases: dict[str, Case] = {}

    def ask(self, commands: Sequence[Command], progress: Progress) -> list[Decision]:
        """Step them, each on what the one before left."""
        decisions = []
        for number, command in enumerate(commands, 1):
            decisions.append(self._stepped(command))
            progress(number)
        return decisions

    def _stepped(self, command: Command) -> Decision:
        product = command.product_id
        case = self._cases.get(product) or self._held.case(product)
        digest = body_digest(_BUNDLED.write_input(command)[1])
        received = Received(Cause("", -1, -1, command.identity()), command, digest)
        try:
            done = step(case, received, self._held.policies(product, self._now), self._now)
        except UnknownPolicyError as error:
            raise FatalError(
                f"a report of {product} is pinned to policy {error.policy_hash}, which is not on its topic"
            ) from None
        self._cases[product] = done.case
        return Decision(command, done.entry, requests=done.requests)


def in_rounds(
    asks: Asks, orders: Sequence[Sequence[Command]], progress: Progress = lambda _: None
) -> list[Decision]:
    """Give every report its commands one after the other, the next only if the last was applied."""
    decisions: list[list[Decision]] = [[] for _ in orders]
    settled = 0
    for number in range(max((len(commands) for commands in orders), default=0)):
        going = [
            at
            for at, commands in enumerate(orders)
            if len(commands) > number and all(item.applied for item in decisions[at])
        ]
        if not going:
            break
        done = asks.ask([orders[at][number] for at in going], _after(progress, settled))
        settled += len(going)
        for at, decision in zip(going, done, strict=True):
            decisions[at].append(decision)
    for each, commands in zip(decisions, orders, strict=True):
        each += [Decision(command, None, given=False) for command in commands[len(each) :]]
    return [decision for each in decisions for decision in each]


def _after(progress: Progress, settled: int) -> Progress:
    return lambda count: progress(settled + count)


_BUNDLED = Contracts(SingleObjectCodec())
