"""A policy tried out: what it would do is what the core does."""

from zoneinfo import ZoneInfo

import pytest

from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.policy import Policy
from qosresolve.core.vocabulary import ClockOutcome, RootCauseKind, Severity
from qosresolve.replay.trial.outlook import Outlook, Work, ask
from qosresolve.replay.trial.question import Question, instant, zone_of
from qosresolve.replay.trial.told import local
from tests.contracts.policy_text import Edit, edited

BERLIN = ZoneInfo("Europe/Berlin")


def policy(*edits: Edit) -> Policy:
    """Return the packaged policy with edits."""
    return policy_file.read_canonical(policy_file.compile(policy_file.load(edited(*edits))))


def asked(*edits: Edit, at: str = "2026-03-02 10:00", severity: str = "major", **more: str) -> Outlook:
    """Ask the packaged policy, with edits, about a product of the silver tier; times are Berlin's."""
    cause = RootCauseKind(more.pop("cause")) if "cause" in more else None
    tier = more.pop("tier", "silver")
    return ask(
        policy(*edits), Question(instant(at, BERLIN), Severity(severity), tier=tier, cause=cause, **more)
    )


def shown(at: int | None) -> str:
    """Return an instant on Berlin's clocks."""
    return "" if at is None else f"{local(at, BERLIN):%Y-%m-%d %H:%M}"


def work(outlook: Outlook, node: str) -> Work:
    """Return what is asked for a node."""
    return next(item for item in outlook.plan if item.node == node)


def test_a_deadline_walks_the_open_time_that_is_shown() -> None:
    """Fifteen hours from Monday at ten: eight, then seven."""
    restore = asked().restore
    assert shown(restore.due) == "2026-03-03 15:00"
    assert [(shown(start), shown(end)) for start, end in restore.open] == [
        ("2026-03-02 10:00", "2026-03-02 18:00"),
        ("2026-03-03 08:00", "2026-03-03 15:00"),
    ]


def test_an_unknown_tier_is_the_default_one() -> None:
    """The question keeps its word, the answer says who it is taken for."""
    outlook = asked(tier="copper")
    assert (outlook.question.tier, outlook.tier) == ("copper", "bronze")
    assert outlook.restore.target == 20 * 3_600_000


def test_thresholds_call_their_own_level_whatever_the_chain_did_before() -> None:
    """Those who are called answer, so that each threshold speaks for itself; 100 % is the breach."""
    steps = asked(tier="gold").restore.thresholds
    assert [(step.percent, step.level, step.calls) for step in steps] == [
        (50, 1, "service-manager"),
        (75, 2, "duty-manager"),
        (90, 3, "head-of-assurance"),
        (100, 3, "head-of-assurance"),
    ]


def test_who_is_off_duty_is_passed_over_and_named() -> None:
    """At night the duty manager's call goes to the next level."""
    day = ("target: duty-manager,", "target: duty-manager, calendar: business-de,")
    steps = asked(day, tier="gold", at="2026-03-02 22:00").restore.thresholds
    assert [(step.calls, step.passed_over) for step in steps[:2]] == [
        ("service-manager", ()),
        ("head-of-assurance", ("duty-manager",)),
    ]
    by_day = asked(day, tier="gold", at="2026-03-02 06:00").restore.thresholds[1]
    assert (by_day.calls, by_day.passed_over) == ("duty-manager", ())


def test_left_alone_the_chain_is_climbed() -> None:
    """Repeats and next levels are the core's."""
    calls = asked(tier="gold").calls
    assert [call.who for call in calls[:5]] == [
        "service-manager",
        "duty-manager",
        "head-of-assurance",
        "head-of-assurance",
        "head-of-assurance",
    ]
    assert calls[-1].who == "chief-technology-officer"
    assert calls[-1].why == "the restore target is breached"


def test_without_a_cause_the_plan_is_shown_as_it_begins() -> None:
    """What is laid out at opening: asked for, or waiting."""
    outlook = asked()
    assert [(item.node, item.asked is not None) for item in outlook.plan] == [
        ("first-analysis", True),
        ("verify", False),
    ]
    assert (outlook.feasible, outlook.restored, outlook.outcome) == (True, None, None)


