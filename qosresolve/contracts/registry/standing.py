"""How what ships stands to what a registry holds, subject by subject. Reads only."""

from dataclasses import dataclass
from enum import StrEnum

from qosresolve.contracts import schemas
from qosresolve.contracts.registry.client import Registry
from qosresolve.contracts.registry.subjects import FORWARD, Subject


class Verdict(StrEnum):
    """What a registry would make of a schema."""

    NEW = "new"  # no version of the subject is there
    SAME = "same"  # it is a version of the subject
    COMPATIBLE = "compatible"  # it would be the next version
    INCOMPATIBLE = "incompatible"  # it would be refused, or should be


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found of a subject.

    `version` is the one that the shipped schema is, 0 for none; `against` are those that it is not compatible
    with, in the registry's `words`. `level` is the compatibility that holds there now.
    """

    subject: Subject
    verdict: Verdict
    level: str
    versions: tuple[int, ...] = ()
    version: int = 0
    against: tuple[int, ...] = ()
    words: str = ""

    @property
    def well(self) -> bool:
        """True when nothing has to be mended: a new subject gets its compatibility with its first version."""
        if self.verdict is Verdict.NEW:
            return True
        return self.verdict is not Verdict.INCOMPATIBLE and self.subject.fits(self.level)

    @property
    def remedy(self) -> str:
        """Return what helps, empty where nothing has to be done."""
        if self.verdict is Verdict.INCOMPATIBLE and self.subject.fits(self.level):
            return _FORWARD if self.subject.level == FORWARD else _BACKWARD
        if not self.well:
            return f"qosresolve schemas register sets {self.subject.level}; nothing else is proven before"
        return "" if self.verdict is Verdict.SAME else "qosresolve schemas register"


_ELSE = "; is it another program's schema? set another prefix (docs/schemas.md)"
_BACKWARD = "a field is added with a default, a symbol at the end, and neither is taken away" + _ELSE
_FORWARD = (
    "a field is taken away only where it had a default, a symbol added only where the enum has one" + _ELSE
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
    against, words = _against(registry, subject, text, versions, level)
    verdict = Verdict.INCOMPATIBLE if words or against else Verdict.COMPATIBLE
    return Standing(subject, verdict, level, versions, 0, against, words)


def _against(
    registry: Registry, subject: Subject, text: str, versions: tuple[int, ...], level: str
) -> tuple[tuple[int, ...], str]:
    """Return the versions that a schema is not compatible with, and the registry's words.

    A level that is not transitive makes a registry look at the latest version alone: then each is asked for.
    """
    whole = registry.test(subject.name, text)
    if whole.compatible and level.endswith("_TRANSITIVE"):
        return (), ""
    answers = {version: registry.test(subject.name, text, version) for version in versions}
    against = tuple(version for version, answer in answers.items() if not answer.compatible)
    words = next((answers[version].words for version in reversed(against)), "") or whole.words
    return against, words or ("" if whole.compatible and not against else "it gives no reason")
