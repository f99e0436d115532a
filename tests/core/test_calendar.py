"""Open time: each rule by example with literal instants, then against a minute-by-minute reference.

The reference (`reference`) shares the time zone database with the code under test, so the examples spell
their expected instants out.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qosresolve.core.calendar import (
    Calendar,
    NeverOpen,
    begin,
    due,
    is_open,
    next_open,
    open_between,
    segments,
)
from tests.core.reference import (
    DAY,
    FULL_DAY,
    HOUR,
    MINUTE,
    SECOND,
    ZONES,
    Spans,
    cases,
    gathered,
    minutes,
    open_minutes,
    starts,
    utc,
    wall_is_open,
)

Week = tuple[Spans, ...]

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
CLOSED_WEEK: Week = ((),) * 7
FULL_WEEK: Week = (FULL_DAY,) * 7


def hours(text: str) -> Spans:
    """Spans written as `09:00-12:00 13:00-17:30`."""
    bounds = [tuple(clock.split(":")) for span in text.split() for clock in span.split("-")]
    minutes = [int(hour) * 60 + int(minute) for hour, minute in bounds]
    return tuple(zip(minutes[::2], minutes[1::2], strict=True))


def week(days: dict[int, str]) -> Week:
    """A week that is closed but for the given days."""
    return tuple(hours(days.get(day, "")) for day in range(7))


def on(zone: str, days: dict[int, str], *holidays: str) -> Calendar:
    return Calendar(name="test", zone=zone, weekly=week(days), holidays=holidays)


def office(zone: str, *holidays: str) -> Calendar:
    return on(zone, dict.fromkeys(range(MON, SAT), "09:00-17:00"), *holidays)


def opened(calendar: Calendar, start: str, end: str) -> list[tuple[str, str]]:
    """Open segments as readable UTC instants, so that a failing example can be understood at sight."""
    found = segments(calendar, utc(start), utc(end))
    return [(_shown(opens), _shown(closes)) for opens, closes in found]


def _shown(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%MZ")


class TestCounting:
    def test_closed_hours_do_not_count(self) -> None:
        """Four hours promised on Friday at 15:00 end on Monday at 11:00."""
        assert due(office("Europe/Berlin"), utc("2024-01-12T14:00Z"), 4 * HOUR) == utc("2024-01-15T10:00Z")

    def test_a_start_in_closed_hours_waits_for_the_opening(self) -> None:
        """One hour promised on Saturday ends on Monday at 10:00."""
        assert due(office("Europe/Berlin"), utc("2024-01-13T12:34Z"), HOUR) == utc("2024-01-15T09:00Z")

    def test_time_used_up_at_closing_is_due_at_closing(self) -> None:
        """The first instant with all the open time behind it is the closing, not the next opening."""
        assert due(office("Europe/Berlin"), utc("2024-01-12T14:00Z"), 2 * HOUR) == utc("2024-01-12T16:00Z")

    def test_one_millisecond_more_than_closing_goes_to_the_next_opening(self) -> None:
        """Counting is exact to the millisecond."""
        calendar = office("Europe/Berlin")
        expected = utc("2024-01-15T08:00Z") + 1
        assert due(calendar, utc("2024-01-12T14:00Z"), 2 * HOUR + 1) == expected

    @pytest.mark.parametrize("start", ["2024-01-12T14:00Z", "2024-01-13T14:00Z"])
    def test_no_open_time_is_due_at_once(self, start: str) -> None:
        """Zero open time is due at the start, in open and closed hours alike."""
        assert due(office("Europe/Berlin"), utc(start), 0) == utc(start)

    def test_negative_open_time_is_refused(self) -> None:
        """There is no instant by which less than no time has passed."""
        with pytest.raises(ValueError, match="negative"):
            due(office("UTC"), 0, -1)

    def test_a_holiday_is_closed_all_day(self) -> None:
        """Two hours from Tuesday 16:00 skip Christmas 2024, a Wednesday and Thursday, until Friday 10:00."""
        calendar = office("Europe/Berlin", "2024-12-25", "2024-12-26")
        assert due(calendar, utc("2024-12-24T15:00Z"), 2 * HOUR) == utc("2024-12-27T09:00Z")

    def test_a_holiday_is_a_local_date(self) -> None:
        """In Kolkata the first of May runs from 18:30Z to 18:30Z."""
        calendar = Calendar("test", "Asia/Kolkata", FULL_WEEK, ("2024-05-01",))
        assert opened(calendar, "2024-04-30T00:00Z", "2024-05-02T00:00Z") == [
            ("2024-04-30T00:00Z", "2024-04-30T18:30Z"),
            ("2024-05-01T18:30Z", "2024-05-02T00:00Z"),
        ]

    def test_a_break_splits_the_day(self) -> None:
        """Hours before and after lunch are separate segments, and lunch does not count."""
        calendar = on("Asia/Kolkata", {MON: "09:30-13:00 14:00-18:00"})
        assert opened(calendar, "2024-01-15T00:00Z", "2024-01-16T00:00Z") == [
            ("2024-01-15T04:00Z", "2024-01-15T07:30Z"),
            ("2024-01-15T08:30Z", "2024-01-15T12:30Z"),
        ]
        assert due(calendar, utc("2024-01-15T07:00Z"), HOUR) == utc("2024-01-15T09:00Z")

    def test_segments_are_joined_over_midnight(self) -> None:
        """A night shift is one segment, across both the local and the UTC midnight."""
        calendar = on("Europe/Berlin", {MON: "22:00-24:00", TUE: "00:00-06:00"})
        assert opened(calendar, "2024-01-15T00:00Z", "2024-01-17T00:00Z") == [
            ("2024-01-15T21:00Z", "2024-01-16T05:00Z")
        ]

    def test_segments_are_clipped_to_the_interval(self) -> None:
        """Only the part of a span inside the interval is explained."""
        assert opened(office("UTC"), "2024-01-15T10:00Z", "2024-01-15T11:00Z") == [
            ("2024-01-15T10:00Z", "2024-01-15T11:00Z")
        ]

    @pytest.mark.parametrize("calendar", [office("UTC"), Calendar("test", "UTC", FULL_WEEK)])
    @pytest.mark.parametrize("end", ["2024-01-15T10:00Z", "2024-01-12T10:00Z"])
    def test_an_empty_or_reversed_interval_holds_nothing(self, calendar: Calendar, end: str) -> None:
        """No time passes in an interval that does not go forward."""
        start = utc("2024-01-15T10:00Z")
        assert open_between(calendar, start, utc(end)) == 0
        assert list(segments(calendar, start, utc(end))) == []

    def test_opening_is_open_and_closing_is_not(self) -> None:
        """Spans include their start and leave out their end."""
        calendar = office("UTC")
        opening, closing = utc("2024-01-15T09:00Z"), utc("2024-01-15T17:00Z")
        asked = [opening - 1, opening, closing - 1, closing]
        assert [is_open(calendar, at) for at in asked] == [False, True, True, False]

    def test_next_opening(self) -> None:
        """An open instant is its own next opening; a closing already looks to the next day."""
        calendar = office("UTC")
        assert next_open(calendar, utc("2024-01-15T10:30Z")) == utc("2024-01-15T10:30Z")
        assert next_open(calendar, utc("2024-01-12T17:00Z")) == utc("2024-01-15T09:00Z")

    def test_instants_before_the_epoch(self) -> None:
        """The first of January 1969, a Wednesday, was open like any other."""
        assert due(office("UTC"), utc("1969-01-01T16:00Z"), 2 * HOUR) == utc("1969-01-02T10:00Z")

    def test_an_offset_with_seconds(self) -> None:
        """Monrovia was 44 minutes 30 seconds behind UTC until 1972."""
        calendar = on("Africa/Monrovia", {MON: "09:00-10:00"})
        expected = [(utc("1971-06-07T09:44:30Z"), utc("1971-06-07T10:44:30Z"))]
        assert list(segments(calendar, utc("1971-06-07T00:00Z"), utc("1971-06-08T00:00Z"))) == expected


class TestBackward:
    def test_closed_hours_do_not_count(self) -> None:
        """What has to be done by Monday at 11:00 and takes four hours begins on Friday at 15:00."""
        assert begin(office("Europe/Berlin"), utc("2024-01-15T10:00Z"), 4 * HOUR) == utc("2024-01-12T14:00Z")

    def test_an_end_in_closed_hours_looks_back_to_the_closing(self) -> None:
        """One hour by Sunday noon begins on Friday at 16:00."""
        assert begin(office("UTC"), utc("2024-01-14T12:00Z"), HOUR) == utc("2024-01-12T16:00Z")

    def test_an_end_in_the_night_looks_back_to_the_same_day(self) -> None:
        """Half past nine in the evening leaves the whole day before it, and midnight does, too."""
        calendar = office("UTC")
        assert begin(calendar, utc("2024-01-15T21:30Z"), 8 * HOUR) == utc("2024-01-15T09:00Z")
        assert begin(calendar, utc("2024-01-16T00:00Z"), 8 * HOUR) == utc("2024-01-15T09:00Z")

    def test_the_whole_of_a_day_begins_at_its_opening(self) -> None:
        """The last instant with all the time before the end is the opening, not the closing before it."""
        calendar = office("UTC")
        assert begin(calendar, utc("2024-01-16T17:00Z"), 8 * HOUR) == utc("2024-01-16T09:00Z")
        assert begin(calendar, utc("2024-01-16T17:00Z"), 8 * HOUR + 1) == utc("2024-01-15T17:00Z") - 1

    def test_breaks_do_not_count(self) -> None:
        """Lunch lies between two stretches of one day."""
        calendar = on("UTC", {MON: "09:00-12:00 13:00-17:00"})
        assert begin(calendar, utc("2024-01-15T14:00Z"), 2 * HOUR) == utc("2024-01-15T11:00Z")

    def test_no_open_time_begins_at_the_end(self) -> None:
        """Nothing has to be begun before."""
        assert begin(office("UTC"), utc("2024-01-14T12:00Z"), 0) == utc("2024-01-14T12:00Z")

    def test_around_the_clock_it_is_plain_subtraction(self) -> None:
        """Open time is elapsed time, whatever the zone does."""
        calendar = Calendar("test", "Europe/Berlin", FULL_WEEK)
        assert begin(calendar, utc("2024-03-31T02:00Z"), 3 * HOUR) == utc("2024-03-30T23:00Z")

    def test_negative_open_time_is_refused(self) -> None:
        """There is no instant from which less than no time passes."""
        with pytest.raises(ValueError, match="negative, got -1"):
            begin(office("UTC"), 0, -1)

    def test_a_calendar_that_was_never_open_gives_up(self) -> None:
        """After two years without an opening no beginning can be given."""
        calendar = Calendar("empty", "UTC", CLOSED_WEEK)
        with pytest.raises(NeverOpen, match="'empty' has no open hours for 732 days"):
            begin(calendar, utc("2024-01-15T10:00Z"), HOUR)

    def test_patience_is_for_each_closure(self) -> None:
        """A closure of two years less a day is waited out, also one after another."""
        mondays = [date(2020, 1, 6) + timedelta(weeks=number) for number in range(209)]
        kept = (date(2020, 1, 6), date(2022, 1, 3), date(2023, 12, 25))
        closed = tuple(day.isoformat() for day in mondays if day not in kept)
        calendar = on("UTC", {MON: "09:00-10:00"}, *closed)
        assert begin(calendar, utc("2023-12-26T00:00Z"), 3 * HOUR) == utc("2020-01-06T09:00Z")


class TestSpringForward:
    def test_a_span_over_the_gap_is_shorter(self) -> None:
        """Berlin 2024-03-31 has no 02:00 to 03:00: 01:00 to 04:00 is two hours."""
        calendar = on("Europe/Berlin", {SUN: "01:00-04:00"})
        assert opened(calendar, "2024-03-30T12:00Z", "2024-03-31T12:00Z") == [
            ("2024-03-31T00:00Z", "2024-03-31T02:00Z")
        ]

    def test_a_span_inside_the_gap_is_gone(self) -> None:
        """A wall clock that never shows 02:00 to 03:00 is not open then; the week after it is."""
        calendar = on("Europe/Berlin", {SUN: "02:00-03:00"})
        assert opened(calendar, "2024-03-30T12:00Z", "2024-03-31T12:00Z") == []
        assert next_open(calendar, utc("2024-03-30T12:00Z")) == utc("2024-04-07T00:00Z")

    def test_a_span_starting_in_the_gap_starts_at_the_change(self) -> None:
        """From 02:30 to 03:30 only 03:00 to 03:30 exists."""
        calendar = on("Europe/Berlin", {SUN: "02:30-03:30"})
        assert opened(calendar, "2024-03-30T12:00Z", "2024-03-31T12:00Z") == [
            ("2024-03-31T01:00Z", "2024-03-31T01:30Z")
        ]

    def test_a_span_ending_in_the_gap_ends_at_the_change(self) -> None:
        """From 01:30 to 02:30 only 01:30 to 02:00 exists."""
        calendar = on("Europe/Berlin", {SUN: "01:30-02:30"})
        assert opened(calendar, "2024-03-30T12:00Z", "2024-03-31T12:00Z") == [
            ("2024-03-31T00:30Z", "2024-03-31T01:00Z")
        ]

    def test_new_york(self) -> None:
        """Four hours from midnight on 2024-03-10 end at 05:00 on the wall clock."""
        calendar = on("America/New_York", {SUN: "00:00-06:00"})
        assert due(calendar, utc("2024-03-10T05:00Z"), 4 * HOUR) == utc("2024-03-10T09:00Z")
        assert open_between(calendar, utc("2024-03-10T00:00Z"), utc("2024-03-11T00:00Z")) == 5 * HOUR

    def test_a_gap_of_half_an_hour(self) -> None:
        """Lord Howe 2024-10-06 goes from 02:00 to 02:30: 01:00 to 03:00 is an hour and a half."""
        calendar = on("Australia/Lord_Howe", {SUN: "01:00-03:00"})
        assert opened(calendar, "2024-10-05T00:00Z", "2024-10-06T12:00Z") == [
            ("2024-10-05T14:30Z", "2024-10-05T16:00Z")
        ]

    def test_a_day_that_starts_at_one(self) -> None:
        """Sao Paulo 2018-11-04 starts at 01:00, so 00:00 to 02:00 is one hour."""
        calendar = on("America/Sao_Paulo", {SUN: "00:00-02:00"})
        assert opened(calendar, "2018-11-03T12:00Z", "2018-11-04T12:00Z") == [
            ("2018-11-04T03:00Z", "2018-11-04T04:00Z")
        ]

    def test_a_first_hour_that_is_skipped(self) -> None:
        """Beirut 2024-03-31 starts at 01:00, so 00:00 to 01:00 is gone."""
        calendar = on("Asia/Beirut", {SUN: "00:00-01:00"})
        assert opened(calendar, "2024-03-30T12:00Z", "2024-03-31T12:00Z") == []

    def test_a_skipped_date(self) -> None:
        """Apia had no 2011-12-30: Thursday 16:00 plus four hours is Saturday 12:00."""
        calendar = on("Pacific/Apia", dict.fromkeys(range(MON, SUN), "09:00-17:00"))
        assert due(calendar, utc("2011-12-30T02:00Z"), 4 * HOUR) == utc("2011-12-30T22:00Z")

    def test_hours_of_a_skipped_date_are_gone(self) -> None:
        """Hours of that Friday never came."""
        calendar = on("Pacific/Apia", {FRI: "00:00-24:00"})
        assert opened(calendar, "2011-12-28T00:00Z", "2012-01-02T00:00Z") == []

    def test_a_holiday_on_a_skipped_date_costs_nothing(self) -> None:
        """A date without a single instant cannot close any."""
        calendar = Calendar("test", "Pacific/Apia", FULL_WEEK, ("2011-12-30",))
        start, end = utc("2011-12-28T00:00Z"), utc("2012-01-02T00:00Z")
        assert list(segments(calendar, start, end)) == [(start, end)]


class TestFallBack:
    def test_a_span_over_the_fold_is_longer(self) -> None:
        """Berlin 2024-10-27 has 02:00 to 03:00 twice: 01:00 to 04:00 is four hours."""
        calendar = on("Europe/Berlin", {SUN: "01:00-04:00"})
        assert opened(calendar, "2024-10-26T12:00Z", "2024-10-27T12:00Z") == [
            ("2024-10-26T23:00Z", "2024-10-27T03:00Z")
        ]

    def test_a_span_as_long_as_the_fold_counts_twice(self) -> None:
        """Both passes of 02:00 to 03:00 are open, one after the other."""
        calendar = on("Europe/Berlin", {SUN: "02:00-03:00"})
        assert opened(calendar, "2024-10-26T12:00Z", "2024-10-27T12:00Z") == [
            ("2024-10-27T00:00Z", "2024-10-27T02:00Z")
        ]

    def test_a_span_inside_the_fold_is_two_pieces(self) -> None:
        """From 02:15 to 02:45 is open, closed for half an hour, and open again."""
        calendar = on("Europe/Berlin", {SUN: "02:15-02:45"})
        assert opened(calendar, "2024-10-26T12:00Z", "2024-10-27T12:00Z") == [
            ("2024-10-27T00:15Z", "2024-10-27T00:45Z"),
            ("2024-10-27T01:15Z", "2024-10-27T01:45Z"),
        ]
        assert due(calendar, utc("2024-10-27T00:00Z"), 40 * MINUTE) == utc("2024-10-27T01:25Z")

    def test_a_span_ending_in_the_fold_opens_again(self) -> None:
        """Closing at 02:30 happens twice, with the second pass of 02:00 to 02:30 between."""
        calendar = on("Europe/Berlin", {SUN: "01:00-02:30"})
        assert opened(calendar, "2024-10-26T12:00Z", "2024-10-27T12:00Z") == [
            ("2024-10-26T23:00Z", "2024-10-27T00:30Z"),
            ("2024-10-27T01:00Z", "2024-10-27T01:30Z"),
        ]

    def test_a_span_starting_in_the_fold_starts_at_the_first_pass(self) -> None:
        """Opening at 02:30 happens twice, and the second pass of 02:00 to 02:30 is closed."""
        calendar = on("Europe/Berlin", {SUN: "02:30-04:00"})
        assert opened(calendar, "2024-10-26T12:00Z", "2024-10-27T12:00Z") == [
            ("2024-10-27T00:30Z", "2024-10-27T01:00Z"),
            ("2024-10-27T01:30Z", "2024-10-27T03:00Z"),
        ]

    def test_a_fold_of_half_an_hour(self) -> None:
        """Lord Howe 2024-04-07 goes from 02:00 back to 01:30: 01:00 to 03:00 is two and a half hours."""
        calendar = on("Australia/Lord_Howe", {SUN: "01:00-03:00"})
        assert opened(calendar, "2024-04-06T00:00Z", "2024-04-07T12:00Z") == [
            ("2024-04-06T14:00Z", "2024-04-06T16:30Z")
        ]

    def test_a_fold_at_the_start_of_ramadan(self) -> None:
        """Casablanca 2024-03-10 goes from 03:00 back to 02:00, and 02:00 to 03:00 counts twice."""
        calendar = on("Africa/Casablanca", {SUN: "02:00-03:00"})
        assert opened(calendar, "2024-03-09T12:00Z", "2024-03-10T12:00Z") == [
            ("2024-03-10T01:00Z", "2024-03-10T03:00Z")
        ]

    def test_a_day_with_a_second_last_hour(self) -> None:
        """Sao Paulo 2019-02-16 ends with 23:00 to 24:00 twice, both on Saturday."""
        calendar = on("America/Sao_Paulo", {SAT: "23:00-24:00"})
        assert opened(calendar, "2019-02-16T12:00Z", "2019-02-17T12:00Z") == [
            ("2019-02-17T01:00Z", "2019-02-17T03:00Z")
        ]

    def test_a_second_last_hour_in_beirut(self) -> None:
        """Beirut 2024-10-26 ends with 23:00 to 24:00 twice, both on Saturday."""
        calendar = on("Asia/Beirut", {SAT: "23:00-24:00"})
        assert opened(calendar, "2024-10-26T12:00Z", "2024-10-27T12:00Z") == [
            ("2024-10-26T20:00Z", "2024-10-26T22:00Z")
        ]

    def test_a_date_that_comes_back(self) -> None:
        """St. John's 2010-11-07 goes from 00:01 back to 23:01: one minute of Sunday interrupts Saturday."""
        calendar = on("America/St_Johns", {SAT: "00:00-24:00"})
        assert opened(calendar, "2010-11-05T12:00Z", "2010-11-08T12:00Z") == [
            ("2010-11-06T02:30Z", "2010-11-07T02:30Z"),
            ("2010-11-07T02:31Z", "2010-11-07T03:30Z"),
        ]

    def test_a_holiday_that_comes_back(self) -> None:
        """The same Saturday as a holiday is closed in both its parts."""
        calendar = Calendar("test", "America/St_Johns", FULL_WEEK, ("2010-11-06",))
        assert opened(calendar, "2010-11-06T00:00Z", "2010-11-07T12:00Z") == [
            ("2010-11-06T00:00Z", "2010-11-06T02:30Z"),
            ("2010-11-07T02:30Z", "2010-11-07T02:31Z"),
            ("2010-11-07T03:30Z", "2010-11-07T12:00Z"),
        ]