@pytest.mark.parametrize(
    ("cause", "node", "ends"),
    [
        ("service", "service-trouble", "2026-03-02 12:50"),
        ("resource", "resource-repair", "2026-03-02 12:50"),
        ("supplier", "engage-supplier", "2026-03-02 13:20"),
        ("customer", "ask-customer", "2026-03-02 11:20"),
        ("none", "further-analysis", "2026-03-02 11:20"),
        ("unknown", "further-analysis", "2026-03-02 11:20"),
    ],
)
def test_every_cause_is_played_to_its_end(cause: str, node: str, ends: str) -> None:
    """The last work restores the product; a supplier has its own time."""
    outlook = asked(cause=cause, party="acme-transport")
    assert shown(work(outlook, node).ends) == ends
    assert shown(outlook.restored) == ends
    assert (outlook.feasible, outlook.outcome) == (True, ClockOutcome.MET)
    assert work(outlook, "verify").asked is not None


def test_a_node_waits_for_its_slot() -> None:
    """And says so; the repair begins on Saturday, after the deadline."""
    slot = (
        "  24x7: always\n",
        "  24x7: always\n  saturdays: {zone: Europe/Berlin, week: {sat: 09:00-12:00}}\n",
    )
    outlook = asked(slot, ("when: [resource]\n", "when: resource\n    slot: saturdays\n"), cause="resource")
    repair = work(outlook, "resource-repair")
    assert (shown(repair.asked), repair.waited) == ("2026-03-07 09:00", "slot saturdays")
    assert not outlook.feasible
    assert outlook.outcome is ClockOutcome.MISSED


def test_a_plan_that_takes_too_long_is_told_with_its_end() -> None:
    """The forecast is the core's."""
    outlook = asked(
        (
            "duration: 2h30m\n    calendar: 24x7\n    when: [resource]",
            "duration: 3d\n    calendar: 24x7\n    when: [resource]",
        ),
        cause="resource",
    )
    assert not outlook.feasible
    assert shown(outlook.forecast) == "2026-03-05 10:20"


def test_waiting_for_the_customer_stops_the_clock() -> None:
    """Only where the policy lists it: the hour of waiting counts, or does not."""
    target = ("critical: {respond: 1h, restore: 8h}", "critical: {respond: 20m, restore: 30m}")
    unlisted = ("  customer: {clocks: [restore], at_most: 1d}", "  harbour: {clocks: [restore], at_most: 1d}")
    held = asked(target, severity="critical", cause="customer")
    counted = asked(target, unlisted, severity="critical", cause="customer")
    assert shown(held.restored) == shown(counted.restored) == "2026-03-02 11:20"
    assert (held.outcome, counted.outcome) == (ClockOutcome.MET, ClockOutcome.MISSED)


def test_an_override_goes_before_the_tier() -> None:
    """By offering, and by an agreement that is linked after the opening."""
    rules = (
        "overrides: []",
        """overrides:
  - {offering: line, targets: {major: {respond: 1h, restore: 5h}}}
  - {sla: SLA-1, targets: {major: {respond: 1h, restore: 6h}}}""",
    )
    assert asked(rules, offering="line").restore.target == 5 * 3_600_000
    assert asked(rules, sla="SLA-1").restore.target == 6 * 3_600_000
    assert asked(rules, offering="other", sla="SLA-2").restore.target == 15 * 3_600_000


def test_a_report_opens_after_its_indicator_was_bad_for_long_enough() -> None:
    """Its clock starts with the first bad sample."""
    outlook = asked(("jitter: {", "jitter: {open_after: 15m, "), indicator="jitter")
    assert shown(outlook.opened_at) == "2026-03-02 10:15"
    assert shown(outlook.respond.due) == "2026-03-02 12:00"


def test_silence_is_another_question() -> None:
    """Samples are taken to go on: a policy with `silence_after` gives the same plan."""
    silent = ("jitter: {", "jitter: {silence_after: 15m, ")
    assert asked(silent, indicator="jitter", cause="service") == asked(indicator="jitter", cause="service")


def test_what_opens_nothing_says_why() -> None:
    """By the rule's name."""
    outlook = asked(severity="warning", indicator="jitter")
    assert (outlook.opened_at, outlook.rule, outlook.calls, outlook.plan) == (None, "BelowSeverity", (), ())


def test_the_zone_is_that_of_the_customers_calendar() -> None:
    """The site's where it has one; a time with an offset is not local."""
    site = policy(("site_calendars: {}", "site_calendars: {harbour: business-de}"))
    assert (zone_of(site, "gold", "").key, zone_of(site, "gold", "harbour").key) == ("UTC", "Europe/Berlin")
    assert instant("2026-03-02 10:00", BERLIN) == instant("2026-03-02T09:00:00Z", BERLIN)
    with pytest.raises(ValueError, match="is not an instant"):
        instant("tomorrow", BERLIN)
