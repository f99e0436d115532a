"""Writers' schemas that would hurt are refused before the Avro library sees them."""

import json
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_reader

from qosresolve.contracts.foreign import MAX_DEPTH, RefusedSchemaError, admit


def record(name: str, *types: object) -> dict[str, Any]:
    """Return a record with a field of each type."""
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{number}", "type": kind} for number, kind in enumerate(types)],
    }


def fixed(size: object) -> dict[str, object]:
    """Return a fixed type."""
    return {"type": "fixed", "name": "F", "size": size}


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
    "a negative size": (record("R", fixed(-1)), "no number of bytes"),
    "a size that is no number": (
        record("R", fixed("8")),
        "no number of bytes",
    ),
    "a size that is a truth": (
        record("R", fixed(size=True)),
        "no number of bytes",
    ),
    "a long name": (record("R", record("E" * 300, "int")), "name longer"),
    "a logical null": (record("R", {"type": "null", "logicalType": "void"}), "costs no bytes"),
    "itself, under another name space": (
        record("R", record("E", ["null", "n.R"]) | {"namespace": "m"}) | {"namespace": "n"},
        "n.R contains itself",
    ),
    "null that is said twice": (
        record("R", {"type": "array", "items": {"type": {"type": "null"}}}),
        "costs no",
    ),
}


@pytest.mark.parametrize(("schema", "why"), REFUSED.values(), ids=REFUSED)
def test_refused(schema: object, why: str) -> None:
    """What is recursive, too deep, too large, free or no schema at all is refused, with its reason."""
    with pytest.raises(RefusedSchemaError, match=why):
        admit(json.dumps(schema))


def test_words_of_the_library_are_not_taken() -> None:
    """A schema that claims to be parsed would bring its own meaning of a name: recursive, unseen."""
    recursive = record("E", ["null", "E"])
    claims = {"__fastavro_parsed__": True, "__named_schemas": {"E": recursive, "R": recursive}}
    parsed = admit(json.dumps(record("R", record("E", "long"), "E") | claims)).version.parsed
    assert schemaless_reader(BytesIO(b"\x02\x04"), parsed, None) == {"f0": {"f0": 1}, "f1": {"f0": 2}}


LOGICAL = [
    {"type": "bytes", "logicalType": "decimal", "precision": 10**9, "scale": 2},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "int", "logicalType": "date"},
    {"type": "string", "logicalType": "uuid"},
    {"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"},
]


@pytest.mark.parametrize("kind", LOGICAL, ids=lambda kind: str(kind["logicalType"]))
def test_logical_types_mean_nothing(kind: dict[str, Any]) -> None:
    """Their conversions raise on what is a number, or build what is large: the plain value is read."""
    version = admit(
        json.dumps(record("R", ["null", kind], {"type": "array", "items": kind | {"name": "Other"}}))
    ).version
    assert "logicalType" not in json.dumps(version.parsed)


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
    assert len(admit(json.dumps(schema)).version.fingerprint) == 8


ENDLESS = {
    "booleans": ("boolean", True),
    "doubles": ("double", True),
    "fixed": ({"type": "fixed", "name": "F", "size": 4}, True),
    "records of them": (record("E", "float", {"type": "fixed", "name": "F", "size": 4}), True),
    "with a number": (record("E", "float", "int"), False),
    "numbers": ("long", False),
    "texts": ("string", False),
    "choices": (["null", "double"], False),
    "arrays of numbers": ({"type": "array", "items": "long"}, False),
    "arrays of doubles": ({"type": "array", "items": "double"}, True),
    "symbols": ({"type": "enum", "name": "S", "symbols": ["a"]}, False),
}


@pytest.mark.parametrize(("items", "endless"), ENDLESS.values(), ids=ENDLESS)
def test_arrays_that_never_end_are_told(items: object, endless: bool) -> None:
    """Those whose items the library passes over without noticing where the bytes end; only they cost more."""
    assert admit(json.dumps(record("R", {"type": "array", "items": items}))).endless is endless
    assert not admit(json.dumps(record("R", {"type": "map", "values": "double"}, "double"))).endless
