"""What becomes of requests: shifting mixes of faults, with spells in which nothing goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.network import Fate

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

BACKGROUND = ("Fetch", "Linger", "WriteTxnMarkers")
REPEATED = ("EndTxn", "EndTxn", "TxnOffsetCommit", "AddPartitionsToTxn", "AddOffsetsToTxn", "Produce")
SILENCES_MS = (1_500, 4_000, 9_000)
ALL = ""


@dataclass(frozen=True, slots=True)
class Mix:
    """Rates of one spell: `lost` and `late` of requests, `behind` of what happens in the background.

    `every_ms` is the mean time between two blows, 0 for none; `switching` how often another process goes on.
    """

    lost: float = 0.0
    late: float = 0.0
    behind: float = 0.0
    every_ms: int = 0
    switching: float = 0.2


CALM = Mix()
MIXES = (
    CALM,
    CALM,
    Mix(switching=0.5, behind=0.3),
    Mix(lost=0.02, behind=0.3, every_ms=1_000),
    Mix(late=0.15, behind=0.5, every_ms=1_400),
    Mix(lost=0.005, late=0.05, behind=0.2, every_ms=300),
    Mix(every_ms=400, behind=0.5, switching=0.4),
    Mix(lost=0.08, late=0.1, behind=0.6, every_ms=800),
)


class Faults:
    """The fate of every request, by the present mix and by who is cut off."""

    def __init__(self, chance: Random, now_ms: Callable[[], int], struck: Callable[[str], None]) -> None:
        self.mix = CALM
        self._chance = chance
        self._now = now_ms
        self._struck = struck  # told what happened
        self._silent: dict[str, int] = {}  # by process, or all: until when no request arrives
        self._ambushed: dict[str, str] = {}  # by process: the request whose answer is the last to be lost

    def heal(self) -> None:
        """Deliver everything from now on."""
        self.mix = CALM
        self._silent.clear()
        self._ambushed.clear()

    def silence(self, process: str, milliseconds: int) -> None:
        """Let no request of a process, or of all, arrive for a while."""
        self._silent[process] = self._now() + milliseconds

    def ambush(self, process: str) -> None:
        """Cut a process off in the middle of one of its next requests."""
        self._ambushed[process] = self._chance.choice(REPEATED)

    def fate(self, client: str, api: str) -> Fate:
        """Return what becomes of a request, or of what happens in the background."""
        mix = self.mix
        if mix is CALM and not self._silent and not self._ambushed:
            return Fate.DELIVERED
        if api in BACKGROUND:
            return Fate.REQUEST_LOST if self._happens(mix.behind) else Fate.DELIVERED
        process = client.partition("/")[0]
        if self._silent and max(self._silent.get(ALL, 0), self._silent.get(process, 0)) > self._now():
            return Fate.REQUEST_LOST
        if self._ambushed and self._ambushed.get(process) == api:
            return self._cut_off(process)
        if self._happens(mix.lost):
            return self._chance.choice((Fate.REQUEST_LOST, Fate.ANSWER_LOST))
        late = api in REPEATED and self._happens(mix.late)
        return Fate.LATE_COPY if late else Fate.DELIVERED

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._chance.random() < rate

    def _cut_off(self, process: str) -> Fate:
        api = self._ambushed.pop(process)
        self.silence(process, self._chance.choice(SILENCES_MS))
        self._struck(f"{process} is cut off in {api}")
        return self._chance.choice((Fate.ANSWER_LOST, Fate.REQUEST_LOST))
