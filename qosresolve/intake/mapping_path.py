"""Paths into foreign JSON, as a mapping writes them, compiled once.

    labels.severity            a field of a field
    alerts[0].status           a member of an array; `[*]` is every member
    AAI."generic-vnf.vnf-id"   a name with a point in it
    $.receiver                 from the whole payload, where the others begin at the member that `each` names

An array of one and its only member are the same, as everywhere in intake (`paths`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qosresolve.core.record import record
from qosresolve.intake.paths import Json, items, obj

_STEP = re.compile(r'\.?(?:"([^"]+)"|([^.\[\]"{}\s]+))|\[(\*|[0-9]{1,6})\]')
_ROOT = "$."

Step = str | int | None  # a name, the place of a member, every member


@record
class Scope:
    """Where paths begin: one member of what `each` names, and the whole payload."""

    member: Json
    root: Json


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path; `text` is how it was written."""

    text: str
    root: bool
    steps: tuple[Step, ...]

    def values(self, scope: Scope) -> Iterator[Json]:
        """Yield all that lies there; nothing for what is not there or null."""
        return _walk(scope.root if self.root else scope.member, self.steps)

    def value(self, scope: Scope) -> Json:
        """Return the first of what lies there, None for nothing."""
        return next(self.values(scope), None)


def parse(text: str) -> Path:
    """Return a path. Raises ValueError with problem and remedy."""
    root = text.startswith(_ROOT)
    rest = text.removeprefix(_ROOT)
    steps: list[Step] = []
    while rest:
        found = _STEP.match(rest)
        if found is None or (not steps and rest.startswith((".", "["))):
            raise ValueError(f'"{text}" is no path', "write e.g. labels.severity, alerts[0].id or a[*].b")
        quoted, name, place = found.groups()
        steps.append(quoted or name or (None if place == "*" else int(place)))
        rest = rest[found.end() :]
        if rest and not rest.startswith((".", "[")):
            raise ValueError(f'"{text}" is no path at "{rest}"', "put a point between names")
    if not steps:
        raise ValueError("is an empty path", "write e.g. labels.severity")
    return Path(text, root, tuple(steps))


def _walk(value: Json, steps: tuple[Step, ...]) -> Iterator[Json]:
    for place, step in enumerate(steps):
        if step is None:
            for member in items(value):
                yield from _walk(member, steps[place + 1 :])
            return
        if isinstance(step, int):
            members = items(value)
            value = members[step] if step < len(members) else None
        else:
            value = obj(value).get(step)
        if value is None:
            return
    yield value
