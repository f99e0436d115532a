"""Protections are needed: without one something that must hold does not. And the page about it is true."""

import importlib
import re

import pytest

from tests.simulation.guarantees import PAGE, invariants, search
from tests.simulation.protections import BY_NAME
from tests.simulation.violation import INVARIANTS, Invariant
from tests.support.pages import between

pytestmark = pytest.mark.slow

# Where a run or two shows it within seconds. `make docs-guarantees` looks at all of them.
QUICK = (
    *("generation", "rewind", "overlay", "dead-letter-in-transaction", "positions-in-transaction"),
    *("read-committed", "positions", "deadlines-behind-backlog", "held-deadlines", "explicit-partition"),
    *("forwarding", "event-ring", "timer-catch-up"),
)
ROW = re.compile(r"^\| `([\w-]+)` \| [^|]+ \| ([^|]*) \| ([^|]+) \| (\d*) \|$", re.MULTILINE)


@pytest.mark.parametrize("name", QUICK)
def test_without_a_protection_something_is_violated(name: str) -> None:
    """The simulator finds it, within a few seeds."""
    found = search(name, seeds=5)
    assert found.number, f"nothing is violated without {name}: is it needed, or is the simulator blind?"


def test_the_page_has_a_violation_for_every_protection() -> None:
    """None is missing, none is left without a proof, and none has gone meanwhile."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert {name for name, *_ in rows} == set(BY_NAME)
    known = {rule.number for rule in INVARIANTS}
    for name, number, _, seed in rows:
        assert number in known, f"{name}: no violation"
        assert seed, name


def test_the_page_has_the_invariants() -> None:
    """`make docs-guarantees` writes them; so they read the same."""
    page = PAGE.read_text(encoding="utf-8")
    assert between(page, "invariants", invariants()) == page


@pytest.mark.parametrize("rule", INVARIANTS, ids=lambda rule: rule.number)
def test_every_invariant_is_asserted_where_it_says(rule: Invariant) -> None:
    """What asserts it is there, by module and name."""
    asserted = re.sub(r"\(.*\)", "", rule.asserted)
    if asserted.startswith("the chaos runs"):
        assert (PAGE.parent / "chaos.md").is_file()
        return
    names = [part.strip() for part in asserted.replace(", then 1 to 3", "").split(",")]
    for dotted in names:
        module, *path = dotted.split(".")
        found: object = importlib.import_module(f"tests.simulation.{module}")
        for name in path:
            found = getattr(found, name) if name != "*" else found
        assert found is not None
