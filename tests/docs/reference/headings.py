"""Links to headings of pages that are written by hand: a heading that is gone stops the generator."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def link(page: str, beginning: str) -> str:
    """Return a link from docs/reference to the heading of a page that begins so. Raises LookupError."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for title in _HEADING.findall(text):
        if title.startswith(beginning):
            return f"[{title}](../{page}#{anchor(title)})"
    raise LookupError(f"docs/{page} has no heading that begins with {beginning!r}")


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings."""
    return {anchor(title) for title in _HEADING.findall(text)}


def anchor(title: str) -> str:
    """Return a heading's anchor, as forges and the site make it."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())
