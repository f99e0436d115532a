"""Every sample becomes what its golden file says, and each of its fields is used or left out for a reason."""

import json
from pathlib import Path

import pytest

from tests.intake.golden import GOLDEN, golden, golden_of, readers, samples

HOW = "look at it, then `python -m tests.intake.golden`"


@pytest.mark.parametrize("sample", samples(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_golden(sample: Path) -> None:
    """A sample becomes what its golden file says; a field that nothing was made of has a reason there."""
    told = golden_of(sample)
    assert told.exists(), f"{sample.name} has no golden file: {HOW}"
    assert golden(sample) == json.loads(told.read_text()), HOW


def test_no_golden_file_without_a_sample() -> None:
    """A golden file whose sample is gone proves nothing."""
    assert {*GOLDEN.glob("*/*.json")} <= {golden_of(sample) for sample in samples()}


def test_every_format_has_a_sample() -> None:
    """A format without a sample is not proven at all."""
    assert {sample.parent.name for sample in samples()} == set(readers())
