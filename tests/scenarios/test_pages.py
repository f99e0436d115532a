"""The pages in `docs/processes` are those that the stories give."""

from __future__ import annotations

from tests.scenarios import pages


def test_the_pages_are_up_to_date() -> None:
    """Whoever changes a story or a page's words writes the pages anew."""
    outdated = pages.outdated()
    assert not outdated, f"run `make docs-processes`: docs/processes/ has outdated {', '.join(outdated)}"


def test_every_process_has_a_page() -> None:
    """The eight level-4 processes each have words and stories."""
    assert {f"{name}.md" for name in pages.PROCESSES} <= set(pages.pages())
