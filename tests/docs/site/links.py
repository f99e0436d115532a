"""Links of pages, and those that lead out of docs/ into the source.

On a forge they lead to the file. The site has a page for each such file, so that it needs no forge;
`source_page` says where. A link whose target is not there stays as it is, and the strict build refuses it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SOURCE = "source"  # the folder of the site for pages of source files
_BLOCK = re.compile(r"^(`{3,})[^\n]*\n.*?^\1\s*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


def links(text: str) -> list[str]:
    """Return the targets of all links of a page; what is in code is none."""
    return _LINK.findall(_without_code(text))


def _without_code(text: str) -> str:
    """Take out code, but for what names a link: `[`x`](y)` is one."""
    return _CODE.sub("", _BLOCK.sub("", text))


def outside(page: str, target: str) -> str:
    """Return the path from the root of what a link leads to, if that lies outside of docs/; else nothing."""
    path = target.partition("#")[0]
    if not path or "://" in target or target.startswith(("/", "mailto:")):
        return ""
    found = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), path))
    return "" if found.startswith("docs/") else found


def led_inside(page: str, text: str, root: Path = ROOT) -> str:
    """Return a page whose links to files outside of docs/ lead to their pages on the site."""

    def led(found: re.Match[str]) -> str:
        path = outside(page, found[0])
        if not path or not (root / path).exists():
            return found[0]
        return posixpath.relpath(source_page(path), posixpath.dirname(page) or ".")

    return _LINK.sub(led, text)


def source_page(path: str) -> str:
    """Return the page of a source file, by its path below docs/."""
    return f"{SOURCE}/{path}.md"


def sources(docs: Path, root: Path = ROOT) -> dict[str, str]:
    """Return the pages of all files outside of docs/ that a page of it links to, by their paths."""
    wanted = {
        path
        for page in docs.rglob("*.md")
        for target in links(page.read_text(encoding="utf-8"))
        if (path := outside(page.relative_to(docs).as_posix(), target)) and (root / path).exists()
    }
    return {source_page(path): _shown(path, root / path) for path in sorted(wanted)}


_LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".md": "markdown"}
_HEAD = "---\nsearch:\n  exclude: true\n---\n\n# {title}\n\n"


def _shown(path: str, file: Path) -> str:
    head = _HEAD.format(title=posixpath.basename(path))
    where = f"`{path}`, as it is in the project.\n\n"
    return head + where + "\n".join(_listed(file) if file.is_dir() else _text(file)) + "\n"


def _listed(folder: Path) -> Iterator[str]:
    for item in sorted(folder.iterdir()):
        if not item.name.startswith(("_", ".")):
            yield f"- `{item.name}`"


def _text(file: Path) -> Iterator[str]:
    yield f"````{_LANGUAGES.get(file.suffix, 'text')}"
    yield file.read_text(encoding="utf-8").rstrip()
    yield "````"
