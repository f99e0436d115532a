"""A message as a table of fields: what `docs/tmf.md` shows is what is sent.

Each field knows its name in the API, where its value comes from in words, and the function that takes it from
there; a value of None is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from qosresolve.contracts.tmf.parts import Json, Parts

R = TypeVar("R")
When = Literal["", "first", "later"]


@dataclass(frozen=True, slots=True)
class Field(Generic[R]):
    """One field of a message; `when` says whether the first request alone has it, or what comes later."""

    name: str
    source: str
    value: Callable[[R, Parts], Any]
    when: When = ""


def projected(fields: Sequence[Field[R]], told: R, parts: Parts, *, first: bool = True) -> Json:
    """Return the JSON object of a message."""
    other: When = "later" if first else "first"
    found = ((field.name, field.value(told, parts)) for field in fields if field.when != other)
    return {name: value for name, value in found if value is not None}
