"""The reading side of `reports` without a broker: filters, lists, sections, lines, files and figures."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from qosresolve.cli.reports import files, stats
from qosresolve.cli.reports.filter import ALL, Filter, chosen_by
from qosresolve.cli.reports.following import PHRASES, Watched, summary, worth_a_line
from qosresolve.cli.reports.listing import heading, told
from qosresolve.cli.reports.sections import gone_by, sections, state
from qosresolve.cli.reports.view import begins, notes
from qosresolve.cli.times import moment
from qosresolve.core.facts import Classified
from qosresolve.core.report import Link
from qosresolve.core.vocabulary import (
    Jeopardy,
    LinkKind,
    Severity,
    Status,
)
from qosresolve.errors import ConfigError
from qosresolve.replay.choices import By, Format
from qosresolve.replay.clockwork import spent
from qosresolve.replay.columns import COLUMNS, Kind, row
from qosresolve.replay.stats.counting import Counting, count
from tests.core.builders import DAY, HOUR, MINUTE, Product, at
from tests.replay.lives import POLICY, Doing, live, lives

PAGE = Path(__file__).parents[2] / "docs" / "reports.md"


@pytest.fixture
def product() -> Product:
    """A report that an operator took, with work asked for and a note."""
    life = Product(POLICY)
    life.sample("09:00", "major")
    life.command("09:05", "acknowledge")
    life.find("09:10", "resource", "cpe-1")
    life.answer("09:12", "workAround", "accepted", external_id="TT-7")
    life.command("09:15", "note", value="customer called")
    return life


# -- choosing


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"status": [Status.IN_PROGRESS, Status.HELD]}, True),
        ({"status": [Status.HELD]}, False),
        ({"only_open": True}, True),
        ({"tier": ["gold"], "severity": [Severity.MAJOR]}, True),
        ({"tier": ["gold"], "severity": [Severity.MINOR]}, False),
        ({"customer": ["customer-1"]}, True),
        ({"jeopardy": [Jeopardy.BREACHED]}, False),
        ({"assignee": ["gold-desk"]}, True),
        ({"site": ["hq"]}, True),
        ({"site": ["lab"]}, False),
        ({"cause": ["svc-7"]}, True),
        ({"cause": ["PRB-1"]}, True),
        ({"cause": ["cpe-1"]}, True),
        ({"cause": ["svc-8", "PRB-2"]}, False),
        ({"policy": ["policy-"]}, True),
        ({"policy": ["other-policy"]}, False),
        ({"opened_since": "2026-03-02T09:00:00Z"}, True),
        ({"opened_since": "2026-03-02T09:00:00.001Z"}, False),
        ({}, True),
    ],
)
def test_a_filter_takes_what_all_of_its_options_want(
    product: Product, options: dict[str, Any], *, taken: bool
) -> None:
    """Options are joined by and, the values of one by or; a cause is any name of what is behind it."""
    links = (Link(LinkKind.MASTER_PROBLEM, "PRB-1"),)
    report = replace(product.report, cause_key="svc-7", links=links, site="hq")
    assert chosen_by(**options).takes(report) is taken


@pytest.mark.parametrize("options", [{"policy": ["abc"]}, {"policy": [""]}, {"opened_since": "yesterday"}])
def test_what_could_mean_anything_is_refused(options: dict[str, Any]) -> None:
    """An unset shell variable chooses nothing; the error says what to write."""
    with pytest.raises(ConfigError) as caught:
        chosen_by(**options)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("90m", at("10:00") - 90 * MINUTE),
        ("2h", at("08:00")),
        ("7d", at("10:00") - 7 * DAY),
        ("2w", at("10:00") - 14 * DAY),
        ("2026-03-02", at("00:00")),
        ("2026-03-02T09:00:00+01:00", at("08:00")),
    ],
)
def test_times_are_told_as_people_say_them(text: str, wanted: int) -> None:
    """So long ago, a date in UTC, or an instant."""
    assert moment(text, at("10:00"), option="--since") == wanted


# -- list and show


def test_a_cause_is_told_in_a_line(product: Product) -> None:
    """How many, how bad, the master problem, and what breaks first."""
    one = replace(product.report, cause_key="svc-7")
    two = replace(one, report_id="2", severity=Severity.CRITICAL, status=Status.CLOSED)
    three = replace(one, links=(Link(LinkKind.MASTER_PROBLEM, "PRB-1"),))
    said = heading("svc-7", [one, two, three], at("10:00"))
    assert said == (
        "cause svc-7; 3 reports, 2 open, worst critical; master problem PRB-1; root cause in cpe-1; "
        "breaks in 1h 0m"
    )


def test_json_says_what_breaks_next(product: Product) -> None:
    """Its own fields, the time left and the clock."""
    found = told(product.report, at("10:00"))
    assert found["next_breach"] == {
        "clock": "restore", "due_at": at("11:00"), "left": HOUR, "held": False,
    }  # fmt: skip
    assert found["time_left_ms"] == HOUR
    assert json.dumps(found)


def test_a_clock_is_a_bar(product: Product) -> None:
    """A character for each twentieth of the open time; full and beyond when broken."""
    clock, calendar = product.report.restore, POLICY.calendar_of(product.report)
    assert gone_by(clock, spent(clock, calendar, at("10:00"))) == f"{'#' * 10}{'.' * 10}  50 % 1h 0m"
    assert gone_by(clock, spent(clock, calendar, at("10:59"))).startswith("#" * 19 + ".")
    assert gone_by(clock, spent(clock, calendar, at("12:00"))) == f"{'#' * 20} 150 % 3h 0m"
    assert gone_by(clock, None) == "policy not published"


def test_a_report_is_shown_in_sections(product: Product) -> None:
    """Clocks, work with its contact, state, due time and the other side's id; no empty tables."""
    shown = {title: rows for title, _, rows in sections(product.report, POLICY, at("10:00"))}
    assert set(shown) == {"clocks", "indicators", "root causes", "activities", "status history"}
    (repair,) = [item for item in shown["activities"] if item[0] == "workAround"]
    assert {"workAround-desk", "accepted", "TT-7"} <= set(repair)
    said = state(product.report, at("10:00"))
    assert ("breaks in", "1h 0m, restore clock") in said
    assert ("status", "inProgress") in said
    assert [(note.author, note.text) for _, note in notes(product.entries)] == [("anna", "customer called")]


