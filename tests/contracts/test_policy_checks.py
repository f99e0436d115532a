"""What has to fit together in a policy: each rule has a name, and its finding points at the line."""

import pytest

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.file import Check
from tests.contracts.policy_text import Edit, edited, finding, findings, line_of

BUSINESS = 'mon-fri: ["08:00-18:00"]\n      sat: ["09:00-12:00"]'


@pytest.mark.parametrize(
    ("edit", "check", "key", "at", "problem"),
    [
        # -- calendars
        (
            ("zone: Europe/Berlin", "zone: Europe/Berln"),
            Check.UNKNOWN_ZONE,
            "calendars.business-de.zone",
            "zone: Europe/Berln",
            '"Europe/Berln" is not a time zone; did you mean "Europe/Berlin"?',
        ),
        (
            ("zone: Europe/Berlin", "zone: ../etc"),
            Check.UNKNOWN_ZONE,
            "calendars.business-de.zone",
            "zone: ../etc",
            '"../etc" is not a time zone; write an IANA name such as Europe/Berlin or UTC',
        ),
        (
            ("country: DE", "country: XX"),
            Check.UNKNOWN_COUNTRY,
            "calendars.business-de.holidays.country",
            "country: XX",
            'no holidays are known for country "XX"',
        ),
        (
            ("subdivision: BE", "subdivision: ZZ"),
            Check.UNKNOWN_COUNTRY,
            "calendars.business-de.holidays.subdivision",
            "subdivision: ZZ",
            'DE has no subdivision "ZZ"',
        ),
        (
            ("      sat: [", "      saturday: ["),
            Check.BAD_DAY,
            "calendars.business-de.week.saturday",
            "saturday:",
            '"saturday" names no days; write e.g. mon-fri, sat or daily',
        ),
        (
            ("      sat: [", "      fri: ["),
            Check.BAD_DAY,
            "calendars.business-de.week.fri",
            "fri: [" + '"09',
            'fri has its hours under "mon-fri" already',
        ),
        (
            ('["08:00-18:00"]\n', '["08:00-12:00", "11:00-18:00"]\n'),
            Check.SPANS_OVERLAP,
            "calendars.business-de.week.mon-fri",
            "11:00-18:00",
            "has spans that overlap",
        ),
        (
            (BUSINESS, "mon-fri: []"),
            Check.NEVER_OPEN,
            "calendars.business-de",
            "business-de:",
            "is never open",
        ),
        (
            ("    calendar: 24x7\n    priority: 2", "    calendar: 24/7\n    priority: 2"),
            Check.UNKNOWN_CALENDAR,
            "tiers.gold.calendar",
            "calendar: 24/7",
            'there is no calendar "24/7"; did you mean "24x7"?',
        ),
        (
            ("site_calendars: {}", "site_calendars: {berlin: office}"),
            Check.UNKNOWN_CALENDAR,
            "site_calendars.berlin",
            "site_calendars:",
            'there is no calendar "office"; write one of 24x7, business-de',
        ),
        (
            ("duration: 16h\n    calendar: business-de", "duration: 16h\n    calendar: business-dee"),
            Check.UNKNOWN_CALENDAR,
            "plan[7].calendar",
            "calendar: business-dee",
            'there is no calendar "business-dee"; did you mean "business-de"?',
        ),
        # -- tiers and escalation
        (
            ("default_tier: bronze", "default_tier: bronse"),
            Check.UNKNOWN_TIER,
            "default_tier",
            "default_tier: bronse",
            'there is no tier "bronse"; did you mean "bronze"?',
        ),
        (
            ("{percent: 75, level: 2}", "{percent: 50, level: 2}"),
            Check.THRESHOLDS_NOT_RISING,
            "tiers.platinum.thresholds[1].percent",
            "{percent: 50, level: 2}",
            "50 % does not rise above 50 %",
        ),
        (
            ("{percent: 75, level: 2}", "{percent: 75, level: 0}"),
            Check.LEVELS_FALL,
            "tiers.platinum.thresholds[1].level",
            "{percent: 75, level: 0}",
            "level 0 falls below level 1 of the threshold before; write 1 or more",
        ),
        (
            ("breach_level: 4", "breach_level: 2"),
            Check.BREACH_BELOW_THRESHOLD,
            "tiers.platinum.breach_level",
            "breach_level: 2",
            "a breach calls level 2, a threshold before it level 3; write 3 or more",
        ),
        (
            ("{level: 3, target", "{level: 2, target"),
            Check.CHAIN_NOT_RISING,
            "chain[2].level",
            "{level: 2, target: head",
            "level 2 does not rise above level 2",
        ),
        # -- the plan
        (
            ("name: improvement", "name: first-analysis # again"),
            Check.DUPLICATE_NODE,
            "plan[7].name",
            "- name: first-analysis # again",
            'there is another node "first-analysis"; give each node its own name',
        ),
        (
            ("[first-analysis, service-trouble,", "[first-analysis, service-troubel,"),
            Check.UNKNOWN_NODE,
            "plan[6].after[1]",
            "service-troubel,",
            'there is no node "service-troubel"; did you mean "service-trouble"?',
        ),
        (
            ("owner: Customer QoS Analysis\n", "owner: Customer QoS Analysis\n    after: [verify]\n"),
            Check.CYCLE,
            "plan[0].after",
            "after: [verify]",
            "goes in a circle: first-analysis after verify after first-analysis",
        ),
        (
            ("name: first-analysis\n    kind: analysis", "name: first-analysis\n    kind: restoration"),
            Check.NO_BASE_ANALYSIS,
            "plan",
            "plan:",
            "has no first analysis",
        ),
        (
            ("    when: [service]\n", ""),
            Check.NO_ROUTE,
            "plan",
            "plan:",
            "has no route for root causes of kind service; add a node with `when: [service]` and `kind",
        ),
        (
            ("    when: [resource]\n", ""),
            Check.NO_ROUTE,
            "plan",
            "plan:",
            "has no route for root causes of kind resource; add a node with `when: [resource]`",
        ),
        (
            ("when: [none, unknown]", "when: [unknown]"),
            Check.NO_ROUTE,
            "plan",
            "plan:",
            "has no route for root causes of kind none",
        ),
        (
            ("when: [none, unknown]", "when: none"),
            Check.NO_ROUTE,
            "plan",
            "plan:",
            "has no route for root causes of kind unknown",
        ),
        (
            ("    when: [customer]\n", ""),
            Check.NO_ROUTE,
            "plan",
            "plan:",
            "has no route for root causes of kind customer; add a node with `when: [customer]` and `with",
        ),
        (
            ("kind: serviceTrouble", "kind: restoration"),
            Check.WRONG_ROUTE,
            "plan[1].when",
            "when: [service]",
            "is the route for root causes of kind service, which needs `kind: serviceTrouble`",
        ),
        (
            ("kind: supplier", "kind: restoration"),
            Check.WRONG_ROUTE,
            "plan[3].when",
            "when: [supplier]",
            "is the route for root causes of kind supplier, which needs `kind: supplier`",
        ),
        (
            ("    with_party: customer\n", ""),
            Check.WRONG_ROUTE,
            "plan[4].when",
            "when: [customer]",
            "is the route for root causes of kind customer, which needs `with_party: customer`",
        ),
        (
            ("    when: [resource]\n", "    when: [resource]\n    slot: night\n"),
            Check.UNKNOWN_CALENDAR,
            "plan[2].slot",
            "slot: night",
            'there is no calendar "night"; write one of 24x7, business-de',
        ),
        (
            ("level: 2, target: duty-manager,", "level: 2, target: duty-manager, calendar: busines-de,"),
            Check.UNKNOWN_CALENDAR,
            "chain[1].calendar",
            "calendar: busines-de,",
            'there is no calendar "busines-de"; did you mean "business-de"?',
        ),
        (
            ("{tier: platinum, assignee", "{tier: platinum, calendar: noon, assignee"),
            Check.UNKNOWN_CALENDAR,
            "assignment[0].calendar",
            "calendar: noon,",
            'there is no calendar "noon"',
        ),
        (
            ("calendar: 24x7\n  terms: {accept", "calendar: 24x8\n  terms: {accept"),
            Check.UNKNOWN_CALENDAR,
            "information.calendar",
            "calendar: 24x8",
            'there is no calendar "24x8"; did you mean "24x7"?',
        ),
        (
            ("  24x7: always\n", "  24x7: always\n  night: {zone: UTC, week: {}}\n"),
            Check.NEVER_OPEN,
            "calendars.night",
            "night:",
            "is never open",
        ),
        (
            ("when: [resource]\n", "when: [resource]\n    fallback: [Depot, Resource Trouble Management]\n"),
            Check.DUPLICATE_FALLBACK,
            "plan[2].fallback[1]",
            "fallback: [Depot",
            '"Resource Trouble Management" is the owner: the search for the next one would go in circles',
        ),
        (
            ("when: [resource]\n", "when: [resource]\n    fallback: [Depot, Night shift, Depot]\n"),
            Check.DUPLICATE_FALLBACK,
            "plan[2].fallback[2]",
            "fallback: [Depot",
            '"Depot" is named twice',
        ),
        # -- work, indicators, holds, overrides
        (
            ("- {percent: 75, level: 0}\noverdue", "- {percent: 75, level: 2}\noverdue"),
            Check.BREACH_BELOW_THRESHOLD,
            "overdue_level",
            "overdue_level: 1",
            "a breach calls level 1, a threshold before it level 2; write 2 or more",
        ),
        (
            ("jitter: {clear_after: 10m,", "jitter: {clear_after: 10m, silence_after: 9m,"),
            Check.SILENCE_TOO_SHORT,
            "indicators.jitter.silence_after",
            "silence_after: 9m",
            "is shorter than clear_after (10m): silence would decide first; write 10m or more",
        ),
        (
            ("default_indicator: {", "default_indicator: {open_after: 20m, silence_after: 15m, "),
            Check.SILENCE_TOO_SHORT,
            "default_indicator.silence_after",
            "silence_after: 15m",
            "is shorter than open_after (20m): silence would decide first",
        ),
        (
            ("customerAccess: {clocks: [restore]", "customerAccess: {clocks: []"),
            Check.HOLD_STOPS_NOTHING,
            "holds.customerAccess.clocks",
            "clocks: []",
            "stops no clock; name one of respond, restore",
        ),
        (
            ("customerAccess: {clocks: [restore]", "customerAccess: {clocks: [repair]"),
            Check.BAD_VALUE,
            "holds.customerAccess.clocks[0]",
            "clocks: [repair]",
            '"repair" is not a known word',
        ),
        (
            ("overrides: []", "overrides: [{tier: golden, targets: {major: {respond: 1h, restore: 1d}}}]"),
            Check.UNKNOWN_TIER,
            "overrides[0].tier",
            "tier: golden",
            'there is no tier "golden": it never matches; did you mean "gold"?',
        ),
        (
            ("overrides: []", "overrides: [{tier: gold, targets: {}}]"),
            Check.OVERRIDE_WITHOUT_TARGETS,
            "overrides[0].targets",
            "targets: {}",
            "promises nothing; write e.g. {critical: {respond: 15m",
        ),
        # -- people and parties
        (
            ("contacts: [supplier-desk]", "contacts: []"),
            Check.NO_CONTACTS,
            "default_party.contacts",
            "contacts: []",
            "names nobody to contact",
        ),
        (
            ("[support@globex-peering.example, escalation@", "[support@globex-peering.example, support@"),
            Check.DUPLICATE_CONTACT,
            "parties.globex-peering.contacts[1]",
            "[support@globex",
            '"support@globex-peering.example" is named twice',
        ),
        (
            ("  cancel: [service-manager]", "  cancle: [service-manager]"),
            Check.UNKNOWN_COMMAND,
            "roles.cancle",
            "cancle:",
            'there is no command "cancle"; did you mean "cancel"?',
        ),
        (
            ("  cancel: [service-manager]", "  unknown: [service-manager]"),
            Check.UNKNOWN_COMMAND,
            "roles.unknown",
            "unknown:",
            'there is no command "unknown"',
        ),
    ],
)
def test_each_rule_has_a_name_and_points_at_its_line(
    edit: Edit, check: Check, key: str, at: str, problem: str
) -> None:
    """One edit that breaks one rule gives one finding, there."""
    text = edited(edit)
    found = finding(text)
    assert (found.check, found.key, found.line) == (check, key, line_of(text, at))
    assert f"{found.problem}; {found.remedy}".startswith(problem)


