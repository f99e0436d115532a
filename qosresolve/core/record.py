"""Records: the values of the core, and how a changed copy of one is made.

A record is a dataclass with slots that the type checker takes for frozen: nobody may assign to its fields. At
run time that is not enforced, since a frozen dataclass of fifty fields takes three times as long to make, and
every event makes one. Policies, which are made seldom, are frozen dataclasses.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, TypeVar, dataclass_transform

Value = TypeVar("Value")


@dataclass_transform(frozen_default=True)
def record(kind: type[Value]) -> type[Value]:
    """Make a class a record."""
    made = dataclass(slots=True, unsafe_hash=True)(kind)
    _RECORDS.add(made)
    return made


def is_record(kind: type) -> bool:
    """Tell whether a class is a record, whose fields may be set while it is made."""
    return kind in _RECORDS


def changed(original: Value, /, **changes: Any) -> Value:
    """Return a copy of a dataclass with some fields changed, a record's fast. Raises on an unknown field."""
    kind: Any = type(original)
    copy: Value = _copier(kind, tuple(changes))(original, *changes.values())
    return copy


def copier(kind: type[Value], *names: str) -> Callable[..., Value]:
    """Return a function (original, *new values) -> copy: `changed`, for what is done with every event."""
    known: Any = kind
    return _copier(known, names)


@cache
def _copier(kind: Any, names: tuple[str, ...]) -> Callable[..., Any]:
    """Return such a function, a record's written out field by field, as `dataclass` does."""
    if kind not in _RECORDS:
        return lambda original, *values: replace(original, **dict(zip(names, values, strict=True)))
    known = [field.name for field in fields(kind)]
    unknown = set(names) - set(known)
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    lines = [f"copy.{name} = {'new_' if name in names else 'original.'}{name}" for name in known]
    arguments = ", ".join(["original", *(f"new_{name}" for name in names)])
    body = "\n    ".join(["copy = make(kind)", *lines, "return copy"])
    made: dict[str, Any] = {"make": object.__new__, "kind": kind}
    exec(f"def copied({arguments}):\n    {body}", made)  # noqa: S102 - of our own field names only
    copied: Callable[..., Any] = made["copied"]
    return copied


_RECORDS: set[type] = set()
