"""Writing a record again when little of it changed: what did not change is not encoded again.

An Avro record is its fields' bytes in order, so it can be kept in parts. A part is one nested field, or a run
of plain ones; a part whose values are the very objects of last time keeps its bytes. Values are immutable, so
the parts of a transaction that was dropped are as good as any.
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from qosresolve.contracts import schemas, writers

KEPT = 20_000  # records whose parts are remembered

Encoded = tuple[list[Any], list[bytes]]  # each part's values, and their bytes


class Incremental:
    """Encodes values of one record, each under a key that stays the same over its changes."""

    def __init__(self, record: str, kind: type, kept: int = KEPT) -> None:
        self._parts = tuple(writers.parts(record, kind, tuple(_groups(record))))
        self._kept = kept
        self._last: OrderedDict[str, Encoded] = OrderedDict()

    @property
    def remembered(self) -> int:
        """Return how many records' parts are kept."""
        return len(self._last)

    def encode(self, key: str, value: object) -> bytes:
        """Return the record's Avro bytes, without a frame."""
        values = [part.values(value) for part in self._parts]
        last = self._last.get(key)
        if last is None:
            written = [part.write(value) for part in self._parts]
            if len(self._last) >= self._kept:
                self._last.popitem(last=False)
        else:
            # Nested values by identity, which is all that a fold keeps.
            written = [
                known if now is was or (part.plain and now == was) else part.write(value)
                for part, now, was, known in zip(self._parts, values, *last, strict=True)
            ]
            self._last.move_to_end(key)
        self._last[key] = values, written
        return b"".join(written)


def _groups(record: str) -> Iterator[tuple[bool, list[dict[str, Any]]]]:
    for nested, run in groupby(
        schemas.fields(record), lambda field: _nested(field["type"]) and field["name"]
    ):
        yield not nested, list(run)


def _nested(kind: object) -> bool:
    """Tell whether a field holds records or arrays, not just a number, a text, bytes or an enumeration."""
    resolved = schemas.inline(kind, set())
    branches = resolved if isinstance(resolved, list) else [resolved]
    return any(isinstance(item, dict) and item["type"] in ("record", "array") for item in branches)
