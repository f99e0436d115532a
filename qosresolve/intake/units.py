"""Values in one unit for each quantity, whatever unit a source writes: ms, %, Mbit/s, B, packets/s.

Numbers are decimal and exact. What a unit's name means is `unit_names`' business; which unit an indicator has
whose source names none, `Rules.units`'.
"""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from qosresolve.core.record import record
from qosresolve.intake import unit_names
from qosresolve.intake.reading import Mark

MOST_DIGITS = 40  # of what is taken for a number, and places before or after its point
KEPT = 8_192  # texts whose number is remembered: thresholds come again and again

_NUMBER = re.compile(r"([+-]?(?:[0-9][0-9.,]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*([A-Za-zµμ%‰°].*)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3}){2,}|[+-]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*")
_POINTS = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*|[+-]?[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


@record
class Normal:
    """Value, threshold and unit, normalised.

    `raw` has the source's own words, such as `12000 us > 10000 us`, where they were changed. With a mark
    nothing was: the unit is not known.
    """

    value: str
    threshold: str
    unit: str
    raw: str = ""
    marks: tuple[Mark, ...] = ()


@record
class _Side:
    """Value or threshold as the source has it, the number that it is, and the unit that it brings."""

    text: str
    number: Decimal | None = None
    unit: str = ""


def normalised(value: str, threshold: str, unit: str) -> Normal:
    """Return what a source measured in the unit of its quantity; never raises.

    A unit inside of a value (`12.5ms`) counts before `unit`. Value and threshold change together or not at
    all: words in place of a number (`high`) leave both as they are, and so does a unit that nobody knows.
    """
    left, right, unit = _side(value), _side(threshold), unit.strip()
    if (left.text and left.number is None) or (right.text and right.number is None):
        return Normal(left.text, right.text, unit)
    default = unit or left.unit or right.unit
    known, other = unit_names.known(left.unit or default), unit_names.known(right.unit or default)
    if known is None or other is None or known.name != other.name:
        return Normal(left.text, right.text, unit, marks=(Mark.UNIT_UNKNOWN,))
    ours, limit = known.of(left.number), other.of(right.number)
    made = Normal(_written(ours), _written(limit), known.name)
    if (made.value, made.threshold, made.unit) == (left.text, right.text, unit):
        return made
    told = [f"{side.text} {default}" if default and not side.unit else side.text for side in (left, right)]
    return Normal(made.value, made.threshold, made.unit, _raw(left, right, told, ours, limit) or default)


def _raw(left: _Side, right: _Side, told: list[str], ours: Decimal | None, limit: Decimal | None) -> str:
    if ours is None or limit is None:
        return told[0] if left.text else told[1] if right.text else ""
    sign = ">" if ours > limit else "<" if ours < limit else "="
    return f"{told[0]} {sign} {told[1]}"


@lru_cache(KEPT)
def _side(text: str) -> _Side:
    text = text.strip()
    found = _NUMBER.fullmatch(text)
    number = _number(found[1]) if found else None
    return _Side(text) if found is None or number is None else _Side(text, number, found[2] or "")


def _number(text: str) -> Decimal | None:
    """Return a number: a comma groups thousands or is the point, and `1,500` does not tell which of them."""
    if "," in text or text.count(".") > 1:
        if _AMBIGUOUS.fullmatch(text):
            return None
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        elif _POINTS.fullmatch(text):
            text = text.replace(".", "")
        text = text.replace(",", ".")
    if len(text) > MOST_DIGITS:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if abs(number.adjusted()) <= MOST_DIGITS else None  # else it is no short text in our unit


def _written(number: Decimal | None) -> str:
    if number is None:
        return ""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
