"""Which files are generated, and whether those that lie there are as the code.

`make docs-reference` writes them; `test_generated.py` compares. A file in one of the folders that nothing
makes any more is outdated too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs import avro
from tests.docs.asyncapi import document
from tests.docs.reference import cli, contents, exit_codes, facts, metrics, refusals, settings, topics
from tests.docs.reference import schemas as schema_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCS = Path(__file__).parents[2] / "docs"
FOLDERS = ("reference", "schemas")  # all that lies in them is generated
PAGES = {
    "topics.md": topics.page,
    "schemas.md": schema_pages.page,
    "types.md": schema_pages.types,
    "facts.md": facts.page,
    "settings.md": settings.page,
    "metrics.md": metrics.page,
    "exit-codes.md": exit_codes.page,
    "cli.md": cli.page,
    "refusals.md": refusals.page,
    "README.md": contents.page,
}


def texts() -> dict[str, str]:
    """Return every generated file by its path below docs/."""
    return {
        "asyncapi.yaml": document.text(),
        **{f"schemas/{name}": text for name, text in avro.files().items()},
        **{f"reference/{name}": page() for name, page in PAGES.items()},
    }


def outdated(wanted: Mapping[str, str], docs: Path = DOCS) -> list[str]:
    """Return the paths of files that are not as wanted: changed, missing, or left over."""
    found = {path: (docs / path).read_text(encoding="utf-8") for path in _there(docs)}
    return sorted(path for path in {**wanted, **found} if wanted.get(path) != found.get(path))


def write(wanted: Mapping[str, str], docs: Path = DOCS) -> None:
    """Write all files, and remove what nothing makes any more."""
    for path in set(_there(docs)) - set(wanted):
        (docs / path).unlink()
    for path, text in wanted.items():
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_text(text, encoding="utf-8")


def _there(docs: Path) -> Iterator[str]:
    for folder in FOLDERS:
        for path in sorted((docs / folder).rglob("*")):
            if path.is_file():
                yield path.relative_to(docs).as_posix()
    if (docs / "asyncapi.yaml").is_file():
        yield "asyncapi.yaml"
