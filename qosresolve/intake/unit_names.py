"""What the names of units mean that telecom sources write, and which unit we write for each quantity.

pint works them out, once for each name, with definitions of our own: in those it comes with, `b` is a barn
and `M` is molar. What has no second unit in use (dBm, °C, Hz) is known and stays as it is.
"""

import re
from collections.abc import Iterator
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from qosresolve.core.record import record

KEPT = 4_096  # names whose meaning is remembered: anybody may invent some

_COUNTED = (
    *("count", "packet", "frame", "message", "event", "error", "drop", "retransmission"),
    *("call", "session", "attempt", "request", "user", "flow"),
)  # each of them its own quantity
_DEFINITIONS = [
    *("kilo- = 1e3 = k- = K-", "mega- = 1e6 = M-", "giga- = 1e9 = G-", "tera- = 1e12 = T-"),
    *(
        "kibi- = 1024 = Ki-",
        "mebi- = 1048576 = Mi-",
        "gibi- = 1073741824 = Gi-",
        "tebi- = 1099511627776 = Ti-",
    ),
    *("milli- = 1e-3 = m-", "micro- = 1e-6 = µ- = μ- = u-", "nano- = 1e-9 = n-", "pico- = 1e-12 = p-"),
    *("second = [time] = s = sec", "minute = 60 * second = min", "hour = 3600 * second = h = hr"),
    *("day = 86400 * second = d", "week = 604800 * second", "centisecond = second / 100 = cs = timetick"),
    *("bit = [information] = b", "byte = 8 * bit = B = octet"),
    *("percent = [ratio] = pct", "ratio = 100 * percent = fraction", "permille = percent / 10"),
    "ppm = percent / 10000",
    *(f"{name} = [{name}]" for name in _COUNTED),
    "@alias packet = pkt",
]
# By quantity: the unit that we write, and which one that is to pint.
_WRITTEN = {
    "second": ("ms", Fraction(1, 1_000)),
    "percent": ("%", Fraction(1)),
    "bit": ("B", Fraction(8)),
    "bit/second": ("Mbit/s", Fraction(1_000_000)),
    **{name: (f"{name}s", Fraction(1)) for name in _COUNTED},
    "count": ("count", Fraction(1)),
    **{f"{name}/second": (f"{name}s/s", Fraction(1)) for name in _COUNTED},
}
_AS_IT_IS = (
    *("1", "1/s", "dB", "dBm", "dBi", "dBc", "dBmV", "dBµV", "°C", "°F", "K", "Hz", "kHz", "MHz", "GHz"),
    *("V", "mV", "A", "mA", "W", "mW", "kW", "MOS", "Erlang"),
)
_SAME = {name: name for name in ("", *_AS_IT_IS)}
_SAME_IN_ANY_CASE = {
    **{
        name.casefold(): name
        for name in ("dB", "dBm", "dBi", "dBc", "Hz", "kHz", "MHz", "GHz", "MOS", "Erlang")
    },
    **dict.fromkeys(("celsius", "degc", "deg c", "degrees celsius", "c"), "°C"),
    **dict.fromkeys(("fahrenheit", "degf", "deg f", "degrees fahrenheit"), "°F"),
    **dict.fromkeys(("erl", "erlangs"), "Erlang"),
    **dict.fromkeys(("decibel", "decibels"), "dB"),
    **dict.fromkeys(("volt", "volts"), "V"),
    **dict.fromkeys(("watt", "watts"), "W"),
    "kelvin": "K",
    "hertz": "Hz",
    **dict.fromkeys(("/s", "per second"), "1/s"),
}
_WORDS = {
    "%": "percent",
    "‰": "permille",
    "per cent": "percent",
    "percentage": "percent",
    "per mille": "permille",
}
_PACKETS = re.compile(r"([kKMG]?)[pP]{2}[sS]")
_PER_SECOND = re.compile(r"(.*[A-Za-z])ps")
_NAMES = re.compile(r"[A-Za-zµμ]{1,30}(?:/[A-Za-zµμ]{1,30})?")
_PART_OF_A_BIT = re.compile(r"[munpµμ](?:b|B|bits?|bytes?|octets?)(?:/.*)?")  # nobody has any: it is mega
_EXACT, _ROUNDED, _ENDS = Context(prec=90), Context(prec=15), Context(prec=40, traps=[Inexact])
_ONE = Decimal(1)


@record
class Unit:
    """What becomes of a unit's numbers: `name` is the unit that they are written in.

    `divisor` is 1 but where the factor has no end as a decimal, as that of `bit/h`.
    """

    name: str
    factor: Decimal = _ONE
    divisor: Decimal = _ONE

    def of(self, number: Decimal | None) -> Decimal | None:
        """Return a number in our unit: exact, or 15 digits of it where it has no end."""
        if number is None or self.factor is _ONE:
            return number
        if self.divisor is _ONE:
            return _EXACT.multiply(number, self.factor)
        return _ROUNDED.divide(_EXACT.multiply(number, self.factor), self.divisor)


@lru_cache(KEPT)
def known(text: str) -> Unit | None:
    """Return what a unit means, None for a name that nobody knows."""
    same = _SAME.get(text) if text in _SAME else _SAME_IN_ANY_CASE.get(text.casefold())
    if same is not None:
        return Unit(same)
    return next((unit for name in _spellings(text) if (unit := _meant(name)) is not None), None)


def _spellings(text: str) -> Iterator[str]:
    """Yield how a name may have been meant, as it stands first: `mbps` and `MBIT/S` are no millibits."""
    text = _WORDS.get(text.casefold(), text)
    text = re.sub(r"\s+per\s+|\s*/\s*", "/", text)
    packets = _PACKETS.fullmatch(text)
    if packets:
        yield f"{packets[1]}packet/s"
        return
    for name in (text, text.casefold()):
        whole = _PER_SECOND.sub(r"\1/s", name)
        yield whole
        numerator, slash, denominator = whole.partition("/")
        if slash:
            yield f"{numerator}/{denominator.casefold()}"
            yield f"{numerator[:1].upper()}{numerator[1:].casefold()}/{denominator.casefold()}"


def _meant(name: str) -> Unit | None:
    """Return what exactly this name means."""
    if not _NAMES.fullmatch(name) or _PART_OF_A_BIT.fullmatch(name):
        return None
    pint, registry = _registry()
    try:
        factor, base = registry.get_base_units(registry.parse_units(name))
    except pint.errors.PintError:
        return None
    written = _WRITTEN.get(str(base).replace(" ", ""))
    return None if written is None else _unit(written[0], Fraction(factor) / written[1])


def _unit(name: str, factor: Fraction) -> Unit:
    """Return a unit with its factor as one decimal, where it is one."""
    numerator, denominator = Decimal(factor.numerator), Decimal(factor.denominator)
    try:
        one = _ENDS.divide(numerator, denominator)
    except Inexact:
        return Unit(name, numerator, denominator)
    return Unit(name, _ONE if one == _ONE else one)


@cache
def _registry() -> tuple[Any, Any]:
    """Return pint and its registry; they take a third of a second to load, and not everybody needs them."""
    import pint  # noqa: PLC0415

    registry: Any = pint.UnitRegistry(None, non_int_type=Fraction)
    registry.load_definitions(_DEFINITIONS)
    return pint, registry