class TestAlwaysOpen:
    def test_is_plain_addition(self) -> None:
        """Around the clock, open time is elapsed time, whatever the zone does."""
        calendar = Calendar("test", "Europe/Berlin", FULL_WEEK)
        start = utc("2024-03-30T12:00Z")
        assert calendar.always_open
        assert due(calendar, start, DAY) == start + DAY
        assert open_between(calendar, start, start + DAY) == DAY
        assert list(segments(calendar, start, start + DAY)) == [(start, start + DAY)]
        assert is_open(calendar, start)
        assert next_open(calendar, start) == start

    def test_needs_every_day_and_no_holiday(self) -> None:
        """One holiday or one closed day is enough to have to walk."""
        assert not Calendar("test", "UTC", FULL_WEEK, ("2024-12-25",)).always_open
        assert not Calendar("test", "UTC", (*(FULL_DAY,) * 6, ())).always_open


class TestNeverOpen:
    def test_due_and_next_open_give_up(self) -> None:
        """A calendar without hours has no deadline, and saying so must not take for ever."""
        calendar = Calendar("dead", "UTC", CLOSED_WEEK)
        with pytest.raises(NeverOpen, match="dead"):
            due(calendar, 0, 1)
        with pytest.raises(NeverOpen, match="dead"):
            next_open(calendar, 0)

    def test_questions_with_an_answer_are_answered(self) -> None:
        """It holds no open time, is closed, and what needs no open time is due at once."""
        calendar = Calendar("dead", "UTC", CLOSED_WEEK)
        assert open_between(calendar, 0, 7 * DAY) == 0
        assert not is_open(calendar, 0)
        assert due(calendar, 5, 0) == 5

    def test_a_long_closure_is_not_never(self) -> None:
        """A year of holidays ends, and the calendar opens after it."""
        closure = [date(2024, 1, 1) + timedelta(days=day) for day in range(366)]
        calendar = office("UTC", *(day.isoformat() for day in closure))
        assert next_open(calendar, utc("2024-01-01T00:00Z")) == utc("2025-01-01T09:00Z")

    def test_patience_is_for_each_closure_not_for_the_whole_target(self) -> None:
        """One minute a week for four years is slow but not never."""
        calendar = on("UTC", {MON: "00:00-00:01"})
        start = utc("2024-01-01T00:00Z")
        assert due(calendar, start, 208 * MINUTE) == start + 207 * 7 * DAY + MINUTE


