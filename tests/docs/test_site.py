"""The strict build takes docs/ as it is and refuses a broken copy; the site asks nobody for anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.docs.site.hooks import MERMAID
from tests.docs.site.navigation import CONFIG, DOCS, ROOT
from tests.support.tools import tool

pytestmark = pytest.mark.contracts
_FETCHED = re.compile(r"<(?:script|img|iframe|link)[^>]*\s(?:src|href)=\"?(?:https?:)?//[^>]*>")
_IN_SCRIPT = re.compile(r"https://(?:unpkg|cdn|fonts)[^\"']*")


def build(docs: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Return what mkdocs says of a docs folder, built with the project's own configuration."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config |= {"docs_dir": str(docs), "site_dir": str(site)}
    config["hooks"] = [str(ROOT / hook) for hook in config["hooks"]]
    file = site.with_suffix(".yml")
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    tool("mermaid/node_modules/@mermaid-js/tiny")
    command = [str(tool("site/bin/python")), "-m", "mkdocs", "build", "--config-file", str(file)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(  # noqa: S603 - the command is ours
        command, capture_output=True, text=True, check=False, timeout=240, cwd=ROOT, env=environment
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of docs/ as it is."""
    built = tmp_path_factory.mktemp("built") / "site"
    done = build(DOCS, built)
    assert done.returncode == 0, done.stdout + done.stderr
    return built


def test_every_page_is_built(site: Path) -> None:
    """And the document for programs lies beside its schemas."""
    for page in DOCS.rglob("*.md"):
        path = page.relative_to(DOCS)
        name = "index.html" if page.name == "README.md" else f"{page.stem}.html"
        assert (site / path.parent / name).is_file() == ("_parts" not in path.parts), path
    assert (site / "asyncapi.yaml").read_text("utf-8") == (DOCS / "asyncapi.yaml").read_text("utf-8")
    assert (site / "schemas" / "report.avsc").is_file()


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    """No fonts, no scripts, no pictures; the theme's own scripts know no address to fetch from."""
    for page in site.rglob("*.html"):
        assert _FETCHED.findall(page.read_text("utf-8")) == [], page.name
    for script in (site / "assets" / "javascripts").rglob("*.js"):
        assert _IN_SCRIPT.findall(script.read_text("utf-8")) == [], script.name


def test_a_page_with_a_diagram_brings_what_draws_it(site: Path) -> None:
    """And others do not: it is large."""
    coordinate, reports = (site / name for name in ("processes/coordinate.html", "reports.html"))
    assert f'<script src="../{MERMAID}"></script>' in coordinate.read_text("utf-8")
    assert MERMAID not in reports.read_text("utf-8")
    assert (site / MERMAID).stat().st_size > 1_000_000


def test_the_front_page_has_its_picture_inside(site: Path) -> None:
    """So that it follows light and dark; and pages that lead to source files find them on the site."""
    front = (site / "index.html").read_text("utf-8")
    assert '<div class="flow-frame"><svg class="flow"' in front
    assert (site / "source" / "CONTRIBUTING.md.html").is_file()
    assert 'href="source/CONTRIBUTING.md.html"' in front


def test_a_broken_copy_is_refused(tmp_path: Path) -> None:
    """A dead link, a dead heading, a link out of docs/ to nothing, and a page that the navigation lacks."""
    docs = tmp_path / "docs"
    shutil.copytree(DOCS, docs)
    with (docs / "chaos.md").open("a", encoding="utf-8") as page:
        page.write("\n[a](no-such-page.md) [b](tmf.md#no-such-heading) [c](../no/such/file.py)\n")
    (docs / "stray.md").write_text("# Stray\n", encoding="utf-8")
    done = build(docs, tmp_path / "site")
    assert done.returncode == 1, done.stdout + done.stderr
    for named in ("no-such-page.md", "no-such-heading", "../no/such/file.py", "stray.md"):
        assert named in done.stderr + done.stdout