def test_work_of_others_has_tables_of_its_own(product: Product) -> None:
    """Service troubles and supplier engagements are told apart from our own activities."""
    product.find("09:20", "supplier", "line-1", party="carrier", source="tester")
    product.find("09:21", "service", "svc-2", source="other")
    shown = {title: rows for title, _, rows in sections(product.report, None, at("10:00"))}
    assert [item[:4] for item in shown["supplier engagements"]] == [
        ("engage", "supplier", "line-1", "carrier")
    ]
    assert [item[0] for item in shown["service troubles"]] == ["trouble"]
    assert shown["clocks"][0][2] == "policy not published"


def test_the_journal_begins_at_the_oldest_report(product: Product) -> None:
    """At its first bad sample: what led to it is told too. Of a forgotten report all is read."""
    report = product.report
    older = replace(report, opened_at=report.opened_at - DAY, started_at=report.started_at - 2 * DAY)
    assert begins([report, older]) == older.started_at
    assert begins([]) is None


# -- follow


def test_a_decision_is_a_line_of_words(product: Product) -> None:
    """What happened, not what was booked; the first of many, and how many more."""
    said = [summary(entry) for entry in product.entries]
    assert re.fullmatch(r"report \S+ opened, major, tier gold; .*; and \d+ more", said[0])
    assert said[0].count(";") == PHRASES
    assert "alarm settled" not in " ".join(said)
    assert "status acknowledged -> inProgress" in said[1]
    assert said[4] == "note by anna: customer called"


def test_what_changed_nothing_is_left_out_unless_asked_for(product: Product) -> None:
    """A refusal is news and has its meaning; the same event again is not."""
    refused = product.command("09:20", "close", role="nobody").entry
    again = product.command("09:21", "acknowledge").entry
    assert worth_a_line(refused)
    assert summary(refused).startswith("refused RoleNotAllowed, ")
    assert not worth_a_line(again)
    assert summary(again).startswith("noOp NothingChanges, ")


def test_a_decision_is_followed_if_its_report_is_or_was_chosen(product: Product) -> None:
    """The decision that takes a report out of the choice is told; those after it are not."""
    product.command("09:30", "clear")
    product.command("09:40", "classify", value="slaExclusion")
    watched = Watched(chosen_by(only_open=True, tier=["gold"]))
    taken = [watched.wants(entry) for entry in product.entries]
    assert taken == [True] * 6 + [False] * (len(taken) - 6)
    assert any(isinstance(fact, Classified) for fact in product.entries[-1].facts)
    assert not any(map(Watched(chosen_by(tier=["silver"])).wants, product.entries))
    assert all(map(Watched(ALL).wants, product.entries))
    assert not any(map(Watched(Filter(products=frozenset({"other"}))).wants, product.entries))


# -- export


@settings(max_examples=15)
@given(lives(15))
def test_every_report_is_a_row_of_its_columns(doings: list[Doing]) -> None:
    """Each value is of its column's kind, and the same in all three formats, read back."""
    reports = live(doings).case.reports
    rows = [row(report) for report in reports]
    kinds = {Kind.TEXT: str, Kind.NUMBER: int, Kind.YES_NO: bool, Kind.INSTANT: int}
    for one in rows:
        for column in COLUMNS:
            assert one[column.name] is None or type(one[column.name]) is kinds[column.kind], column.name
            assert one[column.name] != "", column.name
    text = io.StringIO()
    assert files._json(rows, text) == len(rows)
    assert [_instants(one) for one in json.loads(text.getvalue())] == rows
    text = io.StringIO()
    files._csv(rows, text)
    cells = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert [_instants({name: _typed(name, cell) for name, cell in one.items()}) for one in cells] == rows


