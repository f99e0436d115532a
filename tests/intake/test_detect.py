"""Which format reads a record, and what is said of records that nobody can read."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError
from qosresolve.intake import detect
from qosresolve.intake.paths import Json, number, obj, text
from qosresolve.intake.reading import Ignored, Mark, Observation, Reading
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import instant


@dataclass(frozen=True)
class _Probe:
    """A format for these tests: `{"probe": ..., "value": ...}`; `trips` makes it fail as a fault would."""

    name: str = "probe"
    trips: type[Exception] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def fits(self, payload: Json) -> bool:
        return isinstance(payload, dict) and "probe" in payload

    def read(self, payload: Json, rules: Rules) -> Reading:
        if self.trips is not None:
            raise self.trips("secret")
        said = obj(payload)
        if said.get("probe") is None:
            return Reading(self.name, ignored=(Ignored("probe", "null"),))
        observation = Observation(
            source=text(said.get("source")),
            source_id=text(said.get("id")),
            sequence=0,
            kind=DegradationKind.RAISE,
            indicator=text(said["probe"]),
            objects=("r1",),
            object_kind=ObjectKind.RESOURCE,
            severity=rules.assumed or Severity.MAJOR,
            observed_at=int(number(said.get("at")) or 0),
            marks=(Mark.SEVERITY_ASSUMED, Mark.TIME_ASSUMED),
        )
        return Reading(self.name, (observation,) if text(said["probe"]) else ())


RULES = Rules(mappings=(_Probe(),))
PAYLOAD = {"probe": "latency"}


def _read(value: Json, *headers: tuple[str, bytes | str | None], rules: Rules = RULES) -> Reading:
    return detect.read("auto", headers, json.dumps(value).encode(), rules)


def _refused(value: bytes, rules: Rules = RULES, topic_format: str = "auto") -> PoisonRecordError:
    with pytest.raises(PoisonRecordError) as caught:
        detect.read(topic_format, (), value, rules)
    assert caught.value.stage == "intake"
    assert caught.value.remedy
    return caught.value


def test_a_payload_goes_to_the_format_that_it_fits() -> None:
    """By its shape, where the topic's setting is `auto`."""
    reading = _read(PAYLOAD)
    assert reading.format == "probe"
    assert [item.indicator for item in reading.observations] == ["latency"]


def test_a_byte_order_mark_and_json_in_a_text_are_no_obstacle() -> None:
    """Both are what some senders write; a text is looked into once, not for ever."""
    plain = json.dumps(PAYLOAD)
    assert detect.read("auto", (), b"\xef\xbb\xbf" + plain.encode(), RULES).observations
    assert _read(plain).observations
    assert "a JSON str" in str(_refused(json.dumps(json.dumps(plain)).encode()))


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe", "not JSON"),
        (b'"\xff"', "not UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested"),
        (b"null", "a JSON null"),
        (b"12", "a JSON int"),
        (b"{}", "an empty JSON object"),
        (b"[]", "an empty JSON array"),
        (b"[[[]]]", "an array in an array"),
        (b'{"foo": "secret", "bar": 1}', "a JSON object with foo, bar that no format fits"),
    ],
)
def test_what_nobody_understands_is_told_by_what_was_seen(value: bytes, seen: str) -> None:
    """The message names fields, never what is in them; the remedy is there."""
    error = _refused(value)
    assert seen in str(error)
    assert "secret" not in f"{error} {error.remedy}"


def test_the_remedy_for_an_unknown_shape_names_formats_and_the_check() -> None:
    """Whoever reads the dead letter sees what there is, and how to add to it."""
    remedy = _refused(b'{"foo": 1}').remedy
    assert "probe" in remedy
    assert "qosresolve intake check" in remedy


def test_many_long_and_odd_field_names_are_told_shortly() -> None:
    """A dead letter's reason has an end, and no control characters."""
    odd = {"\x1b[31m" + "n" * 500: 1, **{f"field{number}": 1 for number in range(100)}}
    told = str(_refused(json.dumps(odd).encode()))
    assert len(told) < 500
    assert told.isprintable()
    assert "and 89 more" in told


def test_a_setting_names_the_format() -> None:
    """A named format reads whatever comes; a name that nobody knows is told with those that are known."""
    assert detect.read("probe", (), json.dumps(PAYLOAD).encode(), RULES).format == "probe"
    error = _refused(json.dumps(PAYLOAD).encode(), topic_format="prob")
    assert "'prob'" in str(error)
    assert "probe" in error.remedy
    assert detect.names(RULES)[0] == "auto"
    assert detect.names(RULES)[-1] == "probe"


