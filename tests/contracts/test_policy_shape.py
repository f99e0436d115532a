"""What is told of a policy file that has not the shape of one: the place, the key, what to write instead."""

from pathlib import Path

import pytest

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.file import Check, PolicyFileError
from qosresolve.errors import ConfigError
from tests.contracts.policy_text import Edit, edited, finding, findings, line_of


def test_a_finding_reads_file_line_column_key_problem_remedy() -> None:
    """The whole sentence, as an operator sees it."""
    text = edited(("critical: {respond: 15m, restore: 4h}", "critical: {respond: 15m, restore: 4x}"))
    expected = (
        "policy.yaml:58:41: tiers.platinum.targets.critical.restore: "
        '"4x" is not a duration; write e.g. 30s, 15m, 4h, 2d or none'
    )
    with pytest.raises(PolicyFileError) as caught:
        policy_file.load(text)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("edit", "check", "key", "problem", "remedy"),
    [
        (
            ("breach_level: 4", "breach_levl: 4\n    breach_level: 4"),
            Check.UNKNOWN_KEY,
            "tiers.platinum.breach_levl",
            "is not a known key",
            'did you mean "breach_level"?',
        ),
        (
            ("repeats: 1}", "repeat: 1}"),
            Check.UNKNOWN_KEY,
            "chain[0].repeat",
            "is not a known key",
            'did you mean "repeats"?',
        ),
        (
            ("{accept_within: 10m, remind_every", "{remind_every"),
            Check.MISSING_KEY,
            "parties.acme-transport.terms.accept_within",
            "is missing",
            "write e.g. accept_within: 10m",
        ),
        (
            ("{respond: 15m, restore: 4h}", "{restore: 4h}"),
            Check.MISSING_KEY,
            "tiers.platinum.targets.critical.respond",
            "is missing",
            "write e.g. respond: 15m or respond: none",
        ),
        (
            ("kind: repair", "kind: repai"),
            Check.BAD_VALUE,
            "plan[2].kind",
            '"repai" is not a known word',
            'did you mean "repair"?',
        ),
        (
            ("when: [supplier]", "when: [suplier]"),
            Check.BAD_VALUE,
            "plan[3].when[0]",
            '"suplier" is not a known word',
            'did you mean "supplier"?',
        ),
        (
            ("percent: 50", "percent: 0"),
            Check.BAD_VALUE,
            "tiers.platinum.thresholds[0].percent",
            '"0" is too small',
            "write 1 or more",
        ),
        (
            ("percent: 50", "percent: 100"),
            Check.BAD_VALUE,
            "tiers.platinum.thresholds[0].percent",
            '"100" is too large',
            "write 99 or less",
        ),
        (
            ("level: 5, target", "level: 11, target"),
            Check.BAD_VALUE,
            "chain[4].level",
            '"11" is too large',
            "write 10 or less",
        ),
        (
            ("reminders: 3", "reminders: few"),
            Check.BAD_VALUE,
            "plan[0].terms.reminders",
            '"few" is not a whole number',
            "write digits only",
        ),
        (
            ("blocks_clear: true", "blocks_clear: ja"),
            Check.BAD_VALUE,
            "plan[6].blocks_clear",
            '"ja" is neither true nor false',
            "write true or false",
        ),
        (
            ("clear_wait: 30m", "clear_wait: 0s"),
            Check.BAD_VALUE,
            "times.clear_wait",
            '"0s" is no time at all',
            "write a duration above zero",
        ),
        (
            ("lateness_window: 5m", "lateness_window: none"),
            Check.BAD_VALUE,
            "times.lateness_window",
            '"none" is not a duration',
            "write e.g. 30s, 15m, 4h or 2d",
        ),
        (
            ("24x7: always", "24x7: alway"),
            Check.BAD_VALUE,
            "calendars.24x7",
            '"alway" is no calendar',
            "write always, or a block with zone and week",
        ),
        (
            ("extra_closed: [2026-12-24", "extra_closed: [2026-24-12"),
            Check.BAD_VALUE,
            "calendars.business-de.extra_closed[0]",
            '"2026-24-12" is not a date',
            "write e.g. 2026-12-24",
        ),
        (
            ('sat: ["09:00-12:00"]', 'sat: ["22:00-06:00"]'),
            Check.BAD_VALUE,
            "calendars.business-de.week.sat[0]",
            '"22:00-06:00" ends before it starts',
            'split it at midnight: "22:00-24:00" on one day, "00:00-06:00" on the next',
        ),
        (
            ("contacts: [supplier-desk]", "contacts: {a: b}"),
            Check.BAD_VALUE,
            "default_party.contacts",
            "is not a list",
            "write [one, two], or [] for none",
        ),
        (
            ("retarget: from_raise", "retarget: from_stat"),
            Check.BAD_VALUE,
            "retarget",
            '"from_stat" is not a known word',
            'did you mean "from_start"?',
        ),
        (
            ("retarget: from_raise", "name: other\nretarget: from_raise"),
            Check.DUPLICATE_KEY,
            "name",
            "is given twice, first in line 10",
            "keep one of the two",
        ),
        (
            ("name: default", "<<: {a: b}\nname: default"),
            Check.UNKNOWN_KEY,
            "<<",
            "merge keys are not supported",
            "use an alias for a whole value, or write the keys out",
        ),
    ],
)
def test_each_misfit_is_told_with_its_key_and_remedy(
    edit: Edit, check: Check, key: str, problem: str, remedy: str
) -> None:
    """Every error says what is wrong and what to write instead, at the line that was edited."""
    text = edited(edit)
    found = finding(text)
    assert (found.check, found.key, found.problem, found.remedy) == (check, key, problem, remedy)
    before = policy_file.default_text().splitlines()
    pairs = enumerate(zip(before, text.splitlines(), strict=False), start=1)
    assert found.line == next(number for number, (old, new) in pairs if old != new)


