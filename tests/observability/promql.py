"""As much of PromQL as is needed to take alerts apart: operands of `or`, `and`, `unless`, and of comparisons.

What a series is named is told from words that are no function, no label and no keyword. Prometheus itself, in
the test beside this, says whether what is left is an expression.
"""

import re
from collections.abc import Iterator

NAME = re.compile(r"\b(?:qosresolve|process)_[a-z0-9_]+\b")
_SETS = re.compile(r"\b(?:or|and|unless)\b")
_COMPARES = re.compile(r"(?:[<>=!]=|[<>])(?:\s*bool\b)?")
_NUMBER = re.compile(r"-?[\d.]+")
_OFFSET = re.compile(r"\s+offset \w+")
_ABSENT = re.compile(r"^absent\((.*)\)$", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def names(expr: str) -> set[str]:
    """Return the series that an expression asks for."""
    return set(NAME.findall(_STRING.sub('""', expr)))


def operands(expr: str) -> list[str]:
    """Return what stands between `or`, `and` and `unless`, each in whole."""
    parts = [part.strip() for part in _split(expr, _SETS)]
    if len(parts) == 1:
        inner = _unwrapped(parts[0])
        return parts if inner == parts[0] else operands(inner)
    return [item for part in parts for item in operands(part)]


def sides(operand: str) -> list[str]:
    """Return what an operand compares, numbers left out: the operand itself where it compares nothing."""
    found = [_unwrapped(side.strip()) for side in _split(operand, _COMPARES)]
    return [side for side in found if not _NUMBER.fullmatch(side)]


def looked_at(expr: str) -> list[str]:
    """Return what an alert looks at, without its thresholds: each of it has a value where all works.

    What is said to be absent must be there; what was there an hour ago is looked for now.
    """
    compared = [side for operand in operands(_OFFSET.sub("", expr)) for side in sides(operand)]
    found = [item for side in compared for item in operands(side)]
    there = [_ABSENT.sub(r"\1", item) for item in found if not item.startswith("vector(")]
    return list(dict.fromkeys(there))


def _split(expr: str, at: re.Pattern[str]) -> Iterator[str]:
    """Yield the parts of an expression between matches that lie in no bracket and no string."""
    begin = position = depth = 0
    while position < len(expr):
        if text := _STRING.match(expr, position):
            position = text.end()
            continue
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(expr[position], 0)
        if depth == 0 and (found := at.match(expr, position)):
            yield expr[begin:position]
            begin = position = found.end()
        else:
            position += 1
    yield expr[begin:]


def _unwrapped(expr: str) -> str:
    """Return an expression without brackets around all of it."""
    while expr.startswith("(") and _closes(expr) == len(expr) - 1:
        expr = expr[1:-1].strip()
    return expr


def _closes(expr: str) -> int:
    depth = 0
    for position, sign in enumerate(expr):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            return position
    return -1
