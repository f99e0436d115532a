"""VES `fault`: an alarm that a network function raises. Most are faults, and no business of quality.

One counts where its condition is one of quality (X.733), or where `Rules.indicators` names it. The same event
id, and the same start, stand for the alarm until it is cleared: what comes later has a later last instant.
"""

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake.formats.ves_header import Header, parts
from qosresolve.intake.paths import Object, first, obj, text
from qosresolve.intake.reading import Ignored, Mark, Observation, Refused, Said
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import Instant
from qosresolve.intake.words import cleared, quality, severity

FIELDS = "faultFields"

LEFT_OUT = {
    f"{FIELDS}.faultFieldsVersion": "fields are read by name, whatever the version",
    f"{FIELDS}.eventCategory": "says no more than the condition",
    f"{FIELDS}.eventSourceType": "a kind of source, not one that the inventory could know",
    f"{FIELDS}.vfStatus": "whether the function works at all, not how well it serves",
    f"{FIELDS}.alarmAdditionalInformation": "of the vendor; a name in it is taken where the header has none",
}

SHOWN = 80  # characters of a foreign word in a reason


def read(event: Object, header: Header, rules: Rules, where: str) -> list[Said]:
    """Return what a fault says: one observation, or why it is none. `where` is the event's path."""
    fields = obj(event.get(FIELDS))
    condition = text(first(fields, "alarmCondition", "specificProblem"))
    if not condition:
        return [_nameless(where)]
    if condition not in rules.indicators and not quality(condition):
        return [Ignored(f"{where}: fault", _not_ours(condition))]
    return [_observation(fields, header, condition, rules)]


def _nameless(where: str) -> Refused:
    reason = "it does not say what is wrong"
    return Refused(f"{where}: fault", reason, f"{FIELDS}.alarmCondition: name it")


def _not_ours(condition: str) -> str:
    return f"{condition[:SHOWN]!r} is a fault, not a condition of quality; name it in indicators to take it"


def _observation(fields: Object, header: Header, condition: str, rules: Rules) -> Observation:
    kind, at = _kind(fields, header)
    degree = severity(fields.get("eventSeverity"))
    assumed = degree is None and kind is not DegradationKind.ABATE
    return Observation(
        source=header.source,
        source_id=header.event_id,
        sequence=header.sequence,
        kind=kind,
        indicator=rules.indicator(condition),
        objects=parts(header.names, text(fields.get("alarmInterfaceA"))),
        object_kind=ObjectKind.RESOURCE,
        severity=degree or (rules.assumed if assumed else Severity.INDETERMINATE),
        observed_at=at.at,
        description=text(fields.get("specificProblem")),
        marks=(*at.marks, Mark.SEVERITY_ASSUMED) if assumed else at.marks,
    )


def _kind(fields: Object, header: Header) -> tuple[DegradationKind, Instant]:
    if cleared(fields.get("eventSeverity")):
        return DegradationKind.ABATE, header.latest
    if header.latest.at > header.began.at:  # the alarm is known, and has changed
        return DegradationKind.UPDATE, header.latest
    return DegradationKind.RAISE, header.began
