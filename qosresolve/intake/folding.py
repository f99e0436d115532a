"""Floods: the same crossing told again and again is folded into the first telling. Pure.

The same is: source, object, indicator, kind and severity. What changes one of the last two is never folded,
nor what comes later than the window after the one that was let through. Time is that of the records.
"""

from qosresolve.core.vocabulary import DegradationKind, Severity
from qosresolve.intake.reading import Observation

MOST = 25_000  # crossings remembered, of each of two generations

_Crossing = tuple[str, str, str]
_Told = tuple[DegradationKind, Severity, int]


class Folding:
    """What was let through lately; what a batch adds counts only once it is accepted."""

    def __init__(self, window_ms: int, most: int = MOST) -> None:
        self._window_ms = window_ms
        self._most = most
        self._young: dict[_Crossing, _Told] = {}
        self._old: dict[_Crossing, _Told] = {}
        self._staged: dict[_Crossing, _Told] = {}

    def folds(self, seen: Observation, at: int) -> bool:
        """Tell whether an observation says nothing new; `at` is its record's time, 0 or less for none."""
        if self._window_ms <= 0 or at <= 0:
            return False
        crossing = seen.source, seen.objects[0], seen.indicator
        told = self._staged.get(crossing) or self._young.get(crossing) or self._old.get(crossing)
        same = told is not None and told[0] is seen.kind and told[1] is seen.severity
        if same and told is not None and abs(at - told[2]) < self._window_ms:
            return True
        self._staged[crossing] = seen.kind, seen.severity, at
        return False

    def accept(self) -> None:
        """Remember what a committed batch let through."""
        self._young.update(self._staged)
        self._staged = {}
        if len(self._young) > self._most:
            self._old, self._young = self._young, {}

    def drop(self) -> None:
        """Forget what a batch let through that is taken again."""
        self._staged = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
