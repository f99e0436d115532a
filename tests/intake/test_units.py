"""Units: one for each quantity, exact numbers, and the source's own words where something changed."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qosresolve.intake.reading import Mark
from qosresolve.intake.unit_names import KEPT, known
from qosresolve.intake.units import Normal, normalised

SPELT = {
    "ms": ("ms", "msec", "msecs", "millisecond", "Milliseconds", "MSEC", " ms "),
    "us": ("us", "µs", "μs", "usec", "microseconds"),
    "s": ("s", "sec", "secs", "seconds", "SEC"),
    "Mbit/s": (
        "Mbit/s",
        "Mbps",
        "mbps",
        "MBPS",
        "Mb/s",
        "mb/s",
        "Mbits/sec",
        "megabits per second",
        "MBIT/S",
    ),
    "kbit/s": ("kbit/s", "kbps", "Kbps", "kb / s"),
    "Gbit/s": ("Gbit/s", "Gbps", "gbps", "Gb/s"),
    "MB/s": ("MB/s", "MBps", "MB/S", "megabytes per second"),
    "%": ("%", "pct", "percent", "Percentage", "per cent"),
    "packets/s": ("packets/s", "pps", "PPS", "packets per second", "pkt/s"),
    "B": ("B", "bytes", "octets", "Byte"),
    "dBm": ("dBm", "dbm", "DBM"),
    "°C": ("°C", "C", "celsius", "degC"),
}


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("us", "12000", ("12", "ms")),
        ("s", "0.1", ("100", "ms")),
        ("min", "1.5", ("90000", "ms")),
        ("ns", "3", ("0.000003", "ms")),
        ("timeticks", "150", ("1500", "ms")),
        ("ratio", "0.995", ("99.5", "%")),
        ("ppm", "50", ("0.005", "%")),
        ("kbit/s", "1500", ("1.5", "Mbit/s")),
        ("Gbps", "1.1", ("1100", "Mbit/s")),
        ("bps", "3", ("0.000003", "Mbit/s")),
        ("MB/s", "0.3", ("2.4", "Mbit/s")),
        ("KiB", "2", ("2048", "B")),
        ("kB", "2", ("2000", "B")),
        ("Mb", "1", ("125000", "B")),
        ("kpps", "2", ("2000", "packets/s")),
        ("packets", "21000", ("21000", "packets")),
        ("count", "7", ("7", "count")),
        ("dBm", "-95.50", ("-95.5", "dBm")),
        ("celsius", "41", ("41", "°C")),
        ("bit/h", "5", ("0.00000000138888888888889", "Mbit/s")),
        ("", "1e3", ("1000", "")),
    ],
)
def test_every_quantity_has_one_unit(unit: str, value: str, expected: tuple[str, str]) -> None:
    """Exactly, without exponents and needless zeros."""
    found = normalised(value, "", unit)
    assert (found.value, found.unit) == expected
    assert found.marks == ()


@pytest.mark.parametrize("unit", SPELT)
def test_a_unit_is_known_by_every_spelling(unit: str) -> None:
    """Whatever a source writes for it means the same."""
    expected = normalised("1", "2", unit)
    for spelling in SPELT[unit]:
        found = normalised("1", "2", spelling)
        assert (found.value, found.threshold, found.unit) == (
            expected.value,
            expected.threshold,
            expected.unit,
        )


@pytest.mark.parametrize(
    "unit", ["foo", "mb", "%/s", "ms)", "ms**9", "2 ms", "s*s", "lambda", "NAN", "inf", "a" * 5_000]
)
def test_an_unknown_unit_is_kept_and_marked(unit: str) -> None:
    """Nothing is guessed: value, threshold and unit are the source's."""
    assert normalised("12000", "1e4", unit) == Normal("12000", "1e4", unit, "", (Mark.UNIT_UNKNOWN,))


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (("12000", "10000", "us"), Normal("12", "10", "ms", "12000 us > 10000 us")),
        (("2", "3", "s"), Normal("2000", "3000", "ms", "2 s < 3 s")),
        (("0.5", "50", "%"), Normal("0.5", "50", "%")),
        (("12.5ms", "10", ""), Normal("12.5", "10", "ms", "12.5ms > 10 ms")),
        (("99.5%", "0.99", "ratio"), Normal("99.5", "99", "%", "99.5% > 0.99 ratio")),
        (("", "3 s", ""), Normal("", "3000", "ms", "3 s")),
        (("", "", "us"), Normal("", "", "ms", "us")),
        (("12", "10", ""), Normal("12", "10", "")),
        (("", "", ""), Normal("", "", "")),
        (("12 ms", "10 packets", ""), Normal("12 ms", "10 packets", "", "", (Mark.UNIT_UNKNOWN,))),
        (("12ms", "", "packets"), Normal("12ms", "", "packets", "", (Mark.UNIT_UNKNOWN,))),
    ],
)
def test_value_and_threshold_change_together(given_: tuple[str, str, str], expected: Normal) -> None:
    """The source's own words stay beside what they became; units that contradict each other are not known."""
    assert normalised(*given_) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,5", "1.5"),
        ("0,500", "0.5"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        (".5", "0.5"),
        ("+7.", "7"),
        ("-0.0", "0"),
        ("1,500", "1,500"),  # thousands or not: nobody can tell
        ("1.2.3", "1.2.3"),
        ("1e99", "1e99"),
        ("NaN", "NaN"),
        ("10.0.0.1", "10.0.0.1"),
        ("9" * 41, "9" * 41),
    ],
)
def test_numbers_as_people_write_them(text: str, expected: str) -> None:
    """A comma may be the point; what is no number, or not for sure, stays as it is."""
    assert normalised(text, "", "").value == expected


