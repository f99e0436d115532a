"""refusals.md: why an input was refused, had no effect or was only noted, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from qosresolve.core.rules import Rule
from tests.docs.markdown import code, table
from tests.docs.markdown import page as whole

PROCESSES = Path(__file__).parents[3] / "docs" / "processes"
_INTRO = """\
The journal has one of these names with every input that was not applied in the ordinary way; `emit
--wait`, orders, `reports show` and `reports explain` print it with what it means. The last column links
the pages whose stories play it."""


def page() -> str:
    """Return the page."""
    rules = [rule for rule in Rule if rule]
    return whole(
        "Refusals and other rules",
        "qosresolve/core/rules.py and docs/processes/",
        _INTRO,
        table(
            ["Rule", "What it means, what to do", "Stories"],
            ([code(rule), rule.meaning, _stories(rule)] for rule in rules),
        ),
    )


def _stories(rule: Rule) -> str:
    named = re.compile(rf"\b{rule}\b")
    pages = (
        page for page in sorted(PROCESSES.glob("*.md")) if named.search(page.read_text(encoding="utf-8"))
    )
    return ", ".join(f"[{page.stem}](../processes/{page.name})" for page in pages)
