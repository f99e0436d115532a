"""A maintenance window stands for the spans that people in its zone mean; nothing of it goes on for ever."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.contracts.windows import AHEAD, DAY, BadWindowError, expand, read_body, write_body
from qosresolve.core.partition import MaintenanceWindow
from tests.contracts.strategies import valid

HOUR = 3_600_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(text: str, zone: str = "UTC") -> int:
    """Return an instant that is written without an offset in a zone."""
    return (datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)) - EPOCH) // timedelta(milliseconds=1)


def shown(at: int, zone: str) -> str:
    """Return an instant as a clock in a zone shows it, with its offset."""
    return (EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def window(
    start: str, rule: str = "", zone: str = "UTC", hours: float = 2, **more: object
) -> MaintenanceWindow:
    """Return a window that was entered an hour before it begins."""
    at = ms(start, zone)
    made = MaintenanceWindow("w", at, at + int(hours * HOUR), zone, rule, entered_at=at - HOUR)
    return replace(made, **more)  # type: ignore[arg-type]


def begins(start: str, rule: str, zone: str = "UTC") -> list[str]:
    """Return when the occurrences begin, in the zone."""
    return [shown(span[0], zone) for span in expand(window(start, rule, zone)).spans]


# -- what is expanded


def test_once() -> None:
    """Without a recurrence it is one span, with the scope that was given."""
    made = window("2026-06-01T02:00", product_id="P1", site="s", tier="gold", service_id="x", reason="why")
    found = expand(made)
    assert found.spans == ((made.starts_at, made.ends_at),)
    assert (found.window_id, found.entered_at, found.reason) == ("w", made.entered_at, "why")
    assert (found.product_id, found.site, found.tier, found.service_id) == ("P1", "s", "gold", "x")


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;COUNT=3", ["06-02", "06-03", "06-04"]),
        ("RRULE:FREQ=DAILY;COUNT=2", ["06-02", "06-03"]),
        ("freq=daily;count=2", ["06-02", "06-03"]),
        ("FREQ=DAILY;INTERVAL=10;UNTIL=20260625", ["06-02", "06-12", "06-22"]),
        ("FREQ=DAILY;UNTIL=20260604", ["06-02", "06-03", "06-04"]),
        ("FREQ=DAILY;UNTIL=20260604T020000", ["06-02", "06-03", "06-04"]),
        ("FREQ=DAILY;UNTIL=20260604T015959", ["06-02", "06-03"]),
        ("FREQ=WEEKLY;BYDAY=TU,SA;COUNT=3", ["06-02", "06-06", "06-09"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=3", ["06-02", "06-14", "06-16"]),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=3", ["06-02", "07-07", "08-04"]),
        ("FREQ=MONTHLY;BYMONTHDAY=2,-1;COUNT=3", ["06-02", "06-30", "07-02"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2;COUNT=2", ["06-02", "07-02"]),
        ("FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=2;COUNT=2", ["06-02", "12-02"]),
    ],
)
def test_rules(rule: str, days: list[str]) -> None:
    """Daily, weekly, monthly and yearly rules, with COUNT or with UNTIL, which is inclusive."""
    assert begins("2026-06-02T02:00", rule) == [f"2026-{day}T02:00+00:00" for day in days]


def test_until_with_a_z_is_an_instant() -> None:
    """RFC 5545 has UNTIL in UTC: in Auckland that is another day."""
    start, zone = "2026-06-02T02:00", "Pacific/Auckland"
    assert len(begins(start, "FREQ=DAILY;UNTIL=20260603T140000Z", zone)) == 3
    assert len(begins(start, "FREQ=DAILY;UNTIL=20260603T135959Z", zone)) == 2


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "UTC", "America/New_York"])
def test_until_the_end_of_time(zone: str) -> None:
    """The last second that can be written means for ever, and the first is over, wherever one stands."""
    start = "2026-06-02T02:00"
    assert begins(start, "FREQ=YEARLY;UNTIL=99991231T235959Z", zone) == begins(start, "FREQ=YEARLY", zone)
    with pytest.raises(BadWindowError, match="ends before the start"):
        begins(start, "FREQ=YEARLY;UNTIL=00010101T000000Z", zone)


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        ("Europe/Berlin", "2026-03-28T02:30", "2026-03-29T03:30+02:00"),
        ("America/New_York", "2026-03-07T02:30", "2026-03-08T03:30-04:00"),
        ("Australia/Lord_Howe", "2026-10-03T02:15", "2026-10-04T02:45+11:00"),
        ("America/Santiago", "2026-09-05T00:30", "2026-09-06T01:30-03:00"),
        ("Australia/Sydney", "2026-10-03T02:30", "2026-10-04T03:30+11:00"),
        ("Europe/Berlin", "2026-10-24T02:30", "2026-10-25T02:30+02:00"),
        ("America/New_York", "2026-10-31T01:30", "2026-11-01T01:30-04:00"),
        ("Australia/Lord_Howe", "2026-04-04T01:45", "2026-04-05T01:45+11:00"),
        ("America/Santiago", "2026-04-03T23:30", "2026-04-04T23:30-03:00"),
        ("Australia/Sydney", "2026-04-04T02:30", "2026-04-05T02:30+11:00"),
        ("Asia/Kolkata", "2026-03-28T02:30", "2026-03-29T02:30+05:30"),
    ],
)
def test_a_change_of_clocks(zone: str, start: str, expected: str) -> None:
    """A time that is left out counts from the offset before; of one that comes twice the first is meant."""
    first, second, third = expand(window(start, "FREQ=DAILY;COUNT=3", zone)).spans
    assert shown(second[0], zone) == expected
    assert shown(third[0], zone)[11:16] == start[11:], "the day after is as ever"
    assert {end - begin for begin, end in (first, second, third)} == {2 * HOUR}, (
        "it lasts as long in real time"
    )


def test_the_start_is_what_was_said() -> None:
    """A first occurrence in the second 02:30 of the night is that one."""
    late = ms("2026-10-25T01:30")  # 02:30+01:00 in Berlin, the second one
    made = replace(window("2026-10-25T02:30", "FREQ=DAILY;COUNT=2", "Europe/Berlin"), starts_at=late)
    spans = expand(replace(made, ends_at=late + HOUR)).spans
    assert [shown(span[0], "Europe/Berlin") for span in spans] == [
        "2026-10-25T02:30+01:00",
        "2026-10-26T02:30+01:00",
    ]


def test_occurrences_that_touch_are_one() -> None:
    """Spans neither overlap nor touch: a window of a day, every day, has no seam."""
    spans = expand(window("2026-06-01T00:00", "FREQ=DAILY;COUNT=10", hours=24)).spans
    assert spans == ((ms("2026-06-01T00:00"), ms("2026-06-11T00:00")),)


def test_what_was_over_when_it_was_entered_is_left_out() -> None:
    """A recurrence may have begun before; only what ends later can hold."""
    made = window("2026-06-01T02:00", "FREQ=DAILY;COUNT=5", entered_at=ms("2026-06-03T03:00"))
    assert [shown(span[0], "UTC")[8:10] for span in expand(made).spans] == ["03", "04", "05"]


def test_without_an_end_it_goes_on_for_three_years() -> None:
    """What never ends is bounded: at most one occurrence a day, none later than that after it was entered."""
    made = window("2026-06-01T02:00", "FREQ=DAILY")
    spans = expand(made).spans
    assert len(spans) <= AHEAD // DAY + 1
    assert AHEAD - DAY <= spans[-1][0] - made.entered_at <= AHEAD


# -- against a slow reference

ZONES = (
    "UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Santiago", "Australia/Lord_Howe",
    "Pacific/Auckland", "Asia/Kolkata",
)  # fmt: skip
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LOCAL = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001 - a wall
    lambda at: at.replace(second=0, microsecond=0, hour=at.hour % 5)
)


@st.composite
def rules(draw: st.DrawFn, day: date) -> dict[str, str]:
    """Return the parts of a rule that matches a day."""
    parts = {"FREQ": draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))}
    parts["INTERVAL"] = str(draw(st.integers(1, 5)))
    if parts["FREQ"] in ("DAILY", "WEEKLY") and draw(st.booleans()):
        others = draw(st.sets(st.sampled_from(CODES)))
        parts["BYDAY"] = ",".join(sorted(others | {CODES[day.weekday()]}))
    elif parts["FREQ"] == "MONTHLY":
        nth = f"{(day.day - 1) // 7 + 1}{CODES[day.weekday()]}"
        parts |= draw(st.sampled_from([{}, {"BYDAY": nth}, {"BYMONTHDAY": f"{day.day},-1"}]))
    if draw(st.booleans()):
        months = draw(st.sets(st.integers(1, 12)))
        parts["BYMONTH"] = ",".join(map(str, sorted(months | {day.month})))
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 60)))
    return parts


def _in_period(day: date, start: date, frequency: str, interval: int) -> bool:
    if frequency == "DAILY":
        return (day - start).days % interval == 0
    if frequency == "WEEKLY":
        monday = start - timedelta(days=start.weekday())
        return (day - monday).days // 7 % interval == 0
    if frequency == "MONTHLY":
        return ((day.year - start.year) * 12 + day.month - start.month) % interval == 0
    return (day.year - start.year) % interval == 0


def _matches(day: date, start: date, parts: dict[str, str]) -> bool:
    frequency = parts["FREQ"]
    after = day + timedelta(days=1)
    month_day = {str(day.day), "-1" if after.day == 1 else ""}
    names = {CODES[day.weekday()], f"{(day.day - 1) // 7 + 1}{CODES[day.weekday()]}"}
    month = parts.get("BYMONTH", str(start.month) if frequency == "YEARLY" else str(day.month))
    wanted = [str(day.month) in month.split(",")]
    if "BYDAY" in parts:
        wanted.append(bool(names & set(parts["BYDAY"].split(","))))
    elif frequency == "WEEKLY":
        wanted.append(day.weekday() == start.weekday())
    elif frequency != "DAILY":
        wanted.append(bool(month_day & set(parts.get("BYMONTHDAY", str(start.day)).split(","))))
    return all(wanted) and _in_period(day, start, frequency, int(parts["INTERVAL"]))


def _instant(wall: datetime, zone: ZoneInfo) -> int:
    """Try every offset of the days around; where none fits, take the one before."""
    near = [wall.replace(tzinfo=UTC) + timedelta(hours=hours) for hours in range(-40, 41)]
    offsets = [at.astimezone(zone).utcoffset() or timedelta() for at in near]
    tried = sorted({wall.replace(tzinfo=UTC) - offset for offset in offsets})
    fitting = [at for at in tried if at.astimezone(zone).replace(tzinfo=None) == wall]
    found = fitting[0] if fitting else wall.replace(tzinfo=UTC) - offsets[0]
    return (found - EPOCH) // timedelta(milliseconds=1)


def _days(start: datetime, parts: dict[str, str]) -> Iterator[datetime]:
    left = int(parts.get("COUNT", "100000"))
    for ahead in range(AHEAD // DAY + 2):
        wall = start + timedelta(days=ahead)
        if left and _matches(wall.date(), start.date(), parts):
            left -= 1
            yield wall


@given(st.data(), st.sampled_from(ZONES), LOCAL)
def test_it_is_what_counting_days_gives(data: st.DataObject, name: str, local: datetime) -> None:
    """Day by day, with each day's instant by trial, the same spans are found."""
    zone = ZoneInfo(name)
    at = (EPOCH + timedelta(milliseconds=_instant(local, zone))).astimezone(zone)
    start, begins_at = at.replace(tzinfo=None, fold=0), (at - EPOCH) // timedelta(milliseconds=1)
    parts = data.draw(rules(start.date()))
    rule = ";".join(f"{part}={value}" for part, value in parts.items())
    made = MaintenanceWindow("w", begins_at, begins_at + HOUR, name, rule, entered_at=begins_at)
    expected = [_instant(wall, zone) for wall in _days(start, parts)]
    assert [begin for begin, _ in expand(made).spans] == [at for at in expected if at <= begins_at + AHEAD]


