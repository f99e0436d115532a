"""JSON that notes which of its leaves were read: how `leftovers` knows what nothing was made of.

The formats read plain dictionaries and lists; these are such, and slower.
"""

from collections.abc import ItemsView, Iterator, ValuesView
from typing import SupportsIndex, overload

from qosresolve.intake.paths import Json


def traced(value: Json, reads: set[str], where: str = "") -> Json:
    """Return a copy of decoded JSON that puts the path of each leaf that is read into `reads`."""
    if isinstance(value, dict):
        return TracedObject(value, reads, where)
    if isinstance(value, list):
        return TracedArray(value, reads, where)
    return value


def leaf_paths(value: Json, where: str = "") -> Iterator[str]:
    """Yield the path of each leaf, with the place of members of arrays: `a.b[0].c`. An empty one is one."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaf_paths(item, below(where, name))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaf_paths(item, f"{where}[{index}]")
    else:
        yield where


def below(where: str, name: str) -> str:
    """Return the path of a field of an object."""
    return f"{where}.{name}" if where else name


class TracedObject(dict[str, Json]):
    """An object: `get`, `[]` and its views read; asking whether a name is there does not."""

    def __init__(self, value: dict[str, Json], reads: set[str], where: str) -> None:
        self._reads, self._where = reads, where
        super().__init__({name: traced(item, reads, below(where, name)) for name, item in value.items()})

    def _note(self, name: str) -> None:
        if name in self and super().__getitem__(name).__class__ not in (TracedObject, TracedArray):
            self._reads.add(below(self._where, name))

    def __getitem__(self, name: str) -> Json:
        self._note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Json = None) -> Json:
        self._note(name)
        return super().get(name, default)

    def items(self) -> ItemsView[str, Json]:  # type: ignore[override]  # typeshed's own class cannot be named
        self._note_all()
        return super().items()

    def values(self) -> ValuesView[Json]:  # type: ignore[override]  # the same
        self._note_all()
        return super().values()

    def _note_all(self) -> None:
        for name in self:
            self._note(name)


class TracedArray(list[Json]):
    """An array: `[]` and iteration read."""

    def __init__(self, value: list[Json], reads: set[str], where: str) -> None:
        self._reads, self._where = reads, where
        super().__init__(traced(item, reads, f"{where}[{index}]") for index, item in enumerate(value))

    def _note(self, index: int) -> None:
        if super().__getitem__(index).__class__ not in (TracedObject, TracedArray):
            self._reads.add(f"{self._where}[{index}]")

    @overload
    def __getitem__(self, index: SupportsIndex) -> Json: ...
    @overload
    def __getitem__(self, index: slice) -> list[Json]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Json:
        taken = range(len(self))[index if isinstance(index, slice) else slice(index, None)]
        for place in taken if isinstance(index, slice) else taken[:1]:
            self._note(place)
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Json]:
        for index in range(len(self)):
            self._note(index)
            yield super().__getitem__(index)
