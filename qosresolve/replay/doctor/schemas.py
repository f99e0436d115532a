"""Can what others wrote be read, and will a registry take what we write?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from fastavro import schemaless_reader, schemaless_writer
from fastavro.utils import generate_one

from qosresolve.contracts import schemas
from qosresolve.kafka import wire
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, some
from qosresolve.replay.doctor.site import Site
from qosresolve.topics import BY_RECORD

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import SchemaRegistryClient

_PAGE = "docs/runbooks/schemas-differ.md"
_CURL = "curl -s {url}/config/{subject}"

UNFROZEN = Kind(
    "schema-not-frozen",
    Severity.WARNING,
    "a schema of this installation was never frozen: another release may not read what this one writes",
    "python -m qosresolve.contracts.schemas freeze",
    _PAGE,
)
UNREADABLE = Kind(
    "schema-history-unreadable",
    Severity.CRITICAL,
    "this installation cannot read what an older release wrote",
    "python -m pip install --force-reinstall qosresolve",
    _PAGE,
)
AWAY = Kind(
    "registry-away",
    Severity.CRITICAL,
    "the schema registry does not answer: workers wait, and take nothing of a schema that they have not seen",
    "curl -s {subject}/subjects",
    "docs/runbooks/dependency-down.md",
)
REFUSED = Kind(
    "schema-refused",
    Severity.CRITICAL,
    "the registry will not take the schema that this version writes with: a worker stops at its first record",
    _CURL,
    _PAGE,
)
UNREGISTERED = Kind(
    "schema-unregistered",
    Severity.NOTE,
    "the registry does not have this version's schemas yet: they are registered at their first use",
    "",
    _PAGE,
)


def compatible(site: Site) -> Iterator[Finding]:
    """Are the bundled schemas whole, and does the registry take them?"""
    yield from bundled(schemas.records(), readable)
    if site.settings.schema_registry_url:
        client = wire.registry(site.settings)
        subjects = {record: wire.subject_of(site.settings, record) for record in sorted(BY_RECORD)}
        yield from registered(client, subjects, site.settings.schema_registry_url)


def bundled(records: Sequence[str], why_not: Callable[[str, schemas.Version], str]) -> Iterator[Finding]:
    """Judge the schemas of this installation; `why_not` says why a version cannot be read, or nothing."""
    for record in schemas.unfrozen():
        yield UNFROZEN.found(record, "its schema is not its newest frozen version")
    for record in records:
        failing = [why for version in schemas.versions(record).values() if (why := why_not(record, version))]
        if failing:
            yield UNREADABLE.found(record, f"{len(failing)} versions: {failing[0]}")


def readable(record: str, version: schemas.Version) -> str:
    """Return why a record of an older version cannot be read into today's, empty where it can."""
    body = BytesIO()
    try:
        schemaless_writer(body, version.parsed, generate_one(version.parsed))
        body.seek(0)
        schemaless_reader(body, version.parsed, schemas.current(record).parsed)
    except Exception as error:  # noqa: BLE001 - the library has no class of its own for this
        return f"{type(error).__name__}: {str(error)[:100]}"
    return ""


def registered(client: "SchemaRegistryClient", subjects: dict[str, str], url: str) -> Iterator[Finding]:
    """Judge a registry by what it says of each record's schema."""
    try:
        answers = {record: _answer(client, record, subject) for record, subject in subjects.items()}
    except Exception as error:  # noqa: BLE001 - its HTTP library's, whichever that is
        yield AWAY.found(url, f"{type(error).__name__}: {str(error)[:100]}")
        return
    for record, subject in subjects.items():
        if answers[record] is False:
            yield REFUSED.found(subject, f"{record}: not compatible with what is registered", url=url)
    yield from _new(record for record in subjects if answers[record] is None)


def _new(records: Iterable[str]) -> Iterator[Finding]:
    new = list(records)
    if new:
        yield UNREGISTERED.found("registry", f"not there yet: {some(new)}")


def _answer(client: "SchemaRegistryClient", record: str, subject: str) -> bool | None:
    """Return True where it is registered, False where it would be refused, None where it would be taken."""
    from confluent_kafka.schema_registry import Schema  # noqa: PLC0415 -- an optional extra

    schema = Schema(schemas.text(record), "AVRO")
    if _known(lambda: client.lookup_schema(subject, schema)) is not None:
        return True
    return None if _known(lambda: client.test_compatibility(subject, schema)) is not False else False


def _known(ask: Callable[[], object]) -> object | None:
    """Return an answer, None where the registry has no such subject or version."""
    try:
        return ask()
    except Exception as error:
        if int(getattr(error, "http_status_code", 0)) == 404:
            return None
        raise