class TestConstruction:
    @pytest.mark.parametrize("days", [0, 6, 8])
    def test_a_week_has_seven_days(self, days: int) -> None:
        """A missing day would shift the others."""
        with pytest.raises(ValueError, match="seven days"):
            Calendar("test", "UTC", (FULL_DAY,) * days)

    @pytest.mark.parametrize(
        "spans",
        [((60, 30),), ((60, 120), (90, 150)), ((120, 180), (0, 60)), ((-1, 60),), ((0, 1441),)],
    )
    def test_spans_are_sorted_and_apart(self, spans: Spans) -> None:
        """Overlapping hours would be counted twice."""
        with pytest.raises(ValueError, match="sorted within"):
            Calendar("test", "UTC", (spans, *CLOSED_WEEK[1:]))

    @pytest.mark.parametrize("holiday", ["20241225", "25.12.2024", "2024-W52-3", "2024-02-30", ""])
    def test_a_holiday_is_an_iso_date(self, holiday: str) -> None:
        """A holiday in another spelling would never match a date."""
        with pytest.raises(ValueError, match=r"holiday|isoformat|day is out of range|must be in range"):
            Calendar("test", "UTC", FULL_WEEK, (holiday,))

    def test_an_unknown_zone_is_refused_when_used(self) -> None:
        """The zone database is consulted for the first question, not before."""
        with pytest.raises(ZoneInfoNotFoundError):
            is_open(office("Europe/Atlantis"), 0)