def _instants(one: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its instants as ms again."""
    named = {column.name for column in COLUMNS if column.kind is Kind.INSTANT}
    return {name: _ms(value) if value and name in named else value for name, value in one.items()}


def _ms(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _typed(name: str, cell: str) -> object:
    kind = next(column.kind for column in COLUMNS if column.name == name)
    if cell == "":
        return None
    return {Kind.NUMBER: int, Kind.YES_NO: lambda text: text == "true"}.get(kind, str)(cell)  # type: ignore[operator]


def test_parquet_is_read_back(product: Product, tmp_path: Path) -> None:
    """With types: text, whole numbers, yes and no, instants of UTC; over more rows than a group."""
    import pyarrow.parquet  # type: ignore[import-untyped]  # noqa: PLC0415 - only this test needs it

    one, file = row(product.report), tmp_path / "reports.parquet"
    count = files.GROUP + 3
    assert files.write((one for _ in range(count)), str(file), Format.PARQUET) == count
    table = pyarrow.parquet.read_table(file)
    assert table.num_rows == count
    assert pyarrow.parquet.ParquetFile(file).num_row_groups == 2
    (read,) = table.slice(count - 1).to_pylist()
    opened = read["opened_at"]
    assert (opened.tzname(), int(opened.timestamp() * 1_000)) == ("UTC", product.report.opened_at)
    plain = [column.name for column in COLUMNS if column.kind is not Kind.INSTANT]
    assert {name: read[name] for name in plain} == {name: one[name] for name in plain}


def test_without_pyarrow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anything is read from the broker."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError) as caught:
        files.check(str(tmp_path / "reports.parquet"), Format.PARQUET, force=False)
    assert "qosresolve[parquet]" in (caught.value.remedy or "")


def test_a_file_that_is_not_whole_never_bears_its_name(product: Product, tmp_path: Path) -> None:
    """What goes wrong on the way leaves the old file, and nothing beside it."""
    file = tmp_path / "reports.json"
    file.write_text("old", encoding="utf-8")

    def broken() -> Any:  # noqa: ANN401 - a generator
        yield row(product.report)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        files.write(broken(), str(file), Format.JSON, force=True)
    assert [(item.name, item.read_text(encoding="utf-8")) for item in tmp_path.iterdir()] == [
        ("reports.json", "old")
    ]


@pytest.mark.parametrize("name", ["there.csv", "nowhere/reports.csv"])
def test_where_nothing_can_be_written_is_said_first(name: str, tmp_path: Path) -> None:
    """An existing file needs --force, a directory has to be there."""
    (tmp_path / "there.csv").touch()
    with pytest.raises(ConfigError) as caught:
        files.check(str(tmp_path / name), Format.CSV, force=False)
    assert caught.value.remedy
    files.check(str(tmp_path / "there.csv"), Format.CSV, force=True)


def test_the_format_follows_the_name() -> None:
    """Unless it is said; a name that says nothing is refused."""
    assert files.format_of("a.parquet", None) is Format.PARQUET
    assert files.format_of("a.parquet", Format.CSV) is Format.CSV
    with pytest.raises(ConfigError):
        files.format_of("-", None)


# -- stats


def test_figures_are_shown_side_by_side() -> None:
    """A line a figure, a column a group; nothing to divide by is no zero."""
    life = Product(POLICY)
    life.sample("09:00", "major")
    life.command("09:10", "acknowledge")
    life.command("09:50", "clear")
    found = count(Counting({POLICY.hash: POLICY}, By.TIER), life.entries)
    shown = {name: cells for name, *cells in stats.rows([*found.groups, found.total])}
    assert shown["reports opened"] == ["1", "1"]
    assert shown["MTTA, mean / median"] == ["10m 0s / 10m 0s"] * 2
    assert shown["MTTR, mean / median"] == ["50m 0s / 50m 0s"] * 2
    assert shown["jeopardy hit rate"] == ["-", "-"]
    assert shown["false positive rate"] == ["0.0 %", "0.0 %"]


# -- the page


def test_the_page_lists_the_columns() -> None:
    """docs/reports.md has the table of columns as the code has it."""
    lines = [f"| `{column.name}` | {column.kind} | {column.meaning} |" for column in COLUMNS]
    assert "\n".join(lines) in PAGE.read_text(encoding="utf-8")


def test_the_page_defines_every_figure() -> None:
    """Each name in the JSON of `stats` is explained."""
    life = Product(POLICY)
    life.sample("09:00")
    figures = count(Counting({}), life.entries).total
    page = PAGE.read_text(encoding="utf-8")
    missing = [name for name in figures.__slots__ if name != "group" and f"`{name}`" not in page]
    assert missing == []
