"""A foreign format that a YAML file describes: it fits and reads payloads like a module of `formats`.

The file's shape is in `mapping_model`, reading it in `rules_file`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake import words
from qosresolve.intake.mapping_model import (
    FALLS,
    RISES,
    ConditionModel,
    FieldModel,
    IgnoredModel,
    MappingModel,
    TimeModel,
)
from qosresolve.intake.mapping_path import Path, Scope
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Json, items, text, whole
from qosresolve.intake.reading import Ignored, Mark, Observation, Reading, Refused, Said, reading, unreadable
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import Instant, instant
from qosresolve.intake.words import plain

Test = Callable[[Scope], bool]
Found = Callable[[Scope], str]
When = Callable[[Scope], Instant | None]

_COUNTS = ("s", "ms", "us", "ns")
_ABATE = DegradationKind.ABATE
_KINDS = {str(kind): kind for kind in DegradationKind if kind is not DegradationKind.UNKNOWN}
_NEVER = Instant(0, (Mark.TIME_ASSUMED,))
_TEXTS = (
    "source", "source_id", "sequence", "kind", "direction", "indicator", "object_kind", "severity",
    "value", "threshold", "unit", "cause_id", "description",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForeignFormat:
    """A mapping, compiled. `left_out` gives reasons for what nothing is made of, by path."""

    name: str
    tests: tuple[Test, ...]
    each: Path | None
    passed: tuple[tuple[Test, str], ...]
    texts: Mapping[str, Found]
    objects: Callable[[Scope], tuple[str, ...]]
    when: When
    left_out: Mapping[str, str]

    def fits(self, payload: Json) -> bool:
        """Tell whether a payload is of this format."""
        if not isinstance(payload, dict):
            return False
        scope = Scope(payload, payload)
        return all(test(scope) for test in self.tests)

    def read(self, payload: Json, rules: Rules) -> Reading:
        """Return what a payload says. Raises PoisonRecordError where no part of it can be understood."""
        if not isinstance(payload, dict):
            raise unreadable(f"no JSON object: {self.name} reads objects", "set the topic's format to auto")
        return reading(
            self.name, [self._said(where, scope, rules) for where, scope in self._members(payload)]
        )

    def _members(self, payload: Json) -> Iterator[tuple[str, Scope]]:
        if self.each is None:
            yield self.name, Scope(payload, payload)
            return
        found = [member for value in self.each.values(Scope(payload, payload)) for member in items(value)]
        for index, member in enumerate(found):
            yield f"{self.each.text}[{index}]", Scope(member, payload)

    def _said(self, where: str, scope: Scope, rules: Rules) -> Said:
        for test, reason in self.passed:
            if test(scope):
                return Ignored(where, reason)
        told = {name: found(scope) for name, found in self.texts.items()}
        objects = self.objects(scope)
        indicator = rules.indicator(told["indicator"])
        kind = _kind(told, indicator, rules)
        missing = [
            name
            for name, item in (("indicator", indicator), ("objects", objects), ("kind", kind))
            if not item
        ]
        if missing or kind is None:
            return self._refused(where, missing)
        return _observation(told, objects, indicator, kind, self.when(scope) or _NEVER, rules)

    def _refused(self, where: str, missing: list[str]) -> Refused:
        remedy = "name in the mapping where it is, or under ignore why it does not matter"
        return Refused(where, f"the mapping {self.name} finds no {', no '.join(missing)} in it", remedy)


def compiled(model: MappingModel) -> ForeignFormat:
    """Return a mapping that reads payloads."""
    return ForeignFormat(
        name=model.name,
        tests=tuple(_test(item) for item in model.fits),
        each=model.each,
        passed=tuple((_test(item), item.reason) for item in model.ignore),
        texts={name: _first(getattr(model, name)) for name in _TEXTS},
        objects=partial(_names, tuple(_field(item) for item in model.objects)),
        when=partial(_instant, tuple(_time(item) for item in model.observed_at)),
        left_out=model.left_out,
    )


# -- conditions and fields, compiled


def _test(model: ConditionModel | IgnoredModel) -> Test:
    path, equals, unless = (
        model.path,
        frozenset(map(plain, model.equals)),
        frozenset(map(plain, model.unless)),
    )
    if model.absent:
        return lambda scope: path.value(scope) is None
    if equals:
        return lambda scope: any(plain(item) in equals for item in path.values(scope))
    if unless:
        return lambda scope: any(plain(item) not in unless for item in path.values(scope))
    return lambda scope: path.value(scope) is not None


def _first(models: tuple[FieldModel, ...]) -> Found:
    """Return what looks for one thing in several places."""
    fields = tuple(_field(item) for item in models)

    def found(scope: Scope) -> str:
        for field in fields:
            for item in field(scope):
                return item
        return ""

    return found


def _field(model: FieldModel) -> Callable[[Scope], Iterator[str]]:
    """Return what yields the texts at one place, never an empty one."""
    when = _test(model.when) if model.when is not None else None
    meanings = {plain(word): meaning for word, meaning in model.words.items()}
    raw = _raw(model)

    def found(scope: Scope) -> Iterator[str]:
        if when is None or when(scope):
            for item in raw(scope):
                said = meanings.get(plain(item), "") if meanings else item
                if said:
                    yield said

    return found


def _raw(model: FieldModel) -> Callable[[Scope], Iterator[str]]:
    if model.text is not None:
        constant = model.text
        return lambda _: iter((constant,))
    if model.template:
        return partial(_filled, model.template)
    return partial(_texts, model.path)


def _texts(paths: tuple[Path, ...], scope: Scope) -> Iterator[str]:
    for path in paths:
        for value in path.values(scope):
            for item in items(value):
                said = text(item)
                if said:
                    yield said


def _filled(template: tuple[str | Path, ...], scope: Scope) -> Iterator[str]:
    """Yield a template filled in, if there is something for each of its paths."""
    parts = [part if isinstance(part, str) else next(_texts((part,), scope), None) for part in template]
    if None not in parts:
        yield "".join(part for part in parts if part)


def _names(fields: tuple[Callable[[Scope], Iterator[str]], ...], scope: Scope) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for field in fields for name in field(scope)))


# -- times


def _instant(times: tuple[When, ...], scope: Scope) -> Instant | None:
    return next((at for at in (time(scope) for time in times) if at is not None), None)


def _time(model: TimeModel) -> When:
    when = _test(model.when) if model.when is not None else None
    read = _reader(model)

    def found(scope: Scope) -> Instant | None:
        if when is not None and not when(scope):
            return None
        told = (read(value) for path in model.path for value in path.values(scope))
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


# -- what was found, in our words


def _kind(told: Mapping[str, str], indicator: str, rules: Rules) -> DegradationKind | None:
    """Return what happened; where only a direction is told, whether that is bad for the indicator."""
    if told["kind"]:
        return _KINDS.get(plain(told["kind"])) or (_ABATE if words.cleared(told["kind"]) else None)
    if plain(told["direction"]) not in (RISES, FALLS):
        return None
    bad = (plain(told["direction"]) == RISES) != (indicator in rules.bad_below)
    return DegradationKind.RAISE if bad else _ABATE


def _severity(
    told: Mapping[str, str], kind: DegradationKind, rules: Rules
) -> tuple[Severity, tuple[Mark, ...]]:
    found = words.severity(told["severity"])
    if found is not None:
        return found, ()
    if kind is _ABATE:
        return Severity.INDETERMINATE, ()  # how bad something is that is over plays no part
    return rules.assumed, (Mark.SEVERITY_ASSUMED,)


def _observation(
    told: Mapping[str, str],
    objects: tuple[str, ...],
    indicator: str,
    kind: DegradationKind,
    at: Instant,
    rules: Rules,
) -> Observation:
    normal = measure(rules, indicator, told["value"], told["threshold"], told["unit"])
    severity, marks = _severity(told, kind, rules)
    service = plain(told["object_kind"]) == ObjectKind.SERVICE
    return Observation(
        source=told["source"],
        source_id=told["source_id"],
        sequence=whole(told["sequence"]),
        kind=kind,
        indicator=indicator,
        objects=objects,
        object_kind=ObjectKind.SERVICE if service else ObjectKind.RESOURCE,
        severity=severity,
        observed_at=at.at,
        value=normal.value,
        threshold=normal.threshold,
        unit=normal.unit,
        raw=normal.raw,
        cause_id=told["cause_id"],
        description=told["description"],
        marks=(*marks, *at.marks, *normal.marks),
    )
