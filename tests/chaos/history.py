"""The history of a run: one JSON object a line, with wall and monotonic time, appended by every process.

A line is one `write` on a descriptor opened for appending, so lines of several processes never mix, and what
was written before a SIGKILL stays. Both clocks are the machine's: lines of different processes compare.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class History:
    """Writes lines; may be shared by threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(self, kind: str, **fields: object) -> None:
        """Append one line: `kind` says what happened, the fields what to and how."""
        line = {"wall": round(time.time(), 4), "mono": round(time.monotonic(), 4), "kind": kind} | fields
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Event:
    """One line: wall-clock seconds, monotonic seconds, what happened, and all that was said with it."""

    wall: float
    mono: float
    kind: str
    fields: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return a field. Raises KeyError."""
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return a field, or the default."""
        return self.fields.get(name, default)


def read(path: Path) -> Iterator[Event]:
    """Yield the lines in the order in which they were written."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            found: dict[str, Any] = json.loads(line)
            yield Event(found.pop("wall"), found.pop("mono"), found.pop("kind"), found)
