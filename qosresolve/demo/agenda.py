"""What the simulated world has yet to do, by the second of the story. Pure; somebody else owns the clock."""

import heapq
from collections.abc import Callable
from itertools import count

Action = Callable[[], None]


class Agenda:
    """Actions in the order of their times; `now` is the story's second."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._heap: list[tuple[float, int, Action]] = []

    def at(self, second: float, action: Action) -> None:
        """Do something at a second of the story."""
        heapq.heappush(self._heap, (second, next(self._order), action))

    def after(self, seconds: float, action: Action) -> None:
        """Do something some seconds from now."""
        self.at(self.now + seconds, action)

    def run(self, until: float) -> None:
        """Do all that is due by a second, each at its own time."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, action = heapq.heappop(self._heap)
            action()
        self.now = until

    @property
    def wait(self) -> float:
        """Return the seconds until the next action."""
        return max(0.0, self._heap[0][0] - self.now) if self._heap else 1.0
