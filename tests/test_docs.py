"""The pages hold together: tests that they name are there, links lead somewhere, the navigation has all."""

import re
from pathlib import Path

import pytest

from tests.docs.reference.headings import anchors
from tests.docs.site.links import links
from tests.docs.site.navigation import of_the_site, pages, written_out

ROOT = Path(__file__).parents[1]
PROOF = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PAGES = sorted(
    page for page in (ROOT / "docs").glob("*.md") if PROOF.search(page.read_text(encoding="utf-8"))
)
DOCS = ROOT / "docs"
PUBLISHED = [page for page in sorted(DOCS.rglob("*.md")) if "_parts" not in page.parts]
LINKED = [*PUBLISHED, *sorted(ROOT.glob("*.md"))]


def dead(page: Path, text: str) -> list[str]:
    """Return the relative links of a page that lead to no file, or to no heading of a page."""
    return [link for link in links(text) if "://" not in link and not _leads_somewhere(page, link)]


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors(target.read_text(encoding="utf-8"))


def test_every_page_is_reached_from_the_navigation_once() -> None:
    """A page that nothing leads to is as good as none: name it in mkdocs.yml, or its folder as `folder/*`."""
    reached = list(pages(of_the_site()))
    published = {page.relative_to(DOCS).as_posix() for page in PUBLISHED}
    assert published - set(reached) == set(), "name it in mkdocs.yml"
    assert set(reached) - published == set(), "mkdocs.yml names what is not there"
    assert len(reached) == len(set(reached)), "mkdocs.yml names a page twice"


def test_a_folder_stands_for_the_pages_that_are_not_named_elsewhere(tmp_path: Path) -> None:
    """Its README comes first; what is named stays where it is named."""
    (tmp_path / "f").mkdir()
    for name in ("b.md", "README.md", "a.md", "c.md"):
        (tmp_path / "f" / name).touch()
    nav = ["index.md", {"Named": ["f/b.md"]}, {"Rest": ["f/*"]}]
    rest = ["f/README.md", "f/a.md", "f/c.md"]
    assert written_out(nav, tmp_path) == ["index.md", {"Named": ["f/b.md"]}, {"Rest": rest}]


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_relative_link_is_dead(page: Path) -> None:
    """Files are there, and headings too."""
    assert dead(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](tmf.md) [b](../README.md) [c](https://example.com/x) [d](tmf.md#headers)", []),
        ("[a](nowhere.md)", ["nowhere.md"]),
        ("[a](../nowhere/at-all.py)", ["../nowhere/at-all.py"]),
        ("[a](tmf.md#no-such-heading)", ["tmf.md#no-such-heading"]),
        ("[`a`](nowhere.md)", ["nowhere.md"]),
        ("`[a](nowhere.md)`\n\n```\n[a](nowhere.md)\n```\n", []),
    ],
)
def test_a_dead_link_is_found(text: str, found: list[str]) -> None:
    """So the test above has teeth; code has no links."""
    assert dead(DOCS / "index.md", text) == found


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
