"""Asking the registry about every subject that is meant."""

from collections.abc import Iterable
from dataclasses import dataclass

from qosresolve.contracts import schemas
from qosresolve.contracts.registry import differences
from qosresolve.contracts.registry.client import Registry
from qosresolve.contracts.registry.standing import Standing, look
from qosresolve.contracts.registry.subjects import Subject, subjects
from qosresolve.kafka import wire
from qosresolve.settings import Settings, masked
from qosresolve.topics import Names


@dataclass(frozen=True, slots=True)
class Compared:
    """A subject, the version that was compared (0: none is registered), and what differs."""

    subject: Subject
    version: int
    rows: tuple[differences.Difference, ...] = ()


def registry(settings: Settings) -> Registry:
    """Return the registry of the settings, to be closed. Raises ConfigError without one."""
    return Registry(wire.registry(settings), masked(settings)["schema_registry_url"])


def standings(settings: Settings, records: Iterable[str]) -> list[Standing]:
    """Return how each subject stands. Raises ConfigError, RegistryError."""
    meant = subjects(Names(settings.prefix), records)
    with registry(settings) as asked:
        return [look(asked, subject) for subject in meant]


def compared(settings: Settings, records: Iterable[str], version: int) -> list[Compared]:
    """Return what differs from a version of each subject, 0 for the latest. Raises as `standings`."""
    meant = subjects(Names(settings.prefix), records)
    with registry(settings) as asked:
        return [_compared(asked, subject, version) for subject in meant]


def _compared(asked: Registry, subject: Subject, version: int) -> Compared:
    versions = asked.versions(subject.name)
    number = version if version in versions else 0
    if not version and versions:
        number = versions[-1]
    if not number:
        return Compared(subject, 0)
    registered = asked.text(subject.name, number)
    rows = differences.differences(registered, schemas.text(subject.record))
    return Compared(subject, number, tuple(rows))
