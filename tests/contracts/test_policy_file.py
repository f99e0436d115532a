"""From the file to the core: canonical bytes, their hash, and what the core reads of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tzdata  # type: ignore[import-untyped] # there are no stubs for its one constant
import yaml

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.canonical import CanonicalFormError, tzdata_of, write_canonical
from qosresolve.contracts.policy.compiler import horizon_year, to_core
from qosresolve.core.calendar import due
from qosresolve.core.policy import (
    AssignmentRule,
    ChainLevel,
    HoldRule,
    IndicatorRule,
    Node,
    Override,
    Party,
    Policy,
    Target,
    Terms,
    ThresholdRule,
)
from qosresolve.core.vocabulary import ClockName, NodeKind, RootCauseKind, Severity, Verb
from tests.contracts.policy_text import edited

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def compiled(text: str) -> bytes:
    """Return the canonical form of a text."""
    return policy_file.compile(policy_file.load(text))


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The packaged policy, by way of its canonical form."""
    return policy_file.read_canonical(compiled(policy_file.default_text()))


@pytest.mark.parametrize(
    "path",
    [
        Path("qosresolve/contracts/policy/default.yaml"),
        Path("qosresolve/demo/demo_policy.yaml"),
    ],
)
def test_the_packaged_policies_have_neither_errors_nor_warnings(path: Path) -> None:
    """An operator starts from a clean file."""
    source = policy_file.load(Path(__file__).parents[2] / path)
    assert source.warnings == ()


def test_tiers_keep_targets_thresholds_and_levels(policy: Policy) -> None:
    """Durations in ms; an explicit none is None."""
    platinum, bronze = policy.tiers["platinum"], policy.tiers["bronze"]
    assert set(platinum.targets) == set(Severity)
    assert platinum.targets[Severity.CRITICAL] == Target(15 * MINUTE, 4 * HOUR)
    assert bronze.targets[Severity.WARNING] == Target(None, None)
    assert platinum.thresholds == (ThresholdRule(50, 1), ThresholdRule(75, 2), ThresholdRule(90, 3))
    assert (platinum.breach_level, platinum.priority, platinum.calendar) == (4, 1, "24x7")
    assert policy.tier("nobody knows it") == bronze


def test_the_plan_keeps_its_order_and_edges(policy: Policy) -> None:
    """Nodes without terms have those of the file."""
    assert [node.name for node in policy.plan][:2] == ["first-analysis", "service-trouble"]
    trouble, customer, verify = map(policy.node, ("service-trouble", "ask-customer", "verify"))
    assert (trouble.kind, trouble.when) == (NodeKind.SERVICE_TROUBLE, (RootCauseKind.SERVICE,))
    assert (trouble.after, trouble.terms) == (("first-analysis",), Terms(15 * MINUTE, 15 * MINUTE, 2))
    assert (customer.with_party, customer.terms) == ("customer", Terms(4 * HOUR, 8 * HOUR, 2))
    assert verify.blocks_clear
    assert not verify.when


def test_parties_chain_and_assignment_are_the_files(policy: Policy) -> None:
    """An unknown party has the default's terms."""
    acme = policy.party("acme-transport")
    assert acme.contacts == ("noc@acme-transport.example", "duty-manager@acme-transport.example")
    assert (acme.resolve_within, acme.terms) == (3 * HOUR, Terms(10 * MINUTE, 15 * MINUTE, 2))
    terms = Terms(15 * MINUTE, 15 * MINUTE, 2)
    assert policy.party("nobody") == Party("default", ("supplier-desk",), 3 * HOUR, terms)
    assert policy.chain[0] == ChainLevel(1, "service-manager", 20 * MINUTE, 1)
    assert policy.assignment[-1] == AssignmentRule("assurance-desk")


def test_indicators_roles_and_times_are_the_files(policy: Policy) -> None:
    """A command that is not listed is free to all."""
    assert policy.indicator("availability") == IndicatorRule(2 * MINUTE, Severity.INDETERMINATE)
    assert policy.indicator("unheard of") == IndicatorRule(5 * MINUTE, Severity.MINOR)
    assert policy.may(Verb.CANCEL, "service-manager")
    assert not policy.may(Verb.CANCEL, "operator")
    assert policy.may(Verb.NOTE, "anybody")
    assert "falseAlarm" in policy.cancel_reasons
    assert (policy.times.forget_after, policy.times.lateness_window) == (7 * DAY, 5 * MINUTE)


