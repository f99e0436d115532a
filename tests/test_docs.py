"""What the pages claim to be proven by a test: the test is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROOF = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PAGES = sorted(
    page for page in (ROOT / "docs").glob("*.md") if PROOF.search(page.read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    """A page that says `proven by` names a file, and a function in it, that exist."""
    for path, name in PROOF.findall(page.read_text(encoding="utf-8")):
        source = ROOT / path
        assert source.is_file(), f"{page.name} names {path}, which is not there"
        if name:
            found = f"def {name}(" in source.read_text(encoding="utf-8")
            assert found, f"{page.name} names {path}::{name}, which is not there"


def test_every_pitfall_has_its_proof() -> None:
    """Thirty rows, numbered, none without a test."""
    text = (ROOT / "docs" / "pitfalls.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \|.*$", text, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 31))
    assert all(PROOF.search(row) for row in re.findall(r"^\| \d+ \|.*$", text, re.MULTILINE))