# The properties below draw cases mostly from around changes of offset, where mistakes live.

REFERENCE = settings(deadline=None)


class TestAgainstReference:
    @REFERENCE
    @given(cases(), minutes(2 * 24 * 60))
    def test_segments(self, case: tuple[Calendar, int], length: int) -> None:
        """Segments are exactly the runs of minutes at which the wall clock shows an open time."""
        calendar, start = case
        expected = gathered(open_minutes(calendar, start, start + length))
        assert list(segments(calendar, start, start + length)) == expected

    @REFERENCE
    @given(cases(), minutes(2 * 24 * 60))
    def test_open_between(self, case: tuple[Calendar, int], length: int) -> None:
        """Open time is the number of open minutes."""
        calendar, start = case
        expected = MINUTE * sum(1 for _ in open_minutes(calendar, start, start + length))
        assert open_between(calendar, start, start + length) == expected

    @REFERENCE
    @given(cases(), st.data())
    def test_due(self, case: tuple[Calendar, int], data: st.DataObject) -> None:
        """The deadline of n minutes is the end of the nth open minute."""
        calendar, start = case
        found = list(open_minutes(calendar, start, start + 2 * DAY))
        wanted = data.draw(st.integers(0, len(found)))
        expected = found[wanted - 1] + MINUTE if wanted else start
        assert due(calendar, start, wanted * MINUTE) == expected

    @REFERENCE
    @given(cases())
    def test_next_open(self, case: tuple[Calendar, int]) -> None:
        """The next opening is the first open minute, when there is one in sight."""
        calendar, start = case
        expected = next(open_minutes(calendar, start, start + 2 * DAY), None)
        answer = next_open(calendar, start)
        assert answer == expected if expected is not None else answer >= start + 2 * DAY

    @REFERENCE
    @given(cases(), st.integers(0, 2 * DAY))
    def test_is_open(self, case: tuple[Calendar, int], after: int) -> None:
        """An instant within a minute is open when the minute is."""
        calendar, start = case
        assert is_open(calendar, start + after) == wall_is_open(calendar, start + after)


