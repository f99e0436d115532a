"""What of a page is changed for the site, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.site.links import led_inside, outside, sources
from tests.docs.site.markup import bars_in_code, without_note

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("page", "link", "path"),
    [
        ("tmf.md", "../tests/x.py", "tests/x.py"),
        ("runbooks/lag.md", "../../deploy/x.yaml#L1", "deploy/x.yaml"),
        ("runbooks/lag.md", "../doctor.md", ""),
        ("tmf.md", "#headers", ""),
        ("tmf.md", "https://example.com/../x", ""),
    ],
)
def test_what_lies_outside_of_docs(page: str, link: str, path: str) -> None:
    """By the place of the page, whatever is there."""
    assert outside(page, link) == path


def test_links_to_source_lead_to_pages_of_the_site(tmp_path: Path) -> None:
    """A file is shown, a folder listed; what is not there stays as it is, for the strict build to refuse."""
    docs, code = tmp_path / "docs" / "p", tmp_path / "code"
    docs.mkdir(parents=True)
    code.mkdir()
    (code / "a.py").write_text("x = 1\n", "utf-8")
    text = "[`a`](../../code/a.py) [all](../../code) [none](../../code/b.py) [page](q.md)"
    (docs / "p.md").write_text(text, "utf-8")
    found = sources(tmp_path / "docs", tmp_path)
    assert set(found) == {"source/code/a.py.md", "source/code.md"}
    assert "````python\nx = 1\n````" in found["source/code/a.py.md"]
    assert "- `a.py`" in found["source/code.md"]
    led = led_inside("p/p.md", text, tmp_path)
    assert (
        led == "[`a`](../source/code/a.py.md) [all](../source/code.md) [none](../../code/b.py) [page](q.md)"
    )


def test_a_bar_in_code_of_a_table_is_no_backslash() -> None:
    """In a table only, and only in code."""
    assert bars_in_code("| `a\\|b` | c\\|d |") == "| <code>a&#124;b</code> | c\\|d |"
    assert bars_in_code("| `<a\\|b>` |") == "| <code>&lt;a&#124;b&gt;</code> |"
    assert bars_in_code("as in `a\\|b`") == "as in `a\\|b`"


def test_the_note_before_the_title_goes() -> None:
    """Other comments stay: tables lie between them."""
    assert without_note("<!-- made by x -->\n\n# T\n\n<!-- y -->\n") == "# T\n\n<!-- y -->\n"