def test_a_chain_has_at_least_one_level() -> None:
    """Without it nobody would be called."""
    text = policy_file.default_text()
    start, end = text.index("\nchain:") + 1, text.index("# --- Assignment")
    found = finding(text[:start] + "chain: []\n" + text[end:])
    assert (found.check, found.key) == (Check.NO_CHAIN, "chain")


def test_two_trouble_nodes_for_one_cause_are_refused() -> None:
    """At most one trouble request of a service is open for a report."""
    text = edited(("kind: repair", "kind: serviceTrouble"), ("when: [resource]", "when: [resource, service]"))
    found = finding(text)
    assert (found.check, found.key) == (Check.TWO_TROUBLES, "plan[2].kind")
    assert found.problem == 'asks for a second trouble report beside "service-trouble" for kind service'


def test_a_supplier_node_needs_a_cause() -> None:
    """Only a root cause says which supplier: one mistake, seen from both sides."""
    text = edited(("    when: [supplier]\n", ""))
    found = findings(text)
    assert [item.check for item in found] == [Check.NO_ROUTE, Check.SUPPLIER_WITHOUT_CAUSE]
    assert found[1].line == line_of(text, "name: engage-supplier")


def test_improvement_is_no_route() -> None:
    """It restores nothing."""
    text = edited(("kind: repair", "kind: improvement"))
    assert finding(text).check is Check.NO_ROUTE


