"""Whatever JSON comes, a format says something of it or refuses it: it never crashes, and drops nothing."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.contracts.limits import EARLIEST, LATEST
from qosresolve.errors import PoisonRecordError
from qosresolve.intake import detect
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Mark, Observation, Reading
from tests.intake.golden import readers, samples
from tests.intake.golden_rules import rules_of

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "0", "-1", "1e300", "9" * 30, "NORMAL", "Thu, 99 Foo 2025", "2025-13-40T00:00:00Z"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PAYLOADS = [(path.parent.name, msgspec.json.decode(path.read_bytes())) for path in samples()]
Place = tuple[str | int, ...]

FEW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(value: Json, where: Place = ()) -> Iterator[Place]:
    """Yield the place of everything in some JSON, itself included."""
    yield where
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*where, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*where, index))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Json]:
    """Return a format's name and a sample of it in which one to three things are gone or something else."""
    name, payload = copy.deepcopy(draw(st.sampled_from(PAYLOADS)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(places(payload))))
        payload = _changed(payload, place, draw(JSON), gone=draw(st.booleans()))
    return name, payload


def _changed(payload: Json, place: Place, other: Json, *, gone: bool) -> Json:
    if not place:
        return other
    holder: Any = payload
    for step in place[:-1]:
        holder = holder[step]
    if gone:
        del holder[place[-1]]
    else:
        holder[place[-1]] = other
    return payload


def check(name: str, payload: Json) -> None:
    """Read a payload and look at what comes of it; the second time as bytes, as a record has them."""
    said = _said(lambda: readers()[name].read(payload, rules_of(name)))
    if isinstance(said, PoisonRecordError):
        assert str(said)
        assert said.remedy
        return
    assert any((said.observations, said.replies, said.unmatched, said.ignored, said.refused)), "says nothing"
    assert all(item.what and item.reason for item in said.ignored)
    assert all(item.what and item.reason and item.remedy for item in said.refused)
    again = _said(lambda: detect.read(name, (), json.dumps(payload).encode(), rules_of(name)))
    for observation in again.observations if isinstance(again, Reading) else ():
        _check(observation)


def _said(read: Callable[[], Reading]) -> Reading | PoisonRecordError:
    try:
        return read()
    except PoisonRecordError as error:
        return error


def _check(seen: Observation) -> None:
    assert all((seen.source, seen.source_id, seen.indicator, *seen.objects)), f"without a name: {seen}"
    assert seen.objects
    assert (seen.observed_at == 0) == (Mark.TIME_ASSUMED in seen.marks)
    assert seen.observed_at == 0 or EARLIEST <= seen.observed_at < LATEST
    assert -(2**63) <= seen.sequence < 2**63


@pytest.mark.parametrize("name", sorted(readers()))
@given(payload=JSON)
@FEW
def test_any_json(name: str, payload: Json) -> None:
    """Any JSON, read by any format: something is said, or it is refused with a remedy."""
    check(name, payload)


@given(case=mutated())
@settings(FEW, max_examples=500)
def test_mutated_samples(case: tuple[str, Json]) -> None:
    """A sample with things missing or of another type: something is said, or it is refused with a remedy."""
    check(*case)


@given(case=mutated())
@settings(FEW, max_examples=200)
def test_detected(case: tuple[str, Json]) -> None:
    """Whichever format a mutated sample is found to be of, something is said, or it is refused."""
    name, payload = case
    said = _said(lambda: detect.read(detect.AUTO, (), json.dumps(payload).encode(), rules_of(name)))
    for observation in said.observations if isinstance(said, Reading) else ():
        _check(observation)
