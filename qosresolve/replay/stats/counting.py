"""From journal entries to figures, in one pass. Pure.

Memory is a row for each report that is held at a time, and eight bytes a duration of those that are
forgotten; the number of entries does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from qosresolve.core import facts as f
from qosresolve.replay.choices import By
from qosresolve.replay.stats.figures import Figures, Tally
from qosresolve.replay.stats.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qosresolve.core.calendar import Calendar
    from qosresolve.core.facts import Entry, Fact
    from qosresolve.core.policy import Policy

ALL = "all"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of all and of each group, and of what they cannot tell.

    `without_opening` are reports whose opening the journal no longer holds, `without_policy` those whose open
    times are unknown, as their policy is not on its topic.
    """

    total: Figures
    groups: tuple[Figures, ...]
    entries: int
    without_opening: int
    without_policy: int


@dataclass(slots=True)
class Counting:
    """Takes the entries of every product, each product's in order.

    Counted are reports opened in `[since, until)`, ms since the epoch; an open end is None.
    """

    policies: Mapping[str, Policy]
    by: By | None = None
    since: int | None = None
    until: int | None = None
    _rows: dict[str, Row] = field(init=False, default_factory=dict)
    _others: set[str] = field(init=False, default_factory=set)
    _unknown: set[str] = field(init=False, default_factory=set)
    _total: Tally = field(init=False, default_factory=Tally)
    _groups: dict[str, Tally] = field(init=False, default_factory=dict)
    _entries: int = field(init=False, default=0)
    _without_policy: int = field(init=False, default=0)

    def take(self, entry: Entry) -> None:
        """Take one entry."""
        self._entries += 1
        of: dict[str, list[Fact]] = {}
        for fact in entry.facts:
            if isinstance(fact, f.ReportOpened):
                self._opened(fact, entry)
            report_id = getattr(fact, "report_id", "")
            if report_id:
                of.setdefault(report_id, []).append(fact)
        for report_id, facts in of.items():
            self._about(report_id, facts, entry.now)

    def _opened(self, fact: f.ReportOpened, entry: Entry) -> None:
        early = self.since is not None and fact.opened_at < self.since
        if early or (self.until is not None and fact.opened_at >= self.until):
            self._others.add(fact.report_id)
            return
        first = (
            one.indicator.name
            for one in entry.facts
            if isinstance(one, f.IndicatorMeasured) and one.report_id == fact.report_id
        )
        self._rows[fact.report_id] = Row(
            fact.report_id, fact.tier, fact.customer_id, fact.site, fact.policy, next(first, ""),
            fact.opened_at, fact.started_at,
        )  # fmt: skip

    def _about(self, report_id: str, facts: list[Fact], now: int) -> None:
        forgotten = any(isinstance(fact, f.ReportForgotten) for fact in facts)
        row = self._rows.get(report_id)
        if row is not None:
            row.take(facts, now)
            if forgotten:
                self._add(self._rows.pop(report_id))
        elif report_id in self._others:
            if forgotten:
                self._others.discard(report_id)
        elif self.since is None:  # else it is of an earlier time, which is not asked for
            self._unknown.add(report_id)

    def _add(self, row: Row) -> None:
        policy = self.policies.get(row.policy)
        self._without_policy += policy is None
        calendar: Calendar | None = policy.calendar(row.tier, row.site) if policy else None
        self._total.add(row, calendar)
        if self.by is not None:
            self._groups.setdefault(_group(row, self.by), Tally()).add(row, calendar)

    def result(self) -> Stats:
        """Return the figures; nothing may be taken after it."""
        while self._rows:
            self._add(self._rows.popitem()[1])
        groups = tuple(self._groups[name].figures(name) for name in sorted(self._groups))
        unknown = len(self._unknown)
        return Stats(self._total.figures(ALL), groups, self._entries, unknown, self._without_policy)


def count(counting: Counting, entries: Iterable[Entry]) -> Stats:
    """Return the figures of these entries."""
    for entry in entries:
        counting.take(entry)
    return counting.result()


def _group(row: Row, by: By) -> str:
    match by:
        case By.TIER:
            return row.tier or "-"
        case By.CUSTOMER:
            return row.customer_id or "-"
        case By.INDICATOR:
            return row.indicator or "-"
        case By.WEEK:
            return week(row.opened_at)


def week(at: int) -> str:
    """Return the ISO week of an instant in UTC, as `2026-W10`."""
    year, number, _ = (_EPOCH + timedelta(milliseconds=at)).isocalendar()
    return f"{year}-W{number:02}"
