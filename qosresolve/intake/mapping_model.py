"""The shape of a mapping file: how JSON that nobody foresaw becomes observations.

What a path may be is in `mapping_path`, what is made of it all in `mapping`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from qosresolve.contracts.policy.fields import Words, told
from qosresolve.contracts.policy.findings import meant
from qosresolve.contracts.policy.model import Strict
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake import mapping_path, words
from qosresolve.intake.mapping_path import Path

RISES, FALLS = "up", "down"

_HOLE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def _problem(problem: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("text", "{told}", {"told": f"{problem}; {remedy}"})


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f'"{text}" is no name', "write small letters, digits, - and _, at most 64")
    return text


def _template(text: str) -> tuple[str | Path, ...]:
    """Return a template's parts: texts, and paths from between braces."""
    parts = _HOLE.split(text)
    if len(parts) == 1 or "{" in "".join(parts[::2]) or "}" in "".join(parts[::2]):
        raise ValueError(f'"{text}" has no path in braces', 'write e.g. "{labels.instance}/{labels.device}"')
    return tuple(mapping_path.parse(part) if index % 2 else part for index, part in enumerate(parts))


def _expression(text: str) -> re.Pattern[str]:
    try:
        found = re.compile(text)
    except re.error as error:
        raise ValueError(f'"{text}" is no regular expression: {error}', "mend it there") from None
    if found.groups != 1:
        raise ValueError(f'"{text}" has {found.groups} groups', "put one pair of ( ) around what is meant")
    return found


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only where a mapping names a zone

    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{text}" is no time zone', "write e.g. Europe/Berlin or UTC") from None


def _short(value: object) -> object:
    """A path alone is short for a block that has it."""
    return {"path": value} if isinstance(value, str) else value


def _listed(value: Any, validate: Callable[[Any], Any], *, kind: type[Strict]) -> Any:  # noqa: ANN401 - of any kind
    """Return what a list holds, or the one that stands in its place, whose keys keep their places so."""
    if isinstance(value, list):
        return validate([_short(item) for item in value])
    return (kind.model_validate(_short(value)),)


PathText = Annotated[Path, PlainValidator(partial(told, mapping_path.parse))]
Paths = Annotated[
    tuple[PathText, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


class ConditionModel(Strict):
    """Whether something is there, or is one of some words; words are compared without case and spaces.

    Of several paths one has to be so. For `unless` something has to be there, and none of it in the words.
    """

    path: Paths = Field(min_length=1, examples=["labels.severity"])
    equals: Words = ()
    unless: Words = ()
    absent: bool = False

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if sum(map(bool, (self.equals, self.unless, self.absent))) > 1:
            raise _problem("asks several things at once", "keep one of equals, unless and absent")
        return self


class IgnoredModel(ConditionModel):
    """What says nothing about quality, and why."""

    reason: str = Field(examples=["a heartbeat"])


When = Annotated[ConditionModel | None, BeforeValidator(_short)]


class FieldModel(Strict):
    """Where one thing is: the first of some paths, a constant, or a template of several paths.

    Of what is found, `match` (a regular expression) takes the part in its first group, and `words` translates
    it; what does not match, or has no word, is as if it were not there. `when` says when it counts at all.
    """

    path: Paths = ()
    text: str | None = None
    template: Annotated[tuple[str | Path, ...], PlainValidator(partial(told, _template))] = ()
    match: Annotated[re.Pattern[str], PlainValidator(partial(told, _expression))] | None = None
    words: Mapping[str, str] = {}
    when: When = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum((bool(self.path), self.text is not None, bool(self.template))) != 1:
            raise _problem("names no place, or several", "write one of path, text and template")
        return self


_YEARS = ("%Y", "%y", "%G", "%c", "%x")  # what brings a year


class TimeModel(Strict):
    """Where an instant is. `format`: auto (RFC 3339, RFC 2822, or a number), s, ms, us, ns, or `%`-letters.

    A time without a zone is in `zone`, else in UTC and marked so.
    """

    path: Paths = Field(examples=["startsAt"])
    format: str = "auto"
    zone: Annotated[str, PlainValidator(partial(told, _zone))] | None = None
    when: When = None

    @model_validator(mode="after")
    def _known_format(self) -> Self:
        if self.format in ("auto", "s", "ms", "us", "ns"):
            return self
        if "%" not in self.format:
            raise _problem(f'format "{self.format}" is not known', 'write auto, s, ms, us, ns or "%d.%m.%Y"')
        if not any(year in self.format for year in _YEARS):
            raise _problem(f'format "{self.format}" has no year', 'write all of the date, as "%d.%m.%Y"')
        return self


def _becomes(
    fields: tuple[FieldModel, ...], *, known: Callable[[str], object], all_: Iterable[str]
) -> tuple[FieldModel, ...]:
    """Refuse a translation into a word that intake does not know."""
    for field in fields:
        for word in (*field.words.values(), *([field.text] if field.text is not None else ())):
            if not known(word):
                raise _problem(f'"{word}" is not a known word', meant(word, all_))
    return fields


def _only(kind: Iterable[str]) -> AfterValidator:
    names = tuple(str(item) for item in kind)
    return AfterValidator(partial(_becomes, known=names.__contains__, all_=names))


Fields = Annotated[tuple[FieldModel, ...], WrapValidator(partial(_listed, kind=FieldModel))]
Times = Annotated[tuple[TimeModel, ...], WrapValidator(partial(_listed, kind=TimeModel))]
Conditions = Annotated[tuple[ConditionModel, ...], WrapValidator(partial(_listed, kind=ConditionModel))]
Passed = Annotated[tuple[IgnoredModel, ...], WrapValidator(partial(_listed, kind=IgnoredModel))]
_KINDS = tuple(kind for kind in DegradationKind if kind is not DegradationKind.UNKNOWN)


class MappingModel(Strict):
    """One foreign format. Of several places for one thing the first that has something counts."""

    name: Annotated[str, PlainValidator(partial(told, _name))] = Field(examples=["acme-probe"])
    fits: Conditions = Field(examples=["[probe.id, {path: version, equals: 2}]"])
    each: PathText | None = None
    ignore: Passed = ()
    source: Fields = ()
    source_id: Fields = ()
    sequence: Fields = ()
    kind: Annotated[Fields, _only(_KINDS)] = ()
    direction: Annotated[Fields, _only((RISES, FALLS))] = ()
    indicator: Fields = Field(examples=["metric.name"])
    objects: Fields = Field(examples=["[interface.id, device.id]"])
    object_kind: Annotated[Fields, _only(ObjectKind)] = ()
    severity: Annotated[
        Fields, AfterValidator(partial(_becomes, known=words.severity, all_=tuple(map(str, Severity))))
    ] = ()
    observed_at: Times = ()
    value: Fields = ()
    threshold: Fields = ()
    unit: Fields = ()
    cause_id: Fields = ()
    description: Fields = ()
    left_out: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _something_happened(self) -> Self:
        if not self.kind and not self.direction:
            raise _problem("says neither kind nor direction", "write e.g. kind: {text: raise}")
        if not self.fits:
            raise _problem("fits everything", "write under fits what is in this format alone")
        return self
