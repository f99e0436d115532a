"""What looks unwise in a policy that works: told apart from errors, with the same places."""

import pytest

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.file import Check, Finding
from tests.contracts.policy_text import Edit, edited, line_of


def warned(text: str) -> tuple[Finding, ...]:
    """Return the warnings of a text that loads."""
    return policy_file.load(text).warnings


@pytest.mark.parametrize(
    ("edit", "check", "key", "at", "problem"),
    [
        (
            ("critical: {respond: 15m, restore: 4h}", "critical: {respond: 15m, restore: 3h}"),
            Check.INFEASIBLE,
            "tiers.platinum.targets.critical.restore",
            "restore: 3h}",
            "infeasible: the plan first-analysis > engage-supplier > verify takes 3h35m, the target is 3h",
        ),
        (
            ("minor: {respond: 2h, restore: 1d}", "minor: {respond: 2h, restore: 7h}"),
            Check.MILDER_IS_STRICTER,
            "tiers.platinum.targets.minor.restore",
            "restore: 7h}",
            "minor has a shorter restore target than major",
        ),
        (
            ("major: {respond: 30m, restore: 8h}", "major: {respond: 30m, restore: none}"),
            Check.MILDER_IS_STRICTER,
            "tiers.platinum.targets.minor.restore",
            "minor: {respond: 2h, restore: 1d}",
            "minor has a shorter restore target than major",
        ),
        (
            ("warning: {respond: 8h, restore: 3d}", "warning: {respond: 4d, restore: 3d}"),
            Check.RESPOND_AFTER_RESTORE,
            "tiers.platinum.targets.warning.respond",
            "respond: 4d",
            "the report may be restored late before anybody has to take it",
        ),
        (
            ("terms: {accept_within: 5m", "terms: {accept_within: 20m"),
            Check.SLOW_ACCEPTANCE,
            "tiers.platinum.targets.critical.respond",
            "critical: {respond: 15m",
            'the respond target 15m passes before "first-analysis" is first reminded, after 20m',
        ),
        (
            ("after: [verify]\n", "after: [verify]\n    blocks_clear: yes\n"),
            Check.IMPROVEMENT_BLOCKS_CLEAR,
            "plan[7].blocks_clear",
            "blocks_clear: yes",
            "has no effect: improvement never blocks clear",
        ),
        (
            ("kind: serviceTrouble", "kind: serviceTrouble\n    with_party: somebody"),
            Check.PARTY_IGNORED,
            "plan[1].with_party",
            "with_party: somebody",
            "has no effect: a serviceTrouble node knows its party",
        ),
        (
            ("lateness_window: 5m", "lateness_window: 25h"),
            Check.LATENESS_OVER_RELAPSE,
            "times.lateness_window",
            "lateness_window: 25h",
            "an abatement is kept for 1d1h, longer than the relapse window of 1d: it may swallow a relapse",
        ),
        (
            ("- {tier: platinum, assignee", "- {tier: platin, assignee"),
            Check.UNMATCHED_RULE,
            "assignment[0].tier",
            "tier: platin,",
            'there is no tier "platin" here',
        ),
        (
            ("  - {assignee: assurance-desk}\n", ""),
            Check.NO_LAST_RULE,
            "assignment",
            "assignment:",
            "reports that match no rule stay unassigned",
        ),
    ],
)
def test_each_warning_has_a_name_and_points_at_its_line(
    edit: Edit, check: Check, key: str, at: str, problem: str
) -> None:
    """The policy loads; what is unwise is told beside it."""
    text = edited(edit)
    (found,) = warned(text)
    assert (found.check, found.key, found.line) == (check, key, line_of(text, at))
    assert found.problem.startswith(problem)


def test_improvement_in_front_of_restoration_is_warned_of() -> None:
    """Whatever comes after improvement waits for it."""
    text = edited(("after: [first-analysis, service-trouble,", "after: [improvement, service-trouble,"))
    text = text.replace("after: [verify]", "after: [first-analysis]")
    found = warned(text)
    assert [(item.check, item.key) for item in found] == [(Check.IMPROVEMENT_HOLDS_UP, "plan[6].after")]


def test_an_engagement_lasts_as_long_as_the_slowest_supplier_may() -> None:
    """The underpinning target decides, where it is longer than the node's duration."""
    text = edited(("resolve_within: 2h", "resolve_within: 9h"))
    tiers = [item.key.split(".")[1] for item in warned(text) if item.check is Check.INFEASIBLE]
    assert tiers == ["platinum", "gold", "silver"]


def test_warnings_come_in_the_order_of_the_file() -> None:
    """They read like the file."""
    text = edited(("lateness_window: 5m", "lateness_window: 2d"), ("restore: 4h}", "restore: 1h}"))
    assert [item.check for item in warned(text)] == [Check.INFEASIBLE, Check.LATENESS_OVER_RELAPSE]
