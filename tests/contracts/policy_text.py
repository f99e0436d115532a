"""The packaged policy with edits, and where in it something stands."""

import pytest

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.file import Finding, PolicyFileError

Edit = tuple[str, str]


def edited(*edits: Edit) -> str:
    """Return the packaged policy with the first of each text replaced; the text has to be there."""
    text = policy_file.default_text()
    for old, new in edits:
        assert old in text, f"the packaged policy has no {old!r}"
        text = text.replace(old, new, 1)
    return text


def line_of(text: str, fragment: str) -> int:
    """Return the first line, counted from 1, that holds a fragment."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if fragment in line)


def findings(text: str) -> tuple[Finding, ...]:
    """Return what is wrong with a text that cannot be loaded."""
    with pytest.raises(PolicyFileError) as caught:
        policy_file.load(text)
    return caught.value.findings


def finding(text: str) -> Finding:
    """Return the one thing that is wrong with a text."""
    found = findings(text)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]
