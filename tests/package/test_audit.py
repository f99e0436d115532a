"""What `make audit` makes of pip-audit's answer: what could not be asked is not taken for good news."""

import json
import re
from collections.abc import Mapping

import pytest

from tests.support.audit import Audit, judged, lines

KNOWN = {"name": "fastavro", "version": "1.12.0", "vulns": []}
HOLE = {"name": "rich", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"name": "typer", "skip_reason": "Dependency not found on PyPI"}


def report(*dependencies: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        (report(KNOWN), 0, "1 packages, nothing known against them"),
        (report(KNOWN, HOLE), 1, r"VULNERABLE: rich 1.0: PYSEC-1 \(mended in 1.1\)"),
        (
            report(KNOWN, SKIPPED),
            3,
            "NOT AUDITED: 1 of 2 packages could not be asked for; first: Dependency not",
        ),
        (report(HOLE, SKIPPED), 1, "VULNERABLE"),
        (report(), 3, "NOT AUDITED: nothing could be asked for"),
        ("", 3, "NOT AUDITED: nothing could be asked for; first: no way out"),
    ],
)
def test_only_an_answer_for_each_package_is_good(given: str, status: int, told: str) -> None:
    """Anything else ends with a status of its own, and says what was seen and what to do."""
    audit = judged(given, "Traceback\nno way out\n")
    assert audit.exit_status == status
    said = "\n".join(lines("run.txt", audit))
    assert re.search(told, said), said
    assert ("remedy: " in said) == bool(audit.unknown or not audit.known)


def test_an_empty_answer_is_none() -> None:
    """Nothing asked, nothing found: that is not 'nothing known against it'."""
    assert judged("{}").exit_status == Audit(0, (), ()).exit_status == 3
