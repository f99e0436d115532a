"""What must hold of the topics after any fault, one module a kind of promise.

A rule takes the ledger (the journal, read once) and yields a `Violation` for each thing that is not so. All
rules look on to the end: what was found first is seldom all.
"""

from collections.abc import Callable, Iterator

from tests.chaos.evidence import Violation
from tests.chaos.ledger import Ledger
from tests.chaos.rules import inputs, outputs, positions, state, times

Rule = Callable[[Ledger], Iterator[Violation]]

RULES: tuple[Rule, ...] = (
    inputs.once,
    inputs.in_order,
    inputs.named,
    outputs.requests,
    outputs.dead_letters,
    outputs.forwarded,
    state.folded,
    positions.cuts,
    positions.remembered,
    positions.at_the_end,
    positions.nothing_open,
    times.not_early,
    times.not_stuck,
)


def broken(ledger: Ledger) -> list[Violation]:
    """Return everything that the topics show to be wrong."""
    return [violation for rule in RULES for violation in rule(ledger)]
