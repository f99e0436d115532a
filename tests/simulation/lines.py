"""The log as the simulator hears it: counted, and looked through for payload (20)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.simulation.inputs import CANARY
from tests.simulation.violation import expect

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping


class Lines:
    """Every line of every process."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.counted: Counter[str] = Counter()
        self._note = note

    def hear(self, event: str, values: MutableMapping[str, Any]) -> None:
        """Take one line."""
        text = f"{event} {dict(values)}"
        expect("20", CANARY not in text, f"payload in a log line: {event!r}")
        self.counted[event] += 1
        self._note(f"log {text[:160]}")
