"""Writing a record again when little of it changed: what did not change is not encoded again.

An Avro record is its fields' bytes in order, so it can be written in parts. A part is one nested field, or a
run of plain ones; a part whose values are the very objects of last time keeps its bytes. Values are
immutable, so what was written in a transaction that was dropped is as good as any.
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import accumulate, groupby
from typing import Any

from qosresolve.contracts import schemas, writers

KEPT = 20_000  # records that are remembered

Written = tuple[Any, bytes, list[int]]  # the value, its framed bytes, and where the frame and each part end


class Incremental:
    """Encodes values of one record, each under a key that stays the same over its changes."""

    def __init__(self, record: str, kind: type, kept: int = KEPT) -> None:
        self._parts = tuple(writers.parts(record, kind, tuple(_groups(record))))
        self._kept = kept
        self._last: OrderedDict[str, Written] = OrderedDict()

    @property
    def remembered(self) -> int:
        """Return how many records are remembered."""
        return len(self._last)

    def encode(self, key: str, value: object, frame: bytes) -> bytes:
        """Return the record's Avro bytes behind their frame."""
        last = self._last.get(key)
        if last is None:
            pieces = [frame, *[part.write(value) for part in self._parts]]
            if len(self._last) >= self._kept:
                self._last.popitem(last=False)
        else:
            pieces = [frame, *self._again(value, *last)]
            self._last.move_to_end(key)
        written = b"".join(pieces)
        self._last[key] = value, written, list(accumulate(map(len, pieces)))
        return written

    def _again(self, value: object, was: object, written: bytes, ends: list[int]) -> list[bytes]:
        pieces, start = [], ends[0]
        for part, end in zip(self._parts, ends[1:], strict=True):
            pieces.append(written[start:end] if part.same(value, was) else part.write(value))
            start = end
        return pieces


def _groups(record: str) -> Iterator[list[dict[str, Any]]]:
    for _, run in groupby(schemas.fields(record), lambda field: _nested(field["type"]) and field["name"]):
        yield list(run)


def _nested(kind: object) -> bool:
    """Tell whether a field holds records or arrays, not just a number, a text, bytes or an enumeration."""
    resolved = schemas.inline(kind, set())
    branches = resolved if isinstance(resolved, list) else [resolved]
    return any(isinstance(item, dict) and item["type"] in ("record", "array") for item in branches)
