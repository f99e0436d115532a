"""Confluent framing: schemas by the id that a registry gave them.

An outage of the registry is never the bytes' fault: an id that it does not know is poison, no answer is
retried. What it answered holds: of a schema for ever, of an unknown id until `forget`.
"""

import time
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from qosresolve.contracts import schemas
from qosresolve.contracts.codec import (
    CONFLUENT,
    MAX_BYTES,
    Kept,
    Resolution,
    SingleObjectCodec,
    poison,
    resolution,
)
from qosresolve.contracts.foreign import RefusedSchemaError, admit
from qosresolve.errors import ConfigError, PoisonRecordError, RetriableError

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import Schema as Registered
    from confluent_kafka.schema_registry import SchemaRegistryClient

UNKNOWN_S = 5.0  # an id is asked for again after this, even if nobody says `forget`


class _Ending(BytesIO):
    """Bytes that tell their end: the library passes over what it does not need without looking."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is None or len(data) != size:
            raise EOFError
        return data


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
        self._writers: Kept[tuple[str, int], Resolution] = Kept()
        self._refused: Kept[tuple[str, int], tuple[str, str]] = Kept()  # why, and the remedy
        self._unknown: Kept[int, float] = Kept()  # ids, and when they were asked for

    def frame(self, record: str) -> bytes:
        frame = self._frames.get(record)
        if frame is None:
            frame = self._frames[record] = CONFLUENT + self._id_of(record).to_bytes(4, "big")
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

    def forget(self) -> None:
        """Ask the registry again for ids that it did not know."""
        self._unknown.clear()

    def _registered(self, record: str, schema_id: int) -> Resolution:
        key = (record, schema_id)
        known = self._writers.get(key)
        if known is not None:
            return known
        refused = self._refused.get(key)
        if refused is not None:
            raise poison(*refused)
        return self._writers.put(key, self._admitted(record, schema_id, self._found(record, schema_id)))

    def _found(self, record: str, schema_id: int) -> "Registered":
        asked_at = self._unknown.get(schema_id)
        if asked_at is not None and time.monotonic() - asked_at < UNKNOWN_S:
            raise _unknown(record, schema_id)
        try:
            return self._client.get_schema(schema_id)
        except Exception as error:
            if _status(error) == 404 and _is_registry(error):
                self._unknown.put(schema_id, time.monotonic())
                raise _unknown(record, schema_id) from error
            raise RetriableError(f"schema registry, schema {schema_id}: {error}") from error

    def _admitted(self, record: str, schema_id: int, found: "Registered") -> Resolution:
        if found.schema_type != "AVRO" or found.references:
            why, remedy = "is not one self-contained Avro schema", "register it in one piece"
            raise self._refuse(record, schema_id, why, f"{remedy}; references are not followed")
        try:
            admitted = admit(found.schema_str or "")
        except RefusedSchemaError as error:
            why, remedy = (
                f"of the registry is refused: {error}",
                "write with the bundled schema of this record",
            )
            raise self._refuse(record, schema_id, why, remedy) from error
        return resolution(record, admitted.version, _Ending if admitted.endless else BytesIO)

    def _refuse(self, record: str, schema_id: int, why: str, remedy: str) -> PoisonRecordError:
        """Remember it: what a registry holds under an id never changes."""
        whole = f"{record}: schema {schema_id} {why}"
        return poison(*self._refused.put((record, schema_id), (whole, remedy)))


def _unknown(record: str, schema_id: int) -> PoisonRecordError:
    return poison(
        f"{record}: the registry knows no schema {schema_id}",
        "was it written against another registry? register its schema, then redrive",
    )


# The client raises its own error for an answer of the registry, its HTTP library's for none.


def _status(error: Exception) -> int:
    return int(getattr(error, "http_status_code", 0))


def _is_registry(error: Exception) -> bool:
    """Tell a registry's 404 from one of a proxy or a wrong path: only the former has a code of its own."""
    return str(getattr(error, "error_code", "")).startswith("404")