def test_calendars_have_their_weeks_and_holidays(policy: Policy) -> None:
    """Public holidays of the land, single dates, from 2020 to the horizon."""
    always, business = policy.calendars["24x7"], policy.calendars["business-de"]
    assert always.always_open
    assert (always.horizon, business.horizon) == ("", "2035-12-31")
    assert business.weekly == (((480, 1080),),) * 5 + (((540, 720),), ())
    assert {"2020-01-01", "2026-10-03", "2026-12-24", "2035-12-26"} <= set(business.holidays)
    assert "2027-03-08" in business.holidays, "International Women's Day is a holiday in Berlin"
    assert list(business.holidays) == sorted(set(business.holidays))


def test_a_target_walks_the_compiled_calendar(policy: Policy) -> None:
    """Friday 2026-10-02 17:00 in Berlin; Saturday is a holiday: two hours end on Monday at 09:00."""
    friday = 1_790_953_200_000
    assert due(policy.calendars["business-de"], friday, 2 * HOUR) == friday + 64 * HOUR


def test_a_day_cut_in_two_is_the_same_day() -> None:
    """Adjacent spans are joined, and their order does not matter."""
    cut = edited(('["08:00-18:00"]', '["12:00-18:00", "08:00-12:00"]'))
    assert compiled(cut) == compiled(policy_file.default_text())


def test_always_is_all_hours_of_all_days() -> None:
    """The short word means the same as the long one."""
    spelt = edited(("24x7: always", '24x7: {zone: UTC, week: {daily: "00:00-24:00"}}'))
    assert compiled(spelt) == compiled(policy_file.default_text())


def test_the_canonical_form_is_plain_json() -> None:
    """Sorted keys, no spaces, the format and the time zone data's version inside, the hash outside."""
    canonical = compiled(policy_file.default_text())
    content = json.loads(canonical)
    assert (
        canonical == json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert (content["format"], content["tzdata"]) == (2, tzdata.IANA_VERSION)
    assert tzdata_of(canonical) == tzdata.IANA_VERSION
    assert "hash" not in content


def test_the_hash_is_of_the_bytes(policy: Policy) -> None:
    """A policy is known by SHA-256 of its canonical form."""
    canonical = compiled(policy_file.default_text())
    assert policy.hash == policy_file.policy_hash(canonical)
    assert len(policy.hash) == 64


def test_the_hash_ignores_comments_and_the_order_of_keys() -> None:
    """What means the same is the same policy."""
    text = policy_file.default_text()
    shuffled = yaml.dump(_reversed(yaml.load(text, Loader=yaml.BaseLoader)), sort_keys=False)  # noqa: S506
    assert "#" not in shuffled
    assert shuffled.index("times:") < shuffled.index("tiers:")
    assert compiled(shuffled) == compiled(text)


def _reversed(data: object) -> object:
    """Turn the order of all mappings round; lists keep theirs."""
    if isinstance(data, dict):
        return {key: _reversed(data[key]) for key in reversed(data)}
    return [_reversed(item) for item in data] if isinstance(data, list) else data


def test_the_hash_ignores_how_a_duration_is_spelt() -> None:
    """90m and 1h30m are one promise."""
    one, other = edited(("restore: 4h}", "restore: 240m}")), policy_file.default_text()
    assert compiled(one) == compiled(other)


@pytest.mark.parametrize(
    "edit",
    [
        ("restore: 4h}", "restore: 5h}"),
        ("name: default", "name: other"),
        ("calendar_horizon: 2035", "calendar_horizon: 2036"),
        ("subdivision: BE", "subdivision: BY"),
        ("[falseAlarm, testTraffic", "[testTraffic, falseAlarm"),
    ],
)
def test_the_hash_tells_policies_apart(edit: tuple[str, str]) -> None:
    """Any term that a decision or a reader may see counts."""
    assert compiled(edited(edit)) != compiled(policy_file.default_text())


@pytest.mark.slow
def test_the_same_file_compiles_to_the_same_bytes_in_any_process() -> None:
    """No clock, no hash seed, no locale."""
    script = (
        "import sys; from qosresolve.contracts.policy import file as p; "
        "sys.stdout.write(p.policy_hash(p.compile(p.load(p.default_text()))))"
    )
    told = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "7", "LANG": "de_DE.UTF-8", "TZ": "Pacific/Kiritimati"},
    )
    assert told.stdout == policy_file.policy_hash(compiled(policy_file.default_text()))


