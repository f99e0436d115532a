"""The end of the story: everything that lies on the inputs has its journal record."""

import time
from collections import defaultdict
from collections.abc import Callable

from qosresolve.core.facts import Entry
from qosresolve.demo.roles import Thread
from qosresolve.errors import FatalError
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place, ends
from qosresolve.settings import Settings
from qosresolve.topics import Names

PATIENCE_S = 20.0


class Drain:
    """Which inputs have been decided, and whether those are all. Nobody may write inputs while it waits."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._decided: dict[Place, set[int]] = defaultdict(set)

    def entry(self, entry: Entry) -> None:
        """Note one journal record."""
        if entry.cause.offset >= 0:  # the first activation of a policy has no record of its own
            self._decided[entry.cause.topic, entry.cause.partition].add(entry.cause.offset)

    def left(self, expected: dict[Place, int]) -> int:
        """Return how many inputs below the ends have no journal record."""
        return sum(end - len(self._decided[place]) for place, end in expected.items())

    def wait(self, look: Callable[[], object], worker: Thread) -> None:
        """Look on until nothing is left. Raises FatalError when the worker does not get there."""
        numbers = range(self._settings.partitions)
        places = [(name, number) for name in Names(self._settings.prefix).inputs for number in numbers]
        expected = ends(clients.admin(self._settings), places)
        end = time.monotonic() + PATIENCE_S
        while left := self.left(expected):
            look()
            worker.raise_if_failed()
            if time.monotonic() > end:
                raise FatalError(f"{left} inputs have no journal record after {PATIENCE_S:.0f} s")
