"""The table of rights in docs/security.md, from the table in code.

`python -m tests.security.page` writes it between its two markers; a test compares.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from qosresolve.kafka.acls import COMMANDS, Acl, Pattern, Role, acls
from qosresolve.settings import Settings
from tests.support.pages import between, markers

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
NAME = "rights"
BEGIN, END = markers(NAME)


def rights() -> str:
    """Return the table in Markdown, with the default names."""
    lines = ["| Role | Resource | Operations | What for |", "|---|---|---|---|"]
    for role in Role:
        title = f"**{role}**: {COMMANDS[role]}"
        for acl, names in _rows(role):
            what = f"{acl.resource} {', '.join(names)}"
            lines.append(f"| {title} | {what} | {', '.join(acl.operations)} | {acl.why} |")
            title = ""
    return "\n".join(lines)


def _rows(role: Role) -> list[tuple[Acl, list[str]]]:
    """Return rights that differ in nothing but the name together."""
    grouped = groupby(
        acls(role, Settings()), lambda acl: (acl.resource, acl.pattern, acl.operations, acl.why)
    )
    rows = []
    for _, group in grouped:
        found = list(group)
        rows.append((found[0], [_name(acl) for acl in found]))
    return rows


def _name(acl: Acl) -> str:
    return f"`{acl.name}`" + (" (prefix)" if acl.pattern is Pattern.PREFIXED else "")


def whole(page: str) -> str:
    """Return a page with the table as it is now between the markers."""
    return between(page, NAME, rights())


if __name__ == "__main__":
    PAGE.write_text(whole(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
