"""What has to hold of a policy's overrides: each promises something that none before it takes away."""

from collections.abc import Callable, Iterator

from qosresolve.contracts.policy.findings import Check, Flaw, meant
from qosresolve.contracts.policy.model import OverrideModel, PolicyModel

MATCHED = ("offering", "tier", "sla", "indicator")


def _tier(policy: PolicyModel) -> Iterator[Flaw]:
    for index, override in enumerate(policy.overrides):
        if override.tier and override.tier not in policy.tiers:
            problem = f'there is no tier "{override.tier}": it never matches'
            remedy = meant(override.tier, policy.tiers)
            yield Flaw(Check.UNKNOWN_TIER, ("overrides", index, "tier"), problem, remedy)


def _without_targets(policy: PolicyModel) -> Iterator[Flaw]:
    for index, override in enumerate(policy.overrides):
        if not _severities(override):
            loc = ("overrides", index, "targets")
            remedy = "write e.g. {critical: {respond: 15m, restore: 2h}}"
            yield Flaw(Check.OVERRIDE_WITHOUT_TARGETS, loc, "promises nothing", remedy)


def _shadowed(policy: PolicyModel) -> Iterator[Flaw]:
    for index, override in enumerate(policy.overrides):
        before = [item for item in policy.overrides[:index] if _covers(item, override)]
        taken = {severity for item in before for severity in _severities(item)}
        wanted = _severities(override)
        if wanted and taken.issuperset(wanted):
            first = policy.overrides.index(before[0])
            problem = f"never matches: overrides[{first}] comes first and matches all that this one does"
            remedy = "put the narrower one first, or take one out"
            yield Flaw(Check.SHADOWED_OVERRIDE, ("overrides", index), problem, remedy)


def _matches_all(policy: PolicyModel) -> Iterator[Flaw]:
    for index, override in enumerate(policy.overrides):
        if not any(getattr(override, name) for name in MATCHED):
            problem = f"matches every report: no tier's target counts for {', '.join(_severities(override))}"
            remedy = f"name one of {', '.join(MATCHED)}"
            yield Flaw(Check.OVERRIDE_MATCHES_ALL, ("overrides", index), problem, remedy)


def _covers(wider: OverrideModel, narrower: OverrideModel) -> bool:
    """Tell whether one override matches all that another does."""
    return all(getattr(wider, name) in ("", getattr(narrower, name)) for name in MATCHED)


def _severities(override: OverrideModel) -> list[str]:
    return [severity for severity, target in override.targets if target is not None]


CHECKS: tuple[Callable[[PolicyModel], Iterator[Flaw]], ...] = (_tier, _without_targets, _shadowed)
WARNINGS: tuple[Callable[[PolicyModel], Iterator[Flaw]], ...] = (_matches_all,)
