"""The types of a policy file's single values: each parses one text, and says what is wrong with it.

Every text is still as it was written when it comes here (`document`).
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, StringConstraints
from pydantic_core import PydanticCustomError

from qosresolve.contracts.policy.words import NONE, parse_duration, parse_span
from qosresolve.core.vocabulary import ClockName, RootCauseKind


def told(parse: Callable[[str], object], value: object) -> object:
    """Parse a text; the error keeps problem and remedy apart."""
    if not isinstance(value, str):
        raise PydanticCustomError("not_text", "is a block; write one value")
    try:
        return parse(value)
    except ValueError as error:
        problem, remedy = error.args
        raise PydanticCustomError("text", "{told}", {"told": f"{problem}; {remedy}"}) from None


def _positive(text: str) -> int:
    duration = parse_duration(text)
    if duration == 0:
        raise ValueError(f'"{text}" is no time at all', "write a duration above zero")
    return duration


def _target(text: str) -> int | None:
    if text == NONE:
        return None
    try:
        return _positive(text)
    except ValueError as error:
        problem, remedy = error.args
        raise ValueError(problem, remedy.replace("4h or 2d", "4h, 2d") + " or none") from None


def _iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f'"{text}" is not a date', "write e.g. 2026-12-24") from None


def listed(value: object) -> object:
    """One word may stand for a list of one."""
    return [value] if isinstance(value, str) and value else value


def hours(value: object) -> object:
    """`always` is short for all hours of all days in UTC."""
    if value == "always":
        return {"zone": "UTC", "week": {"daily": ["00:00-24:00"]}}
    if isinstance(value, str):
        told = f'"{value}" is no calendar; write always, or a block with zone and week'
        raise PydanticCustomError("text", "{told}", {"told": told})
    return value


Span = tuple[int, int]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Duration = Annotated[int, PlainValidator(partial(told, parse_duration))]
PositiveDuration = Annotated[int, PlainValidator(partial(told, _positive))]
TargetDuration = Annotated[int | None, PlainValidator(partial(told, _target))]
OpenSpan = Annotated[Span, PlainValidator(partial(told, parse_span))]
IsoDate = Annotated[str, PlainValidator(partial(told, _iso_date))]
Words = Annotated[tuple[Word, ...], BeforeValidator(listed)]
Spans = Annotated[tuple[OpenSpan, ...], BeforeValidator(listed)]
Kinds = Annotated[tuple[RootCauseKind, ...], BeforeValidator(listed)]
Stoppable = Literal[ClockName.RESPOND, ClockName.RESTORE]
Clocks = Annotated[tuple[Stoppable, ...], BeforeValidator(listed)]
Level = Annotated[int, Field(ge=0, le=10)]
Name = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]
Times100 = Annotated[int, Field(ge=0, le=100)]
