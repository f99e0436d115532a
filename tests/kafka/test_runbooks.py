"""The runbooks that messages send an operator to."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
NAMED = re.compile(r"docs/runbooks/([a-z-]+\.md)")
PARTS = ("## What was seen", "## Why it stops", "## What to look at", "## How to mend it", "## How to know")


def _named() -> set[str]:
    sources = (ROOT / "qosresolve").rglob("*.py")
    return {name for source in sources for name in NAMED.findall(source.read_text(encoding="utf-8"))}


def test_every_runbook_that_is_named_is_there_and_every_one_is_named() -> None:
    """A message never sends anybody to a page that does not exist; no page is left behind."""
    assert _named() == {page.name for page in RUNBOOKS.glob("*.md")}


@pytest.mark.parametrize("name", sorted(_named()))
def test_a_runbook_has_its_five_parts(name: str) -> None:
    """What was seen, why, what to look at, how to mend it, how to know: in this order."""
    text = (RUNBOOKS / name).read_text(encoding="utf-8")
    places = [text.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("name", sorted(_named()))
def test_a_runbook_links_to_pages_that_exist(name: str) -> None:
    """Links between runbooks are not broken."""
    text = (RUNBOOKS / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (RUNBOOKS / target).exists()
