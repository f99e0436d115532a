"""What a policy leaves unsaid: keys that came later, and what holds without them.

The canonical form leaves these out where they have their defaults, so that a policy that does not use them
keeps the hash it always had, and the forms that were published before them can still be read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from qosresolve.core.policy import (
    AssignmentRule,
    ChainLevel,
    IndicatorRule,
    Node,
    Party,
    Policy,
    Times,
)
from qosresolve.core.vocabulary import NodeKind

INFORMATION = "information"
INFORMATION_TIME = 3_600_000  # ms of work

LATER: Mapping[type[Any], frozenset[str]] = {
    Policy: frozenset(
        {
            "information",
            "falls_retarget",
            "window_counts",
            "holds",
            "overrides",
            "work_thresholds",
            "overdue_level",
        }
    ),
    Node: frozenset({"not_before", "slot", "fallback"}),
    Party: frozenset({"serves", "work_around"}),
    ChainLevel: frozenset({"calendar"}),
    AssignmentRule: frozenset({"calendar"}),
    IndicatorRule: frozenset({"open_after", "silence_after"}),
    Times: frozenset({"check_within", "hold_backdate"}),
}


def default_information(plan: Iterable[Node]) -> Node:
    """Return the activity by which a party's question is answered: the first analysis' owner has an hour."""
    nodes = tuple(plan)
    first = next((node for node in nodes if node.kind is NodeKind.ANALYSIS and not node.when), None)
    if first is None:
        raise ValueError("a plan has a first analysis: an analysis without `when`")
    name = unused(INFORMATION, {node.name for node in nodes})
    return Node(name, NodeKind.ANALYSIS, first.owner, INFORMATION_TIME, first.calendar, first.terms)


def unused(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, the wanted one if it is free."""
    return unused(f"{name}-", taken) if name in taken else name


def said(policy: Policy) -> dict[str, object]:
    """Return a policy as plain data, without what came later and has its default."""
    return {name: _plain(part) for name, part in _parts(policy).items()}


def says_more(value: object) -> bool:
    """Tell whether a policy, or a part of one, says anything by a key that came later."""
    later = LATER.get(type(value), frozenset())
    parts = _parts(value)
    return not later.isdisjoint(parts) or any(says_more(part) for part in parts.values())


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    parts = _parts(value)
    return {name: _plain(part) for name, part in parts.items()} if _composed(value) else value


def _composed(value: object) -> bool:
    return isinstance(value, Mapping) or is_dataclass(value)


def _parts(value: object) -> dict[str, object]:
    """Return what a value is made of, by name; nothing of a plain one."""
    if isinstance(value, tuple):
        return {str(index): part for index, part in enumerate(value)}
    if isinstance(value, Mapping):
        return {str(key): part for key, part in value.items()}
    if not is_dataclass(value):
        return {}
    told = {item.name: getattr(value, item.name) for item in fields(value) if item.init}
    later = LATER.get(type(value), frozenset())
    unsaid = {name for name in later & told.keys() if told[name] == _default(value, name)}
    return {name: part for name, part in told.items() if name not in unsaid}


def _default(holder: object, name: str) -> object:
    """Return what holds where a key that came later is left out."""
    if isinstance(holder, Policy) and name == "information":
        return default_information(holder.plan)
    item = next(item for item in fields(holder) if item.name == name)  # type: ignore[arg-type] # a dataclass
    return item.default if item.default_factory is MISSING else item.default_factory()