def test_a_longer_circle_is_told_whole() -> None:
    """And only once, also where other nodes lie behind it."""
    text = edited(
        ("after: [first-analysis]\n\n  # A resource", "after: [resource-repair]\n\n  # A resource"),
        ("after: [first-analysis]\n\n  # A supplier", "after: [service-trouble]\n\n  # A supplier"),
    )
    found = finding(text)
    circle = "service-trouble after resource-repair after service-trouble"
    assert found.problem == f"goes in a circle: {circle}"


def test_a_node_does_not_follow_itself() -> None:
    """The smallest circle."""
    text = edited(("after: [verify]", "after: [improvement]"))
    assert finding(text).problem == "goes in a circle: improvement after improvement"


def test_an_activity_of_its_own_takes_the_name_information() -> None:
    """With a block for it in the file, a node cannot have that name as well."""
    text = edited(
        ("further-analysis\n", "information\n"), ("ask-customer, further-analysis]", "information]")
    )
    found = finding(text)
    assert (found.check, found.key) == (Check.DUPLICATE_NODE, "plan[5].name")
    assert found.problem == 'there is an activity "information" already, by the block of that name'


def test_a_chain_of_vacancies_calls_nobody() -> None:
    """As if there was no chain."""
    text = policy_file.default_text()
    start, end = text.index("\nchain:") + 1, text.index("# --- Assignment")
    found = finding(text[:start] + 'chain: [{level: 1, target: "", delay: 1h}]\n' + text[end:])
    assert (found.check, found.key) == (Check.NO_CHAIN, "chain")


