"""Can what others wrote be read, and will a registry take what we write?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO

from fastavro import schemaless_reader, schemaless_writer
from fastavro.utils import generate_one

from qosresolve.contracts import schemas
from qosresolve.contracts.registry.client import Registry
from qosresolve.contracts.registry.standing import Verdict, look
from qosresolve.contracts.registry.subjects import Subject, subjects
from qosresolve.contracts.registry.trouble import RegistryError
from qosresolve.kafka import wire
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, some
from qosresolve.replay.doctor.site import Site
from qosresolve.settings import masked
from qosresolve.topics import Names

_PAGE = "docs/runbooks/schemas-differ.md"
_CHECK = "qosresolve schemas check"

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
    "the schema registry cannot be asked: workers wait, and take nothing of a schema that they have not seen",
    _CHECK,
    "docs/runbooks/dependency-down.md",
)
REFUSED = Kind(
    "schema-refused",
    Severity.CRITICAL,
    "the registry does not take the schema that this version ships: who writes with it stops at its start",
    _CHECK,
    _PAGE,
)
LEVEL = Kind(
    "schema-level",
    Severity.WARNING,
    "the subject has another compatibility than its readers rely on: what they cannot read may be registered",
    "qosresolve schemas register",
    _PAGE,
)
UNREGISTERED = Kind(
    "schema-unregistered",
    Severity.NOTE,
    "the registry does not have this version's schemas yet: they are registered at their first use",
    "qosresolve schemas register",
    _PAGE,
)


def compatible(site: Site) -> Iterator[Finding]:
    """Are the bundled schemas whole, and does the registry take them?"""
    yield from bundled(schemas.records(), readable)
    if site.settings.schema_registry_url:
        where = masked(site.settings)["schema_registry_url"]
        with Registry(wire.registry(site.settings), where) as registry:
            yield from registered(registry, subjects(Names(site.settings.prefix)), where)


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


def registered(registry: Registry, known: Iterable[Subject], where: str) -> Iterator[Finding]:
    """Judge a registry by what it says of each record's schema; `where` is its address as it may be shown."""
    try:
        standings = [look(registry, subject) for subject in known]
    except RegistryError as error:
        yield AWAY.found(where, error.what)
        return
    for standing in standings:
        subject = standing.subject
        if standing.verdict is Verdict.INCOMPATIBLE:
            yield REFUSED.found(subject.name, f"{subject.record}: {standing.against.words[:200]}")
        elif not standing.well:
            yield LEVEL.found(subject.name, f"{standing.level}, not {subject.level}")
    yield from _new(
        standing.subject.record for standing in standings if standing.version == 0 and standing.well
    )


def _new(records: Iterable[str]) -> Iterator[Finding]:
    new = list(records)
    if new:
        yield UNREGISTERED.found("registry", f"not there yet: {some(new)}")
