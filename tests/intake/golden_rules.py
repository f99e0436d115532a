"""The rules under which the samples are read, by format."""

from collections.abc import Mapping

from qosresolve.intake.rules import Rules

_RULES: Mapping[str, Rules] = {}


def rules_of(name: str) -> Rules:
    """Return the rules of a format's samples."""
    return _RULES.get(name, Rules())
