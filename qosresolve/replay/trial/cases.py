"""A file of expectations: questions to a policy, and the values that their answers should have.

One finding for all that is wrong with the file, with its place, as for a policy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from qosresolve.contracts.policy.document import Document, read_yaml
from qosresolve.contracts.policy.fields import Name, Word
from qosresolve.contracts.policy.file import read_text
from qosresolve.contracts.policy.findings import Check, Loc, PolicyFileError, meant
from qosresolve.contracts.policy.model import Strict
from qosresolve.contracts.policy.shape import shaped
from qosresolve.core.policy import Policy
from qosresolve.core.vocabulary import RootCauseKind, Severity
from qosresolve.replay.trial.outlook import ask
from qosresolve.replay.trial.question import Question, instant, zone_of
from qosresolve.replay.trial.told import Tree, tree


class GivenModel(Strict):
    """The question; `at` is local in the customer's zone unless it says its offset."""

    at: Word = Field(examples=['"2026-03-02 22:15"'])
    severity: Severity = Field(examples=["major"])
    tier: Name = ""
    site: Name = ""
    offering: Name = ""
    sla: Name = ""
    indicator: Name = ""
    cause: RootCauseKind | None = None
    party: Name = ""


class CaseModel(Strict):
    """One question and what is expected of its answer; what is not named is not looked at."""

    name: Name = ""
    given: GivenModel = Field(examples=['{tier: gold, severity: major, at: "2026-03-02 22:15"}'])
    expect: Mapping[Word, Any] = Field(examples=["{assignee: desk}"], min_length=1)


class CasesModel(Strict):
    """A file of cases."""

    cases: tuple[CaseModel, ...] = Field(min_length=1, examples=["a list of given and expect"])


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a file, and where each thing is written."""

    document: Document
    cases: tuple[CaseModel, ...]


def load(path: Path) -> Cases:
    """Return the cases of a file. Raises PolicyFileError with everything that is wrong with it."""
    document = read_yaml(read_text(path), str(path))
    return Cases(document, shaped(document, CasesModel).cases)


def answers(policy: Policy, file: Cases) -> Iterator[tuple[Loc, CaseModel, Question, dict[str, Tree]]]:
    """Put each case to a policy. Raises PolicyFileError on an instant or a key that does not exist."""
    for index, case in enumerate(file.cases):
        loc: Loc = ("cases", index)
        question = _question(policy, file.document, case.given, (*loc, "given"))
        told = tree(ask(policy, question))
        _known(file.document, case, told, (*loc, "expect"))
        yield loc, case, question, told


def _question(policy: Policy, document: Document, given: GivenModel, loc: Loc) -> Question:
    try:
        at = instant(given.at, zone_of(policy, given.tier, given.site))
    except ValueError as error:
        raise PolicyFileError([document.finding(Check.BAD_VALUE, (*loc, "at"), *error.args)]) from None
    return Question(**{**given.model_dump(), "at": at})


def _known(document: Document, case: CaseModel, told: dict[str, Tree], loc: Loc) -> None:
    unknown = [name for name in case.expect if name not in told]
    findings = [
        document.finding(
            Check.UNKNOWN_KEY, (*loc, name), "is not told by a policy", meant(name, told), at_key=True
        )
        for name in unknown
    ]
    if findings:
        raise PolicyFileError(findings)
