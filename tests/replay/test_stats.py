"""Figures against a reference that walks minute after minute, and the words of their definitions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache
from statistics import mean, median
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given

from qosresolve.core import facts as f
from qosresolve.core.calendar import is_open
from qosresolve.core.case import Case
from qosresolve.core.fold import evolve, stamp
from qosresolve.core.vocabulary import Classification, ClockName, ClockOutcome, Jeopardy
from qosresolve.core.windows import Window
from qosresolve.replay.choices import By
from qosresolve.replay.stats.counting import Counting, Stats, count, week
from tests.core.builders import DAY, HOUR, MINUTE, PRODUCT, Product, at
from tests.replay.lives import POLICY, Doing, live, lives
from tests.replay.test_explain import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qosresolve.core.clocks import Clock
    from qosresolve.core.facts import Entry
    from qosresolve.core.report import Report
    from qosresolve.replay.stats.figures import Figures, Times

POLICIES = {POLICY.hash: POLICY}
STEP = MINUTE
Span = tuple[int, int]


def stats(entries: Iterable[Entry], by: By | None = None, since: int | None = None) -> Stats:
    """Count."""
    return count(Counting(POLICIES, by, since), entries)


# -- the reference: reports as the core folds them, and time walked step by step


@dataclass
class Seen:
    """A report as it stood last, and what became of it on the way."""

    last: Report
    indicator: str = ""
    acknowledged: tuple[int, int] | None = None  # when, and open ms by then
    rests: tuple[Span, ...] = ()
    at_risk: tuple[tuple[ClockName, int], ...] = ()  # number of the entry
    broke: tuple[tuple[ClockName, int], ...] = ()


def seen(entries: Sequence[Entry]) -> dict[str, Seen]:
    """Return every report that was opened."""
    found: dict[str, Seen] = {}
    case = Case(PRODUCT)
    for number, entry in enumerate(entries):
        for fact in entry.facts:
            before, case = case, evolve(case, fact)
            report_id = getattr(fact, "report_id", "")
            if not report_id:
                continue
            old, new = before.report(report_id), case.report(report_id)
            if old is None and new is not None:
                first = next(one for one in entry.facts if isinstance(one, f.IndicatorMeasured))
                found[report_id] = Seen(new, first.indicator.name)
            elif old is not None:
                _noted(found[report_id], fact, old, new or old, number)
        case = stamp(case, entry) if entry.facts else case
    return found


def _noted(item: Seen, fact: f.Fact, old: Report, new: Report, number: int) -> None:
    item.last = new
    promised = old.restored_at is None and old.classification is Classification.COUNTED
    if promised and old.respond.stopped_at is None and new.respond.stopped_at is not None:
        stopped = new.respond.stopped_at
        holds = [
            (max(hold.since, old.respond.held_since), hold.ended_at or hold.until or stopped)
            for hold in old.holds
            if ClockName.RESPOND in hold.clocks and old.respond.held_since is not None
        ]
        item.acknowledged = stopped, walked(old, old.opened_at, stopped, old.respond, tuple(holds))
    match fact:
        case f.ReportReopened(relapse=True):
            assert old.restored_at is not None
            item.rests += ((old.restored_at, old.restored_at + fact.deducted),)
        case f.ThresholdReached():
            item.at_risk += ((fact.clock, number),)
        case f.EscalationRaised(jeopardy=Jeopardy.AT_RISK):
            responds = fact.clock is ClockName.RESPOND
            item.at_risk += ((ClockName.RESPOND if responds else ClockName.RESTORE, number),)
        case f.TargetBreached() | f.ClockStopped(outcome=ClockOutcome.MISSED):
            item.broke += ((fact.clock, number),)


@cache
def walked(report: Report, since: int, until: int, clock: Clock, more: tuple[Span, ...]) -> int:
    """Return open ms, a minute after the other."""
    calendar = POLICY.calendar_of(report)
    left_out = [*((pause.since, pause.until) for pause in clock.paused), *more]
    return sum(
        STEP
        for now in range(since, until, STEP)
        if is_open(calendar, now) and not any(begin <= now < end for begin, end in left_out)
    )


def warned(item: Seen) -> set[ClockName]:
    """Return the promises that were at risk before they broke, if they did."""
    broke = dict(reversed(item.broke))
    return {clock for clock, number in item.at_risk if number < broke.get(clock, number + 1)}


def check(items: Sequence[Seen], figures: Figures) -> None:
    """Compare a group with its reference."""
    counts = [item.last.classification for item in items]
    counted = [item for item in items if item.last.classification is Classification.COUNTED]
    false, excluded = (
        counts.count(kind) for kind in (Classification.FALSE_POSITIVE, Classification.SLA_EXCLUSION)
    )
    assert (figures.reports, figures.counted) == (len(items), len(counted))
    assert (figures.false_positives, figures.sla_exclusions) == (false, excluded)
    assert figures.false_positive_rate == part(false, len(items) - excluded)
    assert figures.still_open == sum(item.last.open for item in items)
    taken = [(item, item.acknowledged) for item in counted if item.acknowledged is not None]
    same(figures.time_to_acknowledge, [max(0, done[0] - item.last.opened_at) for item, done in taken])
    same(figures.time_to_acknowledge_open, [done[1] for _, done in taken])
    restored = [(item, item.last.restored_at) for item in counted if item.last.restored_at is not None]
    same(
        figures.time_to_restore,
        [
            max(0, until - item.last.started_at - sum(end - begin for begin, end in item.rests))
            for item, until in restored
        ],
    )
    same(
        figures.time_to_restore_open,
        [
            walked(item.last, item.last.started_at, until, item.last.restore, item.rests)
            for item, until in restored
        ],
    )
    hits = sum(bool(warned(item) & {clock for clock, _ in item.broke}) for item in counted)
    risky, broken = sum(bool(warned(item)) for item in counted), sum(bool(item.broke) for item in counted)
    assert (figures.at_risk, figures.at_risk_breached, figures.breached) == (risky, hits, broken)
    assert (figures.jeopardy_hit_rate, figures.breach_warned_rate) == (part(hits, risky), part(hits, broken))
    assert figures.reopened == sum(item.last.reopened > 0 for item in counted)
    assert figures.relapses == sum(item.last.repeat_count for item in counted)
    assert figures.relapses + figures.refusals == sum(item.last.reopened for item in counted)


def part(some: int, whole: int) -> float | None:
    """Return a rate."""
    return some / whole if whole else None


def same(times: Times, wanted: list[int]) -> None:
    """Compare durations."""
    assert times.count == len(wanted)
    if wanted:
        assert (times.mean_ms, times.median_ms) == (round(mean(wanted)), round(median(wanted)))


# -- tests


RELAPSE = [Doing("good", 30, 2), Doing("bad", 30, 2), Doing("good", 20, 2), Doing("bad", 50, 2)]


@given(lives())
@example(RELAPSE)
@example([Doing("late", 1, 0), Doing("acknowledge", 40, 0), Doing("good", 50, 0)])
def test_figures_are_those_of_the_reference(doings: list[Doing]) -> None:
    """Of any life: all figures, of all reports and by each grouping."""
    entries = live(doings).entries
    found = seen(entries)
    check(list(found.values()), stats(entries).total)
    keys: dict[By, Callable[[Seen], str]] = {
        By.TIER: lambda item: item.last.tier,
        By.WEEK: lambda item: week(item.last.opened_at),
        By.CUSTOMER: lambda item: item.last.customer_id,
        By.INDICATOR: lambda item: item.indicator,
    }
    for by, key in keys.items():
        told = stats(entries, by)
        assert [one.group for one in told.groups] == sorted({key(item) for item in found.values()})
        for one in told.groups:
            check([item for item in found.values() if key(item) == one.group], one)


@pytest.mark.slow
@given(lives(10))
def test_only_what_was_opened_in_time_counts(doings: list[Doing]) -> None:
    """From and to are about the opening: a later life of the report counts, whenever it was."""
    entries = live(doings).entries
    found = seen(entries)
    openings = sorted(item.last.opened_at for item in found.values())
    middle = openings[len(openings) // 2]
    for begin, end in ((None, middle), (middle, None), (middle, middle + 1)):
        wanted = [
            item
            for item in found.values()
            if (begin or 0) <= item.last.opened_at < (end if end is not None else 1 << 62)
        ]
        told = count(Counting(POLICIES, None, begin, end), entries)
        check(wanted, told.total)
        assert told.without_opening == 0


def test_what_the_journal_no_longer_holds_is_said() -> None:
    """A report without its opening, or without its policy, is counted as such and nowhere else."""
    life = Product(POLICY)
    life.sample("09:00")
    life.command("09:10", "acknowledge")
    assert stats(life.entries[1:]).without_opening == 1
    assert stats(life.entries[1:]).total.reports == 0
    assert stats(life.entries[1:], since=at("09:00")).without_opening == 0
    unknown = count(Counting({}), life.entries)
    assert (unknown.without_policy, unknown.total.time_to_acknowledge.count) == (1, 1)
    assert unknown.total.time_to_acknowledge_open.count == 0


def test_a_warning_that_comes_with_the_breach_is_none() -> None:
    """After a downtime both are told at once: nobody was warned, and the report was not at risk before."""
    life = Product(POLICY)
    life.sample("09:00", "major")
    life.command("09:01", "acknowledge")
    life.wake_at("12:00")
    told = stats(life.entries).total
    assert (told.breached, told.restore_breaches, told.at_risk, told.at_risk_breached) == (1, 1, 0, 0)
    assert (told.jeopardy_hit_rate, told.breach_warned_rate) == (None, 0.0)


def test_a_breach_after_its_warning_is_a_hit() -> None:
    """A major report of gold: half of two hours at 10:00, due at 11:00: an hour's warning."""
    life = Product(POLICY)
    life.sample("09:00", "major")
    life.command("09:01", "acknowledge")
    life.run_until("11:00")
    told = stats(life.entries).total
    assert (told.at_risk, told.at_risk_breached, told.breached) == (1, 1, 1)
    assert told.warned_before.median_ms == HOUR


