"""The one place where formats hand over a measured value: with its unit, or the unit that the rules know."""

from qosresolve.core.record import record
from qosresolve.intake.reading import Mark
from qosresolve.intake.rules import Rules


@record
class Normal:
    """A value as it goes on; stands in for the one of `intake.units` until that is there."""

    value: str = ""
    threshold: str = ""
    unit: str = ""
    raw: str = ""
    marks: tuple[Mark, ...] = ()


_NOTHING = Normal()


def measure(rules: Rules, indicator: str, value: str, threshold: str = "", unit: str = "") -> Normal:
    """Return a value and its threshold in our units; a source that names no unit means the rules' one."""
    if not value and not threshold:
        return _NOTHING
    return Normal(value, threshold, unit or rules.units.get(indicator, ""))  # here: units.normalised(...)
