"""Explanations: every instant is worked out anew, what is wrong is found, and silence has its reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from qosresolve.core.calendar import Calendar
from qosresolve.core.facts import (
    EscalationRaised,
    ObligationRequested,
    PolicyActivated,
    ReportOpened,
    TargetSet,
    WindowSet,
)
from qosresolve.core.inputs import Cause
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.policy import ChainLevel, HoldRule, UnknownPolicyError
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ClockName, Outcome
from qosresolve.core.windows import Window
from qosresolve.replay.explain import Explanation, UnprovableError, explain, explain_product
from qosresolve.replay.explain.model import ClockStory, Kind
from tests.core.builders import GOLD, HOUR, MINUTE, POLICY, PRODUCT, TIMES, Product, at, sample, with_times
from tests.scenarios import play, story

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qosresolve.core.facts import Entry, Fact

BOTH = (ClockName.RESPOND, ClockName.RESTORE)
BERLIN = Calendar(
    "office", "Europe/Berlin", (*(((8 * 60, 18 * 60),) for _ in range(5)), (), ()), holidays=("2026-03-03",)
)
SPRING = Calendar("spring", "Europe/Berlin", tuple(((0, 1440),) for _ in range(7)), holidays=("2026-12-25",))
NIGHTS = Calendar("nights", "UTC", tuple(((0, 6 * 60),) for _ in range(7)))
HELD = replace(
    POLICY,
    holds={"customerAccess": HoldRule(BOTH, 30 * MINUTE), "maintenance": HoldRule(BOTH)},
    calendars={**POLICY.calendars, "office": BERLIN, "spring": SPRING, "nights": NIGHTS},
    site_calendars={"hq": "office", "lab": "spring"},
    times=replace(TIMES, hold_backdate=HOUR),
)


class Stage(play.Stage):
    """A product with windows, each input told once."""

    def _again(self, number: int) -> None:
        pass


def told(
    product: Product, clock: str | None = None, *, entries: Iterable[Entry] | None = None
) -> Explanation:
    """Explain the newest report."""
    journal = product.entries if entries is None else list(entries)
    until = None if clock is None else at(clock)
    return explain(PRODUCT, product.report.report_id, journal, {product.policy.hash: product.policy}, until)


def of_product(product: Product, clock: str | None = None) -> Explanation:
    """Explain the product."""
    until = None if clock is None else at(clock)
    return explain_product(PRODUCT, product.entries, {product.policy.hash: product.policy}, until)


def clock_of(found: Explanation, name: ClockName = ClockName.RESTORE) -> ClockStory:
    """Return one of the two clocks."""
    return next(clock for clock in found.clocks if clock.clock == name)


def silences(found: Explanation, about: str) -> str:
    """Return what did not happen of one kind."""
    return "\n".join(item.text for item in found.silences if item.about == about)


def falsified(product: Product, wrong: Fact, right: Fact) -> list[Entry]:
    """Return the journal with one fact told wrong."""
    return [
        replace(entry, facts=tuple(wrong if fact is right else fact for fact in entry.facts))
        for entry in product.entries
    ]


# -- everything adds up


@pytest.mark.parametrize("file", story.files(), ids=lambda file: file.path)
def test_every_report_of_every_story_adds_up(file: story.StoryFile) -> None:
    """Whatever happened: start and length are a promise, pauses are holds, the walk ends when it is due."""
    for scenario in file.stories:
        stage = Stage(play.policy(scenario.policy))
        for step in scenario.steps:
            play.do(stage, step)
        policies = {stage.policy.hash: stage.policy}
        for fact in stage.facts():
            if isinstance(fact, ReportOpened):
                found = explain(PRODUCT, fact.report_id, stage.entries, policies)
                assert not found.problems, f"{file.path}: {scenario.story}"
                sets = [one for one in stage.facts() if isinstance(one, TargetSet | ObligationRequested)]
                mine = [one for one in sets if one.report_id == fact.report_id]
                counted = sum(len(clock.versions) for clock in found.clocks) + len(found.works)
                assert counted == len(mine)
                assert msgspec.json.encode(found)
        assert explain_product(PRODUCT, stage.entries, policies).product_id == PRODUCT


def test_a_walk_over_night_and_holiday_can_be_checked_by_hand() -> None:
    """Monday 17:10 in Berlin, two hours: fifty minutes, then the holiday, then an hour and ten minutes."""
    product = Product(HELD)
    product.sample("16:10", "major", site="hq")
    clock = clock_of(told(product, "16:40"))
    assert [(piece.kind, piece.counted) for piece in clock.stretches] == [
        (Kind.OPEN, 50 * MINUTE),
        (Kind.CLOSED, 0),
        (Kind.OPEN, 70 * MINUTE),
    ]
    assert clock.stretches[1].note == "holiday 2026-03-03"
    assert clock.text == (
        "50 min + 1 h 10 min = 2 h of 2 h by Wed 2026-03-04 09:10 +01:00 (08:10Z); "
        "30 min of 2 h used by Mon 2026-03-02 17:40 +01:00 (16:40Z)"
    )


def test_a_change_of_clocks_is_named() -> None:
    """On 29 March Berlin skips an hour: four hours from midnight end at five."""
    policy = replace(HELD, tiers={"gold": replace(GOLD, calendar="spring")})
    product = Product(policy)
    product.sample("+26 23:00", "minor", site="lab")
    clock = clock_of(told(product))
    (piece,) = clock.stretches
    assert (piece.counted, piece.note) == (4 * HOUR, "clocks change +01:00 to +02:00")
    assert "Sun 2026-03-29 05:00 +02:00 (03:00Z)" in clock.text


def test_a_hold_is_left_out_with_who_and_how_it_ended() -> None:
    """The clock stands still from the hold to its longest, and nobody had to end it."""
    product = Product(HELD)
    product.sample("10:00", "major")
    product.command("10:05", "acknowledge")
    product.command("10:20", "hold", reason="customerAccess", at=at("10:10"))
    during = clock_of(told(product, "10:30"))
    assert during.text.endswith(
        "stands still since Mon 2026-03-02 10:10Z, 10 min of 2 h used by Mon 2026-03-02 10:30Z: "
        "were it to go on now, it would be due Mon 2026-03-02 12:20Z"
    )
    product.run_until("11:00")
    found = told(product)
    clock = clock_of(found)
    assert found.adds_up
    assert [piece.kind for piece in clock.stretches] == [Kind.OPEN, Kind.HELD, Kind.OPEN]
    assert clock.stretches[1].left_out == 30 * MINUTE
    (stood,) = clock.standstills
    assert (stood.since, stood.until, stood.by, stood.by_itself) == (at("10:10"), at("10:40"), "anna", True)
    assert stood.note == "entered backdated"
    assert clock.due_at == at("12:30")
    assert [version.reason for version in clock.versions] == ["opened", "resumed"]


def test_a_maintenance_window_is_named() -> None:
    """What the partition was told of the window is in the same journal."""
    product = Stage(HELD)
    product.windows = (Window("CHG-1", at("09:00"), ((at("10:30"), at("11:00")),), reason="fibre"),)
    product.sample("10:00", "major")
    product.command("10:05", "acknowledge")
    product.run_until("11:10")
    window = MaintenanceWindow("CHG-1", at("10:30"), at("11:00"), reason="fibre", entered_at=at("09:00"))
    cause = Cause("qos.command.v1", 0, 0, "command|window")
    control = replace(
        product.entries[0], product_id="", cause=cause, now=at("09:00"), facts=(WindowSet(window),)
    )
    clock = clock_of(told(product, entries=[control, *product.entries]))
    assert clock.due_at == at("12:30")
    assert [(item.reason, item.note) for item in clock.standstills] == [
        ("maintenance", "window CHG-1 (fibre)")
    ]
    assert "in a maintenance window until" in silences(told(product, "10:45"), "escalation")


def test_retargets_come_in_order_with_their_reasons() -> None:
    """A worsening, a relapse: each target says whose promise it is, or what was left out."""
    product = Product()
    product.sample("10:00", "minor")
    product.sample("10:10", "critical")
    product.sample("10:20", "good")
    product.run_until("10:25")
    product.sample("10:45", "critical")
    clock = clock_of(told(product))
    assert [version.reason for version in clock.versions] == ["opened", "severity", "relapse"]
    assert clock.versions[1].why == (
        "latency on svc-1 critical since Mon 2026-03-02 10:10Z; tier gold promises 1 h for critical"
    )
    assert clock.due_at == at("11:35")
    assert [item.reason for item in clock.standstills] == ["restored"]


def test_a_request_is_due_less_what_waits_behind_it() -> None:
    """A work-around leaves the repair its half hour before the restore deadline."""
    product = Product()
    product.sample("10:00", "major")
    product.find("10:10", "resource", "cpe-7")
    work = next(item for item in told(product).works if item.node == "workAround")
    assert work.due_at == at("11:30")
    assert work.text == "the restore deadline Mon 2026-03-02 12:00Z less repair 30 min behind it"


# -- what is wrong is found


def test_a_deadline_that_does_not_add_up_is_found() -> None:
    """A due time moved by a minute, and a threshold moved by one, are both told with the right instant."""
    product = Product()
    product.sample("10:00", "major")
    right = next(fact for fact in product.facts() if isinstance(fact, TargetSet) and fact.clock in BOTH[1:])
    assert right.due_at is not None
    wrong = replace(right, due_at=right.due_at + MINUTE)
    found = told(product, entries=falsified(product, wrong, right))
    assert not found.adds_up
    assert any("1 min beyond 2 h; the walk ends Mon 2026-03-02 12:00Z" in one for one in found.problems)
    first, *others = right.thresholds
    moved = replace(right, thresholds=(replace(first, due_at=first.due_at - MINUTE), *others))
    (problem,) = told(product, entries=falsified(product, moved, right)).problems
    assert "59 min are open by then, 1 min short of 1 h" in problem


def test_a_target_that_nobody_promised_is_found() -> None:
    """Start and length have to be some indicator's promise, even where the walk is right."""
    product = Product()
    product.sample("10:00", "major")
    right = next(fact for fact in product.facts() if isinstance(fact, TargetSet))
    wrong = replace(right, target=16 * MINUTE, due_at=at("10:16"), thresholds=())
    (problem, *_) = told(product, entries=falsified(product, wrong, right)).problems
    assert "no indicator of the table promises 16 min" in problem


