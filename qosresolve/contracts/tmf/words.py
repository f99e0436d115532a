"""Single words and instants as TM Forum's APIs spell them.

Where an API has no word of its own for what we mean, the nearest of its documented ones is taken: priorities
of TMF621 are four words for our ten numbers, `cleared` is `resolved`.
"""

from datetime import UTC, datetime
from typing import Literal

from qosresolve.core.requests import Action
from qosresolve.core.vocabulary import Jeopardy, Severity, Status

Version = Literal["v4", "v5"]

REPORT = "CustomerQosPerformanceDegradationReport"

TICKET_SEVERITY: dict[Severity, str] = {
    Severity.CRITICAL: "Critical",
    Severity.MAJOR: "Major",
    Severity.MINOR: "Minor",
    Severity.WARNING: "Minor",
    Severity.INDETERMINATE: "Minor",
}
JEOPARDY_TYPE: dict[Jeopardy, str] = {
    Jeopardy.NONE: "Normal",
    Jeopardy.AT_RISK: "Hazard",
    Jeopardy.BREACHED: "Critical",
}
STATUS_ASKED: dict[Action, str] = {Action.CANCEL: "cancelled", Action.REFUSE: "inProgress"}
_NOTES: dict[Action, str] = {
    Action.UPDATE: "changed: {}",
    Action.REMIND: "reminder: {}",
    Action.CANCEL: "withdrawn: {}",
    Action.REFUSE: "resolution refused: {}",
    Action.ANSWER: "answer: {}",
}
_URGENCIES = ((2, "Critical"), (4, "High"), (7, "Medium"))
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999  # years 1 to 9999, what RFC 3339 can write


def instant(at: int) -> str:
    """Return ms since the epoch as RFC 3339 in UTC; what lies beyond its years is written as their end."""
    at = min(max(at, _FIRST), _LAST)
    second = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{second.rjust(19, '0')}.{at % 1000:03}Z"


def duration(ms: int) -> str:
    """Return a span of time as ISO 8601 has it, in seconds."""
    return f"{'-' if ms < 0 else ''}PT{abs(ms) // 1000}.{abs(ms) % 1000:03}S"


def status(word: Status) -> str:
    """Return a report's status in the words of TMF621 and TMF656, neither of which has `cleared`."""
    return "resolved" if word is Status.CLEARED else str(word)


def urgency(priority: int) -> str:
    """Return a priority, 1 (highest) to 10, as one of the four words that TMF621 gives as examples."""
    return next((word for least, word in _URGENCIES if priority <= least), "Low")


def remark(action: Action, reason: str) -> str | None:
    """Return what is said beside a change; of a first request everything is in its fields."""
    return _NOTES[action].format(reason or "no reason given") if action in _NOTES else None
