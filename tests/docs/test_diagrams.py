"""Every diagram of a page can be drawn: one that cannot be is a red box on the site, and on a forge."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.docs.site.navigation import DOCS, ROOT
from tests.support.tools import tool

pytestmark = pytest.mark.contracts


def read(*pages: Path) -> subprocess.CompletedProcess[str]:
    """Return what mermaid says of the diagrams of pages."""
    command = ["node", str(tool("mermaid/parse.mjs")), *map(str, pages)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


def test_every_diagram_can_be_drawn() -> None:
    """Those of the README too."""
    pages = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"]
    done = read(*pages)
    there = sum(page.read_text("utf-8").count("```mermaid") for page in pages)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{there} diagrams, 0 refused" in done.stdout


def test_a_diagram_that_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    """`end` ends a subgraph: no node can be called so."""
    page = tmp_path / "page.md"
    page.write_text("```mermaid\nflowchart TD\n    a --> b\n    b --> end[over]\n```\n", encoding="utf-8")
    done = read(page)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 diagrams, 1 refused" in done.stdout
