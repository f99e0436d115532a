"""Where a target came from: which indicator's promise it is, looked for anew in the policy. Pure."""

from collections.abc import Iterator

from qosresolve.core.facts import TargetSet
from qosresolve.core.policy import Policy
from qosresolve.core.report import Indicator, Report
from qosresolve.core.targets import clock_of
from qosresolve.core.vocabulary import RANK, ClockName
from qosresolve.replay.explain.words import instant, lasting

_WHY = {  # all others take a promise of the indicator table
    "resumed": "a hold ended: the open time in which the clock stood still is left out",
    "relapse": "a relapse: the time from the restoration on is left out, nothing else begins anew",
    "resolution refused": "the resolution was refused: it goes on as if it had never stopped",
    "stopped": "restored inside a hold: the open time in which the clock stood still is left out",
}
FROM_START = "an indicator is good"  # what is left counts from its start, whenever it got worse


def origin_of_target(report: Report, fact: TargetSet, policy: Policy) -> tuple[str, str]:
    """Return (why, problem) of a target that was set on a report as it then was."""
    if fact.reason in _WHY:
        before = clock_of(report, fact.clock)
        same = (before.started_at, before.target) == (fact.started_at, fact.target)
        return _WHY[fact.reason], "" if same else "start or target moved without a reason"
    zone = policy.calendar_of(report).zone
    for row in report.degraded:
        start, target, whose = promise(report, row, policy, fact.clock)
        start = row.started_at if fact.reason == FROM_START else start
        if (start, target) == (fact.started_at, fact.target):
            return f"{_rated(report, row, start, zone)}; {whose}", ""
    return "", (
        f"no indicator of the table promises {'none' if fact.target is None else lasting(fact.target)} "
        f"from {instant(fact.started_at, zone)}"
    )


def promise(report: Report, row: Indicator, policy: Policy, name: ClockName) -> tuple[int, int | None, str]:
    """Return start and target of one indicator's promise, and whose word it is."""
    severity = report.pinned or row.rated
    target = policy.target(report, row.name, severity)
    length = target.respond if name is ClockName.RESPOND else target.restore
    tier = policy.tier(report.tier)
    by_tier = target is tier.targets[severity]
    whose = f"tier {report.tier}" if by_tier else "an override"
    told = f"{whose} promises {'none' if length is None else lasting(length)} for {severity}"
    return _start(report, row, policy), length, told


def untargeted(report: Report, policy: Policy, name: ClockName) -> Iterator[str]:
    """Yield whose promise is an explicit none."""
    for row in report.degraded:
        _, length, whose = promise(report, row, policy, name)
        if length is None:
            yield f"{row.name} on {row.object_id}: {whose}"


def _start(report: Report, row: Indicator, policy: Policy) -> int:
    if policy.retarget_from_start:
        return row.started_at
    pinned_worse = report.pinned is not None and RANK[report.pinned] > RANK[row.rated]
    return max(row.rated_at, report.pinned_at or 0) if pinned_worse else row.rated_at


def _rated(report: Report, row: Indicator, start: int, zone: str) -> str:
    what = f"{row.name} on {row.object_id} {report.pinned or row.severity}"
    by_hand = " (set by hand)" if report.pinned else ""
    seen = ""
    if row.observed_from is not None and row.observed_from != start:
        seen = f" (bad since {instant(row.observed_from, zone)}, which does not count)"
    return f"{what}{by_hand} since {instant(start, zone)}{seen}"
