"""Clocks with holds against a minute-by-minute reference, over twelve zones and twenty years.

First the arithmetic of spans by itself, then one promise through `step`: whatever holds, windows, re-targets
and relapses have done to it, its deadline is the one that the list of what happened gives.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.core.calendar import Calendar, begin, due, open_between
from qosresolve.core.clocks import Pause, targeted, with_pause
from qosresolve.core.spans import due_around, open_around, united
from tests.core.reference import DAY, MINUTE, cases, hold_sets, open_minutes, used_up

REACH = 2 * DAY

Case = tuple[Calendar, int]
Holds = list[tuple[int, int]]

T = TypeVar("T")


def _several(kind: st.SearchStrategy[T]) -> st.SearchStrategy[list[T]]:
    """Some of a kind an example, for the walk along the minutes costs more than they do."""
    number = 8 if settings().max_examples >= 100 else 3
    return st.lists(kind, min_size=number, max_size=number)


many = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


class TestSpans:
    @many
    @given(cases(), st.data())
    def test_due_around(self, case: Case, data: st.DataObject) -> None:
        """A promise is due at the end of the minute that uses it up, also where a hold begins just then."""
        calendar, start = case
        opened = list(open_minutes(calendar, start, start + REACH))
        for holds in data.draw(_several(hold_sets(start, REACH))):
            pauses = united(holds)
            exactly = [open_around(calendar, start, begins, pauses) // MINUTE for begins, _ in pauses]
            wanted = data.draw(st.integers(1, max(len(opened), 1)) | st.sampled_from([*exactly, 1]))
            if wanted == 0:
                continue
            expected = used_up(opened, wanted, holds)
            found = due_around(calendar, start, wanted * MINUTE, pauses)
            assert found == expected if expected is not None else found > start + REACH

    @many
    @given(cases(), st.integers(0, DAY), st.data())
    def test_to_the_millisecond(self, case: Case, after: int, data: st.DataObject) -> None:
        """By the deadline exactly the promise has passed, and a millisecond earlier it had not."""
        calendar, start = case[0], case[1] + after
        for holds in data.draw(_several(hold_sets(case[1], REACH))):
            pauses = united((begins, ends + 7) for begins, ends in holds)
            wanted = data.draw(st.integers(1, max(open_between(calendar, start, start + REACH), 1)))
            deadline = due_around(calendar, start, wanted, pauses)
            assert open_around(calendar, start, deadline, pauses) == wanted
            assert open_around(calendar, start, deadline - 1, pauses) == wanted - 1

    @many
    @given(cases(), st.data())
    def test_open_around(self, case: Case, data: st.DataObject) -> None:
        """Open time is the number of open minutes that no hold covers."""
        calendar, start = case
        opened = list(open_minutes(calendar, start, start + REACH))
        for holds in data.draw(_several(hold_sets(start, REACH))):
            left = [at for at in opened if not any(begins <= at < ends for begins, ends in holds)]
            assert open_around(calendar, start, start + REACH, united(holds)) == len(left) * MINUTE

    @many
    @given(cases(), st.data())
    def test_a_clock_and_its_thresholds(self, case: Case, data: st.DataObject) -> None:
        """A clock given its holds one by one, in any order, has the deadlines of them all together."""
        calendar, start = case
        opened = list(open_minutes(calendar, start, start + REACH))
        levels = ((50, 2), (75, 5), (90, 7))
        for holds in data.draw(_several(hold_sets(start, REACH))):
            wanted = 20 * data.draw(st.integers(1, max(len(opened) // 20, 1)))
            paused: tuple[Pause, ...] = ()
            for begins, ends in data.draw(st.permutations(holds)):
                paused = with_pause(paused, begins, ends)
            clock = targeted(calendar, start, wanted * MINUTE, levels=levels, paused=paused)
            parts = [*(item.percent for item in clock.thresholds), 100]
            instants = [*(item.due_at for item in clock.thresholds), clock.due_at]
            for part, found in zip(parts, instants, strict=True):
                expected = used_up(opened, wanted * part // 100, holds)
                assert expected is None or found == expected

    @many
    @given(cases(), st.data())
    def test_united(self, case: Case, data: st.DataObject) -> None:
        """Neither order nor overlap of holds matters: the union covers each minute that one of them does."""
        _, start = case
        for holds in data.draw(_several(hold_sets(start, DAY))):
            whole = united(holds)
            assert united(data.draw(st.permutations(holds))) == united((*whole, *holds)) == whole
            assert all(left[1] < right[0] for left, right in pairwise(whole))
            ends = {edge for hold in holds for edge in hold}
            for at in {edge + aside for edge in ends for aside in (-MINUTE, 0, MINUTE)}:
                assert any(a <= at < b for a, b in whole) == any(a <= at < b for a, b in holds)

    @many
    @given(cases(), st.data())
    def test_a_hold_never_makes_a_deadline_earlier(self, case: Case, data: st.DataObject) -> None:
        """One more hold moves a deadline later by at most its open time, or leaves it where it is."""
        calendar, start = case
        for holds in data.draw(_several(hold_sets(start, REACH))):
            wanted = data.draw(st.integers(0, REACH))
            before = due_around(calendar, start, wanted, united(holds[1:]))
            after = due_around(calendar, start, wanted, united(holds))
            assert after >= before
            if holds:
                took = open_around(calendar, start, after, united(holds[1:])) - wanted
                assert 0 <= took <= open_between(calendar, *holds[0])


class TestBackward:
    @many
    @given(cases(), st.integers(0, DAY), st.data())
    def test_begin_is_the_last_instant(self, case: Case, after: int, data: st.DataObject) -> None:
        """From the beginning on exactly the work fits in, and a millisecond later it does not."""
        calendar, end = case[0], case[1] + after
        for wanted in data.draw(_several(st.integers(1, REACH))):
            first = begin(calendar, end, wanted)
            assert open_between(calendar, first, end) == wanted
            assert open_between(calendar, first + 1, end) == wanted - 1

    @many
    @given(cases(), st.data())
    def test_begin_counts_minutes_back(self, case: Case, data: st.DataObject) -> None:
        """The beginning of n minutes of work is the nth open minute before its end."""
        calendar, end = case
        opened = list(open_minutes(calendar, end - REACH, end))
        for back in data.draw(_several(st.integers(0, len(opened)))):
            assert begin(calendar, end, back * MINUTE) == (opened[-back] if back else end)

    @many
    @given(cases(), st.integers(0, DAY), st.data())
    def test_begin_undoes_due(self, case: Case, after: int, data: st.DataObject) -> None:
        """Forward and back again leaves out nothing but closed time; so does back and forward."""
        calendar, start = case[0], case[1] + after
        for wanted in data.draw(_several(st.integers(1, REACH))):
            deadline = due(calendar, start, wanted)
            again = begin(calendar, deadline, wanted)
            assert again >= start
            assert open_between(calendar, start, again) == 0
            assert due(calendar, again, wanted) == deadline
            first = begin(calendar, start, wanted)
            assert due(calendar, first, wanted) <= start
            assert open_between(calendar, due(calendar, first, wanted), start) == 0
