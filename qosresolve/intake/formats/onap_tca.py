"""What ONAP's TCA sends to its control loops: ONSET and ABATED of a loop, for one target.

Neither says what was measured, or how bad it is: `Rules.loops` does. A loop that is not in it is an indicator
by its own name, without the UUID that each deployment gives it, and its severity is assumed.
"""

import re

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake.paths import Json, Object, at, obj, text
from qosresolve.intake.reading import Ignored, Mark, Observation, Reading, Refused, Said, reading
from qosresolve.intake.rules import Loop, Rules
from qosresolve.intake.times import Instant, instant
from qosresolve.intake.words import plain

NAME = "onap-tca"

LEFT_OUT = {
    "AAI": "no name of the target, nor of what it lies on",
    "closedLoopAlarmStart": "when it began; an abatement has its end",
    "closedLoopAlarmEnd": "when it ended; an onset has its start",
    "closedLoopEventClient": "which instance told of it",
    "policyName": "the loop's name tells what was watched",
    "policyScope": "the loop's name tells what was watched",
    "policyVersion": "the loop's name tells what was watched",
    "target_type": "the target's own name tells it",
    "version": "fields are read by name, whatever the version",
}

_KINDS = {"onset": DegradationKind.RAISE, "abated": DegradationKind.ABATE}
# What the inventory may know beside the target, the nearest first.
_NAMES = (
    "generic-vnf.vnf-name", "generic-vnf.vnf-id", "vserver.vserver-name", "vserver.vserver-id",
    "pnf.pnf-name", "service-instance.service-instance-id",
)  # fmt: skip
_UUID = re.compile(r"-[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")


def fits(payload: Json) -> bool:
    """Tell whether a payload is an alarm of a control loop."""
    return isinstance(payload, dict) and "closedLoopEventStatus" in payload


def read(payload: Json, rules: Rules) -> Reading:
    """Return what an alarm says. Raises PoisonRecordError if it cannot be understood."""
    return reading(NAME, [_said(obj(payload), rules)])


def _said(alarm: Object, rules: Rules) -> Said:
    status, name = text(alarm.get("closedLoopEventStatus")), text(alarm.get("closedLoopControlName"))
    kind, objects = _KINDS.get(plain(status)), _objects(alarm)
    if not status or not name:
        return Refused(
            "alarm", "it names no loop, or no status", "closedLoopControlName, closedLoopEventStatus"
        )
    if kind is None:
        return Ignored("alarm", f"the status {status[:40]!r} is neither ONSET nor ABATED")
    if not objects:
        return Refused("alarm", "it names no target", "target, and its field in AAI: name the element")
    return _observation(alarm, kind, name, objects, rules)


def _observation(
    alarm: Object, kind: DegradationKind, name: str, objects: tuple[str, ...], rules: Rules
) -> Observation:
    loop, request, when = _loop(name, rules), text(alarm.get("requestID")), _when(alarm, kind)
    degree = rules.assumed if kind is DegradationKind.RAISE else Severity.INDETERMINATE
    assumed = (Mark.SEVERITY_ASSUMED,) if loop is None and kind is DegradationKind.RAISE else ()
    return Observation(
        source=text(alarm.get("from")) or NAME,
        source_id=request or f"{name}/{objects[0]}",
        sequence=0,
        kind=kind,
        indicator=loop.indicator if loop else rules.indicator(_UUID.sub("", name)),
        objects=objects,
        object_kind=ObjectKind.SERVICE if _target(alarm).startswith("service") else ObjectKind.RESOURCE,
        severity=loop.severity if loop else degree,
        observed_at=when.at,
        cause_id=request,
        marks=(*when.marks, *assumed),
    )


def _loop(name: str, rules: Rules) -> Loop | None:
    return rules.loops.get(name) or rules.loops.get(_UUID.sub("", name))


def _when(alarm: Object, kind: DegradationKind) -> Instant:
    """Return the start of an onset, the end of an abatement; its start would be as old as what it ends."""
    name = "closedLoopAlarmStart" if kind is DegradationKind.RAISE else "closedLoopAlarmEnd"
    return instant(alarm.get(name), "ms") or Instant(0, (Mark.TIME_ASSUMED,))


def _target(alarm: Object) -> str:
    return text(alarm.get("target"))


def _objects(alarm: Object) -> tuple[str, ...]:
    """Return the target's name, then other names of it: AAI's fields are dotted names, or objects."""
    fields = obj(alarm.get("AAI"))
    found = [text(fields.get(name)) or text(at(fields, name)) for name in (_target(alarm), *_NAMES)]
    return tuple(dict.fromkeys(filter(None, found)))