def test_without_a_horizon_of_its_own_a_file_has_the_callers() -> None:
    """Years are counted from 2020, not from today, and reach at least the file's own dates."""
    source = policy_file.load(edited(("calendar_horizon: 2035\n", "")))

    def horizon(years: int) -> str:
        canonical = policy_file.compile(source, horizon_years=years)
        return policy_file.read_canonical(canonical).calendars["business-de"].horizon

    assert (horizon(10), horizon(1)) == ("2030-12-31", "2027-12-31")


def test_retargeting_from_the_start_is_kept() -> None:
    """The choice of the file reaches the core."""
    canonical = compiled(edited(("retarget: from_raise", "retarget: from_start")))
    assert policy_file.read_canonical(canonical).retarget_from_start


OVERRIDE = "{tier: gold, offering: o, sla: s, indicator: i, targets: {major: {respond: 1h, restore: none}}}"
EVERY_NEW_KEY = (
    ("retarget_on_fall: no", "retarget_on_fall: yes"),
    ("maintenance_counts: no", "maintenance_counts: yes"),
    (
        "overrides: []",
        f"overrides: [{OVERRIDE}]",
    ),
    ("latency: {clear_after: 5m,", "latency: {open_after: 1m, silence_after: 15m, clear_after: 5m,"),
    (
        "when: [resource]\n",
        "when: resource\n    not_before: 1h\n    slot: business-de\n    fallback: Depot\n",
    ),
    ("percent: 75, level: 0}\noverdue", "percent: 70, level: 1}\noverdue"),
    ("    resolve_within: 2h", "    serves: [c-7]\n    work_around: yes\n    resolve_within: 2h"),
    ("{level: 2, target: duty-manager,", '{level: 2, target: "", calendar: business-de,'),
    ("- {indicator: availability,", "- {indicator: availability, calendar: business-de,"),
)


def test_every_key_that_came_later_reaches_the_core() -> None:
    """By way of the canonical form, which says all of them."""
    policy = policy_file.read_canonical(compiled(edited(*EVERY_NEW_KEY)))
    assert (policy.falls_retarget, policy.window_counts) == (True, True)
    override = Override({Severity.MAJOR: Target(HOUR, None)}, "gold", "o", "s", "i")
    assert policy.overrides == (override,)
    assert policy.holds["customerAccess"] == HoldRule((ClockName.RESTORE,), 8 * HOUR)
    assert policy.holds["maintenance"] == HoldRule((ClockName.RESPOND, ClockName.RESTORE))
    latency = IndicatorRule(5 * MINUTE, Severity.MINOR, MINUTE, 15 * MINUTE)
    assert policy.indicator("latency") == latency
    repair = policy.node("resource-repair")
    assert (repair.not_before, repair.slot, repair.fallback) == (HOUR, "business-de", ("Depot",))
    assert policy.work_thresholds == (ThresholdRule(70, 1),)
    assert policy.overdue_level == 1
    globex = policy.party("globex-peering")
    assert (globex.serves, globex.work_around) == (("c-7",), True)
    assert policy.chain[1] == ChainLevel(2, "", 20 * MINUTE, 1, "business-de")
    assert policy.assignment[1] == AssignmentRule("outage-desk", "", "", "availability", "business-de")
    assert (policy.times.check_within, policy.times.hold_backdate) == (10 * MINUTE, HOUR)


def test_the_answer_to_a_partys_question_is_an_activity_outside_the_plan(policy: Policy) -> None:
    """Its owner and terms are the file's."""
    terms = Terms(15 * MINUTE, 15 * MINUTE, 3)
    owner = "Customer Interface Management"
    assert policy.information == Node("information", NodeKind.ANALYSIS, owner, HOUR, "24x7", terms)
    assert policy.node("information") == policy.information
    assert policy.information not in policy.plan


FIRST = Path(__file__).with_name("first_policy")


def test_a_file_of_the_first_version_keeps_its_hash() -> None:
    """It uses no key that came later, so its canonical form is the same to the byte."""
    source = policy_file.load(FIRST / "policy.yaml")
    assert source.warnings == ()
    written = write_canonical(to_core(source.model, horizon_year(source.model, 15)), tzdata="2025.1")
    assert written == (FIRST / "canonical.json").read_bytes()


