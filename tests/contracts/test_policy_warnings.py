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
            ("  - {assignee: assurance-desk}\n", "  - {assignee: assurance-desk, calendar: business-de}\n"),
            Check.NO_LAST_RULE,
            "assignment",
            "assignment:",
            "reports that match no rule stay unassigned",
        ),
        (
            ("overrides: []", "overrides: [{sla: S1, targets: {major: {respond: 1h, restore: 3h}}}]"),
            Check.INFEASIBLE,
            "overrides[0].targets.major.restore",
            "overrides: [{",
            "infeasible: the plan first-analysis > engage-supplier > verify takes 3h35m, the target is 3h",
        ),
        (
            ("when: [resource]\n", "when: [resource]\n    not_before: 2h\n"),
            Check.INFEASIBLE,
            "tiers.platinum.targets.critical.restore",
            "critical: {respond: 15m, restore: 4h}",
            "infeasible: the plan first-analysis > resource-repair > verify takes 4h45m, the target is 4h",
        ),
        (
            ("overrides: []", "overrides: [{targets: {major: {respond: 1h, restore: 1d}}}]"),
            Check.OVERRIDE_MATCHES_ALL,
            "overrides[0]",
            "overrides: [{",
            "matches every report: no tier's target counts for major",
        ),
        (
            ("jitter: {", "jitter: {open_after: 15m, "),
            Check.OPENS_AFTER_TARGET,
            "indicators.jitter.open_after",
            "open_after: 15m",
            "the shortest respond target, 15m, is over when a report opens",
        ),
        (
            ("customer: {clocks: [restore], at_most: 1d}", "customer: {clocks: [restore]}"),
            Check.HOLD_WITHOUT_END,
            "holds.customer",
            "customer: {clocks",
            'lasts as long as "customer" keeps answering: by itself it ends only after 20h of silence',
        ),
        (
            ("  maintenance: {", "  serviceAssurance: {clocks: restore}\n  maintenance: {"),
            Check.HOLD_WITHOUT_END,
            "holds.serviceAssurance",
            "serviceAssurance: {",
            'lasts as long as "serviceAssurance" keeps answering: by itself it ends only after 45m of',
        ),
        (
            ("  maintenance: {", "  supplier: {clocks: restore}\n  maintenance: {"),
            Check.HOLD_WITHOUT_END,
            "holds.supplier",
            "supplier: {clocks",
            'lasts as long as "supplier" keeps answering: by itself it ends only after 1h25m of silence',
        ),
        (
            ("customer: {clocks: [restore], at_most: 1d}", "custumer: {clocks: [restore]}"),
            Check.UNMATCHED_HOLD,
            "holds.custumer",
            "custumer: {clocks",
            "is no party of this policy, so it is a code for the command hold",
        ),
        (
            ("kind: supplier\n", "kind: supplier\n    fallback: Somebody\n"),
            Check.FALLBACK_IGNORED,
            "plan[3].fallback",
            "fallback: Somebody",
            "has no effect: a supplier's contacts are asked in their order",
        ),
        (
            ("breach_level: 4", "breach_level: 7"),
            Check.LEVEL_NOT_IN_CHAIN,
            "tiers.platinum.breach_level",
            "breach_level: 7",
            "level 7 is not in the chain: it calls level 5, chief-technology-officer",
        ),
        (
            ("overdue_level: 1", "overdue_level: 6"),
            Check.LEVEL_NOT_IN_CHAIN,
            "overdue_level",
            "overdue_level: 6",
            "level 6 is not in the chain: it calls level 5, chief-technology-officer",
        ),
        (
            ("    resolve_within: 2h", "    serves: [c-7, c-8, c-7]\n    resolve_within: 2h"),
            Check.SERVES_TWICE,
            "parties.globex-peering.serves[2]",
            "serves: [c-7, c-8",
            '"c-7" is named twice',
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


# -- hours: who is there when


WEEKLY = "  night: {zone: Europe/Berlin, week: {sun: 02:00-04:00}}\n"


def test_a_slot_that_comes_later_than_any_promise_is_warned_of() -> None:
    """Once a week is longer than five days."""
    text = edited(
        ("  24x7: always\n", "  24x7: always\n" + WEEKLY),
        ("    when: [resource]\n", "    when: [resource]\n    slot: night\n"),
    )
    (found,) = warned(text)
    assert (found.check, found.key) == (Check.SLOT_MISSES_TARGET, "plan[2].slot")
    assert found.problem == "may wait 6d22h for its slot; the longest restore target of any tier is 5d"


def test_a_slot_while_the_owner_is_away_is_warned_of() -> None:
    """Nobody would begin there."""
    text = edited(
        ("  24x7: always\n", "  24x7: always\n  night: {zone: Europe/Berlin, week: {daily: 02:00-04:00}}\n"),
        (
            "duration: 2h30m\n    calendar: 24x7\n    when: [resource]\n",
            "duration: 2h30m\n    calendar: business-de\n    when: [resource]\n    slot: night\n",
        ),
    )
    (found,) = warned(text)
    assert (found.check, found.key) == (Check.SLOT_WHEN_OWNER_AWAY, "plan[2].slot")


def test_a_slot_of_an_improvement_hurries_nobody() -> None:
    """The product does not wait for it."""
    text = edited(
        ("  24x7: always\n", "  24x7: always\n" + WEEKLY),
        ("    when: [service, resource, supplier]\n", "    when: resource\n    slot: night\n"),
    )
    assert warned(text) == ()


def chain(*levels: str) -> Edit:
    """Return the edit that puts other levels into the chain."""
    text = policy_file.default_text()
    start, end = text.index("\nchain:") + 1, text.index("# --- Assignment")
    return text[start:end], "chain:\n" + "".join(f"  - {{{level}}}\n" for level in levels) + "\n"


FOUR = tuple(f"level: {level}, target: someone, delay: 1h, calendar: business-de" for level in range(1, 5))


@pytest.mark.parametrize(
    ("last", "gap"),
    [
        ("business-de", "nobody is on duty from mon 18:00 to tue 08:00 (Europe/Berlin"),
        ("weekend", "nobody is on duty from mon 18:00 to tue 08:00 (Europe/Berlin"),
        ("night", "nobody is on duty from sat 12:00 to sun 18:00 (Europe/Berlin"),
        ("rest", ""),
    ],
)
def test_hours_without_anybody_on_duty_are_named(last: str, gap: str) -> None:
    """The first of the week, in the zone of the chain's first calendar."""
    calendars = """  24x7: always
  weekend: {zone: Europe/Berlin, week: {sat-sun: 00:00-24:00}}
  night: {zone: Europe/Berlin, week: {NIGHT}}
  rest: {zone: UTC, week: {mon-fri: [00:00-08:00, 16:00-24:00], sat-sun: 00:00-24:00}}
"""
    calendars = calendars.replace("NIGHT", NIGHT)
    level = f"level: 5, target: someone, delay: 1h, calendar: {last}"
    found = warned(edited(("  24x7: always\n", calendars), chain(*FOUR, level)))
    assert [item.problem.partition("):")[0] for item in found] == ([gap] if gap else [])
    assert {item.check for item in found} <= {Check.NOBODY_ON_DUTY}


NIGHT = "mon-fri: [00:00-08:00, 18:00-24:00], sat: 00:00-09:00, sun: 18:00-24:00"


def test_a_vacancy_is_never_on_duty() -> None:
    """A level without a target fills no gap, one without a calendar fills all."""
    vacant = 'level: 5, target: "", delay: 1h'
    assert [item.check for item in warned(edited(chain(*FOUR, vacant)))] == [Check.NOBODY_ON_DUTY]
    assert warned(edited(chain(*FOUR, "level: 5, target: someone, delay: 1h"))) == ()
