"""How a replay ended, in numbers that add up over partitions."""

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class Counts:
    """Of one partition, or of several together.

    `folded`: entries before the range, which made its beginning. `replayed`: inputs taken again. `told`:
    recorded deadlines that a virtual timer replaced. `same`: of those replayed, whose entry is equal.
    `fired`: deadlines of the virtual timer. `skipped`: inputs in the range that the journal does not know.
    `decisions` counts by (kind, verdict), `reports` those with a difference.
    """

    partitions: int = 0
    folded: int = 0
    replayed: int = 0
    told: int = 0
    same: int = 0
    fired: int = 0
    skipped: int = 0
    entries: int = 0
    reports: int = 0
    unprovable: int = 0
    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __add__(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))

    @property
    def differs(self) -> bool:
        """True when anything is decided otherwise."""
        return bool(self.entries or self.reports or self.skipped)