def test_words_in_place_of_a_number_leave_everything_as_it_is() -> None:
    """A threshold in ms beside a value in us would be wrong by a thousand."""
    assert normalised("high", "10000", "us") == Normal("high", "10000", "us")


UNITS = st.sampled_from([unit for spellings in SPELT.values() for unit in spellings] + ["", "bit/h", "foo"])
NUMBERS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=6).map(
    lambda it: f"{it:f}"
)
TEXTS = st.one_of(st.text(), NUMBERS, st.from_regex(r"[0-9.,eE+-]{1,12}\s?[A-Za-zµ%/]{0,5}", fullmatch=True))


@given(TEXTS, TEXTS, st.one_of(st.text(), UNITS))
@example("1e-40", "", "bit/h")
@example("1E40", "1", "s")
@example("0e-999", "", "ns")
def test_whatever_is_given_it_is_idempotent_and_never_raises(value: str, threshold: str, unit: str) -> None:
    """What is normal already stays, with no raw text; what was not understood stays as marked."""
    once = normalised(value, threshold, unit)
    again = normalised(once.value, once.threshold, once.unit)
    assert again == Normal(once.value, once.threshold, once.unit, "", once.marks)
    changed = (once.value, once.threshold, once.unit) != (value.strip(), threshold.strip(), unit.strip())
    assert bool(once.raw) == changed


@given(NUMBERS, NUMBERS, UNITS)
def test_the_order_of_values_is_kept(one: str, other: str, unit: str) -> None:
    """What crossed its threshold before still does."""
    made = normalised(one, other, unit)
    assert (Decimal(one) > Decimal(other)) >= (Decimal(made.value) > Decimal(made.threshold))
    assert (Decimal(one) >= Decimal(other)) <= (Decimal(made.value) >= Decimal(made.threshold))
    if unit != "bit/h":
        assert (Decimal(one) == Decimal(other)) == (Decimal(made.value) == Decimal(made.threshold))


@given(NUMBERS)
def test_there_and_back_is_the_same_number(number: str) -> None:
    """Seconds become milliseconds and nothing else."""
    assert Decimal(normalised(number, "", "s").value) == Decimal(number) * 1_000
    assert "E" not in normalised(number, "", "ns").value


def test_a_flood_of_invented_units_is_forgotten() -> None:
    """What is remembered is bounded: anybody may write a unit."""
    for number in range(5_000):
        known(f"%{number}")
    assert known.cache_info().currsize <= KEPT
