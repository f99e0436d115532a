"""Writers' schemas that would hurt are refused before the Avro library sees them."""

import json
from typing import Any

import pytest

from qosresolve.contracts.foreign import MAX_DEPTH, RefusedSchemaError, admit


def record(name: str, *types: object) -> dict[str, Any]:
    """Return a record with a field of each type."""
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{number}", "type": kind} for number, kind in enumerate(types)],
    }


def nested(depth: int) -> object:
    """Return arrays within arrays."""
    kind: object = "long"
    for _ in range(depth - 2):
        kind = {"type": "array", "items": kind}
    return record("R", kind)


def doubling(levels: int) -> dict[str, Any]:
    """Return a record whose every level holds the level below twice: few nodes, many values."""
    inner: object = record("L0", "long")
    for level in range(1, levels):
        inner = record(f"L{level}", inner, f"L{level - 1}")
    assert isinstance(inner, dict)
    return inner


REFUSED = {
    "itself": (record("R", ["null", "R"]), "contains itself"),
    "itself by namespace": (record("R", ["null", "n.R"]) | {"namespace": "n"}, "n.R contains itself"),
    "itself by way of another": (
        record("A", record("B", {"type": "array", "items": "A"})),
        "contains itself",
    ),
    "an array of null": (record("R", {"type": "array", "items": "null"}), "costs no bytes"),
    "an array of nothing": (record("R", {"type": "array", "items": record("E")}), "costs no bytes"),
    "a wrapped null": (record("R", {"type": "array", "items": {"type": "null"}}), "costs no bytes"),
    "a map of null": (record("R", {"type": "map", "values": "null"}), "costs no bytes"),
    "no bytes, fixed": (record("R", {"type": "fixed", "name": "F", "size": 0}), "costs no bytes"),
    "a null field": (record("R", "null"), "costs no bytes"),
    "too deep": (nested(MAX_DEPTH + 1), "deeper than 32"),
    "deep by name": (doubling(40), "deeper than 32|more than 2000"),
    "doubling": (doubling(16), "more than 2000"),
    "too many": (record("R", *["long"] * 2000), "more than 2000"),
    "an unknown name": (record("R", "Elsewhere"), "not defined"),
    "no type": ({"name": "R"}, "KeyError"),
    "a number": (7, "TypeError"),
    "twice the same": (record("R", record("E", "int"), record("E", "int")), "redefined"),
}


@pytest.mark.parametrize(("schema", "why"), REFUSED.values(), ids=REFUSED)
def test_refused(schema: object, why: str) -> None:
    """What is recursive, too deep, too large, free or no schema at all is refused, with its reason."""
    with pytest.raises(RefusedSchemaError, match=why):
        admit(json.dumps(schema))


@pytest.mark.parametrize("text", ["", "{", "[" * 200_000, '{"type":' * 60_000, " " * 300_000])
def test_refused_text(text: str) -> None:
    """Text that is no JSON, or too much of it, is refused."""
    with pytest.raises(RefusedSchemaError):
        admit(text)


ADMITTED = {
    "nullable": record("R", ["null", "string"]),
    "an empty branch": record("R", ["null", record("E")]),
    "by name": record("R", record("E", "int"), {"type": "array", "items": "E"}),
    "logical": record("R", {"type": "long", "logicalType": "timestamp-millis"}),
    "as deep as may be": nested(MAX_DEPTH),
    "maps and floats": record("R", {"type": "map", "values": "double"}, {"type": "float"}),
    "an enumeration": record("R", {"type": "enum", "name": "E", "symbols": ["a"]}, "E"),
}


@pytest.mark.parametrize("schema", ADMITTED.values(), ids=ADMITTED)
def test_admitted(schema: object) -> None:
    """What others write with in good faith is admitted."""
    assert len(admit(json.dumps(schema)).fingerprint) == 8
