"""The machinery of the golden files notices what was read, and what was left out without a reason."""

import json
from pathlib import Path

import pytest

from qosresolve.intake.tracing import leaf_paths, traced
from tests.intake import golden
from tests.intake.golden import UnexplainedError

PAYLOAD = {"a": {"b": 1, "c": [2, {"d": 3}], "e": {}}, "f": None}


def test_leaves() -> None:
    """Every leaf has its place; what is empty is a leaf."""
    assert [*leaf_paths(PAYLOAD)] == ["a.b", "a.c[0]", "a.c[1].d", "a.e", "f"]


def test_reads_are_exact() -> None:
    """What is got, indexed or iterated is read; what is asked for, or only passed on the way, is not."""
    reads: set[str] = set()
    value = traced(PAYLOAD, reads)
    assert "f" in value
    assert isinstance(value["a"], dict)
    assert not reads
    assert value.get("a").get("b") == 1
    assert value["a"]["c"][1]["d"] == 3
    assert reads == {"a.b", "a.c[1].d"}
    assert next(iter(value["a"]["c"])) == 2
    assert reads == {"a.b", "a.c[1].d", "a.c[0]"}


def test_a_field_without_a_reason_fails(tmp_path: Path) -> None:
    """A field that nothing was made of and that nobody gave a reason for is named."""
    sample = tmp_path / "ves" / "sample.json"
    sample.parent.mkdir()
    source = golden.SAMPLES / "ves" / "fault-raise.json"
    payload = json.loads(source.read_text())
    sample.write_text(json.dumps(payload))
    assert golden.golden(sample) == golden.golden(source)
    payload["event"]["faultFields"]["newInVersion9"] = "x"
    sample.write_text(json.dumps(payload))
    with pytest.raises(UnexplainedError, match=r"event\.faultFields\.newInVersion9"):
        golden.golden(sample)
