"""VES `measurement` (VES 5: `measurementsForVfScaling`): values that cross the thresholds of a policy.

As ONAP's TCA does it: of the thresholds of one indicator, the first that a value crosses decides. Members of
an array that no `member` tells apart are one: it is bad where any of them is, and over where all of them are.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from qosresolve.core.vocabulary import RANK, DegradationKind, ObjectKind
from qosresolve.intake.formats.ves_header import Header, parts
from qosresolve.intake.measures import measure
from qosresolve.intake.paths import Object, every, format_number, number, obj, text
from qosresolve.intake.reading import Ignored, Observation, Said
from qosresolve.intake.rules import Direction, Rules, Threshold

FIELDS = "measurementFields"
FIELDS_5 = "measurementsForVfScalingFields"

LEFT_OUT = {
    FIELDS: "no threshold asks for it",
    FIELDS_5: "no threshold asks for it",
}

# A policy may be older than the events, or the other way round.
_SPELLINGS = ((FIELDS_5, FIELDS), ("vNicPerformanceArray", "nicPerformanceArray"))

_Judged = tuple[Threshold | None, float]  # the threshold that a value crosses, if any, and the value


def read(event: Object, header: Header, rules: Rules, where: str) -> list[Said]:
    """Return what a measurement says: an observation for each indicator (and member) that crosses."""
    thresholds = rules.thresholds.get(header.event_name, ())
    judged = [
        (indicator, member, values)
        for indicator, own in _by_indicator(thresholds, rules).items()
        for member, values in _judged(event, own).items()
    ]
    said: list[Said] = [
        _observation(header, indicator, member, decided, rules)
        for indicator, member, values in judged
        if (decided := _decided(values))
    ]
    if said:
        return said
    crossed = [threshold for _, _, values in judged for threshold, _ in values]
    return [Ignored(f"{where}: measurement", _why(header, thresholds, crossed))]


def _why(header: Header, thresholds: Sequence[Threshold], crossed: list[Threshold | None]) -> str:
    if not thresholds:
        return f"no thresholds are set for the eventName {header.event_name[:80]!r}"
    if not crossed:
        return "it has no number where its thresholds look for one"
    return "not all of its members are over it yet" if any(crossed) else "it crosses none of its thresholds"


def _by_indicator(thresholds: Sequence[Threshold], rules: Rules) -> Mapping[str, list[Threshold]]:
    found: dict[str, list[Threshold]] = {}
    for threshold in thresholds:
        found.setdefault(_indicator(threshold, rules), []).append(threshold)
    return found


def _indicator(threshold: Threshold, rules: Rules) -> str:
    loop = rules.loops.get(threshold.loop)
    if loop is not None and threshold.indicator in ("", threshold.loop):
        return loop.indicator
    return rules.indicator(threshold.indicator or threshold.path.rpartition(".")[2])


def _judged(event: Object, thresholds: list[Threshold]) -> dict[str, list[_Judged]]:
    """Return what each value crosses, by member; paths that are not there say nothing."""
    found: dict[str, list[_Judged]] = {}
    for path, member in dict.fromkeys((threshold.path, threshold.member) for threshold in thresholds):
        own = [threshold for threshold in thresholds if threshold.path == path]
        for name, value in _values(event, path, member):
            found.setdefault(name, []).append((_crossed(value, own), value))
    return found


def _values(event: Object, path: str, member: str) -> Iterator[tuple[str, float]]:
    """Yield (member's name, number) for a path, in the first of its spellings that is there."""
    for head, tail in _spelt(path):
        found = [*_members(event, head, tail, member)]
        if found:
            yield from found
            return


def _members(event: Object, head: str, tail: str, member: str) -> Iterator[tuple[str, float]]:
    for _, item in every(event, head) if head else [("", event)]:
        name = text(obj(item).get(member)) if member else ""
        for _, value in every(item, tail):
            found = number(value)
            if found is not None:
                yield name, found


@lru_cache(1024)
def _spelt(path: str) -> tuple[tuple[str, str], ...]:
    """Return a path within the event, split after its last array, as it is written and as others write it."""
    path = path.removeprefix("$.").removeprefix("event.")
    new, old = path, path
    for five, seven in _SPELLINGS:
        new, old = new.replace(five, seven), old.replace(seven, five)
    return tuple(dict.fromkeys(_split(spelling) for spelling in (path, new, old)))


def _split(path: str) -> tuple[str, str]:
    head, star, tail = path.rpartition("[*]")
    return head + star, tail.removeprefix(".")


def _crossed(value: float, thresholds: list[Threshold]) -> Threshold | None:
    return next((threshold for threshold in thresholds if crosses(value, threshold)), None)


def crosses(value: float, threshold: Threshold) -> bool:
    """Tell whether a value crosses a threshold."""
    match threshold.direction:
        case Direction.LESS:
            return value < threshold.value
        case Direction.LESS_OR_EQUAL:
            return value <= threshold.value
        case Direction.GREATER:
            return value > threshold.value
        case Direction.GREATER_OR_EQUAL:
            return value >= threshold.value
        case Direction.EQUAL:
            return value == threshold.value


def _decided(values: list[_Judged]) -> tuple[Threshold, float] | None:
    """Return the threshold that decides: the worst that any value crosses, or one that all say is over."""
    crossed = [(threshold, value) for threshold, value in values if threshold is not None]
    bad = [(threshold, value) for threshold, value in crossed if not threshold.abates]
    if bad:
        return max(bad, key=lambda item: RANK[item[0].severity])
    return crossed[0] if crossed and len(crossed) == len(values) else None


def _observation(
    header: Header, indicator: str, member: str, decided: tuple[Threshold, float], rules: Rules
) -> Observation:
    threshold, value = decided
    normal = measure(rules, indicator, format_number(value), format_number(threshold.value), threshold.unit)
    at = header.latest  # the end of the interval, for bad and for good values alike
    return Observation(
        source=header.source,
        source_id="/".join(filter(None, (header.event_id, indicator, member))),
        sequence=header.sequence,
        kind=DegradationKind.ABATE if threshold.abates else DegradationKind.RAISE,
        indicator=indicator,
        objects=parts(header.names, member),
        object_kind=ObjectKind.RESOURCE,
        severity=threshold.severity,
        observed_at=at.at,
        value=normal.value,
        threshold=normal.threshold,
        unit=normal.unit,
        raw=normal.raw,
        marks=(*at.marks, *normal.marks),
    )
