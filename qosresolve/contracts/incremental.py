"""Writing a record again when little of it changed: what did not change is not encoded again.

An Avro record is its fields' bytes in order, so it can be kept in parts. A part is one nested field, or a run
of plain ones; a part whose values are the very objects of last time keeps its bytes. Values are immutable, so
the parts of a transaction that was dropped are as good as any.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from fastavro import schemaless_writer
from fastavro.types import Schema

from qosresolve.contracts import schemas

KEPT = 20_000  # records whose parts are remembered

Encoded = list[tuple[object, bytes]]  # a part's values, and their bytes


@dataclass(frozen=True, slots=True)
class Part:
    """Some neighbouring fields of a record; `values` takes them from the dataclass."""

    names: tuple[str, ...]
    schema: Schema
    values: Callable[[object], Any]
    plain: bool

    def same(self, values: object, last: object) -> bool:
        """Tell whether nothing changed: nested values by identity, which is all that a fold keeps."""
        return values == last if self.plain else values is last

    def encode(self, values: Any) -> bytes:  # noqa: ANN401 - whatever the fields hold
        """Return the Avro bytes of the part."""
        each = values if len(self.names) > 1 else (values,)
        plain = msgspec.to_builtins(each, builtin_types=(bytes,))
        out = BytesIO()
        schemaless_writer(out, self.schema, dict(zip(self.names, plain, strict=True)))
        return out.getvalue()


class Incremental:
    """Encodes values of one record, each under a key that stays the same over its changes."""

    def __init__(self, record: str, kept: int = KEPT) -> None:
        self._parts = tuple(_parts(record))
        self._kept = kept
        self._last: OrderedDict[str, Encoded] = OrderedDict()

    @property
    def remembered(self) -> int:
        """Return how many records' parts are kept."""
        return len(self._last)

    def encode(self, key: str, value: object) -> bytes:
        """Return the record's Avro bytes, without a frame."""
        last = self._last.get(key)
        encoded: Encoded = []
        for at, part in enumerate(self._parts):
            values = part.values(value)
            if last is not None and part.same(values, last[at][0]):
                encoded.append(last[at])
            else:
                encoded.append((values, part.encode(values)))
        self._keep(key, encoded)
        return b"".join(data for _, data in encoded)

    def _keep(self, key: str, encoded: Encoded) -> None:
        self._last[key] = encoded
        self._last.move_to_end(key)
        if len(self._last) > self._kept:
            self._last.popitem(last=False)


def _parts(record: str) -> Iterator[Part]:
    for nested, run in groupby(
        schemas.fields(record), lambda field: _nested(field["type"]) and field["name"]
    ):
        fields = list(run)
        names = tuple(field["name"] for field in fields)
        whole = {"type": "record", "namespace": "part", "name": record, "fields": fields}
        schema = schemas.parse(schemas.inline(whole, set())).parsed
        yield Part(names, schema, attrgetter(*names), plain=not nested)


def _nested(kind: object) -> bool:
    """Tell whether a field holds records or arrays, not just a number, a text, bytes or an enumeration."""
    resolved = schemas.inline(kind, set())
    branches = resolved if isinstance(resolved, list) else [resolved]
    return any(isinstance(item, dict) and item["type"] in ("record", "array") for item in branches)
