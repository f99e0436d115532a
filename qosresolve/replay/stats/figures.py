"""What the rows of a group of reports come to: times, promises, and how far warnings can be trusted. Pure.

The definitions, word for word, are in docs/reports.md. A tally keeps eight bytes for each time it is told,
for the medians; nothing else grows.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import TYPE_CHECKING

from qosresolve.core.spans import open_around
from qosresolve.core.vocabulary import Classification, ClockName

if TYPE_CHECKING:
    from qosresolve.core.calendar import Calendar
    from qosresolve.replay.stats.rows import Row


@dataclass(frozen=True, slots=True)
class Times:
    """Mean and median of some durations, in ms rounded to whole ones; None where there are none."""

    count: int
    mean_ms: int | None
    median_ms: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One group's figures. A rate is a part of one, None where there is nothing to divide by."""

    group: str
    reports: int
    still_open: int
    false_positives: int
    sla_exclusions: int
    counted: int
    false_positive_rate: float | None
    time_to_acknowledge: Times
    time_to_acknowledge_open: Times
    time_to_restore: Times
    time_to_restore_open: Times
    respond_breaches: int
    restore_breaches: int
    breached: int
    at_risk: int
    at_risk_breached: int
    jeopardy_hit_rate: float | None
    breach_warned_rate: float | None
    warned_before: Times
    reopened: int
    relapses: int
    refusals: int


def _times() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Tally:
    """Counts the reports of one group."""

    reports: int = 0
    still_open: int = 0
    false_positives: int = 0
    sla_exclusions: int = 0
    counted: int = 0
    respond_breaches: int = 0
    restore_breaches: int = 0
    breached: int = 0
    at_risk: int = 0
    hits: int = 0
    reopened: int = 0
    relapses: int = 0
    refusals: int = 0
    acknowledge: array[int] = field(default_factory=_times)
    acknowledge_open: array[int] = field(default_factory=_times)
    restore: array[int] = field(default_factory=_times)
    restore_open: array[int] = field(default_factory=_times)
    lead: array[int] = field(default_factory=_times)

    def add(self, row: Row, calendar: Calendar | None) -> None:
        """Count a report as it stands. Without its calendar its open times are left out."""
        self.reports += 1
        self.still_open += row.open
        match row.classification:
            case Classification.FALSE_POSITIVE:
                self.false_positives += 1
            case Classification.SLA_EXCLUSION:
                self.sla_exclusions += 1
            case _:
                self._count(row, calendar)

    def _count(self, row: Row, calendar: Calendar | None) -> None:
        self.counted += 1
        self.reopened += bool(row.relapses or row.refusals)
        self.relapses += row.relapses
        self.refusals += row.refusals
        self._promises(row)
        if row.acknowledged_at is not None:
            self.acknowledge.append(max(0, row.acknowledged_at - row.opened_at))
            if calendar is not None:
                pauses = row.respond_pauses
                self.acknowledge_open.append(
                    open_around(calendar, row.opened_at, row.acknowledged_at, pauses)
                )
        if row.restored_at is not None:
            self.restore.append(max(0, row.restored_at - row.started_at - row.rested))
            if calendar is not None:
                pauses = row.restore_pauses
                self.restore_open.append(open_around(calendar, row.started_at, row.restored_at, pauses))

    def _promises(self, row: Row) -> None:
        hits = [clock for clock in row.breached if clock in row.warned]
        self.respond_breaches += ClockName.RESPOND in row.breached
        self.restore_breaches += ClockName.RESTORE in row.breached
        self.breached += bool(row.breached)
        self.at_risk += bool(row.warned)
        self.hits += bool(hits)
        self.lead.extend(max(0, row.breached[clock] - row.warned[clock]) for clock in hits)

    def figures(self, group: str) -> Figures:
        """Return what it comes to."""
        return Figures(
            group, self.reports, self.still_open, self.false_positives, self.sla_exclusions, self.counted,
            _rate(self.false_positives, self.reports - self.sla_exclusions),
            _of(self.acknowledge), _of(self.acknowledge_open), _of(self.restore), _of(self.restore_open),
            self.respond_breaches, self.restore_breaches, self.breached, self.at_risk, self.hits,
            _rate(self.hits, self.at_risk), _rate(self.hits, self.breached), _of(self.lead),
            self.reopened, self.relapses, self.refusals,
        )  # fmt: skip


def _of(times: array[int]) -> Times:
    if not times:
        return Times(0, None, None)
    return Times(len(times), round(fmean(times)), round(median(times)))


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