@pytest.mark.parametrize(("kind", "rate"), [("slaExclusion", None), ("falsePositive", 1.0), ("counted", 0.0)])
def test_what_does_not_count_is_in_no_other_figure(kind: str, rate: float | None) -> None:
    """`classify` takes a cleared report out of times and promises."""
    life = Product(POLICY)
    life.sample("09:00", "major")
    life.command("09:10", "acknowledge")
    life.command("09:30", "clear")
    life.command("09:40", "classify", value=kind)
    told = stats(life.entries).total
    counts = int(kind == "counted")
    assert (told.reports, told.counted, told.false_positive_rate) == (1, counts, rate)
    assert (told.time_to_acknowledge.count, told.time_to_restore.count) == (counts, counts)
    assert told.sla_exclusions == (kind == "slaExclusion")


def test_time_restored_before_a_relapse_is_left_out() -> None:
    """Bad for half an hour, good for half an hour, bad for twenty minutes: fifty minutes."""
    life = Product(POLICY)
    life.sample("09:00", "major")
    life.command("09:05", "acknowledge")
    life.sample("09:30", "good")
    life.run_until("09:40")
    life.sample("10:00", "major")
    life.sample("10:20", "good")
    life.run_until("10:30")
    told = stats(life.entries).total
    assert (told.reopened, told.relapses, told.refusals) == (1, 1, 0)
    assert told.time_to_restore.median_ms == told.time_to_restore_open.median_ms == 50 * MINUTE


