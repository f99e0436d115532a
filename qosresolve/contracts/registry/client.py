"""A registry as tools ask it: every question bounded, every trouble named with its remedy."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

from qosresolve.contracts.registry.asking import Asking
from qosresolve.contracts.registry.trouble import (
    NotARegistryError,
    RegistryError,
    explained,
    is_refusal,
    is_unknown,
)

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a schema is compatible, and what the registry says where it is not."""

    compatible: bool
    words: str = ""


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The registry does not take a schema; the message is its own."""


class Registry:
    """Every method raises RegistryError where the registry cannot be asked, or may not be."""

    def __init__(self, client: "SchemaRegistryClient", where: str) -> None:
        """Ask by a client; `where` is the address as it may be shown."""
        self._client = client
        self._where = where
        self._asking = Asking()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    # -- looking

    def versions(self, subject: str) -> list[int]:
        """Return the versions of a subject, oldest first; none where there is no such subject."""
        found = self._asked(("versions", subject), lambda: self._client.get_versions(subject), [])
        return sorted(self._one(int, each) for each in self._one(list, found))

    def text(self, subject: str, version: int) -> str:
        """Return the schema of a version."""
        found = self._asked(
            ("text", subject, version), lambda: self._client.get_version(subject, version), None
        )
        return self._one(str, getattr(getattr(found, "schema", None), "schema_str", None))

    def version_of(self, subject: str, text: str) -> int:
        """Return the version under which this very schema is registered, 0 where it is not."""
        schema = _avro(text)
        found = self._asked(
            ("lookup", subject, text), lambda: self._client.lookup_schema(subject, schema), None
        )
        return 0 if found is None else self._one(int, found.version)

    def level(self, subject: str) -> str:
        """Return the compatibility that holds for a subject: its own, else the registry's."""
        own: str = self._asked(("level", subject), lambda: self._client.get_compatibility(subject), "")
        return self._one(str, own or self._asked(("level",), self._client.get_compatibility, ""))

    def test(self, subject: str, text: str, version: int | None = None) -> Answer:
        """Ask whether a schema is compatible with a version, without one with all that the level names."""
        body = _avro(text).to_dict()
        path = f"compatibility/subjects/{quote(subject, safe='')}/versions"
        path += "" if version is None else f"/{version}"
        # As the client's test_compatibility_all_versions has it, which keeps the registry's words to itself.
        rest = self._client._rest_client  # noqa: SLF001
        said = self._asked(
            ("test", path, text), lambda: rest.post(f"{path}?normalize=false&verbose=true", body), {}
        )
        compatible = self._one(bool, said.get("is_compatible", True if not said else None))
        return Answer(compatible, "; ".join(said.get("messages") or ()) or str(said.get("reason") or ""))

    # -- writing

    def set_level(self, subject: str, level: str) -> None:
        """Set a subject's own compatibility; the subject need not be there yet."""
        self._asked(("set", subject, level), lambda: self._client.set_compatibility(subject, level))

    def register(self, subject: str, text: str) -> int:
        """Register a schema as a subject's next version; return its id. Raises Refused."""
        schema = _avro(text)
        try:
            made = self._asking.ask(
                ("register", subject, text), lambda: self._client.register_schema(subject, schema)
            )
        except Exception as error:
            if is_refusal(error):
                raise Refused(str(getattr(error, "error_message", error))) from error
            raise self._trouble(error) from error
        return self._one(int, made)

    def _asked(self, what: Hashable, call: Callable[[], T], unknown: Any = ...) -> Any:  # noqa: ANN401
        """Return an answer; `unknown`, where it is given, for what the registry does not have."""
        try:
            return self._asking.ask(what, call)
        except Exception as error:
            if unknown is not ... and is_unknown(error):
                return unknown
            raise self._trouble(error) from error

    def _one(self, kind: type[T], value: object) -> T:
        """Return an answer of the kind that a registry gives. Raises RegistryError for another."""
        if not isinstance(value, kind):
            raise self._trouble(NotARegistryError(f"it answers {value!r:.80}"))
        return value

    def _trouble(self, error: Exception) -> RegistryError:
        return RegistryError(self._where, explained(error))


def _avro(text: str) -> "Schema":
    from confluent_kafka.schema_registry import Schema  # noqa: PLC0415 -- an optional extra

    return Schema(text, "AVRO")
