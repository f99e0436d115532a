"""Every promise of a policy file: the targets of its tiers, and those that go before them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qosresolve.contracts.policy.findings import Loc
from qosresolve.contracts.policy.model import PolicyModel, SomeTargetsModel, TargetModel, TargetsModel

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Promise:
    """Targets by severity, and where they are written."""

    loc: Loc
    targets: Mapping[str, TargetModel]


def promises(policy: PolicyModel) -> Iterator[Promise]:
    """Yield the tiers' targets, then the overrides'."""
    for name, tier in policy.tiers.items():
        yield Promise(("tiers", name, "targets"), _given(tier.targets))
    for index, override in enumerate(policy.overrides):
        yield Promise(("overrides", index, "targets"), _given(override.targets))


def _given(targets: TargetsModel | SomeTargetsModel) -> dict[str, TargetModel]:
    return {severity: target for severity, target in targets if target is not None}


def length(target: TargetModel, clock: str) -> float:
    """Return a target in ms; an explicit none is endless."""
    found = target.restore if clock == "restore" else target.respond
    return NEVER if found is None else found


def shortest(promise: Promise, clock: str) -> tuple[str, float]:
    """Return the severity with the shortest target of a clock, and that target."""
    found = [(severity, length(target, clock)) for severity, target in promise.targets.items()]
    return min(found, key=lambda item: item[1])
