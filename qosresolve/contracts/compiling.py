"""What readers and writers share that are written out from a schema, as functions in Python.

Their source text is of names and tables, never of what a value or bytes hold.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, TypeVar, get_origin

from qosresolve.contracts import schemas

Key = TypeVar("Key")
Made = TypeVar("Made")


def whole(record: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Return some fields of a record of `schemas/` as a schema, self-contained."""
    schema = {"type": "record", "namespace": "compiled", "name": record, "fields": fields}
    inlined: dict[str, Any] = schemas.inline(schema, set())
    return inlined


def is_enum(hint: Any) -> bool:  # noqa: ANN401 - a type's hint
    """Tell whether a type is an enumeration."""
    return get_origin(hint) is None and isinstance(hint, type) and issubclass(hint, Enum)


def remembered(known: dict[Key, Made], key: Key, made: Made, most: int) -> Made:
    """Put what was made into a table that is emptied when it holds so much."""
    if len(known) >= most:
        known.clear()
    known[key] = made
    return made


class Compiler:
    """Makes the functions of one record; they see `known` by its names."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._named: dict[str, dict[str, Any]] = {}
        self._made: dict[tuple[str, type], str] = {}
        self._known = known

    def _resolved(self, node: Any) -> Any:  # noqa: ANN401 - a schema is any JSON
        """Return a type in full, whether it is written so or named; a plain one without its logical type."""
        if isinstance(node, str):
            return self._named.get(node, node)
        if isinstance(node, list):
            return node
        if node["type"] in ("enum", "record"):
            self._named[f"{node['namespace']}.{node['name']}"] = node
        elif node["type"] != "array":
            return node["type"]  # instants are plain numbers for us
        return node

    def _name(self, value: object) -> str:
        """Give a name to what the functions need: a class, or a table."""
        name = f"known_{len(self._known)}"
        self._known[name] = value
        return name

    def _defined(self, arguments: str, lines: Sequence[str]) -> str:
        """Return the name of a function of these lines."""
        name = f"made_{len(self._known)}"
        body = "\n    ".join(lines)
        exec(f"def {name}({arguments}):\n    {body}", self._known)  # noqa: S102 - of our own schemas
        return name
