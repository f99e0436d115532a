"""What the functions written out of a schema read is what fastavro and msgspec read, value for value."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.contracts import convert, readers, writers
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.readers import SHORT, UNREAD, reader
from qosresolve.contracts.writers import LONGS, writer
from qosresolve.errors import PoisonRecordError
from tests.contracts.strategies import anything
from tests.contracts.test_writers import KINDS

CODEC = SingleObjectCodec()
LONG = 1 << 63
_CONVERTED: dict[str, Callable[[Any], object]] = {
    "report-event": convert.to_entry,
    "command": convert.to_command,
}

every_record = pytest.mark.parametrize("record", KINDS)
few = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def generally(record: str, framed: bytes) -> object:
    """Return what the general readers make of bytes. Raises PoisonRecordError."""
    value = CODEC.decode(record, framed)
    return _CONVERTED.get(record, lambda item: convert.to_core(KINDS[record], item))(value)


def held_together(record: str, framed: bytes) -> bool:
    """Tell whether bytes are read; if so, both ways say the same."""
    try:
        value = reader(record, KINDS[record])(framed, len(CODEC.frame(record)))
    except UNREAD:
        return False
    assert value == generally(record, framed)
    return True


@pytest.mark.slow
@every_record
@few
@given(st.data())
def test_the_values_are_fastavros(record: str, data: st.DataObject) -> None:
    """Whatever was written is read, and nothing of it is left to the general readers."""
    value = data.draw(anything(KINDS[record]))
    written = CODEC.frame(record) + writer(record, KINDS[record])(value)
    numbers = [item for item in _numbers(value) if not -(1 << 62) <= item < 1 << 62]
    assert held_together(record, written) or numbers


@pytest.mark.slow
@every_record
@few
@given(st.data())
def test_damaged_bytes(record: str, data: st.DataObject) -> None:
    """What is cut short, has bytes too many, or holds other ones is read by both ways alike, or left."""
    written = writer(record, KINDS[record])(data.draw(anything(KINDS[record])))
    at = data.draw(st.integers(0, len(written)))
    other = data.draw(st.binary(max_size=3))
    kept = written[at + data.draw(st.integers(0, 3)) :] if data.draw(st.booleans()) else b""
    held_together(record, CODEC.frame(record) + written[:at] + other + kept)


@pytest.mark.slow
@every_record
@few
@given(st.binary(max_size=200))
def test_any_bytes(record: str, body: bytes) -> None:
    """Bytes that nobody wrote raise nothing but what is expected."""
    held_together(record, CODEC.frame(record) + body)


@given(st.integers(-(1 << 62), (1 << 62) - 1))
def test_numbers(number: int) -> None:
    """Every number that fits nine bytes is read as it was written."""
    twice, end = readers.zigzag(LONGS[number], 0)
    assert (twice >> 1 ^ -(twice & 1), end) == (number, len(LONGS[number]))


def test_longer_numbers_are_left() -> None:
    """Ten bytes may say more than 64 bits: the general reader decides."""
    with pytest.raises(ValueError, match="too many"):
        readers.zigzag(LONGS[-LONG], 0)


def test_texts_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes are the same object; what is remembered is bounded, by number and by length."""
    monkeypatch.setattr(readers, "KEPT", 3)
    texts = readers._Texts()
    first = texts[b"latency"]
    assert texts[b"latency"] is first
    long = "x" * (SHORT + 1)
    assert texts[long.encode()] == long
    for word in ("a", "b", "c"):
        assert texts[word.encode()] == word
    assert set(texts) == {b"c"}


def test_a_class_of_other_fields_is_refused() -> None:
    """A field that schema or class alone has would be lost in silence."""
    with pytest.raises(TypeError, match="has not the fields"):
        reader("degradation", KINDS["deadline"])


def test_what_is_damaged_is_told_in_the_general_readers_words() -> None:
    """The way that is taken shows in no error."""
    framed = CODEC.frame("deadline") + writers.string("p")
    assert not held_together("deadline", framed)
    with pytest.raises(PoisonRecordError, match="deadline: "):
        generally("deadline", framed)


def _numbers(value: object) -> list[int]:
    """Return every number in a value."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value]
    if isinstance(value, tuple):
        return [number for item in value for number in _numbers(item)]
    slots = getattr(type(value), "__dataclass_fields__", {})
    return [number for name in slots for number in _numbers(getattr(value, name))]
