"""Writers' schemas from a registry: what is refused before the Avro library sees it.

A recursive or very deep schema can take the process down while data is read, a type that costs no bytes makes
a few bytes billions of values, and the library takes words of its own from a schema that claims to be parsed.
Ours are none of that. What is admitted costs a byte a value at least; only what Avro means is passed on, and
what came of it is looked at again.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from qosresolve.contracts.schemas import Version, parse

MAX_CHARACTERS = 256 * 1024
MAX_NODES = 2_000
MAX_DEPTH = 32
MAX_NAME = 256

_PRIMITIVES = frozenset({"boolean", "int", "long", "float", "double", "bytes", "string"})
# The library passes over these without noticing that the bytes have come to their end.
_UNNOTICED = frozenset({"boolean", "float", "double"})
# What reading goes by; defaults, aliases and orders are the reader's business, and all else is nobody's.
_MEANT = frozenset({"type", "name", "namespace", "fields", "items", "values", "symbols", "size"})


class RefusedSchemaError(ValueError):
    """A writer's schema that is not read with, and why."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A writer's schema that is read with.

    `endless`: it has arrays that the library would pass over for as long as they claim to be, far beyond the
    last byte. They need a stream that tells its end.
    """

    version: Version
    endless: bool


def admit(text: str) -> Admitted:
    """Return a registry's schema, checked and parsed. Raises RefusedSchemaError."""
    if len(text) > MAX_CHARACTERS:
        raise RefusedSchemaError(f"longer than {MAX_CHARACTERS} characters")
    try:
        schema = json.loads(text)
        inspection = _Inspection()
        inspection.visit(schema, "", 1)
        version = parse(_meant(schema))
        _Inspection(exact=True).visit(version.parsed, "", 1)
        return Admitted(version, inspection.endless)
    except (RefusedSchemaError, MemoryError):
        raise
    except Exception as error:
        raise RefusedSchemaError(f"{type(error).__name__}: {str(error)[:200]}") from error


def inspect(schema: object) -> None:
    """Refuse what is recursive, too deep, too large, or costs no bytes. Raises RefusedSchemaError."""
    _Inspection().visit(schema, "", 1)


def _meant(node: Any) -> Any:  # noqa: ANN401 -- any JSON; its depth was looked at
    if isinstance(node, list):
        return [_meant(branch) for branch in node]
    if not isinstance(node, dict):
        return node
    return {
        key: item if key in ("symbols", "size") else _meant(item)
        for key, item in node.items()
        if key in _MEANT
    }


@dataclass(slots=True)
class _Size:
    """What one occurrence of a type adds, named types counted anew each time they are named."""

    nodes: int
    height: int
    free: bool = False  # costs no bytes
    unnoticed: bool = False  # passed over beyond the last byte


@dataclass(slots=True)
class _Inspection:
    """One walk over a schema; `exact` where every name is in full already."""

    exact: bool = False
    endless: bool = False
    known: dict[str, _Size] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)

    def visit(self, node: Any, namespace: str, depth: int) -> _Size:  # noqa: ANN401 -- any JSON
        if depth > MAX_DEPTH:
            raise RefusedSchemaError(f"deeper than {MAX_DEPTH}")
        size = self._visit(node, namespace, depth)
        if size.nodes > MAX_NODES:
            raise RefusedSchemaError(f"more than {MAX_NODES} nodes")
        if depth + size.height - 1 > MAX_DEPTH:
            raise RefusedSchemaError(f"deeper than {MAX_DEPTH}")
        return size

    def _visit(self, node: Any, namespace: str, depth: int) -> _Size:  # noqa: ANN401 -- any JSON
        if isinstance(node, str):
            return self._named(node, namespace)
        if isinstance(node, list):
            # A branch may be free: its index costs a byte.
            return _sum([self.visit(branch, namespace, depth + 1) for branch in node])
        match node["type"]:
            case "record" | "error":
                size = self._record(node, namespace, depth)
            case "array":
                item = self._paid(node["items"], namespace, depth + 1)
                self.endless = self.endless or item.unnoticed
                size = _sum([item])
            case "map":  # each value has a key, which ends with the bytes
                size = _sum([self._paid(node["values"], namespace, depth + 1)])
            case "enum":
                size = self._remember(node, namespace, _Size(1, 1))
            case "fixed":
                size = self._remember(node, namespace, _fixed(node["size"]))
            case nested:  # {"type": <schema>}, with or without a logical type
                size = self.visit(nested, namespace, depth + 1)
        return size

    def _named(self, name: str, namespace: str) -> _Size:
        if name in _PRIMITIVES:
            return _Size(1, 1, unnoticed=name in _UNNOTICED)
        if name == "null":
            return _Size(1, 1, free=True)
        full = self._full(name, namespace)
        if full in self.unfinished:
            raise RefusedSchemaError(f"{full} contains itself")
        if full not in self.known:
            raise RefusedSchemaError(f"{full} is not defined")
        return self.known[full]

    def _record(self, node: dict[str, Any], namespace: str, depth: int) -> _Size:
        full = self._full(node["name"], node.get("namespace", namespace))
        inner = full.rpartition(".")[0]
        self.unfinished.add(full)
        sizes = [self._paid(item["type"], inner, depth + 1) for item in node["fields"]]
        self.unfinished.remove(full)
        size = _sum(sizes)
        size.free, size.unnoticed = not sizes, all(part.unnoticed for part in sizes)
        return self._remember(node, namespace, size)

    def _paid(self, node: Any, namespace: str, depth: int) -> _Size:  # noqa: ANN401 -- any JSON
        size = self.visit(node, namespace, depth)
        if size.free:
            raise RefusedSchemaError("a field or item that costs no bytes")
        return size

    def _remember(self, node: dict[str, Any], namespace: str, size: _Size) -> _Size:
        full = self._full(node["name"], node.get("namespace", namespace))
        if len(full) > MAX_NAME:
            raise RefusedSchemaError(f"a name longer than {MAX_NAME}")
        self.known[full] = size
        return size

    def _full(self, name: str, namespace: str) -> str:
        return name if self.exact or "." in name or not namespace else f"{namespace}.{name}"


def _fixed(size: object) -> _Size:
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise RefusedSchemaError("a fixed type whose size is no number of bytes")
    return _Size(1, 1, free=size == 0, unnoticed=True)


def _sum(parts: list[_Size]) -> _Size:
    return _Size(1 + sum(part.nodes for part in parts), 1 + max((part.height for part in parts), default=0))
