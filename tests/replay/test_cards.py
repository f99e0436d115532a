"""How reports are chosen and sorted, and how their clocks stand: on random lives of the core."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.core.calendar import is_open
from qosresolve.core.case import Case
from qosresolve.core.clocks import Clock
from qosresolve.core.facts import ReportForgotten, ReportRepaired
from qosresolve.core.fold import fold
from qosresolve.core.report import Link, Report
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import RANK, ClockName, ClockOutcome, LinkKind
from qosresolve.replay.cards import Cards, card_of
from qosresolve.replay.choices import Sort
from qosresolve.replay.clockwork import Next, next_breach, spent
from qosresolve.replay.ordering import by_cause, in_order
from tests.core.builders import DAY, HOUR, MINUTE, PRODUCT, Product, at
from tests.replay.lives import POLICY, Doing, live, lives

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = at("10:00")


@pytest.mark.slow
@given(lives(15), st.integers(0, 30))
def test_cards_follow_the_journal(doings: list[Doing], begins: int) -> None:
    """Wherever one begins, from the reports as they stood or from nothing: a card is what its report says."""
    entries = live(doings).entries
    case = Case(PRODUCT)
    for entry in entries[:begins]:
        case = fold(case, entry)
    cards = Cards(case.reports)
    for entry in entries[begins:]:
        case = fold(case, entry)
        cards.take(entry)
        held = {card.report_id: card for card in cards.about(replace(entry, facts=()))}
        assert held == {report.report_id: card_of(report) for report in case.reports}


def test_an_entry_is_about_the_reports_that_it_names() -> None:
    """One that names none is about all of its product; a repair makes a card anew, forgetting ends it."""
    life = Product(POLICY)
    life.sample("09:00")
    cards = Cards([life.report, replace(life.report, report_id="other")])
    named = {card.report_id for card in cards.about(life.entries[0])}
    assert named == {life.report.report_id}
    assert len(cards.about(replace(life.entries[0], facts=()))) == 2
    right = replace(life.report, report_id="other", assignee="mended")
    cards.take(replace(life.entries[0], facts=(ReportRepaired("other", right, "anna", "verify"),)))
    assert {card.assignee for card in cards.about(replace(life.entries[0], facts=()))} >= {"mended"}
    cards.take(replace(life.entries[0], facts=(ReportForgotten("other"),)))
    assert len(cards.about(replace(life.entries[0], facts=()))) == 1
    assert cards.about(replace(life.entries[0], product_id="nobody")) == []


@pytest.mark.slow
@given(lives(15))
def test_open_time_is_what_a_walk_counts(doings: list[Doing]) -> None:
    """Minute after minute; and when a promise is due, exactly its target has gone by."""
    stage = live(doings)
    for report in stage.case.reports:
        calendar = POLICY.calendar_of(report)
        for clock in (clock_of(report, name) for name in CLOCKS):
            end = max(clock.started_at, min(clock.stopped_at or 1 << 62, clock.held_since or 1 << 62))
            if clock.due_at is not None and clock.due_at <= end:
                assert spent(clock, calendar, clock.due_at).open_ms == clock.target
                assert spent(clock, calendar, clock.due_at).percent == 100
            for now in (clock.started_at + 7 * MINUTE, clock.started_at + 3 * HOUR):
                until = min(end, now)
                walked = sum(
                    MINUTE // 4
                    for instant in range(clock.started_at, until, MINUTE // 4)
                    if is_open(calendar, instant)
                    and not any(pause.since <= instant < pause.until for pause in clock.paused)
                )
                assert spent(clock, calendar, now).open_ms == walked


def report(name: str, left: int | None = None, *, held: bool = False, **more: object) -> Report:
    """Return a report whose restore clock has so many minutes left."""
    life = Product(POLICY)
    life.sample("09:00")
    still = Clock(at("09:00"), None, None, ClockOutcome.UNTARGETED)
    due = None if left is None else NOW + left * MINUTE
    runs = Clock(at("09:00"), HOUR, due, ClockOutcome.RUNNING, held_since=NOW if held else None)
    restore = still if left is None else runs
    return replace(life.report, report_id=name, respond=still, restore=restore, **more)  # type: ignore[arg-type]


def test_what_breaks_next_is_first() -> None:
    """Overdue, by how much; what runs; what stands still; last what has no deadline, newest first."""
    reports = [
        report("held", 1, held=True),
        report("old"),
        report("soon", 5),
        report("new", opened_at=at("09:30")),
        report("late", -10),
        report("later", 50),
        report("latest", -60),
    ]
    random.Random(1).shuffle(reports)
    names = [item.report_id for item in in_order(reports, Sort.BREACH, NOW)]
    assert names == ["latest", "late", "soon", "later", "held", "new", "old"]


def test_the_clock_that_breaks_first_is_told() -> None:
    """Respond and restore are both promises; of a clock that stands still the time left stands still too."""
    both = report("both", 50)
    respond = Clock(at("09:00"), HOUR, NOW + 5 * MINUTE, ClockOutcome.RUNNING)
    due = NOW + 5 * MINUTE
    assert next_breach(replace(both, respond=respond), NOW) == Next(ClockName.RESPOND, due, 5 * MINUTE, False)
    held = replace(both, respond=replace(respond, held_since=NOW - MINUTE))
    assert next_breach(held, NOW + DAY) == Next(
        ClockName.RESTORE, NOW + 50 * MINUTE, 50 * MINUTE - DAY, held=False
    )
    alone = replace(report("alone"), respond=replace(respond, held_since=NOW - MINUTE))
    assert next_breach(alone, NOW + DAY) == Next(ClockName.RESPOND, due, 6 * MINUTE, held=True)
    assert next_breach(report("none"), NOW) is None


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 4), max_size=12), st.sampled_from(Sort))
def test_every_order_is_that_of_its_key(rows: list[tuple[int, ...]], by: Sort) -> None:
    """Neighbours are in order by the key, and by what breaks next where it is equal."""
    severities = list(RANK)
    reports = [
        report(
            str(number),
            None if left == 3 else left * 10,
            severity=severities[worst],
            tier="abcd"[tier],
            customer_id="abcd"[worst],
            opened_at=at("09:00") + opened * MINUTE,
        )
        for number, (left, worst, tier, opened) in enumerate(rows)
    ]
    keys: dict[Sort, Callable[[Report], Any]] = {
        Sort.BREACH: lambda _: 0,
        Sort.DUE: lambda item: item.restore.due_at or 1 << 62,
        Sort.OPENED: lambda item: -item.opened_at,
        Sort.SEVERITY: lambda item: -RANK[item.severity],
        Sort.TIER: lambda item: item.tier,
        Sort.CUSTOMER: lambda item: item.customer_id,
    }
    done = in_order(reports, by, NOW)
    assert sorted(item.report_id for item in done) == sorted(item.report_id for item in reports)
    breach_first = [item.report_id for item in in_order(reports, Sort.BREACH, NOW)]
    for first, second in pairwise(done):
        one, two = keys[by](first), keys[by](second)
        assert one <= two
        if one == two:
            assert breach_first.index(first.report_id) < breach_first.index(second.report_id)


def test_reports_of_one_cause_stand_together() -> None:
    """By cause key, else by the master problem; in the order of each group's first; without either last."""
    master = (Link(LinkKind.MASTER_PROBLEM, "PRB-1"),)
    reports = [
        report("alone"),
        report("a", cause_key="svc-1"),
        report("b", links=master),
        report("c", cause_key="svc-1", links=master),
        report("d", links=master),
    ]
    groups = {cause: [item.report_id for item in those] for cause, those in by_cause(reports).items()}
    assert groups == {"svc-1": ["a", "c"], "PRB-1": ["b", "d"], "": ["alone"]}
    assert list(groups)[-1] == ""
