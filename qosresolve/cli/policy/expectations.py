"""How `policy test --expect` tells where a policy differs from what was expected of it."""

from dataclasses import asdict
from pathlib import Path

from qosresolve.cli.output import dump, line
from qosresolve.core.policy import Policy
from qosresolve.replay.trial import cases
from qosresolve.replay.trial.compare import Comparison, Difference
from qosresolve.replay.trial.question import zone_of

DIFFERS = 1


def compare(policy: Policy, file: Path, *, as_json: bool) -> int:
    """Compare a policy with a file of expectations; return the exit status. Raises PolicyFileError."""
    loaded = cases.load(file)
    found: list[tuple[str, list[Difference]]] = []
    for loc, case, asked, told in cases.answers(policy, loaded):
        comparison = Comparison(loaded.document, zone_of(policy, asked.tier, asked.site))
        differences = list(comparison.differences(dict(case.expect), told, (*loc, "expect")))
        found.append((case.name or f"case {loc[-1]}", differences))
    _compared(file, found, as_json=as_json)
    return DIFFERS if any(differences for _, differences in found) else 0


def _compared(file: Path, found: list[tuple[str, list[Difference]]], *, as_json: bool) -> None:
    if as_json:
        told = [{"name": name, "differences": [asdict(one) for one in many]} for name, many in found]
        dump({"ok": not any(many for _, many in found), "cases": told})
        return
    for name, differences in found:
        for one in differences:
            line(f"{file}:{one.line}: {name}: {one.key}: expected {one.expected}, is {one.found}")
    wrong = sum(bool(differences) for _, differences in found)
    line(f"{len(found) - wrong} of {len(found)} cases as expected")
