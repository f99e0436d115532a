"""Any value of the core's dataclasses, built from their types; whole numbers keep to Avro's int and long."""

import json
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from qosresolve.contracts import schemas
from qosresolve.contracts.limits import EARLIEST, LATEST

Values = st.SearchStrategy[Any]

LONG = st.integers(-(2**63), 2**63 - 1)
INT = st.integers(-(2**31), 2**31 - 1)
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc"]), min_size=1)
INSTANTS = st.integers(EARLIEST, LATEST - 1)


@cache
def int_fields() -> frozenset[str]:
    """Return the names of the fields that are Avro ints: 32 bits."""
    return frozenset(name for record in schemas.records() for name in _ints(json.loads(schemas.text(record))))


def _ints(node: object) -> set[str]:
    found: set[str] = set()
    if isinstance(node, list):
        return found.union(*map(_ints, node))
    if isinstance(node, dict):
        for field in node.get("fields", ()):
            found |= {field["name"]} if "int" in json.dumps(field["type"]).split('"') else set()
            found |= _ints(field["type"])
        found |= _ints(node.get("items"))
    return found


def anything(kind: type) -> Values:
    """Return every value of a class that its Avro record can hold."""
    return _built(kind, valid=False)


def valid(kind: type, **chosen: Values) -> Values:
    """Return values of an input that keep its limits."""
    return _built(kind, valid=True, **chosen)


def _built(kind: type, *, valid: bool, **chosen: Values) -> Values:
    hints = get_type_hints(kind)
    parts = {field.name: _of(hints[field.name], field.name, valid) for field in fields(kind)}
    return st.builds(kind, **(parts | chosen))


def _of(hint: object, name: str, valid: bool) -> Values:
    arguments = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of(*(_of(argument, name, valid) for argument in arguments))
    if get_origin(hint) is tuple:
        return st.lists(_of(arguments[0], name, valid), max_size=2).map(tuple)
    if is_dataclass(hint) and isinstance(hint, type):
        return _built(hint, valid=valid)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    return _plain(hint, name, valid)


def _plain(hint: object, name: str, valid: bool) -> Values:
    if hint is int and valid and (name == "due" or name.endswith("at")):
        return INSTANTS
    if hint is int:
        return INT if name in int_fields() else LONG
    if name == "content" and valid:
        return st.sampled_from((b"", b"four"))
    table: dict[object, Values] = {
        str: IDS.map(lambda text: text[:60]) if valid else st.text(),
        bool: st.booleans(),
        bytes: st.binary(max_size=64),
        type(None): st.none(),
    }
    return table[hint]