def test_what_the_first_version_published_is_still_read() -> None:
    """Reports are pinned to it; what came later has its default."""
    policy = policy_file.read_canonical((FIRST / "canonical.json").read_bytes())
    assert policy.hash.startswith("7371415e5911")
    assert (policy.holds, policy.overrides, policy.overdue_level) == ({}, (), 0)
    first = policy.node("look")
    asked = Node("information", NodeKind.ANALYSIS, first.owner, HOUR, first.calendar, first.terms)
    assert policy.information == asked


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: first", "name: first\nretarget_on_fall: yes"),
        ("name: first", "name: first\nmaintenance_counts: yes"),
        ("name: first", "name: first\nholds: {customer: {clocks: restore, at_most: 8h}}"),
        ("name: first", "name: first\noverrides: [{sla: S1, targets: {major: {respond: 1h, restore: 9h}}}]"),
        ("name: first", "name: first\nwork_thresholds: [{percent: 50, level: 0}]"),
        ("name: first", "name: first\noverdue_level: 1"),
        ("name: first", "name: first\ninformation: {owner: Desk, duration: 1h, calendar: 24x7}"),
        ("jitter: {", "jitter: {open_after: 1m, "),
        ("jitter: {", "jitter: {silence_after: 1h, "),
        ("name: repair,", "name: repair, not_before: 1h,"),
        ("name: repair,", "name: repair, slot: office,"),
        ("name: repair,", "name: repair, fallback: Depot,"),
        ("acme: {", "acme: {serves: c-7, "),
        ("acme: {", "acme: {work_around: yes, "),
        ("target: manager,", "target: manager, calendar: office,"),
        ("{tier: plain,", "{calendar: office,"),
        ("acknowledge_for: 1h", "acknowledge_for: 1h\n  check_within: 10m"),
        ("acknowledge_for: 1h", "acknowledge_for: 1h\n  hold_backdate: 1h"),
    ],
)
def test_a_worker_of_the_first_version_refuses_what_it_cannot_know(old: str, new: str) -> None:
    """A hold that nobody keeps would be worse than a policy that is not read."""
    first = (FIRST / "policy.yaml").read_text(encoding="utf-8")
    assert json.loads(compiled(first))["format"] == 1
    assert old in first
    canonical = compiled(first.replace(old, new, 1))
    assert json.loads(canonical)["format"] == 2
    again = write_canonical(policy_file.read_canonical(canonical), tzdata=tzdata.IANA_VERSION)
    assert again == canonical


def test_an_old_node_may_have_the_later_activitys_name() -> None:
    """The activity gives way, unless the file has a block for it."""
    first = (FIRST / "policy.yaml").read_text(encoding="utf-8").replace("name: deeper", "name: information")
    policy = policy_file.read_canonical(compiled(first))
    assert policy.information.name == "information-"
    assert policy.node("information") in policy.plan


def test_writing_what_was_read_gives_the_same_bytes(policy: Policy) -> None:
    """Nothing is lost on the way through the core's types."""
    again = write_canonical(policy, tzdata=tzdata.IANA_VERSION)
    assert policy_file.policy_hash(again) == policy.hash


@pytest.mark.parametrize(
    ("canonical", "message"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"format":3}', "policy format 3 is not 1 or 2"),
        (b"{}", "policy format None is not 1 or 2"),
        (b'{"format":1}', "not a policy"),
        (b'{"format":1,"plan":[]}', "not a policy: a plan has a first analysis"),
        (b'{"format":1,"name":7}', "not a policy"),
    ],
)
def test_other_bytes_are_refused(canonical: bytes, message: str) -> None:
    """A stranger's bytes, or a newer version's, are told apart from a policy."""
    with pytest.raises(CanonicalFormError, match=message):
        policy_file.read_canonical(canonical)


def test_reading_needs_neither_yaml_nor_holidays() -> None:
    """A worker reads policies that another has compiled."""
    script = (
        "import sys; sys.modules['yaml'] = sys.modules['holidays'] = sys.modules['pydantic'] = None; "
        "from qosresolve.contracts.policy.canonical import read_canonical; "
        "sys.stdout.write(read_canonical(sys.stdin.buffer.read()).name)"
    )
    told = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        input=compiled(policy_file.default_text()),
    )
    assert told.stdout == b"default"
