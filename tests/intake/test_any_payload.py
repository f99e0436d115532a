"""Whatever comes: a reading that says something, or a dead letter that says why; never another exception.

`detect.interpreted` is asked, which lets faults of readers through; `detect.read` would make dead letters of
them.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.errors import PoisonRecordError
from qosresolve.intake import detect, rules_file
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Reading
from tests.intake.golden import samples

RULES = rules_file.shipped()
_SAMPLES: list[Json] = [json.loads(sample.read_text()) for sample in samples()]
_NAMES = detect.names(RULES)


def _keys(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(item)


def _places(value: Json) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of everything in a value."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


_KEYS = st.sampled_from(sorted({key for sample in _SAMPLES for key in _keys(sample)})) | st.text(max_size=3)
_ODD = st.sampled_from(
    [10**400, -(10**30), 1e308, -0.0, "1e999", "NaN", "٣", "-", "0001-01-01T00:00:00Z", "x" * 5_000, "\x00"]
)
_TEXTS = st.text(max_size=8) | st.sampled_from(
    [
        "critical",
        "cleared",
        "2026-03-01T12:00:00Z",
        "qualityOfServiceAlarm",
        "alarm",
        "AlarmCreateEvent",
        "ONSET",
    ]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS | _ODD
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@st.composite
def _changed(draw: st.DrawFn) -> Json:
    """A sample in which up to three things are something else, or gone."""
    payload = {"": deepcopy(draw(st.sampled_from(_SAMPLES)))}
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(_places(payload))))
        if draw(st.booleans()) and container is not payload:
            del container[key]
        else:
            container[key] = draw(_VALUES)
    return payload[""]


def _says(topic_format: str, payload: Json) -> bool:
    try:
        said = detect.interpreted(topic_format, payload, RULES)
    except PoisonRecordError as error:
        return bool(str(error) and error.remedy)
    assert isinstance(said, Reading)
    return any((said.observations, said.replies, said.unmatched, said.ignored, said.refused))


@given(payload=_changed())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_damaged_sample_is_read_or_refused(payload: Json) -> None:
    """Real payloads with parts of another kind, or without them."""
    assert _says("auto", payload)


@given(name=st.sampled_from(_NAMES), payload=_changed() | _VALUES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_a_topic_names_reads_anything(name: str, payload: Json) -> None:
    """A setting may name the wrong format, and then everything comes to its reader."""
    assert _says(name, payload)


@given(payload=_VALUES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_json_of_known_names_is_read_or_refused(payload: Json) -> None:
    """JSON that is made of the names that the formats look for, in any shape."""
    assert _says("auto", payload)


@given(value=st.binary(max_size=300), name=st.sampled_from(_NAMES))
def test_any_bytes_are_read_or_refused(value: bytes, name: str) -> None:
    """Bytes of any kind, whatever the topic's setting."""
    with pytest.raises(PoisonRecordError) as caught:
        detect.read(name, (("ce_type", value),), b"\xff" + value, RULES)
    assert caught.value.remedy


@pytest.mark.parametrize("sample", samples(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_finds_its_format_by_itself(sample: Any) -> None:  # noqa: ANN401 - a path
    """Detection by shape finds the format whose sample it is; an event around an entity is of its API."""
    try:
        found = detect.read("auto", (), sample.read_bytes(), RULES).format
    except PoisonRecordError as error:
        assert "no format fits" not in str(error)  # noqa: PT017 - a sample may be one that is refused
        return
    assert sample.parent.name in (found, "tmf688")
