"""Values of a comparison: how a decision, or an entry of the journal, differs. Pure.

Instants are ms since the epoch, UTC.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from qosresolve.replay.rerun.decisions import Decision, Kind


class Verdict(StrEnum):
    """How what was replayed stands to what was recorded."""

    SAME = "same"
    EARLIER = "earlier"
    LATER = "later"
    OTHER = "other"  # at the same instant, and says something else
    MISSING = "missing"  # recorded, and not decided any more
    NEW = "new"  # decided now, and not recorded


@dataclass(frozen=True, slots=True)
class Pair:
    """One decision on both sides; None where a side has none."""

    recorded: Decision | None
    replayed: Decision | None
    verdict: Verdict

    @property
    def either(self) -> Decision:
        """Return the recorded decision, or the replayed one where there is no other."""
        found = self.recorded or self.replayed
        if found is None:
            raise ValueError("a pair of nothing")
        return found

    @property
    def at(self) -> int:
        """Return when it was decided first, on either side."""
        instants = [item.at for item in (self.recorded, self.replayed) if item is not None]
        return min((at for at in instants if at), default=0)


@dataclass(frozen=True, slots=True)
class About:
    """Whose report it is. `replayed_id` is its id in the replay, where another record opened it there."""

    product_id: str
    report_id: str
    replayed_id: str = ""
    customer_id: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """All that was decided about one report on both sides, as far as it was kept, by instant."""

    about: About
    pairs: tuple[Pair, ...]

    @property
    def differing(self) -> tuple[Pair, ...]:
        """Return what is not the same."""
        return tuple(pair for pair in self.pairs if pair.verdict is not Verdict.SAME)


@dataclass(frozen=True, slots=True)
class EntryDifference:
    """One input of which the journal would say something else: `path` is the first field that differs.

    `first` tells the product's first one: what follows may be its consequence. `where` is the input's
    topic/partition/offset, `journal` the journal's offset.
    """

    product_id: str
    where: str
    journal: int
    at: int
    path: str
    recorded: str
    replayed: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Unprovable:
    """A product of which nothing can be said from there on, and why."""

    product_id: str
    where: str
    at: int
    why: str


def verdict_of(recorded: Decision, replayed: Decision, tolerance: int) -> Verdict:
    """Compare two decisions of one key; instants within the tolerance (ms) are the same."""
    apart = replayed.at - recorded.at
    if abs(apart) <= tolerance:
        return Verdict.SAME if recorded.value == replayed.value else Verdict.OTHER
    if not recorded.at or not replayed.at:  # a clock without a deadline: never is later than any time
        return Verdict.LATER if recorded.at else Verdict.EARLIER
    return Verdict.LATER if apart > 0 else Verdict.EARLIER


def plain(line: Line) -> dict[str, Any]:
    """Return a line as JSON has it."""
    pairs = [[pair.recorded, pair.replayed, pair.verdict] for pair in line.pairs]
    return {"about": asdict(line.about), "pairs": pairs}


def line_of(tree: Mapping[str, Any]) -> Line:
    """Return the line that `plain` wrote."""
    pairs = tuple(Pair(_decision(one), _decision(other), Verdict(word)) for one, other, word in tree["pairs"])
    return Line(About(**tree["about"]), pairs)


def _decision(told: list[Any] | None) -> Decision | None:
    return None if told is None else Decision(Kind(told[0]), *told[1:])