def test_a_pause_that_no_hold_explains_is_found() -> None:
    """What a target leaves out has to be what holds left out."""
    product = Product(HELD)
    product.sample("10:00", "major")
    product.command("10:05", "acknowledge")
    product.command("10:10", "hold", reason="customerAccess")
    product.command("10:20", "resume")
    right = next(fact for fact in product.facts() if isinstance(fact, TargetSet) and fact.reason == "resumed")
    (pause,) = right.paused
    wrong = replace(
        right,
        due_at=at("12:20"),
        paused=(replace(pause, until=at("10:30")),),
        thresholds=(),
    )
    problems = told(product, entries=falsified(product, wrong, right)).problems
    assert any("but holds and restorations were Mon 2026-03-02 10:10 - 10:20" in one for one in problems)


def test_a_request_and_a_wait_that_do_not_add_up_are_found() -> None:
    """Due times of requests, and waits such as the one to accept them, are worked out anew as well."""
    product = Product()
    product.sample("10:00", "major")
    right = next(fact for fact in product.facts() if isinstance(fact, ObligationRequested))
    wrong = replace(right, due_at=at("11:00"), accept_by=at("10:11"))
    problems = told(product, entries=falsified(product, wrong, right)).problems
    assert any(
        "due Mon 2026-03-02 11:00Z, but the plan gives Mon 2026-03-02 12:00Z" in one for one in problems
    )
    assert any("+ 11 min to accept it, but the policy says 10 min" in one for one in problems)


