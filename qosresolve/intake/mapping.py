"""A foreign format that a YAML file describes: it fits and reads payloads like a module of `formats`.

The file's shape is in `mapping_model`, reading it in `rules_file`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake import words
from qosresolve.intake.mapping_model import FALLS, RISES, MappingModel
from qosresolve.intake.mapping_path import Path, Scope
from qosresolve.intake.mapping_places import Found, Test, When, every, first, instants, test
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Json, items, whole
from qosresolve.intake.reading import Ignored, Mark, Observation, Reading, Refused, Said, reading, unreadable
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import Instant
from qosresolve.intake.words import plain

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
    tests: tuple[tuple[str, Test], ...]
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
        return all(holds(scope) for _, holds in self.tests)

    def unlike(self, payload: Json) -> tuple[str, ...]:
        """Return which of its conditions a payload does not meet, by their paths."""
        scope = Scope(payload, payload)
        return tuple(path for path, holds in self.tests if not holds(scope))

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
        for holds, reason in self.passed:
            if holds(scope):
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
        tests=tuple((", ".join(path.text for path in item.path), test(item)) for item in model.fits),
        each=model.each,
        passed=tuple((test(item), item.reason) for item in model.ignore),
        texts={name: first(getattr(model, name)) for name in _TEXTS},
        objects=every(model.objects),
        when=instants(model.observed_at),
        left_out=model.left_out,
    )


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
