"""The first fields of a journal record, read without its facts: what it is about, and which input it took.

Only bytes of today's schema are read so; of an older one the whole record is read. The order of the fields is
the schema's, and a test holds the two together.
"""

from typing import NamedTuple

from qosresolve.contracts.readers import size, zigzag
from qosresolve.core.inputs import Cause


class Head(NamedTuple):
    """Product, cause, and the entry's `now` (ms since the epoch, UTC)."""

    product_id: str
    cause: Cause
    now: int


def head_of(data: bytes, start: int) -> Head:
    """Return the head of an Avro record that begins at `start`. Raises one of `readers.UNREAD`."""
    product, at = _text(data, start)
    topic, at = _text(data, at)
    partition, at = _long(data, at)
    offset, at = _long(data, at)
    event_id, at = _text(data, at)
    now, _ = _long(data, at)
    return Head(product, Cause(topic, partition, offset, event_id), now)


def _long(data: bytes, at: int) -> tuple[int, int]:
    twice, at = zigzag(data, at)
    return twice >> 1 ^ -(twice & 1), at


def _text(data: bytes, at: int) -> tuple[str, int]:
    length, at = size(data, at)
    end = at + length
    return data[at:end].decode(), end