# -- what is refused

NOON = "2026-06-02T12:00"  # a Tuesday
BAD: list[tuple[dict[str, object], str]] = [
    ({"ends_at": ms(NOON)}, "ends before it begins"),
    ({"ends_at": ms(NOON) - HOUR}, "ends before it begins"),
    ({"ends_at": ms(NOON) + 367 * DAY}, "367 days at a time"),
    ({"entered_at": ms("2026-06-03T12:00")}, "over already"),
    ({"entered_at": ms("2022-06-03T12:00")}, "begins in more than"),
    ({"starts_at": -1}, "not of this century"),
    ({"ends_at": 10**18}, "not of this century"),
    ({"window_id": ""}, "without an id"),
    ({"window_id": "a\x1bb"}, "control characters"),
    ({"site": "s" * 300}, "site is too long"),
    ({"zone": "Nowhere/Else"}, "is not a time zone"),
    ({"zone": "../etc/passwd"}, "is not a time zone"),
    ({"zone": ""}, "is not a time zone"),
    ({"recurrence": "FREQ=DAILY", "entered_at": ms("2036-06-03T12:00")}, "began more than"),
    ({"recurrence": "FREQ=HOURLY"}, "FREQ=HOURLY"),
    ({"recurrence": "FREQ=SECONDLY;COUNT=1"}, "FREQ=SECONDLY"),
    ({"recurrence": "INTERVAL=2"}, "FREQ="),
    ({"recurrence": "every day"}, "'EVERY DAY' in the recurrence"),
    ({"recurrence": "FREQ=DAILY;"}, "'' in the recurrence"),
    ({"recurrence": "FREQ=DAILY\nEXDATE:20260601"}, "FREQ=DAILY"),
    ({"recurrence": "FREQ=DAILY;BYHOUR=1,2"}, "BYHOUR"),
    ({"recurrence": "FREQ=YEARLY;BYEASTER=1"}, "BYEASTER"),
    ({"recurrence": "FREQ=DAILY;FREQ=DAILY"}, "FREQ twice"),
    ({"recurrence": "FREQ=DAILY;INTERVAL=0"}, "INTERVAL=0"),
    ({"recurrence": "FREQ=DAILY;INTERVAL=-1"}, "INTERVAL=-1"),
    ({"recurrence": "FREQ=DAILY;COUNT=0"}, "COUNT=0"),
    ({"recurrence": "FREQ=DAILY;COUNT=2;UNTIL=20270101"}, "COUNT and UNTIL"),
    ({"recurrence": "FREQ=DAILY;UNTIL=20260601"}, "ends before the start"),
    ({"recurrence": "FREQ=DAILY;UNTIL=tomorrow"}, "UNTIL=TOMORROW"),
    ({"recurrence": "FREQ=DAILY;UNTIL=20261332"}, "UNTIL=20261332"),
    ({"recurrence": "FREQ=WEEKLY;BYDAY=2TU"}, "'2TU'"),
    ({"recurrence": "FREQ=WEEKLY;BYDAY=XX"}, "'XX'"),
    ({"recurrence": "FREQ=WEEKLY;BYMONTHDAY=2"}, "BYMONTHDAY"),
    ({"recurrence": "FREQ=MONTHLY;BYSETPOS=1"}, "BYSETPOS alone"),
    ({"recurrence": "FREQ=MONTHLY;BYMONTHDAY=32"}, "BYMONTHDAY=32"),
    (
        {"recurrence": "FREQ=WEEKLY;BYDAY=SU"},
        "does not match the start, Tue 2026-06-02: the next is Sun 2026-06-07",
    ),
    ({"recurrence": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "matches no day at all"),
    ({"recurrence": "FREQ=DAILY;BYMONTH=" + "1," * 300 + "1"}, "characters"),
]


@pytest.mark.parametrize(("changes", "problem"), BAD, ids=[problem for _, problem in BAD])
def test_what_cannot_hold_is_refused(changes: dict[str, object], problem: str) -> None:
    """Each refusal says what is wrong and what to do, and comes quickly."""
    made = replace(window(NOON), **changes)  # type: ignore[arg-type]
    began = time.monotonic()
    with pytest.raises(BadWindowError) as refused:
        expand(made)
    assert problem in str(refused.value)
    assert refused.value.remedy
    assert time.monotonic() - began < 3, "a rule that matches nothing is not walked for ever"


# -- in a command


@given(valid(MaintenanceWindow))
def test_what_is_written_is_read(made: MaintenanceWindow) -> None:
    """A command carries all of a window but when it was entered and lifted: those are the broker's word."""
    assert read_body(write_body(made), 7) == replace(made, entered_at=7, lifted_at=None)


@pytest.mark.parametrize(
    "body",
    [
        "", "x", "[]", "{}", '{"window_id": 1}', "[" * 9_000, '{"a":' + "[" * 9_000,
        '{"window_id": "w", "starts_at": 1}',
        '{"window_id": "w", "starts_at": 1, "ends_at": 2, "recurence": "FREQ=DAILY"}',
        '{"window_id": "w", "starts_at": 1, "ends_at": 2, "entered_at": 0}',
        '{"window_id": "w", "starts_at": 1, "ends_at": 2, "lifted_at": 2}',
        '{"window_id": "w", "starts_at": "now", "ends_at": 2}',
        '{"window_id": null, "starts_at": 1, "ends_at": 2}',
    ],
    ids=lambda body: body[:60],
)  # fmt: skip
def test_what_is_no_window_is_refused(body: str) -> None:
    """A misspelt field is not left out silently."""
    with pytest.raises(BadWindowError, match="send a JSON object with window_id"):
        read_body(body, 7)
