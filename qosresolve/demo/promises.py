"""What the demonstration promises to show, each with how the counts prove it. Pure."""

from collections.abc import Callable

from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Status
from qosresolve.demo.counts import Counts
from qosresolve.demo.payloads import INVENTORY

NEEDS_S = 40.0  # a shorter story does not reach its end

_PROMISES: dict[str, Callable[[Counts], object]] = {
    "a report opens": lambda seen: seen.opened,
    "a report from each public payload": lambda seen: (
        seen.opened >= {owned.product_id for owned in INVENTORY.values()}
    ),
    "an activity is requested": lambda seen: seen.requests["activity", "request"],
    "a service trouble request goes out": lambda seen: seen.requests["trouble", "request"],
    "a supplier is engaged": lambda seen: seen.requests["supplier", "request"],
    "a supplier is reminded": lambda seen: seen.requests["supplier", "remind"],
    "a silent supplier's next contact is asked": lambda seen: seen.chases["nextContact"],
    "a silent supplier is given up": lambda seen: seen.engagements_given_up,
    "a root cause is revised": lambda seen: seen.facts["RootCauseRevised"],
    "a jeopardy escalation at a percentage of a target": lambda seen: (
        seen.facts["ThresholdReached"] and seen.levels.total()
    ),
    "a breach": lambda seen: seen.breaches.total(),
    "an escalation is acknowledged": lambda seen: seen.facts["EscalationAcknowledged"],
    "a relapse": lambda seen: seen.relapses,
    "a false event is cancelled": lambda seen: seen.facts["FalseEventDeclared"],
    "a silenced event is noted only": lambda seen: seen.rules[Rule.SUPPRESSED],
    "a duplicate is dropped": lambda seen: seen.rules[Rule.ALREADY_SEEN],
    "an abatement before its raise": lambda seen: seen.rules[Rule.ABATED_BEFORE_RAISE],
    "an unreadable record is a dead letter": lambda seen: seen.dead_letters,
    "a report is cleared": lambda seen: seen.statuses[Status.CLEARED],
    "a report is closed": lambda seen: seen.statuses[Status.CLOSED],
}
COUNT = len(_PROMISES)


def missing(seen: Counts) -> list[str]:
    """Return the promised phenomena that were not seen."""
    return [name for name, proof in _PROMISES.items() if not proof(seen)]
