"""The operator's policy file: read, check, compile.

`load` reads YAML and raises `PolicyFileError` with every finding; `compile` gives the canonical bytes, whose
hash is the policy's name; `read_canonical` gives what the core reads. Reading canonical bytes alone needs
`canonical` only.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import tzdata  # type: ignore[import-untyped] # there are no stubs for its one constant

from qosresolve.contracts.policy import checks, warnings
from qosresolve.contracts.policy.canonical import (
    CanonicalFormError,
    policy_hash,
    read_canonical,
    write_canonical,
)
from qosresolve.contracts.policy.compiler import horizon_year, to_core
from qosresolve.contracts.policy.document import Document, read_yaml
from qosresolve.contracts.policy.findings import Check, Finding, Flaw, PolicyFileError
from qosresolve.contracts.policy.model import PolicyModel
from qosresolve.contracts.policy.shape import shaped

__all__ = [
    "CanonicalFormError",
    "Check",
    "Finding",
    "PolicyFileError",
    "PolicySource",
    "compile",
    "default_text",
    "load",
    "policy_hash",
    "read_canonical",
    "read_text",
]

HORIZON_YEARS = 15


@dataclass(frozen=True, slots=True)
class PolicySource:
    """A policy file without flaws, and what an operator had better look at."""

    file: str
    model: PolicyModel
    warnings: tuple[Finding, ...] = ()


def load(source: Path | str, *, file: str = "policy.yaml") -> PolicySource:
    """Return the checked policy of a file, or of YAML text that `file` then names in findings.

    Raises PolicyFileError with all findings; shape first, then what has to fit together.
    """
    if isinstance(source, Path):
        source, file = read_text(source), str(source)
    document = read_yaml(source, file)
    model = shaped(document, PolicyModel)
    flaws = checks.flaws(model)
    if flaws:
        raise PolicyFileError(_placed(document, flaws))
    return PolicySource(file, model, _placed(document, warnings.warnings(model)))


def compile(source: PolicySource, *, horizon_years: int = HORIZON_YEARS) -> bytes:  # noqa: A001 - as in `re`
    """Return the canonical form; the day of compiling plays no part.

    Holidays reach from 2020 to the end of the file's `calendar_horizon`, or of the year `horizon_years` after
    2020 where it states none.
    """
    policy = to_core(source.model, horizon_year(source.model, horizon_years))
    return write_canonical(policy, tzdata=tzdata.IANA_VERSION)


def default_text() -> str:
    """Return the packaged policy, for an operator to start from."""
    return files("qosresolve.contracts.policy").joinpath("default.yaml").read_text(encoding="utf-8")


def read_text(path: Path) -> str:
    """Return the text of a YAML file. Raises PolicyFileError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        remedy = "name a YAML file in UTF-8 that this user may read"
        finding = Finding(Check.UNREADABLE, str(path), 0, 0, "", f"cannot be read: {reason}", remedy)
        raise PolicyFileError([finding]) from error


def _placed(document: Document, flaws: tuple[Flaw, ...]) -> tuple[Finding, ...]:
    found = (document.finding(flaw.check, flaw.loc, flaw.problem, flaw.remedy) for flaw in flaws)
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.column)))
