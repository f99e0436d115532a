"""A policy of ONAP's TCA (gen2) as thresholds: what crossing counts in which measurement.

One object or an array of them, each with `metricsPerEventName[]`. A policy that cannot be followed is refused
when it is loaded, naming the place.
"""

from collections.abc import Iterator
from dataclasses import replace

from qosresolve.core.vocabulary import Severity
from qosresolve.errors import ConfigError
from qosresolve.intake.paths import Json, Object, items, number, objects, text
from qosresolve.intake.rules import Direction, Measured, Threshold
from qosresolve.intake.words import plain, severity

_STATUSES = {"onset": False, "": False, "abated": True}


def tca_policy(document: Json) -> tuple[Measured, ...]:
    """Return the thresholds of a policy, by event name. Raises ConfigError naming the place and the remedy.

    A path that several control loops watch would be one indicator that is bad and good at once, and one that
    ends in `value` names none. There the loop's name is the indicator; `Rules.loops` and `Rules.indicators`
    may give another.
    """
    found = tuple(
        _measured(metrics, f"[{index}].metricsPerEventName[{place}]")
        for index, policy in enumerate(objects(document))
        for place, metrics in enumerate(objects(policy.get("metricsPerEventName")))
    )
    if not found:
        raise _wrong("", "no metricsPerEventName", "give the JSON of a TCA gen2 policy")
    return found


def _measured(metrics: Object, where: str) -> Measured:
    name = text(metrics.get("eventName"))
    if not name:
        raise _wrong(where, "no eventName", "name the events that it is for")
    thresholds = [_threshold(*one) for one in _each(metrics, where)]
    return Measured(name, tuple(_named(one, thresholds) for one in thresholds))


def _each(metrics: Object, where: str) -> Iterator[tuple[Object, str]]:
    found = items(metrics.get("thresholds"))
    if not found:
        raise _wrong(where, "no thresholds", "give at least one")
    for index, one in enumerate(found):
        place = f"{where}.thresholds[{index}]"
        if not isinstance(one, dict):
            raise _wrong(place, "not an object", "give fieldPath, direction, thresholdValue and severity")
        yield one, place


def _threshold(one: Object, where: str) -> Threshold:
    return Threshold(
        path=_path(one, where),
        direction=_direction(one, where),
        value=_value(one, where),
        severity=_severity(one, where),
        abates=_abates(one, where),
        loop=text(one.get("closedLoopControlName")),
    )


def _named(one: Threshold, among: list[Threshold]) -> Threshold:
    loops = {other.loop for other in among if other.path == one.path}
    by_loop = one.loop and (len(loops) > 1 or one.path.endswith(".value"))
    return replace(one, indicator=one.loop) if by_loop else one


def _path(one: Object, where: str) -> str:
    told = text(one.get("fieldPath"))
    path = told.removeprefix("$.")
    if not path.startswith("event."):
        raise _wrong(f"{where}.fieldPath", repr(told), "a path such as $.event.measurementFields.a[*].b")
    return path


def _direction(one: Object, where: str) -> Direction:
    word = text(one.get("direction")).upper()
    try:
        return Direction(word)
    except ValueError:
        raise _wrong(f"{where}.direction", repr(word), f"one of {', '.join(Direction)}") from None


def _value(one: Object, where: str) -> float:
    value = number(one.get("thresholdValue"))
    if value is None:
        raise _wrong(f"{where}.thresholdValue", repr(one.get("thresholdValue")), "give a number")
    return value


def _severity(one: Object, where: str) -> Severity:
    found = severity(one.get("severity"))
    if found is None:
        raise _wrong(f"{where}.severity", repr(one.get("severity")), "one of CRITICAL, MAJOR, MINOR, WARNING")
    return found


def _abates(one: Object, where: str) -> bool:
    found = _STATUSES.get(plain(one.get("closedLoopEventStatus")))
    if found is None:
        raise _wrong(
            f"{where}.closedLoopEventStatus", repr(one.get("closedLoopEventStatus")), "ONSET or ABATED"
        )
    return found


def _wrong(where: str, found: str, remedy: str) -> ConfigError:
    return ConfigError(found, setting=f"TCA policy{where}", remedy=remedy)