# -- why it was told


def test_who_was_passed_over_and_what_was_skipped_is_told() -> None:
    """The lead is off duty; after a downtime only the highest threshold is told."""
    chain = (ChainLevel(2, "shift-lead", 20 * MINUTE, calendar="nights"), *POLICY.chain[1:])
    product = Product(replace(HELD, chain=chain))
    product.sample("10:00", "major")
    product.command("10:01", "acknowledge")
    product.wake_at("11:35")
    found = told(product)
    call = next(item for item in found.messages if item.about == "escalation")
    assert (call.to, call.reason) == ("duty-manager", "75 % of the restore target has passed")
    assert "skipped 50 %: passed before anybody looked, only 75 % is told" in call.details
    assert call.origin.event_id.startswith("deadline|")
    assert call.origin.policy == "policy-1"
    product = Product(replace(HELD, chain=chain))
    product.sample("10:00", "major")
    product.run_until("10:08")
    call = next(item for item in told(product).messages if item.about == "escalation")
    assert call.details[0] == ("passed over: shift-lead, off duty by nights until Tue 2026-03-03 00:00Z")


def test_one_who_was_on_duty_and_passed_over_is_found() -> None:
    """Being passed over has to be right as well."""
    product = Product()
    product.sample("10:00", "major")
    product.run_until("10:08")
    right = next(fact for fact in product.facts() if isinstance(fact, EscalationRaised))
    wrong = replace(right, passed_over=("shift-lead",))
    (problem,) = told(product, entries=falsified(product, wrong, right)).problems
    assert "shift-lead is always on duty" in problem


