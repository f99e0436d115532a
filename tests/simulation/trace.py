"""What happened, in order: the last events as text, and one hash over all of them."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LAST = 120  # events that a failure shows
_CHUNK = 512  # lines hashed at a time


class Trace:
    """Two runs are the same when their hashes are."""

    def __init__(self, show: Callable[[str], None] | None = None) -> None:
        self.last: deque[str] = deque(maxlen=LAST)
        self._show = show
        self._hash = blake2b(digest_size=16)
        self._lines: list[str] = []

    def note(self, at: int, who: str, what: str) -> None:
        """Note one event; `at` in ms of virtual time."""
        line = f"{at} {who} {what}"
        self.last.append(line)
        self._lines.append(line)
        if len(self._lines) >= _CHUNK:
            self._fold()
        if self._show is not None:
            self._show(line)

    def _fold(self) -> None:
        self._hash.update("\n".join(self._lines).encode())
        self._lines.clear()

    @property
    def digest(self) -> str:
        """Return the hash of all events so far."""
        self._fold()
        return self._hash.hexdigest()
