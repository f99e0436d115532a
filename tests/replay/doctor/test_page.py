"""What the page says of checks and findings is what the code does."""

import inspect
from pathlib import Path
from types import ModuleType

import pytest

from qosresolve.replay.doctor import brokers, clock, group, inputs, letters, policies, rights, schemas, topics
from qosresolve.replay.doctor import transactions as transacted
from qosresolve.replay.doctor.examine import CHECKS
from qosresolve.replay.doctor.findings import NOT_LOOKED, Kind
from tests.replay.doctor.page import PAGE, whole
from tests.support.pages import markers

ROOT = Path(__file__).parents[3]
MODULES = (brokers, clock, group, inputs, letters, policies, rights, schemas, topics, transacted)
LISTED = [kind for check in CHECKS for kind in check.kinds]


def test_the_page_is_as_the_code() -> None:
    """`python -m tests.replay.doctor.page` would change nothing."""
    page = PAGE.read_text(encoding="utf-8")
    assert all(page.count(marker) == 1 for name in ("checks", "findings") for marker in markers(name))
    assert whole(page) == page


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__).rpartition(".")[2])
def test_every_kind_is_of_a_check(module: ModuleType) -> None:
    """A finding that no check lists would be missing from the page."""
    kinds = [kind for _, kind in inspect.getmembers(module, lambda value: isinstance(value, Kind))]
    assert kinds
    assert all(kind in LISTED for kind in kinds)


def test_kinds_are_told_apart_and_have_their_page() -> None:
    """One name each; what it means; a runbook that is there."""
    kinds = [*LISTED, NOT_LOOKED]
    assert len({kind.name for kind in kinds}) == len(kinds)
    assert all(kind.means for kind in kinds)
    assert all((ROOT / kind.page).is_file() for kind in kinds)
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.question.endswith("?") for check in CHECKS)
