"""Dicts <-> framed Avro bytes, with or without a schema registry.

Written without one: single-object encoding (C3 01, CRC-64-AVRO, little-endian). Written with one: Confluent
wire format (00, schema id, big-endian), see `confluent`. Both codecs read both. What a record means is
`records`' business.
"""

from collections import OrderedDict
from functools import cache
from io import BytesIO
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from fastavro import schemaless_reader, schemaless_writer
from fastavro.types import Schema

from qosresolve.contracts import schemas
from qosresolve.errors import PoisonRecordError

MAX_BYTES = 1 << 20
# A command may bring a whole report (to repair one), whose arrays blow up when they are read.
MOST_BYTES = {"command": 250_000}
MAX_KEPT = 1_000  # schemas, and ids that are refused

_SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT = b"\x00"
# The journal's facts come as (record name, dict), a nullable record as itself; asking for it costs a tenth.
_NAMED = {"report-event": (True, True)}  # return_record_name, return_record_name_override

Value = dict[str, Any]
K = TypeVar("K")
V = TypeVar("V")


class Resolution(NamedTuple):
    """The writer's schema, ours where it differs, and what the bytes are read through."""

    writer: Schema
    reader: Schema | None
    stream: type[BytesIO]


class Kept(Generic[K, V]):
    """A bounded number of answers; the oldest is let go."""

    def __init__(self) -> None:
        self._held: OrderedDict[K, V] = OrderedDict()
        self.get = self._held.get
        self.clear = self._held.clear

    def put(self, key: K, value: V) -> V:
        self._held[key] = value
        if len(self._held) > MAX_KEPT:
            self._held.popitem(last=False)
        return value


class Codec(Protocol):
    """`record` is a name in `schemas/`; values are what fastavro takes and gives, instants plain ints."""

    asks: bool  # a registry, for schemas

    def frame(self, record: str) -> bytes:
        """Return what goes before a record's Avro bytes. Raises RetriableError while a registry is down."""

    def encode(self, record: str, value: Value) -> bytes:
        """Return framed bytes. Raises as `frame`."""

    def decode(self, record: str, data: bytes, onto: Schema | None = None) -> Value:
        """Return the value in today's schema, or in `onto`, which has some of its fields.

        Raises PoisonRecordError; RetriableError as above.
        """

    def today(self, record: str, data: bytes) -> int:
        """Return where the Avro bytes begin that are of today's schema, 0 where `decode` has to look."""

    def ask(self, data: bytes | None) -> None:
        """Have at hand what a registry says of bytes' schema. Raises RetriableError while it is down."""

    def forget(self) -> None:
        """Ask again for what was unknown: of the records read so far, none was written since."""


class SingleObjectCodec:
    """Needs nothing but the bundled schemas: the embedded default."""

    asks = False

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bundled: Kept[tuple[str, bytes], Resolution] = Kept()
        self._today: dict[str, tuple[bytes, int]] = {}  # frame, and how many bytes there may be

    def frame(self, record: str) -> bytes:
        return _frame(record)

    def encode(self, record: str, value: Value) -> bytes:
        return _written(self.frame(record), schemas.current(record).parsed, value)

    def decode(self, record: str, data: bytes, onto: Schema | None = None) -> Value:
        most = self._most(record)
        if len(data) > most:
            raise poison(f"{record}: {len(data)} bytes, more than {most}", "send less", "size")
        if data[:2] == _SINGLE_OBJECT:
            key, body = (record, data[2:10]), 10
            found = self._bundled.get(key) or self._bundled.put(key, _bundled(*key))
        elif data[:1] != CONFLUENT:
            raise poison(
                f"{record}: neither Avro single-object encoding (C3 01) nor Confluent framing (00)",
                "write it with one of the two; bare Avro binary does not say its schema",
            )
        elif len(data) < 5:
            raise poison(f"{record}: cut short within its framing", "one whole record a message")
        else:
            found, body = self._registered(record, int.from_bytes(data[1:5], "big")), 5
        return _read(record, data, body, found if onto is None else found._replace(reader=onto))

    def today(self, record: str, data: bytes) -> int:
        frame, most = self._today.get(record) or self._limits(record)
        return len(frame) if data.startswith(frame) and len(data) <= most else 0

    def _limits(self, record: str) -> tuple[bytes, int]:
        limits = self._today[record] = _frame(record), self._most(record)
        return limits

    def _most(self, record: str) -> int:
        return min(self._max_bytes, MOST_BYTES.get(record, MAX_BYTES))

    def ask(self, data: bytes | None) -> None:
        """Nothing is asked for."""

    def forget(self) -> None:
        """Nothing was asked for."""

    def _registered(self, record: str, schema_id: int) -> Resolution:
        raise poison(
            f"{record}: Confluent framing, schema id {schema_id}, but there is no schema registry",
            "set schema_registry_url, then redrive",
        )


@cache
def _frame(record: str) -> bytes:
    return _SINGLE_OBJECT + schemas.current(record).fingerprint


def resolution(record: str, writer: schemas.Version, stream: type[BytesIO] = BytesIO) -> Resolution:
    """Return how bytes of a writer's schema are read as a record."""
    ours = schemas.current(record)
    return Resolution(writer.parsed, None if writer.fingerprint == ours.fingerprint else ours.parsed, stream)


def _bundled(record: str, fingerprint: bytes) -> Resolution:
    version = schemas.versions(record).get(fingerprint)
    if version is not None:
        return resolution(record, version)
    other = schemas.owner(fingerprint)
    if other:
        raise poison(f"{record}: these are the bytes of a {other}", f"send it to the topic of {other}")
    raise poison(
        f"{record}: schema {fingerprint[::-1].hex()} is in no bundled version",
        "written by a newer version? upgrade this one, then redrive",
    )


def _written(frame: bytes, schema: Schema, value: Value) -> bytes:
    out = BytesIO()
    out.write(frame)
    schemaless_writer(out, schema, value)
    return out.getvalue()


def _read(record: str, data: bytes, body: int, schema: Resolution) -> Value:
    writer, reader, make = schema
    stream = make(data)
    stream.seek(body)
    try:
        value = schemaless_reader(stream, writer, reader, *_NAMED.get(record, ()))
    except MemoryError:
        raise  # of which the bytes need not be the reason
    except Exception as error:
        what = str(error)[:200] or "cut short"
        raise poison(
            f"{record}: {type(error).__name__}: {what}", f"compare its writer with schemas/{record}.avsc"
        ) from error
    if stream.tell() != len(data) or not isinstance(value, dict):
        raise poison(f"{record}: {len(data) - stream.tell()} bytes too many", "one record a message")
    return value


def poison(message: str, remedy: str, stage: str = "decode") -> PoisonRecordError:
    """Return what is raised for bytes that are not the record."""
    return PoisonRecordError(message, stage=stage, remedy=remedy)