def test_a_request_says_what_laid_it_out() -> None:
    """The plan, a root cause and who found it, a reminder and what it waited for."""
    product = Product()
    product.sample("10:00", "major")
    product.find("10:05", "service", "svc-9")
    product.run_until("10:10")
    sent = [(item.about, item.what, item.to, item.reason) for item in told(product).messages]
    assert ("analyse #1", "asked", "analyse-desk", "plan") in sent
    trouble = "root cause service in svc-9 found by noc"
    assert ("trouble for svc-9 #1", "asked", "trouble-desk", trouble) in sent
    late = "not accepted by Mon 2026-03-02 10:10Z"
    assert ("analyse #1", "reminded", "analyse-desk", late) in sent


# -- why it was not


def test_a_threshold_inside_a_debounce_is_withheld() -> None:
    """It fell due while good news waited; the product had been restored in time."""
    product = Product()
    product.sample("10:00", "critical")
    product.command("10:01", "acknowledge")
    product.run_until("10:28")
    product.sample("10:28", "good")
    assert "good news waits to be believed" in silences(told(product, "10:30"), "escalation")
    product.run_until("10:33")
    text = silences(told(product), "escalation")
    assert (
        "restore 50 % Mon 2026-03-02 10:30Z not told: the clock had stopped Mon 2026-03-02 10:28Z (met)"
        in text
    )
    assert "debounce" in text


@pytest.mark.parametrize(
    ("severity", "words"),
    [("warning", "restore has no target: latency on svc-1: tier gold promises none for warning")],
)
def test_a_clock_without_a_target_calls_nobody(severity: str, words: str) -> None:
    """An explicit none is named, and whose it is."""
    product = Product()
    product.sample("10:00", severity)
    assert words in silences(told(product), "escalation")


def test_an_acknowledged_call_and_a_level_of_nought_are_told() -> None:
    """The chain stands still until the acknowledgement expires; a threshold may ask for nobody."""
    quiet = replace(GOLD, thresholds=(replace(GOLD.thresholds[0], level=0), *GOLD.thresholds[1:]))
    product = Product(replace(POLICY, tiers={"gold": quiet}))
    product.sample("10:00", "major")
    assert "respond 50 % is due Mon 2026-03-02 10:07:30Z, level 0: it will call nobody" in silences(
        told(product), "escalation"
    )
    product.run_until("10:12")
    product.command("10:12", "acknowledge-escalation")
    text = silences(told(product), "escalation")
    assert "50 % of the respond target called nobody: its level is 0" in text
    assert "acknowledged by anna until Mon 2026-03-02 10:32Z: the chain stands still" in text


def test_an_alarm_that_nobody_took_is_told() -> None:
    """Silence may also mean that the timer is away."""
    product = Product()
    product.sample("10:00", "major")
    found = told(product, "11:00")
    assert "its alarm Mon 2026-03-02 10:07:30Z was not taken for 52 min 30 s" in silences(found, "alarm")
    product.wake_at("11:00")
    assert "nobody looked in time" in silences(told(product), "escalation")


def test_not_cleared_since_work_is_open() -> None:
    """Restored, and it waits for the work that blocks, and for the rest at most for the policy's time."""
    product = Product()
    product.sample("10:00", "major")
    product.find("10:05", "resource", "cpe-7")
    assert "workAround is planned" not in silences(told(product), "work")
    assert "repair is planned and not asked for: it waits for workAround (requested)" in silences(
        told(product), "work"
    )
    assert "not restored: latency on svc-1 is degraded" in silences(told(product), "clear")
    product.sample("10:20", "good")
    product.run_until("10:25")
    text = silences(told(product), "clear")
    assert "waits for workAround (requested), which runs, at most until Mon 2026-03-02 10:55Z" in text
    assert "waits for verify (requested), which blocks clearing" in text


