"""Writing a record again when little of it changed: what did not change is not encoded again.

An Avro record is its fields' bytes in order, so it can be written in pieces. A piece is one nested field, one
that changes often, or a run of other plain ones; a piece whose values are the very objects of last time keeps
its bytes. Values are immutable, so what was written in a transaction that was dropped is as good as any.
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from qosresolve.contracts import schemas, writers

KEPT = 20_000  # records that are remembered
OFTEN = frozenset({"updated_at", "revision", "seen"})  # plain fields that change with nearly every fact

Written = tuple[Any, list[bytes]]  # the value and its pieces


class Incremental:
    """Encodes values of one record, each under a key that stays the same over its changes."""

    def __init__(self, record: str, kind: type, kept: int = KEPT) -> None:
        self._pieces = writers.pieces(record, kind, tuple(_groups(record)))
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
            pieces = self._pieces.all(value)
            if len(self._last) >= self._kept:
                self._last.popitem(last=False)
        else:
            pieces = self._pieces.again(value, *last)
            self._last.move_to_end(key)
        self._last[key] = value, pieces
        return frame + b"".join(pieces)


def _groups(record: str) -> Iterator[list[dict[str, Any]]]:
    for _, run in groupby(schemas.fields(record), _alone):
        yield list(run)


def _alone(field: dict[str, Any]) -> str:
    """Return the name of a field that makes a piece of its own, empty for one that shares it."""
    name: str = field["name"]
    return name if name in OFTEN or _nested(field["type"]) else ""


def _nested(kind: object) -> bool:
    """Tell whether a field holds records or arrays, not just a number, a text, bytes or an enumeration."""
    resolved = schemas.inline(kind, set())
    branches = resolved if isinstance(resolved, list) else [resolved]
    return any(isinstance(item, dict) and item["type"] in ("record", "array") for item in branches)
