"""The navigation of mkdocs.yml: folders written out, and which pages it leads to.

An entry that ends with `/*` stands for the pages of a folder: its README first, the rest by name, but for
those that another entry names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "mkdocs.yml"
DOCS = ROOT / "docs"
Nav = list[Any]
_ALL = "/*"
_INDEX = "README.md"


def written_out(nav: Nav, docs: Path = DOCS) -> Nav:
    """Return a navigation with every folder's pages in the place of `folder/*`."""
    named = {page for page in pages(nav) if not page.endswith(_ALL)}
    return list(_written_out(nav, named, docs))


def _written_out(nav: Nav, named: set[str], docs: Path) -> Iterator[Any]:
    for entry in nav:
        if isinstance(entry, dict):
            [(title, below)] = entry.items()
            yield {title: list(_written_out(below, named, docs)) if isinstance(below, list) else below}
        elif entry.endswith(_ALL):
            yield from _pages_of(entry.removesuffix(_ALL), named, docs)
        else:
            yield entry


def _pages_of(folder: str, named: set[str], docs: Path) -> Iterator[str]:
    found = [path.name for path in (docs / folder).glob("*.md")]
    for name in sorted(found, key=lambda name: (name != _INDEX, name)):
        if f"{folder}/{name}" not in named:
            yield f"{folder}/{name}"


def pages(nav: Nav) -> Iterator[str]:
    """Yield every path that a navigation has."""
    for entry in nav:
        below = next(iter(entry.values())) if isinstance(entry, dict) else entry
        if isinstance(below, list):
            yield from pages(below)
        else:
            yield below


def of_the_site() -> Nav:
    """Return the navigation of mkdocs.yml, written out."""
    nav: Nav = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["nav"]
    return written_out(nav)
