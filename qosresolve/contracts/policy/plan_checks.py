"""What has to hold of a plan: a DAG of named nodes, a first analysis, a route for every root cause."""

from collections.abc import Callable, Iterable, Iterator

from qosresolve.contracts.policy.findings import Check, Flaw, meant
from qosresolve.contracts.policy.model import NodeModel, PolicyModel
from qosresolve.contracts.policy.omitted import INFORMATION
from qosresolve.core.vocabulary import NodeKind, RootCauseKind

CUSTOMER = "customer"
_PLAN = ("plan",)


def _names(policy: PolicyModel) -> Iterator[Flaw]:
    seen: set[str] = set()
    for index, node in enumerate(policy.plan):
        if node.name in seen:
            problem = f'there is another node "{node.name}"'
            yield Flaw(Check.DUPLICATE_NODE, ("plan", index, "name"), problem, "give each node its own name")
        seen.add(node.name)


def _after(policy: PolicyModel) -> Iterator[Flaw]:
    names = {node.name for node in policy.plan}
    for index, node in enumerate(policy.plan):
        for position, name in enumerate(node.after):
            if name not in names:
                loc = ("plan", index, "after", position)
                remedy = meant(name, names - {node.name})
                yield Flaw(Check.UNKNOWN_NODE, loc, f'there is no node "{name}"', remedy)


def _cycle(policy: PolicyModel) -> Iterator[Flaw]:
    circle = _circle(policy)
    if circle:
        index = next(index for index, node in enumerate(policy.plan) if node.name == circle[0])
        shown = " after ".join((*circle, circle[0]))
        loc = ("plan", index, "after")
        yield Flaw(Check.CYCLE, loc, f"goes in a circle: {shown}", "take one of these out")


def _circle(policy: PolicyModel) -> list[str]:
    """Return the nodes of a circle, each after the next, or nothing; names have to be unique first."""
    after = {node.name: node.after for node in policy.plan}
    if len(after) < len(policy.plan):
        return []
    left = dict(after)
    # Nodes whose predecessors are all gone cannot be in a circle; what is left then is one, or behind one.
    while free := [name for name, before in left.items() if not any(item in left for item in before)]:
        for name in free:
            del left[name]
    path: list[str] = []
    name = next(iter(left), "")
    while name and name not in path:
        path.append(name)
        name = next(item for item in after[name] if item in left)
    return path[path.index(name) :] if name else []


def _base_analysis(policy: PolicyModel) -> Iterator[Flaw]:
    if not any(node.kind is NodeKind.ANALYSIS and not node.when for node in policy.plan):
        problem = "has no first analysis: every report starts with one"
        remedy = "add a node of kind analysis without `when`"
        yield Flaw(Check.NO_BASE_ANALYSIS, _PLAN, problem, remedy)


def routes(plan: Iterable[NodeModel], kind: RootCauseKind) -> list[NodeModel]:
    """Return the nodes that a root cause of a kind lays out; improvement restores nothing."""
    return [node for node in plan if kind in node.when and node.kind is not NodeKind.IMPROVEMENT]


def _routes(policy: PolicyModel) -> Iterator[Flaw]:
    for kind in RootCauseKind:
        found = routes(policy.plan, kind)
        needs, fits = _NEEDS.get(kind, ("", lambda _: True))
        if not found:
            with_what = f" and {needs}" if needs else ""
            remedy = f"add a node with `when: [{kind}]`{with_what}"
            yield Flaw(Check.NO_ROUTE, _PLAN, f"has no route for root causes of kind {kind}", remedy)
        elif not any(fits(node) for node in found):
            index = policy.plan.index(found[0])
            problem = f"is the route for root causes of kind {kind}, which needs {needs}"
            remedy = f"write {needs} here, or add a node that has it"
            yield Flaw(Check.WRONG_ROUTE, ("plan", index, "when"), problem, remedy)


def _two_troubles(policy: PolicyModel) -> Iterator[Flaw]:
    """At most one trouble request of a service is open for a report."""
    for kind in RootCauseKind:
        found = [node for node in routes(policy.plan, kind) if node.kind is NodeKind.SERVICE_TROUBLE]
        for node in found[1:]:
            problem = f'asks for a second trouble report beside "{found[0].name}" for kind {kind}'
            loc = ("plan", policy.plan.index(node), "kind")
            yield Flaw(Check.TWO_TROUBLES, loc, problem, "keep one serviceTrouble node a kind")


def _information(policy: PolicyModel) -> Iterator[Flaw]:
    """Old files may have such a node; with its own block the activity's name is taken."""
    names = [node.name for node in policy.plan]
    if policy.information is not None and INFORMATION in names:
        problem = f'there is an activity "{INFORMATION}" already, by the block of that name'
        loc = ("plan", names.index(INFORMATION), "name")
        yield Flaw(Check.DUPLICATE_NODE, loc, problem, "give the node another name")


def _fallback(policy: PolicyModel) -> Iterator[Flaw]:
    for index, node in enumerate(policy.plan):
        asked = (node.owner, *node.fallback)
        for position, name in enumerate(node.fallback):
            if name in asked[: position + 1]:
                who = "is the owner" if name == node.owner else "is named twice"
                problem = f'"{name}" {who}: the search for the next one would go in circles'
                loc = ("plan", index, "fallback", position)
                yield Flaw(
                    Check.DUPLICATE_FALLBACK, loc, problem, "name each of them once, without the owner"
                )


def _suppliers(policy: PolicyModel) -> Iterator[Flaw]:
    for index, node in enumerate(policy.plan):
        if node.kind is NodeKind.SUPPLIER and not node.when:
            problem = "would never be engaged: only a root cause says which supplier"
            remedy = "add e.g. `when: [supplier]`"
            yield Flaw(Check.SUPPLIER_WITHOUT_CAUSE, ("plan", index), problem, remedy)


_NEEDS: dict[RootCauseKind, tuple[str, Callable[[NodeModel], bool]]] = {
    RootCauseKind.SERVICE: (
        f"`kind: {NodeKind.SERVICE_TROUBLE}`",
        lambda node: node.kind is NodeKind.SERVICE_TROUBLE,
    ),
    RootCauseKind.SUPPLIER: (f"`kind: {NodeKind.SUPPLIER}`", lambda node: node.kind is NodeKind.SUPPLIER),
    RootCauseKind.CUSTOMER: (f"`with_party: {CUSTOMER}`", lambda node: node.with_party == CUSTOMER),
}

CHECKS: tuple[Callable[[PolicyModel], Iterator[Flaw]], ...] = (
    _names,
    _after,
    _cycle,
    _base_analysis,
    _routes,
    _two_troubles,
    _suppliers,
    _information,
    _fallback,
)
