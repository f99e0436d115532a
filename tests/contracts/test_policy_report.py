"""A policy told to people."""

from datetime import date

import pytest

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.summary import Section, summary
from tests.contracts.policy_text import Edit, edited


def told(*edits: Edit, today: date = date(2026, 7, 1)) -> dict[str, Section]:
    """Return the sections of the packaged policy by title."""
    source = policy_file.load(edited(*edits))
    policy = policy_file.read_canonical(policy_file.compile(source))
    return {section.title: section for section in summary(policy, today=today, warnings=source.warnings)}


def test_every_row_has_a_text_a_column() -> None:
    """A table can be drawn of any section."""
    for section in told().values():
        assert all(len(row) == len(section.columns) for row in section.rows)
        assert all(text for row in section.rows for text in row)


def test_targets_come_by_tier_and_the_worst_severity_first() -> None:
    """As a contract would list them."""
    rows = told()["targets"].rows
    assert len(rows) == 4 * 5
    assert rows[0] == ("platinum", "critical", "15m", "4h")
    assert rows[-2] == ("bronze", "warning", "none", "none")


@pytest.mark.parametrize(
    ("title", "row"),
    [
        ("routes", ("unknown", "further-analysis")),
        ("escalation chain", ("1", "service-manager", "always", "20m", "1")),
        ("holds", ("customerAccess", "restore", "8h")),
        ("holds", ("maintenance", "respond, restore", "-")),
        ("indicators", ("jitter", "major", "at once", "10m", "never")),
        ("assignment, first match wins", ("premium-desk", "platinum", "any", "any", "always")),
        ("windows and waits", ("check within", "10m")),
        ("policy", ("overdue work", "75 %: level 0, overdue: level 1")),
        ("commands kept to roles", ("cancel", "service-manager")),
        ("calendars", ("24x7", "UTC", "always", "0", "-", "-")),
        (
            "tiers",
            ("silver", "4", "business-de", "50 %: level 0, 75 %: level 1, 90 %: level 2", "level 3"),
        ),
        (
            "parties",
            (
                "globex-peering",
                "support@globex-peering.example > escalation@globex-peering.example",
                "2h",
                "accept in 15m, then 1 x every 20m",
                "-",
            ),
        ),
        (
            "plan",
            (
                "ask-customer",
                "analysis",
                "Customer Interface Management",
                "1h of wall-clock time",
                "first-analysis",
                "customer",
                "accept in 4h, then 2 x every 8h",
                "with customer",
            ),
        ),
    ],
)
def test_each_section_tells_the_files_terms(title: str, row: tuple[str, ...]) -> None:
    """In the words of the file."""
    assert row in told()[title].rows


@pytest.mark.parametrize(
    ("edit", "title", "row"),
    [
        (
            (
                "overrides: []",
                "overrides: [{offering: line, targets: {major: {respond: 1h, restore: 2d}}}]",
            ),
            "overrides, first match wins",
            ("line", "any", "any", "any", "major", "1h", "2d"),
        ),
        (
            ("target: duty-manager,", 'target: "", calendar: business-de,'),
            "escalation chain",
            ("2", "vacant", "business-de", "20m", "1"),
        ),
        (
            ("jitter: {", "jitter: {open_after: 2m, silence_after: 1h, "),
            "indicators",
            ("jitter", "major", "2m", "10m", "1h"),
        ),
        (
            (
                "- {assignee: assurance-desk}",
                "- {assignee: day, calendar: business-de}\n  - {assignee: night}",
            ),
            "assignment, first match wins",
            ("day", "any", "any", "any", "business-de"),
        ),
        (
            ("    resolve_within: 2h", "    serves: [c-7]\n    work_around: yes\n    resolve_within: 2h"),
            "parties",
            (
                "globex-peering",
                "support@globex-peering.example > escalation@globex-peering.example",
                "2h",
                "accept in 15m, then 1 x every 20m",
                "mends c-7, routes around anything",
            ),
        ),
    ],
)
def test_what_is_not_used_by_default_is_told_too(edit: Edit, title: str, row: tuple[str, ...]) -> None:
    """Every key of the file has its place in the summary."""
    assert row in told(edit)[title].rows


def test_a_nodes_marks_name_slot_start_and_fallback() -> None:
    """And the activity outside the plan is the last row."""
    edit = ("when: [resource]\n", "when: resource\n    not_before: 1h\n    slot: 24x7\n    fallback: Depot\n")
    rows = told(edit)["plan"].rows
    assert "not before 1h, begins in 24x7, else Depot" in rows[2]
    assert (rows[-1][0], rows[-1][5]) == ("information", "a party asks")


def test_calendars_count_the_closed_days_ahead() -> None:
    """From the day that is handed in."""
    (row,) = (row for row in told(today=date(2035, 12, 26))["calendars"].rows if row[0] == "business-de")
    assert row[1:] == (
        "Europe/Berlin",
        "mon-fri 08:00-18:00, sat 09:00-12:00",
        "1",
        "2035-12-26",
        "2035-12-31",
    )


def test_warnings_are_the_last_section() -> None:
    """Those of the file, and a horizon that comes near."""
    assert told()["warnings"].rows == ()
    ((rule, text),) = told(("lateness_window: 5m", "lateness_window: 2d"))["warnings"].rows
    assert rule == "lateness-over-relapse"
    assert "times.lateness_window" in text
    near = told(today=date(2035, 2, 28))["warnings"].rows
    assert near == (("horizon-near", 'calendar "business-de" knows holidays until 2035-12-31 only'),)


def test_a_command_without_roles_is_nobodys() -> None:
    """An empty list is not the same as none."""
    assert ("clear", "nobody") in told(("  clear: [service-manager]", "  clear: []"))[
        "commands kept to roles"
    ].rows
