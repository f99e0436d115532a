"""What the watch knows of one indicator and its source, and the facts by which it learns and forgets.

Pure lookups and small facts; whether a sample opens something is `degradation`'s business.
"""

from qosresolve.core.case import Case
from qosresolve.core.facts import (
    AbatementDropped,
    AbatementKept,
    DegradationDropped,
    Facts,
    SuppressionEnded,
)
from qosresolve.core.indicators import sample_time
from qosresolve.core.inputs import Degradation
from qosresolve.core.policy import Times
from qosresolve.core.record import record
from qosresolve.core.watch import SILENCED, EarlyAbatement, Suppression, Waiting


@record
class Known:
    """What the watch holds of an event's indicator and source; None where it holds nothing."""

    suppression: Suppression | None = None
    abatement: EarlyAbatement | None = None
    waiting: Waiting | None = None


_NOTHING = Known()


def known(case: Case, event: Degradation) -> Known:
    """Return what the watch knows of the indicator and source that an event is about."""
    watch = case.watch
    if watch is None:
        return _NOTHING
    return Known(
        next((item for item in watch.suppressions if _about(item, event)), None),
        next((item for item in watch.abatements if _about(item, event)), None),
        next((item for item in watch.waiting if _about(item.event, event)), None),
    )


def _about(item: EarlyAbatement | Suppression | Degradation, event: Degradation) -> bool:
    return (item.indicator, item.object_id, item.source) == (event.indicator, event.object_id, event.source)


def silenced(knows: Known, event: Degradation, verdict: Suppression, now: int) -> Waiting:
    """Return a bad sample of what a verdict silences, remembered: it opens when the verdict expires."""
    since = knows.waiting.since if knows.waiting else sample_time(event, now)
    return Waiting(event, since, verdict.until, SILENCED)


def kept(knows: Known, event: Degradation, times: Times, now: int) -> Facts:
    """Return that an abatement is kept for raises yet to come that are older; not one that is too old."""
    at = sample_time(event, now)
    if now - at > times.lateness_window:
        return ()
    abatement = EarlyAbatement(
        event.indicator, event.object_id, event.source, at, event.sequence, now + times.lateness_window
    )
    older = (_dropped(knows.abatement, "replaced"),) if knows.abatement else ()
    return (*older, AbatementKept(abatement))


def heard(knows: Known) -> Facts:
    """Return what a sample that is not barred makes the watch forget."""
    verdict, abatement = knows.suppression, knows.abatement
    facts: Facts = (speaks_again(verdict, "severity raised"),) if verdict else ()
    return (*facts, _dropped(abatement, "matched")) if abatement else facts


def forgotten(waiting: Waiting | None, reason: str) -> Facts:
    """Return that an indicator waits no longer, where it did."""
    if waiting is None:
        return ()
    event = waiting.event
    return (DegradationDropped(event.indicator, event.object_id, event.source, reason),)


def expired(case: Case, now: int) -> Facts:
    """Return what runs out in the watch by an instant."""
    if case.watch is None:
        return ()
    abatements = tuple(_dropped(item, "expired") for item in case.watch.abatements if item.until <= now)
    ended = tuple(speaks_again(item, "expired") for item in case.watch.suppressions if item.until <= now)
    return abatements + ended


def speaks_again(item: Suppression, reason: str) -> SuppressionEnded:
    """Return that a silenced indicator and source count again."""
    return SuppressionEnded(item.indicator, item.object_id, item.source, reason)


def _dropped(item: EarlyAbatement, reason: str) -> AbatementDropped:
    return AbatementDropped(item.indicator, item.object_id, item.source, reason)
