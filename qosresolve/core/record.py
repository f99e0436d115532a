"""Records: the values of the core that are made anew for every event, and how a changed copy is made.

A record is a dataclass with slots that the type checker takes for frozen: nobody may assign to its fields. At
run time that is not enforced, since a frozen dataclass of fifty fields takes three times as long to make, and
every event makes two of them. What is made seldom is a frozen dataclass.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Value = TypeVar("Value")


@dataclass_transform(frozen_default=True)
def record(kind: type[Value]) -> type[Value]:
    """Make a class a record."""
    return dataclass(slots=True, unsafe_hash=True)(kind)


def changed(original: Value, /, **changes: Any) -> Value:
    """Return a copy of a dataclass with some fields changed. Raises KeyError on a field that is not there.

    Only for classes whose every field is an argument of their constructor.
    """
    kind: Any = type(original)
    read, positions = _layout(kind)
    values = list(read(original))
    for name, value in changes.items():
        values[positions[name]] = value
    copy: Value = kind(*values)
    return copy


@cache
def _layout(kind: Any) -> tuple[Callable[[Any], tuple[Any, ...]], dict[str, int]]:
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), {name: position for position, name in enumerate(names)}