def test_a_format_that_says_nothing_is_an_error() -> None:
    """A reading always says something: nothing is lost silently."""
    assert "says nothing" in str(_refused(b'{"probe": ""}'))


@pytest.mark.parametrize("fault", [KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError])
def test_a_fault_of_a_reader_is_a_dead_letter_too(fault: type[Exception]) -> None:
    """One record that its reader stumbles over must not stop the topic; it says that the fault is ours."""
    error = _refused(json.dumps(PAYLOAD).encode(), Rules(mappings=(_Probe(trips=fault),)))
    assert fault.__name__ in str(error)
    assert "fault of intake" in error.remedy
    assert "secret" not in str(error)


# -- arrays


def test_members_of_an_array_count_each_for_itself() -> None:
    """What one member says is not lost because of another, which is told with its reason."""
    reading = _read([{"probe": "latency"}, {"foo": 1}, {"probe": None}])
    assert [item.indicator for item in reading.observations] == ["latency"]
    assert [item.what for item in reading.ignored] == ["probe"]
    (refused,) = reading.refused
    assert refused.what == "[1]"
    assert "no format fits" in refused.reason
    assert refused.remedy


def test_an_array_of_which_nothing_is_understood_is_refused() -> None:
    """It is a dead letter like any of its members would be."""
    assert "with foo" in str(_refused(b'[{"foo": 1}, {"bar": 1}]'))


def test_what_has_no_name_is_named_by_its_content() -> None:
    """The same bytes get the same id, so that they are recognised when they come again; others another."""
    (first,), (again,), (other,) = (
        _read({"probe": "latency", "n": number_}).observations for number_ in (1, 1, 2)
    )
    assert first.source == "probe"
    assert first.source_id
    assert first.source_id == again.source_id != other.source_id


# -- CloudEvents


def test_binary_mode_gives_what_the_payload_lacks() -> None:
    """Id, source and time of the envelope stand in; header names in any case, values as bytes or text."""
    reading = _read(
        PAYLOAD,
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("CE_ID", "e-1"),
        ("ce_source", b"//probe"),
        ("ce_time", b"2026-03-01T12:00:00Z"),
        ("ce_subject", None),
    )
    (item,) = reading.observations
    assert (item.source, item.source_id) == ("//probe", "e-1")
    assert item.observed_at == instant("2026-03-01T12:00:00Z").at  # type: ignore[union-attr]
    assert item.marks == (Mark.SEVERITY_ASSUMED,)


def test_what_the_payload_says_itself_counts_first() -> None:
    """The envelope is who sent it, which may be a relay."""
    said = {"probe": "latency", "source": "s", "id": "i", "at": 1_700_000_000_000}
    (item,) = _read(said, ("ce_id", b"e-1"), ("ce_source", b"//relay"), ("ce_time", b"2026")).observations
    assert (item.source, item.source_id, item.observed_at) == ("s", "i", 1_700_000_000_000)


@pytest.mark.parametrize(
    "data",
    [
        {"data": PAYLOAD},
        {"data": json.dumps(PAYLOAD)},
        {"data_base64": base64.b64encode(json.dumps(PAYLOAD).encode()).decode()},
    ],
)
def test_structured_mode_is_unwrapped(data: dict[str, Json]) -> None:
    """Told by its shape, whatever the content type; data may be JSON in a text, or in base64."""
    envelope = {"specversion": "1.0", "id": "e-1", "source": "//probe", "type": "t", **data}
    (item,) = _read(envelope).observations
    assert (item.source, item.source_id) == ("//probe", "e-1")


@pytest.mark.parametrize(
    ("data", "seen"),
    [({"data_base64": "%"}, "base64"), ({"data": None}, "without data"), ({"data": ""}, "empty")],
)
def test_an_envelope_without_data_is_refused(data: dict[str, Json], seen: str) -> None:
    """It says what is missing."""
    assert seen in str(_refused(json.dumps({"specversion": "1.0", **data}).encode()))


# -- whatever comes

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(value: bytes) -> None:
    """Never another exception, whatever the bytes."""
    _says_something(value)


@given(_JSON)
def test_any_json_is_read_or_refused(value: Json) -> None:
    """Never another exception, and never silence, whatever the JSON."""
    _says_something(json.dumps(value).encode())


def _says_something(value: bytes) -> None:
    assert _told(value)


def _told(value: bytes) -> bool:
    try:
        reading = detect.read("auto", (), value, RULES)
    except PoisonRecordError as error:
        return bool(error.remedy and str(error))
    said = (reading.observations, reading.replies, reading.unmatched, reading.ignored, reading.refused)
    return any(said)
