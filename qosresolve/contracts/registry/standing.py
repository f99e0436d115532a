"""How what ships stands to what a registry holds, subject by subject. Reads only."""

from dataclasses import dataclass
from enum import StrEnum

from qosresolve.contracts import schemas
from qosresolve.contracts.registry.client import Registry
from qosresolve.contracts.registry.differences import lost_symbols
from qosresolve.contracts.registry.subjects import BACKWARD, FORWARD, Subject


class Verdict(StrEnum):
    """What a registry would make of a schema."""

    NEW = "new"  # no version of the subject is there
    SAME = "same"  # it is a version of the subject
    COMPATIBLE = "compatible"  # it would be the next version
    INCOMPATIBLE = "incompatible"  # it would be refused, or should be


@dataclass(frozen=True, slots=True)
class Against:
    """The versions that a schema is not compatible with, and why: in the registry's words, or in `ours`."""

    versions: tuple[int, ...] = ()
    words: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found of a subject.

    `version` is the one that the shipped schema is, 0 for none. `level` is the compatibility that holds there
    now.
    """

    subject: Subject
    verdict: Verdict
    level: str
    versions: tuple[int, ...] = ()
    version: int = 0
    against: Against = Against()

    @property
    def refused(self) -> bool:
        """True when nothing that we can set helps: it is refused under the compatibility that we want."""
        return self.verdict is Verdict.INCOMPATIBLE and (self.against.ours or self.subject.fits(self.level))

    @property
    def well(self) -> bool:
        """True when nothing has to be mended: a new subject gets its compatibility with its first version."""
        if self.verdict is Verdict.NEW:
            return True
        return self.verdict is not Verdict.INCOMPATIBLE and self.subject.fits(self.level)

    @property
    def remedy(self) -> str:
        """Return what helps, empty where nothing has to be done."""
        if self.refused:
            return _FORWARD if self.subject.level == FORWARD else _BACKWARD
        if not self.well:
            return f"qosresolve schemas register sets {self.subject.level}; nothing else is proven before"
        return "" if self.verdict is Verdict.SAME else "qosresolve schemas register"


_ELSE = "; is it another program's schema? set another prefix (docs/schemas.md)"
_BACKWARD = "give every new field a default, and take no symbol away" + _ELSE
_FORWARD = (
    "take no field away that had no default, and add a symbol only where the enum has a default" + _ELSE
)


def look(registry: Registry, subject: Subject, text: str = "") -> Standing:
    """Return how today's schema of a record, or another text, stands. Raises RegistryError."""
    text = text or schemas.text(subject.record)
    level = registry.level(subject.name)
    versions = tuple(registry.versions(subject.name))
    if not versions:
        return Standing(subject, Verdict.NEW, level)
    same = registry.version_of(subject.name, text)
    if same:
        return Standing(subject, Verdict.SAME, level, versions, same)
    against = _against(registry, subject, text, versions, level)
    verdict = Verdict.INCOMPATIBLE if against.words else Verdict.COMPATIBLE
    return Standing(subject, verdict, level, versions, 0, against)


def _against(
    registry: Registry, subject: Subject, text: str, versions: tuple[int, ...], level: str
) -> Against:
    """Return what a schema is not compatible with.

    A level that is not transitive makes a registry look at the latest version alone: then each is asked for.
    """
    whole = registry.test(subject.name, text)
    if not whole.compatible or not level.endswith("_TRANSITIVE"):
        answers = {version: registry.test(subject.name, text, version) for version in versions}
        against = tuple(version for version, answer in answers.items() if not answer.compatible)
        if against or not whole.compatible:
            words = next((answers[version].words for version in reversed(against)), whole.words)
            return Against(against, words or "it gives no reason")
    return _lost(registry, subject, text, versions) if subject.level == BACKWARD else Against()


def _lost(registry: Registry, subject: Subject, text: str, versions: tuple[int, ...]) -> Against:
    """Return the versions of which symbols were taken away: no registry minds, we do."""
    lost = {version: lost_symbols(registry.text(subject.name, version), text) for version in versions}
    against = tuple(version for version, symbols in lost.items() if symbols)
    symbols = ", ".join(sorted({symbol for each in lost.values() for symbol in each}))
    why = f"{symbols}: not there any more, so what was written with it reads as the default"
    return Against(against, why, ours=True) if against else Against()
