"""What docs/tmf.md says of fields is what the code sends."""

from __future__ import annotations

from tests.contracts.tmf.page import PAGE, PARTS, whole
from tests.support.pages import markers


def test_the_page_is_as_the_code() -> None:
    """`python -m tests.contracts.tmf.page` would change nothing."""
    page = PAGE.read_text("utf-8")
    for name in PARTS:
        assert [page.count(marker) for marker in markers(name)] == [1, 1], name
    assert whole(page) == page
