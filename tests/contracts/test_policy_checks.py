"""What has to fit together in a policy: each rule has a name, and its finding points at the line."""

import pytest

from qosresolve.contracts.policy_file import Check
from tests.contracts.policy_text import Edit, edited, finding, findings, line_of

AFTER_ALL = "[first-analysis, service-trouble,"
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
            ("duration: 16h\n    calendar: business-de", "duration: 16h\n    calendar: business"),
            Check.UNKNOWN_CALENDAR,
            "plan[7].calendar",
            "calendar: business",
            'there is no calendar "business"; did you mean "business-de"?',
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
            ("name: verify", "name: first-analysis"),
            Check.DUPLICATE_NODE,
            "plan[6].name",
            "kind: verification",
            'there is another node "first-analysis"',
        ),
        (
            ("[first-analysis, service-trouble,", "[first-analysis, service-troubel,"),
            Check.UNKNOWN_NODE,
            "plan[6].after[1]",
            "service-troubel,",
            'there is no node "service-troubel"; did you mean "service-trouble"?',
        ),
        (
            ("calendar: 24x7\n    terms: {accept_within: 5m", "calendar: 24x7\n    after: [verify]\n    terms: {"),
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
            "has no route for root causes of kind service; "
            "add a node with `when: [service]` and `kind: serviceTrouble`",
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
            "has no route for root causes of kind customer; "
            "add a node with `when: [customer]` and `with_party: customer`",
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
            ("kind: repair\n", "kind: serviceTrouble\n"),
            None,
            "",
            "",
            "",
        ),
        (
            ("when: [resource]", "when: [resource, service]"),
            None,
            "",
            "",
            "",
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
    edit: Edit, check: Check | None, key: str, at: str, problem: str
) -> None:
    """One edit that breaks one rule gives one finding, there."""
    raise NotImplementedError
