"""What looks unwise about a node's slot, and about those who are asked after its owner."""

from collections.abc import Callable, Iterator

from qosresolve.contracts.policy.compiler import ordinary
from qosresolve.contracts.policy.findings import Check, Flaw
from qosresolve.contracts.policy.hours import longest_closed, meet
from qosresolve.contracts.policy.model import NodeModel, PolicyModel
from qosresolve.contracts.policy.promises import promises
from qosresolve.contracts.policy.words import format_duration
from qosresolve.core.calendar import Calendar
from qosresolve.core.vocabulary import NodeKind


def _slots(policy: PolicyModel) -> Iterator[tuple[int, NodeModel]]:
    """Yield nodes that wait for a slot and that the product waits for."""
    for index, node in enumerate(policy.plan):
        if node.slot and node.kind is not NodeKind.IMPROVEMENT:
            yield index, node


def _misses_target(policy: PolicyModel) -> Iterator[Flaw]:
    targets = [target.restore for item in promises(policy) for target in item.targets.values()]
    longest = max((target for target in targets if target is not None), default=None)
    for index, node in _slots(policy):
        wait = longest_closed(_calendar(policy, node.slot))
        if longest is not None and wait >= longest:
            problem = (
                f"may wait {format_duration(wait)} for its slot; the longest restore target of any tier is "
                f"{format_duration(longest)}"
            )
            remedy = "open the slot more often, or take it out"
            yield Flaw(Check.SLOT_MISSES_TARGET, ("plan", index, "slot"), problem, remedy)


def _owner_away(policy: PolicyModel) -> Iterator[Flaw]:
    for index, node in _slots(policy):
        if not meet(_calendar(policy, node.slot), _calendar(policy, node.calendar)):
            problem = f'"{node.slot}" is open only while the owner\'s "{node.calendar}" is closed'
            remedy = "choose a slot in which the owner works"
            yield Flaw(Check.SLOT_WHEN_OWNER_AWAY, ("plan", index, "slot"), problem, remedy)


def _fallback_ignored(policy: PolicyModel) -> Iterator[Flaw]:
    for index, node in enumerate(policy.plan):
        if node.fallback and node.kind is NodeKind.SUPPLIER:
            problem = "has no effect: a supplier's contacts are asked in their order"
            yield Flaw(Check.FALLBACK_IGNORED, ("plan", index, "fallback"), problem, "take it out")


def _calendar(policy: PolicyModel, name: str) -> Calendar:
    return ordinary(name, policy.calendars[name])


WARNINGS: tuple[Callable[[PolicyModel], Iterator[Flaw]], ...] = (
    _misses_target,
    _owner_away,
    _fallback_ignored,
)
