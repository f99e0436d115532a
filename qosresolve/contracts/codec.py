"""Dicts <-> framed Avro bytes, with or without a schema registry.

Written without one: single-object encoding (C3 01, CRC-64-AVRO, little-endian). Written with one: Confluent
wire format (00, schema id, big-endian). Both codecs read both. What a record means is `records`' business.
"""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol

from fastavro import schemaless_reader, schemaless_writer
from fastavro.types import Schema

from qosresolve.contracts import schemas
from qosresolve.contracts.foreign import RefusedSchemaError, admit
from qosresolve.errors import ConfigError, PoisonRecordError, RetriableError

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import SchemaRegistryClient

MAX_BYTES = 1 << 20

_SINGLE_OBJECT = b"\xc3\x01"
_CONFLUENT = b"\x00"
# The journal's facts come as (record name, dict), a nullable record as itself; asking for it costs a tenth.
_NAMED = {"report-event": (True, True)}  # return_record_name, return_record_name_override
_BODY = {_SINGLE_OBJECT: 10, _CONFLUENT: 5}  # where the Avro binary begins

Value = dict[str, Any]
Resolution = tuple[Schema, Schema | None]  # the writer's schema, and ours where it differs


class Codec(Protocol):
    """`record` is a name in `schemas/`; values are what fastavro takes and gives, instants plain ints."""

    def frame(self, record: str) -> bytes:
        """Return what goes before a record's Avro bytes. Raises RetriableError while a registry is down."""

    def encode(self, record: str, value: Value) -> bytes:
        """Return framed bytes. Raises as `frame`."""

    def decode(self, record: str, data: bytes) -> Value:
        """Return the value in today's schema. Raises PoisonRecordError; RetriableError as above."""


class SingleObjectCodec:
    """Needs nothing but the bundled schemas: the embedded default."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes

    def frame(self, record: str) -> bytes:
        return _SINGLE_OBJECT + schemas.current(record).fingerprint

    def encode(self, record: str, value: Value) -> bytes:
        return _written(self.frame(record), schemas.current(record).parsed, value)

    def decode(self, record: str, data: bytes) -> Value:
        if len(data) > self._max_bytes:
            raise _poison(f"{record}: {len(data)} bytes, more than {self._max_bytes}", "send less", "size")
        if data[:2] == _SINGLE_OBJECT:
            return _read(record, data, _SINGLE_OBJECT, _bundled(record, data))
        if data[:1] != _CONFLUENT:
            raise _poison(
                f"{record}: neither Avro single-object encoding (C3 01) nor Confluent framing (00)",
                "write it with one of the two; bare Avro binary does not say its schema",
            )
        return _read(record, data, _CONFLUENT, self._registered(record, data))

    def _registered(self, record: str, data: bytes) -> Resolution:
        raise _poison(
            f"{record}: Confluent framing, schema id {_schema_id(data)}, but there is no schema registry",
            "set schema_registry_url, then redrive",
        )


class ConfluentCodec(SingleObjectCodec):
    """Writes Confluent framing; `subject_of` gives a record's subject.

    With `register`, today's schemas are registered at their first use; otherwise they must be there.
    """

    def __init__(
        self,
        client: "SchemaRegistryClient",
        subject_of: Callable[[str], str],
        *,
        register: bool = True,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        super().__init__(max_bytes)
        self._client = client
        self._subject_of = subject_of
        self._register = register
        self._frames: dict[str, bytes] = {}
        self._writers: dict[tuple[str, int], Resolution] = {}

    def frame(self, record: str) -> bytes:
        frame = self._frames.get(record)
        if frame is None:
            frame = self._frames[record] = _CONFLUENT + self._id_of(record).to_bytes(4, "big")
        return frame

    def _id_of(self, record: str) -> int:
        from confluent_kafka.schema_registry import Schema as Registered  # noqa: PLC0415 -- an optional extra

        subject, schema = self._subject_of(record), Registered(schemas.text(record), "AVRO")
        try:
            if self._register:
                return self._client.register_schema(subject, schema)
            return self._client.lookup_schema(subject, schema).schema_id or 0
        except Exception as error:
            if _status(error) in (404, 409, 422):
                raise ConfigError(
                    f"the registry does not take {record} under subject {subject}: {error}",
                    setting="schema_registry_url",
                    remedy="register the bundled schema, or set the subject's compatibility to BACKWARD",
                ) from error
            raise RetriableError(f"schema registry, subject {subject}: {error}") from error

    def _registered(self, record: str, data: bytes) -> Resolution:
        key = (record, _schema_id(data))
        if key not in self._writers:
            self._writers[key] = self._fetched(*key)
        return self._writers[key]

    def _fetched(self, record: str, schema_id: int) -> Resolution:
        try:
            found = self._client.get_schema(schema_id)
        except Exception as error:
            if _status(error) == 404 and _is_registry(error):
                raise _poison(
                    f"{record}: the registry knows no schema {schema_id}",
                    "was it written against another registry? register its schema, then redrive",
                ) from error
            raise RetriableError(f"schema registry, schema {schema_id}: {error}") from error
        if found.schema_type != "AVRO" or found.references:
            raise _poison(
                f"{record}: schema {schema_id} is not one self-contained Avro schema",
                "register it in one piece; references are not followed",
            )
        try:
            return _resolution(record, admit(found.schema_str or ""))
        except RefusedSchemaError as error:
            raise _poison(
                f"{record}: schema {schema_id} of the registry is refused: {error}",
                "write with the bundled schema of this record",
            ) from error


def _resolution(record: str, writer: schemas.Version) -> Resolution:
    ours = schemas.current(record)
    return writer.parsed, None if writer.fingerprint == ours.fingerprint else ours.parsed


def _bundled(record: str, data: bytes) -> Resolution:
    fingerprint = data[2:10]
    version = schemas.versions(record).get(fingerprint)
    if version is not None:
        return _resolution(record, version)
    other = schemas.owner(fingerprint)
    if other:
        raise _poison(f"{record}: these are the bytes of a {other}", f"send it to the topic of {other}")
    raise _poison(
        f"{record}: schema {fingerprint[::-1].hex()} is in no bundled version",
        "written by a newer version? upgrade this one, then redrive",
    )


def _schema_id(data: bytes) -> int:
    return int.from_bytes(data[1:5], "big")


def _written(frame: bytes, schema: Schema, value: Value) -> bytes:
    out = BytesIO()
    out.write(frame)
    schemaless_writer(out, schema, value)
    return out.getvalue()


def _read(record: str, data: bytes, framing: bytes, schema: Resolution) -> Value:
    stream = BytesIO(data)
    stream.seek(_BODY[framing])
    try:
        value = schemaless_reader(stream, *schema, *_NAMED.get(record, ()))
    except Exception as error:
        what = str(error)[:200] or "cut short"
        raise _poison(
            f"{record}: {type(error).__name__}: {what}", f"compare its writer with schemas/{record}.avsc"
        ) from error
    if stream.tell() != len(data) or not isinstance(value, dict):
        raise _poison(f"{record}: {len(data) - stream.tell()} bytes too many", "one record a message")
    return value


def _poison(message: str, remedy: str, stage: str = "decode") -> PoisonRecordError:
    return PoisonRecordError(message, stage=stage, remedy=remedy)


# The client raises its own error for an answer of the registry, its HTTP library's for none.


def _status(error: Exception) -> int:
    return int(getattr(error, "http_status_code", 0))


def _is_registry(error: Exception) -> bool:
    """Tell a registry's 404 from one of a proxy or a wrong path: only the former has a code of its own."""
    return str(getattr(error, "error_code", "")).startswith("404")
