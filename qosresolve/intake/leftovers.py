"""What nothing was made of in a payload, field by field, and why: for whoever tries a sample, and for tests.

Not on the way of an event: payloads are read slower so (`tracing`).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Ignored, Reading, Refused
from qosresolve.intake.tracing import leaf_paths, traced

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Examined:
    """What a payload says, and {path: reason} of the rest; the reason is empty where none is known.

    Members of an array of which none was used are one path, with `[*]`.
    """

    reading: Reading
    left_out: Mapping[str, str]


def examined(
    payload: Json, read: Callable[[Json], Reading], reasons: Callable[[Reading], Mapping[str, str]]
) -> Examined:
    """Read a decoded payload and return what it says with what was left out. Raises what `read` raises."""
    reads = set[str]()
    said = read(traced(payload, reads))
    unread = [path for path in leaf_paths(payload) if path not in reads]
    return Examined(said, _left_out(unread, reads, said, reasons(said)))


def _left_out(
    unread: list[str], reads: set[str], said: Reading, reasons: Mapping[str, str]
) -> dict[str, str]:
    if not said.observations and not said.replies:
        return {}
    # What was ignored or refused says why itself.
    parts: tuple[Ignored | Refused, ...] = (*said.ignored, *said.refused)
    passed = tuple(f"{item.what.partition(':')[0]}." for item in parts)
    found = {path: _reason(path, reasons) for path in unread if not f"{path}.".startswith(passed)}
    seen = {_INDEX.sub("[*]", path) for path in reads}
    return dict(_merged(found, seen))


def _merged(found: Mapping[str, str], seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, reason), members of an array as one where none of them was used."""
    for path, reason in found.items():
        every = _INDEX.sub("[*]", path)
        yield (path if every in seen else every), reason


def _reason(path: str, reasons: Mapping[str, str]) -> str:
    """Return the reason of the longest path in LEFT_OUT that is part of a field's own, whole names only."""
    inside = f".{_INDEX.sub('[*]', path)}."
    known = [key for key in reasons if f".{key}." in inside or f".{key}[" in inside]
    return reasons[max(known, key=len)] if known else ""
