"""Confluent framing: schemas by the id that a registry gave them.

An outage of the registry is never the bytes' fault: an id that it does not know is poison, no answer is
retried, and so is a registry that has forgotten what it told us. What it answered holds: of a schema for
ever, of an unknown id until `forget`.
"""

import time
from collections.abc import Callable
from contextlib import suppress
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
from qosresolve.contracts.registry.asking import Asking
from qosresolve.contracts.registry.trouble import NotARegistryError, explained, is_refusal, is_unknown
from qosresolve.errors import ConfigError, PoisonRecordError, RetriableError

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import Schema as Registered
    from confluent_kafka.schema_registry import SchemaRegistryClient

_RESTORE = "restore its store, or mend schema_registry_url; see docs/runbooks/dependency-down.md"
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

    With `register`, today's schemas are registered at their first use where they are not yet; otherwise they
    must be there.
    """

    asks = True

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
        self._asking = Asking()
        self._subject_of = subject_of
        self._register = register
        self._frames: dict[str, bytes] = {}
        self._answers: Kept[int, Registered] = Kept()
        self._writers: Kept[tuple[str, int], Resolution] = Kept()
        self._refused: Kept[tuple[str, int], tuple[str, str]] = Kept()  # why, and the remedy
        self._unknown: Kept[int, float] = Kept()  # ids, and when they were asked for

    # -- writing

    def frame(self, record: str) -> bytes:
        frame = self._frames.get(record)
        if frame is None:
            frame = self._frames[record] = CONFLUENT + self._id_of(record).to_bytes(4, "big")
        return frame

    def _id_of(self, record: str) -> int:
        from confluent_kafka.schema_registry import Schema as Registered  # noqa: PLC0415 -- an optional extra

        subject, schema = self._subject_of(record), Registered(schemas.text(record), "AVRO")
        try:
            return self._asking.ask(("frame", record), lambda: self._looked_up(subject, schema))
        except Exception as error:
            if is_refusal(error) or is_unknown(error):
                raise ConfigError(
                    f"the registry does not take {record} under subject {subject}: {error}",
                    setting="schema_registry_url",
                    remedy="look with `qosresolve schemas check`, mend with `qosresolve schemas register`; "
                    "it sets the subject's compatibility; see docs/runbooks/schemas-differ.md",
                ) from error
            raise self._down(f"subject {subject}", error) from error

    def _looked_up(self, subject: str, schema: "Registered") -> int:
        """Return a schema's id. It is looked up first: that needs no right to write to the registry."""
        try:
            return _id(self._client.lookup_schema(subject, schema).schema_id)
        except Exception as error:
            if not self._register or not is_unknown(error):
                raise
        return _id(self._client.register_schema(subject, schema))

    # -- reading

    def today(self, record: str, data: bytes) -> int:
        if data[:1] != CONFLUENT:
            return super().today(record, data)
        known = self._writers.get((record, int.from_bytes(data[1:5], "big")))
        whole = known is not None and known.reader is None and known.stream is BytesIO
        return 5 if whole and len(data) <= self._most(record) else 0

    def forget(self) -> None:
        """Ask the registry again for ids that it did not know."""
        self._unknown.clear()

    def ask(self, data: bytes | None) -> None:
        if data is None or data[:1] != CONFLUENT or len(data) < 5:
            return
        schema_id = int.from_bytes(data[1:5], "big")
        if self._answers.get(schema_id) is None:
            with suppress(PoisonRecordError):  # which decoding it says again
                self._found("", schema_id)

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
        found = self._answers.get(schema_id)
        if found is not None:
            return found
        asked_at = self._unknown.get(schema_id)
        if asked_at is not None and time.monotonic() - asked_at < UNKNOWN_S:
            raise _unknown(record, schema_id)
        try:
            found = self._asking.ask(("id", schema_id), lambda: _whole(self._client.get_schema(schema_id)))
        except Exception as error:
            if is_unknown(error):
                self._remembers_us()
                self._unknown.put(schema_id, time.monotonic())
                raise _unknown(record, schema_id) from error
            raise self._down(f"schema {schema_id}", error) from error
        return self._answers.put(schema_id, found)

    def _remembers_us(self) -> None:
        """Raise RetriableError where the registry has forgotten a schema whose id it told us.

        It lost its store, or is another one; then what it does not know says nothing of the bytes.
        """
        record, frame = next(iter(self._frames.items()), ("", b""))
        if not frame:
            return
        subject, schema_id = self._subject_of(record), int.from_bytes(frame[1:5], "big")
        try:
            found = self._asking.ask(
                ("witness", schema_id), lambda: self._client.get_schema_versions(schema_id)
            )
            known = any(version.subject == subject for version in found)
        except Exception as error:
            if not is_unknown(error):
                raise self._down(f"schema {schema_id}", error) from error
            known = False
        if not known:
            self._client.clear_caches()  # type: ignore[no-untyped-call] # as the library has it
            raise RetriableError(
                f"schema registry, schema {schema_id}: it no longer knows it for {subject}; {_RESTORE}"
            )

    def _down(self, what: str, error: Exception) -> RetriableError:
        """Return what is raised while nobody can tell; the client must not remember a wrong answer."""
        self._client.clear_caches()  # type: ignore[no-untyped-call] # as the library has it
        return RetriableError(f"schema registry, {what}: {explained(error)}")

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
        if _name(admitted.version) != _name(schemas.current(record)):
            self._remembers_us()
        return resolution(record, admitted.version, _Ending if admitted.endless else BytesIO)

    def _refuse(self, record: str, schema_id: int, why: str, remedy: str) -> PoisonRecordError:
        """Remember it: what a registry holds under an id never changes, unless it lost its store."""
        self._remembers_us()
        whole = f"{record}: schema {schema_id} {why}"
        return poison(*self._refused.put((record, schema_id), (whole, remedy)))


def _id(schema_id: int | None) -> int:
    """Return an id as registries give it. Raises NotARegistryError."""
    if not isinstance(schema_id, int) or not 0 < schema_id < 1 << 32:
        raise NotARegistryError(f"it gives the id {schema_id!r}")
    return schema_id


def _whole(found: "Registered") -> "Registered":
    """Return a schema as registries give it. Raises NotARegistryError."""
    if not isinstance(found.schema_str, str) or not found.schema_str:
        raise NotARegistryError("it gives no schema")
    return found


def _name(version: schemas.Version) -> str:
    """Return the short name of a schema: where another one has our id, it is likely another registry."""
    schema = version.parsed
    return str(schema.get("name", "")).rpartition(".")[2] if isinstance(schema, dict) else ""


def _unknown(record: str, schema_id: int) -> PoisonRecordError:
    return poison(
        f"{record}: the registry knows no schema {schema_id}",
        "was it written against another registry? register its schema, then redrive",
    )
