"""Looking into foreign JSON, which is not as its specification says.

Numbers come as strings, arrays as single objects, names in other cases or misspelt. Nothing in here raises
for a wrong type: what is not there, or is something else, is None or empty.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Any  # what `msgspec.json.decode` gives
Object = Mapping[str, Json]

_NOTHING: dict[str, Json] = {}


def obj(value: Json) -> Object:
    """Return a JSON object; an empty one for anything else, and the only member of an array of one."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        only: Object = value[0]
        return only
    return _NOTHING


def items(value: Json) -> list[Json]:
    """Return an array; what stands alone is an array of one, null is none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def objects(value: Json) -> Iterator[Object]:
    """Yield the objects of an array, or the one that stands in its place."""
    return (item for item in items(value) if isinstance(item, dict))


def text(value: Json) -> str:
    """Return a text; numbers and booleans as JSON has them, empty for null, arrays and objects."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_number(value)
    return ""


def format_number(value: float) -> str:
    """Return a number without an exponent or a trailing `.0`, up to 15 digits."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value)) if abs(value) < 1e15 else repr(value)
    return f"{value:.15g}"


def number(value: Json) -> float | None:
    """Return a number, also one that stands in quotes; None for anything else, also NaN and infinities."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if found - found == 0 else None  # neither NaN nor infinite


def whole(value: Json) -> int:
    """Return a whole number that fits a long, 0 for anything else."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 1 << 63 else 0


def first(value: Object, *names: str) -> Json:
    """Return the first of some fields that is there and not null; names that differ in case are not tried."""
    for name in names:
        found = value.get(name)
        if found is not None:
            return found
    return None


def at(value: Json, path: str) -> Json:
    """Return what lies at a dotted path, looking into arrays of one; None where nothing does.

    `[*]` and `[n]` are not spoken here: `every` does.
    """
    for name in path.split("."):
        value = obj(value).get(name)
        if value is None:
            return None
    return value


def every(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Yield (concrete path, value) for a dotted path with `[*]` for all members of an array, `[n]` for one.

    `a[*].b` looks into each member of `a`. What is not there yields nothing.
    """
    yield from _every(value, path.replace("[", ".[").split("."), "")


def _every(value: Json, parts: list[str], where: str) -> Iterator[tuple[str, Json]]:
    if not parts:
        yield where, value
        return
    part, rest = parts[0], parts[1:]
    if part.startswith("["):
        members = items(value)
        wanted = range(len(members)) if part == "[*]" else [int(part[1:-1])] if part[1:-1].isdigit() else []
        for number_ in wanted:
            if number_ < len(members):
                yield from _every(members[number_], rest, f"{where}[{number_}]")
    elif isinstance(value, dict) and part in value:
        yield from _every(value[part], rest, f"{where}.{part}" if where else part)
    elif not part:
        yield from _every(value, rest, where)


def leaves(value: Json, where: str = "") -> Iterator[str]:
    """Yield the path of every leaf, members of arrays as `[*]`: for telling what was not taken over."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaves(item, f"{where}.{name}" if where else name)
    elif isinstance(value, list) and value:
        for item in value:
            yield from leaves(item, f"{where}[*]")
    else:
        yield where
