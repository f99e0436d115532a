"""The end of the story: everything that lies on the inputs has its journal record."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from qosresolve.core.facts import Entry
from qosresolve.demo.roles import Thread
from qosresolve.errors import FatalError
from qosresolve.intake.state import IntakeState
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place, ends
from qosresolve.kafka.reading import place_of, read_all
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings
from qosresolve.topics import FOREIGN, INTAKE, Names

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

    def left(self, lying: Mapping[Place, AbstractSet[int]]) -> int:
        """Return how many of the inputs that lie there have no journal record."""
        return sum(len(offsets - self._decided[place]) for place, offsets in lying.items())

    def foreign(self, intake: Thread) -> None:
        """Wait until intake has taken all that others sent, as its last positions say."""
        numbers = range(self._settings.partitions)
        names = Names(self._settings.prefix)
        expected = ends(clients.admin(self._settings), [(names.of(FOREIGN), number) for number in numbers])
        end = time.monotonic() + PATIENCE_S
        while self._untaken(names, expected):
            intake.raise_if_failed()
            if time.monotonic() > end:
                raise FatalError(f"intake did not take what was sent within {PATIENCE_S:.0f} s")

    def _untaken(self, names: Names, expected: dict[Place, int]) -> bool:
        contracts, taken = contracts_for(self._settings), dict.fromkeys(expected, 0)
        places = [(names.of(INTAKE), number) for number in range(self._settings.partitions)]
        for message in read_all(self._settings, places):
            taken |= contracts.read_as("intake", IntakeState, message.value() or b"").offsets
        return any(taken[place] < end for place, end in expected.items())

    def wait(self, look: Callable[[], object], worker: Thread) -> None:
        """Look on until nothing is left. Raises FatalError when the worker does not get there."""
        numbers = range(self._settings.partitions)
        places = [(name, number) for name in Names(self._settings.prefix).inputs for number in numbers]
        # Not by the ends: a transaction of intake leaves an offset behind it that is no record.
        lying: dict[Place, set[int]] = defaultdict(set)
        for message in read_all(self._settings, places):
            place, offset = place_of(message)
            lying[place].add(offset)
        end = time.monotonic() + PATIENCE_S
        while left := self.left(lying):
            look()
            worker.raise_if_failed()
            if time.monotonic() > end:
                raise FatalError(f"{left} inputs have no journal record after {PATIENCE_S:.0f} s")
