"""The places that a mapping names, compiled: what looks for conditions, texts and instants in a payload."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from qosresolve.intake.mapping_model import ConditionModel, FieldModel, IgnoredModel, TimeModel
from qosresolve.intake.mapping_path import Path, Scope
from qosresolve.intake.paths import Json, items, text
from qosresolve.intake.reading import Mark
from qosresolve.intake.times import Instant, instant
from qosresolve.intake.words import plain

Test = Callable[[Scope], bool]
Found = Callable[[Scope], str]
When = Callable[[Scope], Instant | None]

_COUNTS = ("s", "ms", "us", "ns")
_LONGEST = 1_000  # characters that a pattern is tried on


def test(model: ConditionModel | IgnoredModel) -> Test:
    """Return what tells whether a condition holds."""
    equals, unless = frozenset(map(plain, model.equals)), frozenset(map(plain, model.unless))

    def is_one(scope: Scope) -> bool:
        return any(plain(item) in equals for item in _values(model.path, scope))

    def is_other(scope: Scope) -> bool:
        found = {plain(item) for item in _values(model.path, scope)}
        return bool(found) and not found & unless

    def is_there(scope: Scope) -> bool:
        return any(True for _ in _values(model.path, scope))

    if model.absent:
        return lambda scope: not is_there(scope)
    return is_one if equals else is_other if unless else is_there


def _values(paths: tuple[Path, ...], scope: Scope) -> Iterator[Json]:
    for path in paths:
        yield from path.values(scope)


def first(models: tuple[FieldModel, ...]) -> Found:
    """Return what looks for one thing in several places, and gives the first that it finds, or nothing."""
    fields = tuple(_field(item) for item in models)

    def found(scope: Scope) -> str:
        for field in fields:
            for item in field(scope):
                return item
        return ""

    return found


def _field(model: FieldModel) -> Callable[[Scope], Iterator[str]]:
    """Return what yields the texts at one place, never an empty one."""
    when = test(model.when) if model.when is not None else None
    meanings = {plain(word): meaning for word, meaning in model.words.items()}
    raw = _raw(model)

    def found(scope: Scope) -> Iterator[str]:
        if when is None or when(scope):
            for item in raw(scope):
                part = _part(item, model.match) if model.match is not None else item
                said = meanings.get(plain(part), "") if meanings else part
                if said:
                    yield said

    return found


def _part(said: str, pattern: re.Pattern[str]) -> str:
    """Return what is in a pattern's group; a long text is no name, and could keep a pattern busy."""
    found = pattern.search(said) if len(said) <= _LONGEST else None
    return (found[1] or "") if found else ""


def _raw(model: FieldModel) -> Callable[[Scope], Iterator[str]]:
    if model.text is not None:
        constant = model.text
        return lambda _: iter((constant,))
    if model.template:
        return partial(_filled, model.template)
    return partial(_texts, model.path)


def _texts(paths: tuple[Path, ...], scope: Scope) -> Iterator[str]:
    for value in _values(paths, scope):
        for item in items(value):
            said = text(item)
            if said:
                yield said


def _filled(template: tuple[str | Path, ...], scope: Scope) -> Iterator[str]:
    """Yield a template filled in, if there is something for each of its paths."""
    parts = [part if isinstance(part, str) else next(_texts((part,), scope), None) for part in template]
    if None not in parts:
        yield "".join(part for part in parts if part)


def every(models: tuple[FieldModel, ...]) -> Callable[[Scope], tuple[str, ...]]:
    """Return what looks for one thing in several places, and gives all that it finds, each once."""
    fields = tuple(_field(item) for item in models)
    return lambda scope: tuple(dict.fromkeys(name for field in fields for name in field(scope)))


# -- times


def instants(models: tuple[TimeModel, ...]) -> When:
    """Return what looks for an instant in several places, and gives the first."""
    times = tuple(_time(item) for item in models)
    return lambda scope: next((at for at in (time(scope) for time in times) if at is not None), None)


def _time(model: TimeModel) -> When:
    when = test(model.when) if model.when is not None else None
    read = _reader(model)

    def found(scope: Scope) -> Instant | None:
        if when is not None and not when(scope):
            return None
        told = (read(value) for value in _values(model.path, scope))
        return next((at for at in told if at is not None), None)

    return found


def _reader(model: TimeModel) -> Callable[[Json], Instant | None]:
    zone = ZoneInfo(model.zone) if model.zone is not None else None
    if model.format in _COUNTS:
        return partial(_counted, model.format)
    if model.format == "auto":
        return partial(_zoned, zone)
    return partial(_strptime, model.format, zone)


def _counted(unit: str, value: Json) -> Instant | None:
    return instant(value, unit)


def _zoned(zone: ZoneInfo | None, value: Json) -> Instant | None:
    """Return an instant; one without a zone is in the mapping's."""
    found = instant(value)
    if found is None or zone is None or Mark.TIME_ZONE_ASSUMED not in found.marks:
        return found
    return _of(datetime.fromtimestamp(found.at / 1000, ZoneInfo("UTC")).replace(tzinfo=zone))


def _strptime(form: str, zone: ZoneInfo | None, value: Json) -> Instant | None:
    try:
        moment = datetime.strptime(text(value), form)  # noqa: DTZ007 - the zone comes next
    except ValueError:
        return None
    return _of(moment.replace(tzinfo=zone) if zone is not None and moment.tzinfo is None else moment)


def _of(moment: datetime) -> Instant | None:
    return instant(moment.isoformat())
