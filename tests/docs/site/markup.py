"""Where the site reads Markdown otherwise than a forge does."""

from __future__ import annotations

import html
import re

_NOTE = re.compile(r"\A<!--.*?-->\s*", re.DOTALL)
_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]*\\\|[^`\n]*)`")


def without_note(text: str) -> str:
    """Return a page without the comment that says what made it."""
    return _NOTE.sub("", text)


def bars_in_code(text: str) -> str:
    """Return a page whose tables have no escaped bar in code.

    A forge takes the backslash away, the site would show it.
    """
    return _ROW.sub(lambda row: _CODE.sub(_as_html, row[0]), text)


def _as_html(code: re.Match[str]) -> str:
    return (
        f"<code>{html.escape(code[1].replace(chr(92) + '|', '|'), quote=False).replace('|', '&#124;')}</code>"
    )
