"""Any fact as JSON: nothing is left out, names in camel case, instants as RFC 3339, spans as ISO 8601.

A whole number is an instant, a span or a count by its name; a test holds the names of all facts against that.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from qosresolve.contracts.tmf.parts import Json
from qosresolve.contracts.tmf.words import duration, instant, status
from qosresolve.core.vocabulary import Status

_SPANS = frozenset(("target", "deducted"))
_INSTANTS = frozenset(("at", "since", "until", "not_before", "observed_from"))
_ENDINGS = ("_at", "_by", "_since", "_until")


def spelt(fact: Any) -> Json:  # noqa: ANN401 - any fact, or a part of one
    """Return a fact, or a part of one, as a JSON object that names its kind."""
    kind: Any = type(fact)
    values = ((name, write(getattr(fact, field))) for field, name, write in _plan(kind))
    return {"@type": kind.__name__, **{name: value for name, value in values if value is not None}}


def is_instant(name: str) -> bool:
    """Tell whether a whole number of that name is ms since the epoch."""
    return name in _INSTANTS or name.endswith(_ENDINGS)


def is_span(name: str) -> bool:
    """Tell whether a whole number of that name is a span in ms."""
    return name in _SPANS


@cache
def _plan(kind: type[Any]) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    return tuple((field.name, camel(field.name), _writer(field.name)) for field in fields(kind))


def camel(name: str) -> str:
    """Return `due_at` as `dueAt`."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _writer(name: str) -> Callable[[Any], Any]:
    number = instant if is_instant(name) else duration if is_span(name) else int

    def write(value: Any) -> Any:  # noqa: ANN401 - whatever a fact holds
        if isinstance(value, tuple):
            return [write(item) for item in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return number(value)
        return _plain(name, value)

    return write


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401
    match value:
        case None | bool():
            return value
        case Status():
            return status(value)
        case str():
            return str(value)
        case bytes():
            return value.hex()
    if is_dataclass(value):
        return spelt(value)
    raise TypeError(f"a fact holds {type(value).__name__} as {name}, which has no JSON here")
