"""A runbook as somebody follows it at night: the commands of its parts, word for word.

Scope: what is written in `docs/runbooks`. What a command does is for `shell`, whether it helped
for the tests.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
LOOK, MEND, KNOW = "What to look at", "How to mend it", "How to know that it is mended"

_PROGRAM = r"(?:qosresolve|kafka-[a-z-]+\.sh) "
_BLOCK = re.compile(rf"^ {{4,}}({_PROGRAM}(?:.*\\\n)*.*)$", re.MULTILINE)
_INLINE = re.compile(rf"`({_PROGRAM}[^`]+)`")
_CONTINUED = re.compile(r"\\\n\s*")
_REMARK = re.compile(r"\s+#\s.*$")


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by its name without `.md`."""

    name: str

    @property
    def text(self) -> str:
        """Return all of it."""
        return (RUNBOOKS / f"{self.name}.md").read_text(encoding="utf-8")

    def part(self, title: str) -> str:
        """Return what stands under a title."""
        _, found, rest = self.text.partition(f"\n## {title}\n")
        assert found, f"{self.name} has no part {title!r}"
        return rest.partition("\n## ")[0]

    def blocks(self, title: str) -> list[str]:
        """Return the commands of a part that stand in blocks: those that everybody is to type."""
        return [_plain(command) for command in _BLOCK.findall(self.part(title))]

    def named(self, title: str) -> list[str]:
        """Return the commands of a part that stand within its sentences."""
        return [_plain(command) for command in _INLINE.findall(self.part(title))]

    def all(self) -> list[str]:
        """Return every command of the page."""
        return [_plain(command) for pattern in (_BLOCK, _INLINE) for command in pattern.findall(self.text)]


def _plain(command: str) -> str:
    """Return a command on one line, without the remark behind it."""
    return _REMARK.sub("", _CONTINUED.sub("", command)).strip()