def test_maintenance_is_wall_time_and_no_open_time() -> None:
    """Opened ten minutes before a window and taken half an hour into it: forty minutes, ten of them open."""
    life = Stage(POLICY)
    life.windows = (Window("CHG-1", at("08:00"), ((at("09:30"), at("10:30")),)),)
    life.sample("09:20", "major")
    life.command("10:00", "acknowledge")
    life.sample("10:50", "good")
    life.run_until("11:00")
    told = stats(life.entries).total
    assert told.time_to_acknowledge.median_ms == 40 * MINUTE
    assert told.time_to_acknowledge_open.median_ms == 10 * MINUTE
    assert told.time_to_restore.median_ms == 90 * MINUTE
    assert told.time_to_restore_open.median_ms == 30 * MINUTE


def test_a_report_that_nobody_took_was_not_acknowledged() -> None:
    """Its respond clock ends with the restoration, missed: no acknowledgement, but a breach, told or not."""
    life = Product(POLICY)
    life.sample("09:00", "major")
    life.sample("09:50", "good")
    life.run_until("10:00")
    told = stats(life.entries).total
    assert told.time_to_acknowledge.count == 0
    assert (told.respond_breaches, told.restore_breaches) == (1, 0)
    assert told.time_to_restore.median_ms == 50 * MINUTE


def test_memory_is_of_the_reports_that_are_held() -> None:
    """A forgotten report leaves a few numbers; entries leave nothing."""
    entries = live([Doing("good", 5, 0), Doing("long", 20, 0), Doing("long", 20, 0)]).entries
    report_id = next(fact.report_id for fact in entries[0].facts if isinstance(fact, f.ReportOpened))
    ends = replace(entries[-1], facts=(f.ReportForgotten(report_id),))
    counting = Counting(POLICIES, By.TIER)
    for number in range(500):
        for entry in (*entries, ends):
            counting.take(_renamed(entry, report_id, f"{report_id}-{number}"))
        assert not counting._rows
    told = counting.result()
    assert (told.total.reports, told.total.time_to_restore.count) == (500, 500)
    assert asdict(told.groups[0]) == {**asdict(told.total), "group": told.groups[0].group}


def _renamed(entry: Entry, old: str, new: str) -> Entry:
    facts = tuple(
        replace(fact, report_id=new)  # type: ignore[arg-type]  # whatever names one
        if getattr(fact, "report_id", "") == old
        else fact
        for fact in entry.facts
    )
    return replace(entry, facts=facts)


def test_weeks_are_those_of_iso() -> None:
    """The first days of a year may belong to the last week of the one before."""
    assert week(at("10:00")) == "2026-W10"
    assert week(1_798_761_600_000) == "2026-W53"  # 2027-01-01T00:00Z
    assert week(at("10:00") - 2 * DAY) == "2026-W09"
