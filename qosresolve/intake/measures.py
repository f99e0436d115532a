"""The one place where formats hand over a measured value: in our units, with the unit that the rules know."""

from qosresolve.intake.rules import Rules
from qosresolve.intake.units import Normal, normalised

_NOTHING = Normal("", "", "")


def measure(rules: Rules, indicator: str, value: str, threshold: str = "", unit: str = "") -> Normal:
    """Return a value and its threshold in our units; where a source names no unit, the rules do."""
    if not value and not threshold:
        return _NOTHING
    return normalised(value, threshold, unit or rules.units.get(indicator, ""))
