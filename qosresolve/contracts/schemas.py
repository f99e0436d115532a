"""The Avro schemas: where they lie, how references are resolved, and which old versions are read.

`schemas/` holds one file a record; shared types lie once in `types/` and `facts/` and are named in full.
`history/<record>/<n>.avsc` is a self-contained copy of every version that was ever written, so that a reader
takes all of them. `python -m qosresolve.contracts.schemas freeze` adds the versions that are missing.
"""

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastavro import parse_schema
from fastavro.schema import fingerprint as fingerprint_of
from fastavro.schema import to_parsing_canonical_form
from fastavro.types import Schema

_HERE = Path(__file__).resolve()
_PLACES = (_HERE.parents[2] / "schemas", _HERE.parents[1] / "schemas")  # a checkout, an installed wheel


@dataclass(frozen=True, slots=True)
class Version:
    """A schema that fastavro has parsed, without logical types: instants are plain ints for us.

    `fingerprint` is CRC-64-AVRO of the canonical form, 8 bytes little-endian as in single-object encoding.
    """

    parsed: Schema
    fingerprint: bytes


@cache
def folder() -> Path:
    """Return where the schemas lie. Raises FileNotFoundError."""
    for place in _PLACES:
        if (place / "report.avsc").is_file():
            return place
    raise FileNotFoundError(f"no schemas in {' or '.join(map(str, _PLACES))}: is the installation whole?")


@cache
def records() -> tuple[str, ...]:
    """Return every record's name, such as `report` or `activity-request`."""
    return tuple(sorted(path.stem for path in folder().glob("*.avsc")))


@cache
def _definitions() -> dict[str, dict[str, Any]]:
    """Return each file of today by the full name it defines."""
    files = (path for place in (".", "types", "facts") for path in (folder() / place).glob("*.avsc"))
    loaded = (json.loads(path.read_text(encoding="utf-8")) for path in files)
    return {f"{schema['namespace']}.{schema['name']}": schema for schema in loaded}


def inline(node: Any, defined: set[str]) -> Any:  # noqa: ANN401 -- a schema is any JSON
    """Return a schema with each type in full at its first occurrence, and by name from then on."""
    if isinstance(node, str):
        if node in defined or node not in _definitions():
            return node
        return inline(_definitions()[node], defined)
    if isinstance(node, list):
        return [inline(branch, defined) for branch in node]
    if node["type"] == "record":
        defined.add(f"{node['namespace']}.{node['name']}")
        return node | {
            "fields": [field | {"type": inline(field["type"], defined)} for field in node["fields"]]
        }
    if node["type"] == "enum":
        defined.add(f"{node['namespace']}.{node['name']}")
        return node
    return node | {"items": inline(node["items"], defined)} if node["type"] == "array" else node


@cache
def text(record: str) -> str:
    """Return today's schema of a record, self-contained, docs and logical types kept: for a registry."""
    path = folder() / f"{record}.avsc"
    schema = inline(json.loads(path.read_text(encoding="utf-8")), set())
    return json.dumps(schema, indent=1, ensure_ascii=False)


def fields(record: str) -> list[dict[str, Any]]:
    """Return the fields of today's schema, in order, as the file has them: types may be names."""
    schema: dict[str, list[dict[str, Any]]] = json.loads(
        (folder() / f"{record}.avsc").read_text(encoding="utf-8")
    )
    return schema["fields"]


def without_logical_types(node: Any) -> Any:  # noqa: ANN401 -- a schema is any JSON
    """Return a schema without `logicalType`, which costs fastavro a conversion for every value."""
    if isinstance(node, list):
        return [without_logical_types(branch) for branch in node]
    if not isinstance(node, dict):
        return node
    return {
        key: item if key in ("default", "symbols", "doc") else without_logical_types(item)
        for key, item in node.items()
        if key != "logicalType"
    }


def parse(schema: Any) -> Version:  # noqa: ANN401 -- a schema is any JSON
    """Return a self-contained schema, parsed."""
    parsed = parse_schema(without_logical_types(schema))
    canonical = to_parsing_canonical_form(parsed)
    _bytes_as_bytes(parsed)
    return Version(parsed, bytes.fromhex(fingerprint_of(canonical, "CRC-64-AVRO")))


def _bytes_as_bytes(node: Any) -> None:  # noqa: ANN401 -- a parsed schema
    """Make the defaults of bytes what they stand for: JSON has text, and fastavro hands that out as it is."""
    if isinstance(node, list):
        for branch in node:
            _bytes_as_bytes(branch)
    elif isinstance(node, dict):
        if node.get("type") in ("bytes", ["bytes", "null"]) and isinstance(node.get("default"), str):
            node["default"] = node["default"].encode("latin-1")
        for key in ("type", "fields", "items", "values"):
            _bytes_as_bytes(node.get(key))


@cache
def current(record: str) -> Version:
    """Return the schema that a record is written with, and read into."""
    return parse(json.loads(text(record)))


def history(record: str) -> list[Path]:
    """Return the frozen versions of a record, oldest first."""
    return sorted((folder() / "history" / record).glob("*.avsc"), key=lambda path: int(path.stem))


@cache
def versions(record: str) -> dict[bytes, Version]:
    """Return every bundled version of a record by its fingerprint, today's included."""
    old = [parse(json.loads(path.read_text(encoding="utf-8"))) for path in history(record)]
    return {version.fingerprint: version for version in (*old, current(record))}


def owner(fingerprint: bytes) -> str:
    """Return the record that a fingerprint belongs to, empty where no bundled schema has it."""
    return next((record for record in records() if fingerprint in versions(record)), "")


def unfrozen() -> list[str]:
    """Return the records whose schema of today is not their newest frozen version."""
    return [record for record in records() if not _is_frozen(record)]


def _is_frozen(record: str) -> bool:
    frozen = history(record)
    if not frozen:
        return False
    return (
        parse(json.loads(frozen[-1].read_text(encoding="utf-8"))).fingerprint == current(record).fingerprint
    )


def freeze() -> list[Path]:
    """Write today's schema of every record that changed as its next version; return the new files."""
    written = []
    for record in unfrozen():
        path = folder() / "history" / record / f"{len(history(record)) + 1}.avsc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(record) + "\n", encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    if sys.argv[1:] != ["freeze"]:
        sys.exit("usage: python -m qosresolve.contracts.schemas freeze")
    for new in freeze():
        sys.stdout.write(f"{new.relative_to(folder())}\n")
