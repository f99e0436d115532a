"""The tables of checks and findings in docs/doctor.md, from the code.

`python -m tests.replay.doctor.page` writes them between their markers; a test compares.
"""

from collections.abc import Iterator
from pathlib import Path

from qosresolve.replay.doctor.examine import CHECKS, Check
from qosresolve.replay.doctor.findings import NOT_LOOKED, Kind
from tests.support.pages import between

PAGE = Path(__file__).parents[3] / "docs" / "doctor.md"


def checks() -> str:
    """Return the table of checks."""
    return "\n".join(
        ["| Check | Asks |", "|---|---|", *(f"| `{check.name}` | {check.question} |" for check in CHECKS)]
    )


def findings() -> str:
    """Return the table of findings, check by check."""
    head = ["| Check | Finding | Severity | Means | Mended by | Page |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *(row for check in CHECKS for row in _rows(check)), _row("any", NOT_LOOKED)])


def _rows(check: Check) -> Iterator[str]:
    for number, kind in enumerate(check.kinds):
        yield _row("" if number else f"`{check.name}`", kind)


def _row(check: str, kind: Kind) -> str:
    file = kind.page.removeprefix("docs/")
    link = f"[{file.removeprefix('runbooks/')}]({file})"
    command = f"`{_words(kind.command)}`" if kind.command else "see the page"
    return f"| {check} | `{kind.name}` | {kind.severity} | {kind.means} | {command} | {link} |"


def _words(command: str) -> str:
    """Return a command with its names as a reader replaces them."""
    return command.replace("{subject}", "NAME").replace("{", "").replace("}", "").replace("|", "\\|")


def whole(page: str) -> str:
    """Return the page with the tables as they are now."""
    return between(between(page, "checks", checks()), "findings", findings())


if __name__ == "__main__":
    PAGE.write_text(whole(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