def test_a_missing_block_is_told_at_the_key_that_should_hold_it() -> None:
    """What is not there has no line: its parent has."""
    text = edited(("      major: {respond: 30m, restore: 8h}\n", ""))
    found = finding(text)
    assert found.key == "tiers.platinum.targets.major"
    assert found.line == line_of(text, "targets:")
    assert found.remedy == "write e.g. major: {respond: 30m, restore: 8h}"


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    """One round of mending is enough."""
    text = edited(
        ("acknowledge_for: 1h", "acknowledge_for: 1x"),
        ("name: default", "name: default\nname: other"),
        ("kind: repair", "kind: repai"),
    )
    found = findings(text)
    assert [item.check for item in found] == [Check.DUPLICATE_KEY, Check.BAD_VALUE, Check.BAD_VALUE]
    assert [item.line for item in found] == sorted(item.line for item in found)


def test_a_file_error_is_a_config_error_of_several_lines() -> None:
    """The program ends with 2, and says every finding on its own line."""
    text = edited(("clear_wait: 30m", "clear_wait: 0s"), ("clear_after: 2m", "clear_after: 2x"))
    with pytest.raises(ConfigError) as caught:
        policy_file.load(text, file="mine.yaml")
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["mine.yaml", "mine.yaml"]
    assert (caught.value.exit_code, caught.value.setting) == (2, "indicators.availability.clear_after")


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("", "is empty", 0),
        ("# nothing but words\n", "is empty", 0),
        ("name: [a\nplan: b", "is not YAML", 2),
        ("name: a\n\tplan: b", "is not YAML", 2),
        ("name: a\n---\nname: b\n", "is not YAML", 2),
        ("name: \x00", "is not YAML", 0),
        ("[" * 5_000, "is nested too deeply", 0),
        ("name: &a {name: *a}", "grows without end", 0),
        ("just words", "is not a block of keys", 1),
        ("x" * 1_000_001, "is longer than", 0),
    ],
)
def test_what_is_not_a_policy_in_yaml_is_refused(text: str, problem: str, line: int) -> None:
    """Neither broken YAML nor YAML bombs get any further."""
    found = finding(text)
    assert problem in found.problem
    assert found.line == line


def test_texts_stay_as_they_were_written() -> None:
    """`NO` is Norway, `on` is a word: YAML's guesses are not made."""
    text = edited(("{country: DE, subdivision: BE}", "{country: NO}"), ("name: default", "name: on"))
    model = policy_file.load(text).model
    holidays = model.calendars["business-de"].holidays
    assert holidays is not None
    assert (holidays.country, model.name) == ("NO", "on")


def test_an_alias_repeats_a_value() -> None:
    """Anchors spare a repetition."""
    text = edited(
        ("terms:\n  accept_within", "terms: &calm\n  accept_within"),
        ("terms: {accept_within: 5m, remind_every: 5m, reminders: 3}", "terms: *calm"),
    )
    model = policy_file.load(text).model
    assert model.plan[0].terms == model.terms


def test_a_file_is_named_in_its_findings(tmp_path: Path) -> None:
    """The path that was given, and the line."""
    path = tmp_path / "mine.yaml"
    path.write_text(edited(("clear_wait: 30m", "clear_wait: 0s")), encoding="utf-8")
    with pytest.raises(PolicyFileError, match=r"mine\.yaml:\d+:\d+: times\.clear_wait"):
        policy_file.load(path)


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    """Missing, or not UTF-8."""
    with pytest.raises(PolicyFileError, match="cannot be read"):
        policy_file.load(tmp_path / "nowhere.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe4\n")
    with pytest.raises(PolicyFileError, match="not UTF-8"):
        policy_file.load(tmp_path / "latin.yaml")