MAJOR = "targets: {major: {respond: 1h, restore: 1d}}"
BOTH = "targets: {major: {respond: 1h, restore: 1d}, minor: {respond: 1h, restore: 1d}}"


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        (f"tier: gold, {MAJOR}", f"tier: gold, sla: S1, {MAJOR}", True),
        (f"tier: gold, {BOTH}", f"tier: gold, {MAJOR}", True),
        (f"tier: gold, {MAJOR}", f"tier: gold, {MAJOR}", True),
        (f"tier: gold, sla: S1, {MAJOR}", f"tier: gold, {MAJOR}", False),
        (f"tier: gold, {MAJOR}", f"tier: gold, {BOTH}", False),
        (f"tier: silver, {MAJOR}", f"tier: gold, {MAJOR}", False),
        (f"offering: line, {MAJOR}", f"indicator: jitter, {MAJOR}", False),
    ],
)
def test_an_override_that_never_matches_is_refused(first: str, second: str, *, shadowed: bool) -> None:
    """An earlier one that matches all that it matches, for all of its severities."""
    text = edited(("overrides: []", f"overrides:\n  - {{{first}}}\n  - {{{second}}}"))
    if shadowed:
        found = finding(text)
        assert (found.check, found.key) == (Check.SHADOWED_OVERRIDE, "overrides[1]")
        assert found.problem.startswith("never matches: overrides[0] comes first")
    else:
        policy_file.load(text)


@pytest.mark.parametrize(
    ("party", "terms"),
    [
        ("customer", ("accept_within: 4h, remind_every: 8h, reminders: 2", 400)),
        ("acme-transport", ("accept_within: 10m, remind_every: 15m, reminders: 2", 200)),
    ],
)
def test_a_pause_that_nobody_ends_is_refused(party: str, terms: tuple[str, int]) -> None:
    """Reminders for more than a year are as good as for ever; `at_most` ends it, a command ends a code."""
    usual, days = terms
    patient = (usual, f"accept_within: {days}d, remind_every: {days}d, reminders: 2")
    text = edited(patient, ("  maintenance: {", f"  {party}: {{clocks: restore}}\n  maintenance: {{"))
    if party == "customer":
        text = edited(
            patient, ("customer: {clocks: [restore], at_most: 1d}", "customer: {clocks: [restore]}")
        )
    found = finding(text)
    assert (found.check, found.key) == (Check.PAUSE_NEVER_ENDS, f"holds.{party}")
    assert f'nobody gives "{party}" up before' in found.problem
    policy_file.load(
        text.replace("clocks: restore}", "clocks: restore, at_most: 8h}").replace(
            "customer: {clocks: [restore]}", "customer: {clocks: [restore], at_most: 8h}"
        )
    )


def test_every_flaw_is_told_at_once() -> None:
    """Flaws of different rules do not hide each other."""
    text = edited(
        ("default_tier: bronze", "default_tier: lead"),
        ("contacts: [supplier-desk]", "contacts: []"),
        ("breach_level: 4", "breach_level: 2"),
    )
    expected = [Check.UNKNOWN_TIER, Check.BREACH_BELOW_THRESHOLD, Check.NO_CONTACTS]
    assert [item.check for item in findings(text)] == expected