class TestConsistency:
    @given(cases(), st.integers(0, 9 * DAY), st.integers(0, 9 * DAY))
    def test_open_time_is_additive(self, case: tuple[Calendar, int], first: int, second: int) -> None:
        """Open time of two neighbouring intervals is that of both together, to the millisecond."""
        calendar, start = case
        middle, end = start + first, start + first + second
        parts = open_between(calendar, start, middle) + open_between(calendar, middle, end)
        assert parts == open_between(calendar, start, end)

    @given(cases(), st.integers(0, DAY), st.data())
    def test_due_is_the_first_instant(
        self, case: tuple[Calendar, int], after: int, data: st.DataObject
    ) -> None:
        """By the deadline exactly the open time has passed, and a millisecond earlier it had not."""
        calendar, start = case[0], case[1] + after
        wanted = data.draw(st.integers(0, open_between(calendar, start, start + 9 * DAY)))
        deadline = due(calendar, start, wanted)
        assert open_between(calendar, start, deadline) == wanted
        assert wanted == 0 or open_between(calendar, start, deadline - 1) == wanted - 1

    @given(cases(), st.data())
    def test_begin_is_the_last_instant(self, case: tuple[Calendar, int], data: st.DataObject) -> None:
        """From the beginning to the end exactly the open time passes, and a millisecond later less."""
        calendar, start = case
        end = start + 9 * DAY
        wanted = data.draw(st.integers(0, open_between(calendar, start, end)))
        began = begin(calendar, end, wanted)
        assert open_between(calendar, began, end) == wanted
        assert wanted == 0 or open_between(calendar, began + 1, end) == wanted - 1

    @given(cases(), st.data())
    def test_due_goes_on_from_a_deadline(self, case: tuple[Calendar, int], data: st.DataObject) -> None:
        """Two amounts one after the other end where their sum ends."""
        calendar, start = case
        amount = st.integers(0, open_between(calendar, start, start + 9 * DAY))
        first, second = data.draw(amount), data.draw(amount)
        assert due(calendar, due(calendar, start, first), second) == due(calendar, start, first + second)

    @given(cases(), st.integers(0, 9 * DAY), st.data())
    def test_due_is_monotonic(self, case: tuple[Calendar, int], later: int, data: st.DataObject) -> None:
        """Neither a later start nor more open time makes a deadline earlier."""
        calendar, start = case
        amount = st.integers(0, open_between(calendar, start, start + 9 * DAY))
        less, more = sorted([data.draw(amount), data.draw(amount)])
        assert due(calendar, start, less) <= due(calendar, start, more)
        assert due(calendar, start, less) <= due(calendar, start + later, less)

    @given(cases(), st.integers(0, 4 * DAY), st.integers(0, 9 * DAY))
    def test_segments_explain_the_open_time(
        self, case: tuple[Calendar, int], after: int, length: int
    ) -> None:
        """Segments are in order, apart, inside the interval, and add up to its open time."""
        calendar, start = case[0], case[1] + after
        found = list(segments(calendar, start, start + length))
        assert all(start <= opens < closes <= start + length for opens, closes in found)
        assert all(left[1] < right[0] for left, right in pairwise(found))
        assert sum(closes - opens for opens, closes in found) == open_between(calendar, start, start + length)

    @given(cases(), st.integers(0, 4 * DAY))
    def test_next_open_is_open_and_nothing_before_is(self, case: tuple[Calendar, int], after: int) -> None:
        """The next opening is open, and no open time lies before it."""
        calendar, start = case[0], case[1] + after
        answer = next_open(calendar, start)
        assert is_open(calendar, answer)
        assert open_between(calendar, start, answer) == 0

    @given(st.sampled_from(ZONES), st.data())
    def test_the_walk_agrees_with_plain_addition(self, zone: str, data: st.DataObject) -> None:
        """A holiday long past forces the walk, which must then find what addition finds."""
        start = data.draw(starts(zone))
        wanted = data.draw(st.integers(0, 9 * DAY))
        walked = Calendar("walked", zone, FULL_WEEK, ("1999-12-31",))
        assert due(walked, start, wanted) == start + wanted
        assert open_between(walked, start, start + wanted) == wanted
