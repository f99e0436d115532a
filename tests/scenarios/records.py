"""The core's frozen dataclasses by the names of their fields: changed, built and looked into from plain YAML.

Types come from the annotations, so a field that is new in the core can be written in a story at once.
"""
# ruff: noqa: ANN401  what comes from YAML, and what lies at a path, may be anything

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from tests.core.builders import at

Record = TypeVar("Record")
_CLOCK = re.compile(r"(\+\d+ )?\d+:\d\d$")
_DURATION = re.compile(r"(?=.)(?:(\d+)d ?)?(?:(\d+)h ?)?(?:(\d+)m ?)?(?:(\d+)s)?$")
_UNITS = (86_400_000, 3_600_000, 60_000, 1_000)


def milliseconds(text: str) -> int | None:
    """Return the instant of `10:00` or the length of `1h 30m`, None of any other text."""
    if _CLOCK.match(text):
        return at(text)
    parts = _DURATION.match(text)
    if parts is None:
        return None
    return sum(int(part or 0) * unit for part, unit in zip(parts.groups(), _UNITS, strict=True))


def hints(kind: type[Any]) -> dict[str, Any]:
    """Return the types of a dataclass's fields, which must be importable while the program runs."""
    found = get_type_hints(kind)
    return {field.name: found[field.name] for field in fields(kind)}


def values(kind: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return told values as a dataclass's fields want them. Raises ValueError on an unknown field."""
    known = hints(kind)
    strange = set(told) - set(known)
    if strange:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(strange))}: {', '.join(known)}")
    return {name: built(value, known[name]) for name, value in told.items()}


def built(told: Any, hint: Any) -> Any:
    """Return a told value as a type wants it: instants, lengths, enumerations, records, lists of them."""
    if get_origin(hint) in (Union, types.UnionType):
        return None if told is None else built(told, next(part for part in get_args(hint) if _solid(part)))
    if isinstance(hint, type) and is_dataclass(hint):
        return hint(**values(hint, told))
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        each = parts[:1] * len(told) if parts[-1] is Ellipsis else parts
        return tuple(built(item, part) for item, part in zip(told, each, strict=True))
    if isinstance(told, Mapping):
        key, value = get_args(hint)
        return {built(name, key): built(item, value) for name, item in told.items()}
    if hint is int and isinstance(told, str):
        number = milliseconds(told)
        return msgspec.convert(told, int, strict=False) if number is None else number
    return msgspec.convert(told, hint)


def _solid(part: Any) -> bool:
    return part is not type(None)


def amended(record: Record, path: str, told: Any) -> Record:
    """Return a record with one value changed that lies at a dotted path.

    A part of the path is a field, a key of a mapping, or the first field of a record in a list (the name of
    a plan's node, the level of a chain's step). A mapping at the end changes the fields that it names.
    """
    return _amended(record, type(record), path.split("."), told)  # type: ignore[no-any-return]


def _amended(holder: Any, hint: Any, path: list[str], told: Any) -> Any:
    if isinstance(told, Mapping) and (is_dataclass(holder) or isinstance(holder, Mapping)) and not path:
        for name, value in told.items():
            holder = _amended(holder, hint, [str(name)], value)
        return holder
    if not path:
        return built(told, hint)
    name, *rest = path
    if is_dataclass(holder):
        known = hints(type(holder))
        if name not in known:
            raise ValueError(f"{type(holder).__name__} has no {name}: {', '.join(known)}")
        inner = _amended(getattr(holder, name), known[name], rest, told)
        return replace(holder, **{name: inner})  # type: ignore[type-var]
    if isinstance(holder, Mapping):
        key_type, value_type = get_args(hint)
        key = built(name, key_type)
        if rest and key not in holder:
            raise ValueError(f"there is no {name}: {', '.join(map(str, holder))}")
        return {**holder, key: _amended(holder.get(key), value_type, rest, told)}
    return _in_list(holder, get_args(hint)[0], name, rest, told)


def _in_list(holder: tuple[Any, ...], hint: Any, name: str, rest: list[str], told: Any) -> tuple[Any, ...]:
    keys = [str(getattr(item, fields(item)[0].name)) for item in holder]
    if name not in keys:
        raise ValueError(f"there is no {name}: {', '.join(keys)}")
    return tuple(
        _amended(item, hint, rest, told) if key == name else item
        for key, item in zip(keys, holder, strict=True)
    )


def looked_up(record: Any, path: str) -> Any:
    """Return what lies at a dotted path: fields, properties, and numbers that count in a list."""
    for name in path.split("."):
        if isinstance(record, Mapping):
            record = record[name]
        else:
            record = record[int(name)] if name.isdecimal() else getattr(record, name)
    return record


def same(found: Any, told: Any) -> bool:
    """Tell whether a value is what a story says: instants and lengths as text, lists item by item."""
    if told == "none":
        return found is None or found == told
    if isinstance(found, tuple) and isinstance(told, list):
        return len(found) == len(told) and all(map(same, found, told))
    if isinstance(told, Mapping):
        return all(same(looked_up(found, str(path)), value) for path, value in told.items())
    if isinstance(found, int) and not isinstance(found, bool) and isinstance(told, str):
        return found == milliseconds(told)
    return bool(found == told)
