"""Avro types and fields as a reader sees them: links to what is named, TM Forum's names in a column."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from qosresolve.contracts import schemas
from tests.docs import avro
from tests.docs.markdown import code, table

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = ("Field", "Type", "Default", "Meaning", "TM Forum")
_INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
_IN_BRACKETS = re.compile(r"\s*\(([^()]*TMF\d{3}[^()]*)\)")


def fields(of: Sequence[dict[str, Any]]) -> str:
    """Return fields of a record as a table."""
    return table(HEAD, (_row(field) for field in of))


def _row(field: dict[str, Any]) -> list[str]:
    meaning, names = told(field["doc"])
    return [code(field["name"]), type_of(field["type"]), _default(field), meaning, names]


def told(doc: str) -> tuple[str, str]:
    """Return what a field is, and what TM Forum's APIs call it: our docs have that in brackets."""
    names = _IN_BRACKETS.findall(doc)
    return _IN_BRACKETS.sub("", doc), "; ".join(names)


def type_of(node: Any) -> str:  # noqa: ANN401 - a schema is any JSON
    """Return a type in words, with a link where it has a name."""
    if isinstance(node, list):
        return " or ".join(map(type_of, sorted(node, key=lambda one: one == "null")))
    if isinstance(node, str):
        return _named(node)
    if node == _INSTANT:
        return "instant"
    if node["type"] == "array":
        return _list(node["items"])
    return _named(node["type"])


def _list(items: Any) -> str:  # noqa: ANN401
    if isinstance(items, list):
        return "list of [facts](facts.md)"
    return f"list of {type_of(items)}"


def _named(name: str) -> str:
    place = places().get(name)
    short = name.rpartition(".")[2]
    return f"[{short}]({place})" if place else short


@cache
def places() -> dict[str, str]:
    """Return where each named type is described, by its full name."""
    found = {name: f"types.md#{schema['name'].lower()}" for name, schema in avro.shared("types").items()}
    found |= {name: f"facts.md#{schema['name'].lower()}" for name, schema in avro.shared("facts").items()}
    for record in schemas.records():
        schema = avro.own(record)
        found[f"{schema['namespace']}.{schema['name']}"] = f"schemas.md#{record}"
    return found


def _default(field: dict[str, Any]) -> str:
    return code(json.dumps(field["default"], ensure_ascii=False)) if "default" in field else "required"
