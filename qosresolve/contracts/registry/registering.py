"""Bringing what ships into a registry: each subject's compatibility first, then its next version."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qosresolve.contracts import schemas
from qosresolve.contracts.registry.client import Refused, Registry
from qosresolve.contracts.registry.standing import Standing, Verdict
from qosresolve.contracts.registry.subjects import Subject


@dataclass(frozen=True, slots=True)
class Change:
    """What has to be done with a subject: a compatibility to set, a version to register, or both."""

    subject: Subject
    level: str = ""
    register: bool = False

    @property
    def what(self) -> str:
        """Return it in words."""
        level = f"set {self.level}" if self.level else ""
        return " and ".join(filter(None, [level, "register" if self.register else ""]))


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a change: the id of the schema, or why it was refused."""

    change: Change
    schema_id: int = 0
    refused: str = ""


def changes(standings: Iterable[Standing]) -> list[Change]:
    """Return what has to be done, nothing for what is well; what is refused as it stands is left out."""
    wanted = [_change(standing) for standing in standings if not standing.refused]
    return [change for change in wanted if change.what]


def _change(standing: Standing) -> Change:
    subject = standing.subject
    level = "" if subject.fits(standing.level) else subject.level
    # A subject that is not there has the registry's own level, which may change under it.
    if standing.verdict is Verdict.NEW:
        level = subject.level
    return Change(subject, level, standing.verdict is not Verdict.SAME)


def carry_out(registry: Registry, wanted: Iterable[Change]) -> Iterator[Done]:
    """Do it, one after the other. Raises RegistryError; what was told by then is done."""
    for change in wanted:
        name = change.subject.name
        if change.level:
            registry.set_level(name, change.level)
        if not change.register:
            yield Done(change)
            continue
        try:
            yield Done(change, registry.register(name, schemas.text(change.subject.record)))
        except Refused as refused:
            yield Done(change, refused=str(refused))