def test_inputs_that_changed_nothing_are_told_with_their_rule() -> None:
    """Out of order, sent again, refused: each with the meaning of its rule and its place."""
    product = Product()
    product.sample("10:00", "major")
    product.sample("10:10", "critical")
    product.feed(product.inputs[-1][0].body, "10:11", digest=product.inputs[-1][0].digest)
    product.feed(sample("10:05", "major", event_id="late"), "10:12")
    product.command("10:13", "close", role="close")
    told_of = [(item.text, item.origin.offset) for item in told(product).inputs if item.origin]
    assert told_of == [
        (f"noOp by AlreadySeen: {Rule.ALREADY_SEEN.meaning}", 2),
        (f"annotation by OutOfOrder: {Rule.OUT_OF_ORDER.meaning}", 3),
        (f"refused by NotCleared: {Rule.NOT_CLEARED.meaning}", 4),
    ]


# -- a product without a report


def test_a_product_that_waits_is_explained_by_its_watch() -> None:
    """Bad for too short a time; then open, and the report says since when it waited."""
    rule = replace(POLICY.default_indicator, open_after=15 * MINUTE)
    product = Product(replace(POLICY, default_indicator=rule))
    product.sample("10:00", "major")
    waits = "bad for less than open_after 15 min, opens Mon 2026-03-02 10:15Z if it stays so"
    assert waits in silences(of_product(product), "open")
    product.run_until("10:15")
    assert "is open: a product has one at a time" in silences(of_product(product), "open")
    assert waits in silences(told(product), "open")
    assert waits in silences(of_product(product, "10:14"), "open")


def test_false_events_mild_ones_and_early_abatements_open_nothing() -> None:
    """Each says its verdict, its rule or its window."""
    product = Product()
    product.sample("10:00", "good")
    product.sample("10:01", "minor", indicator="jitter")
    found = of_product(product)
    assert "its abatement came before its raise" in silences(found, "open")
    assert [item.text.partition(":")[0] for item in found.inputs] == [
        "applied by NothingOpen",
        "annotation by BelowSeverity",
    ]
    product.sample("10:02", "critical")
    product.command("10:03", "cancel", reason="falseAlarm")
    product.sample("10:04", "critical")
    text = silences(of_product(product), "open")
    assert "up to critical: silenced as a false event of report" in text
    assert "latency on svc-1 critical: silenced by a false-event verdict" in text


def test_a_window_keeps_a_product_silent() -> None:
    """Inside maintenance nothing opens: looked at again at its end."""
    product = Stage(HELD)
    product.windows = (Window("CHG-1", at("09:00"), ((at("10:00"), at("11:00")),)),)
    product.sample("10:10", "major")
    assert "in a maintenance window, looked at again Mon 2026-03-02 11:00Z" in silences(
        of_product(product), "open"
    )
    product.run_until("11:00")
    clock = clock_of(told(product))
    assert "(bad since Mon 2026-03-02 10:10Z, which does not count)" in clock.versions[0].why
    assert clock.due_at == at("13:00")


# -- what cannot be told


def test_without_its_opening_a_report_is_unprovable() -> None:
    """Retention passed it, or it was not open yet at that time."""
    product = Product()
    product.sample("10:00", "major")
    product.sample("10:10", "critical")
    with pytest.raises(UnprovableError, match="not in the journal any more"):
        told(product, entries=product.entries[1:])
    with pytest.raises(UnprovableError, match="unprovable"):
        told(product, "09:00")
    with pytest.raises(UnprovableError, match="nothing was journalled"):
        of_product(product, "09:00")
    with pytest.raises(UnknownPolicyError):
        explain(PRODUCT, product.report.report_id, product.entries, {})


def test_a_policy_that_came_later_leaves_the_report_alone() -> None:
    """A report keeps the policy that it pinned; another that was activated since is named."""
    product = Product(with_times(clear_wait=10))
    product.sample("10:00", "major")
    cause = Cause("qos.command.v1", 0, 7, "command|activate")
    control = replace(
        product.entries[0],
        product_id="",
        cause=cause,
        outcome=Outcome.CONTROL,
        facts=(PolicyActivated("f" * 64),),
    )
    found = told(product, entries=[*product.entries, control])
    assert "policy ffffffffffff was activated: for new reports" in silences(found, "policy")
