"""Which fields and symbols differ between two schemas of a record, in words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_SHOWN = ("type", "default", "symbols", "doc")


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of a type or of a field; `registered` is empty where it was added, `ships` removed."""

    where: str
    what: str
    registered: str
    ships: str


def differences(registered: str, ships: str) -> list[Difference]:
    """Return what differs between two schemas, in the order of the second; both are JSON texts of Avro."""
    before, after = dict(_parts(json.loads(registered), "")), dict(_parts(json.loads(ships), ""))
    names = [*after, *(name for name in before if name not in after)]
    return [item for name in names for item in _between(name, before.get(name), after.get(name))]


def lost_symbols(registered: str, ships: str) -> list[str]:
    """Return the symbols that a schema had and has no more, as `Type.symbol`, of the types that both have.

    No registry minds where the enum has a default; but what was written would read as something else.
    """
    return [
        f"{item.where}.{symbol}"
        for item in differences(registered, ships)
        if item.what == "symbols"
        for symbol in item.registered.split(", ")
        if symbol not in item.ships.split(", ")
    ]


def _between(where: str, before: dict[str, str] | None, after: dict[str, str] | None) -> Iterator[Difference]:
    if before is None or after is None:
        added, removed = after or {}, before or {}
        yield Difference(where, "added" if after else "removed", _brief(removed), _brief(added))
        return
    for name in _SHOWN:
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield Difference(where, name, old, new)


def _brief(part: dict[str, str]) -> str:
    default = f" = {part['default']}" if "default" in part else ""
    return part.get("type", "") + default


def _parts(node: Any, namespace: str) -> Iterator[tuple[str, dict[str, str]]]:  # noqa: ANN401 -- any JSON
    """Yield every named type and every field of a record, where they are defined."""
    if isinstance(node, list):
        for branch in node:
            yield from _parts(branch, namespace)
    if not isinstance(node, dict):
        return
    kind = node["type"]
    if kind == "array":
        yield from _parts(node["items"], namespace)
    elif kind == "map":
        yield from _parts(node["values"], namespace)
    elif kind in ("record", "enum", "fixed"):
        yield from _named(node, namespace)
    else:
        yield from _parts(kind, namespace)


def _named(node: dict[str, Any], namespace: str) -> Iterator[tuple[str, dict[str, str]]]:
    full = _full(node["name"], node.get("namespace", namespace))
    inner, _, short = full.rpartition(".")
    symbols = {"symbols": ", ".join(node["symbols"])} if "symbols" in node else {}
    yield short, {"type": node["type"], **symbols, **_told(node)}
    for field in node.get("fields", ()):
        yield f"{short}.{field['name']}", {"type": _typed(field["type"], inner), **_told(field)}
        yield from _parts(field["type"], inner)


def _told(node: dict[str, Any]) -> dict[str, str]:
    told = {"default": json.dumps(node["default"], ensure_ascii=False)} if "default" in node else {}
    return told | ({"doc": node["doc"]} if "doc" in node else {})


def _typed(node: Any, namespace: str) -> str:  # noqa: ANN401 -- any JSON
    """Return a type in short: named types by name, since they are told where they are defined."""
    if isinstance(node, str):
        return node if node in _PRIMITIVES else _full(node, namespace).rpartition(".")[2]
    if isinstance(node, list):
        return " | ".join(_typed(branch, namespace) for branch in node)
    kind = node["type"]
    if kind == "array":
        return f"array<{_typed(node['items'], namespace)}>"
    if kind == "map":
        return f"map<{_typed(node['values'], namespace)}>"
    if kind in ("record", "enum", "fixed"):
        return _full(node["name"], node.get("namespace", namespace)).rpartition(".")[2]
    logical = node.get("logicalType")
    return f"{_typed(kind, namespace)} ({logical})" if logical else _typed(kind, namespace)


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"
