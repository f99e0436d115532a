"""What differs between two schemas is told by field."""

import json
from typing import Any

from qosresolve.contracts import schemas
from qosresolve.contracts.registry.differences import Difference, differences, lost_symbols

KIND = {"type": "enum", "name": "Kind", "symbols": ["a", "b"], "default": "a"}
PART = {"type": "record", "name": "Part", "fields": [{"name": "n", "type": "int"}]}


def record(*fields: dict[str, Any], **more: object) -> str:
    """Return a record's schema."""
    return json.dumps({"type": "record", "name": "R", "namespace": "x.y", "fields": fields} | more)


def test_every_bundled_schema_equals_itself() -> None:
    """All its types are walked; frozen in another spelling it is the same."""
    for name in schemas.records():
        text = schemas.text(name)
        assert not differences(text, json.dumps(json.loads(text)))


def test_fields_that_came_went_and_changed() -> None:
    """Each is named with its type's name, in the order of what ships; what went comes last."""
    old = record({"name": "a", "type": "int"}, {"name": "b", "type": "string", "default": ""})
    new = record({"name": "a", "type": "long"}, {"name": "c", "type": ["null", PART], "default": None})
    assert differences(old, new) == [
        Difference("R.a", "type", "int", "long"),
        Difference("R.c", "added", "", "null | Part = null"),
        Difference("Part", "added", "", "record"),
        Difference("Part.n", "added", "", "int"),
        Difference("R.b", "removed", 'string = ""', ""),
    ]


def test_defaults_docs_and_symbols() -> None:
    """A registry keeps each of them, so each makes another version."""
    old = record({"name": "k", "type": KIND, "doc": "Old."}, doc="R.")
    changed = KIND | {"symbols": ["a", "c"], "default": "c"}
    new = record({"name": "k", "type": changed, "doc": "New.", "default": "a"}, doc="R.")
    assert differences(old, new) == [
        Difference("R.k", "default", "", '"a"'),
        Difference("R.k", "doc", "Old.", "New."),
        Difference("Kind", "default", '"a"', '"c"'),
        Difference("Kind", "symbols", "a, b", "a, c"),
    ]
    assert lost_symbols(old, new) == ["Kind.b"]
    assert not lost_symbols(old, old)


def test_types_within_types() -> None:
    """Arrays, maps, logical types and names within a namespace, in short."""
    stamp = {"type": "long", "logicalType": "timestamp-millis"}
    shown = differences(
        record({"name": "z", "type": "int"}),
        record(
            {"name": "z", "type": {"type": "array", "items": PART}},
            {"name": "m", "type": {"type": "map", "values": "x.y.Part"}},
            {"name": "t", "type": stamp},
            {"name": "p", "type": "Part"},
        ),
    )
    assert {row.where: row.ships for row in shown if row.where.startswith("R.")} == {
        "R.z": "array<Part>",
        "R.m": "map<Part>",
        "R.t": "long (timestamp-millis)",
        "R.p": "Part",
    }
