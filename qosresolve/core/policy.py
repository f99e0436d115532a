"""The operator's policy, as the core reads it: immutable, content-addressed, holidays already expanded.

How a policy file is read and checked is `qosresolve.contracts.policy`'s business. Durations in ms of open
time unless a field says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qosresolve.core.calendar import Calendar
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import ClockName, LinkKind, NodeKind, RootCauseKind, Severity
from qosresolve.core.windows import Window


@dataclass(frozen=True, slots=True)
class Target:
    """A tier's promise for one severity; None is an explicit "no target"."""

    respond: int | None
    restore: int | None


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """At `percent` of a target's open time the escalation level is at least `level` (0-10)."""

    percent: int
    level: int


@dataclass(frozen=True, slots=True)
class Tier:
    """A customer tier: its calendar and its targets by severity."""

    calendar: str
    targets: Mapping[Severity, Target]
    thresholds: tuple[ThresholdRule, ...]
    breach_level: int
    priority: int = 5


@dataclass(frozen=True, slots=True)
class Terms:
    """How an obligation is followed up, wall-clock ms: accept in time, remind, give up."""

    accept_within: int
    remind_every: int
    reminders: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the plan. Empty `when` lays it out at once, else for root causes of those kinds.

    `not_before` is ms after the report opened; `slot` names a calendar in whose open time it has to begin;
    `fallback` are those who are asked, in this order, when the owner stays silent.
    """

    name: str
    kind: NodeKind
    owner: str
    duration: int
    calendar: str
    terms: Terms
    after: tuple[str, ...] = ()
    when: tuple[RootCauseKind, ...] = ()
    with_party: str = ""
    blocks_clear: bool = False
    not_before: int = 0
    slot: str = ""
    fallback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """An outside supplier: whom to contact in which order, and its underpinning target in wall-clock ms.

    `serves` are components that it can mend beside its own; `work_around`: it can route around any.
    """

    name: str
    contacts: tuple[str, ...]
    resolve_within: int
    terms: Terms
    serves: tuple[str, ...] = ()
    work_around: bool = False


@dataclass(frozen=True, slots=True)
class ChainLevel:
    """One level of the escalation chain; `delay` ms until the next level while nobody acknowledges.

    An empty `target` is a vacancy; `calendar` names the hours in which the target is on duty, empty always.
    """

    level: int
    target: str
    delay: int
    repeats: int = 0
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    """First match wins; an empty field matches all; `calendar` names the hours in which the rule holds."""

    assignee: str
    tier: str = ""
    site: str = ""
    indicator: str = ""
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorRule:
    """What one indicator needs, in wall-clock ms.

    `clear_after` is the debounce, also of a fall in severity; `opens_at` the mildest severity that opens a
    report; `open_after` how long it must stay bad first; without a sample for `silence_after` it is stale.
    """

    clear_after: int
    opens_at: Severity
    open_after: int = 0
    silence_after: int | None = None


@dataclass(frozen=True, slots=True)
class HoldRule:
    """Which clocks a reason stops, and after how many wall-clock ms they go on by themselves."""

    clocks: tuple[ClockName, ...]
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Targets that go before the tier's; the first that matches wins; an empty field matches all."""

    targets: Mapping[Severity, Target]
    tier: str = ""
    offering: str = ""
    sla: str = ""
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """Windows and waits that hold for every report, wall-clock ms."""

    relapse_window: int
    clear_wait: int
    close_reminder: int
    forget_after: int
    lateness_window: int
    future_tolerance: int
    max_backdate: int
    suppress_for: int
    withdraw_within: int
    acknowledge_for: int
    check_within: int = 0
    hold_backdate: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, whole. `hash` is the SHA-256 of its canonical form.

    `holds` is by reason: a code given with a command, the party that is waited for, or `maintenance`.
    `information` is the activity by which a party's question is answered. `work_thresholds` and
    `overdue_level` say when what we asked for puts a report in jeopardy.
    """

    hash: str
    name: str
    tiers: Mapping[str, Tier]
    default_tier: str
    calendars: Mapping[str, Calendar]
    site_calendars: Mapping[str, str]
    indicators: Mapping[str, IndicatorRule]
    default_indicator: IndicatorRule
    plan: tuple[Node, ...]
    parties: Mapping[str, Party]
    default_party: Party
    chain: tuple[ChainLevel, ...]
    assignment: tuple[AssignmentRule, ...]
    roles: Mapping[str, tuple[str, ...]]
    cancel_reasons: tuple[str, ...]
    times: Times
    information: Node
    retarget_from_start: bool = False
    falls_retarget: bool = False
    window_counts: bool = False
    holds: Mapping[str, HoldRule] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    work_thresholds: tuple[ThresholdRule, ...] = ()
    overdue_level: int = 0
    nodes: Mapping[str, Node] = field(init=False, repr=False, compare=False)
    upstream: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the nodes by name, and all that comes before each: what is not laid out hands on its wait."""
        nodes = {node.name: node for node in (*self.plan, self.information)}
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "upstream", {name: _before(nodes, name) for name in nodes})

    def tier(self, name: str) -> Tier:
        """Return the tier of that name, the default tier where it is unknown."""
        return self.tiers.get(name) or self.tiers[self.default_tier]

    def tier_name(self, name: str) -> str:
        """Return the name of the tier that a product's own tier stands for."""
        return name if name in self.tiers else self.default_tier

    def calendar(self, tier: str, site: str) -> Calendar:
        """Return the customer's calendar: the site's where it has one, else the tier's."""
        return self.calendars[self.site_calendars.get(site) or self.tier(tier).calendar]

    def calendar_of(self, report: Report) -> Calendar:
        """Return the calendar that a report's targets walk."""
        return self.calendar(report.tier, report.site)

    def indicator(self, name: str) -> IndicatorRule:
        """Return the rule of an indicator, the default one where it is unknown."""
        return self.indicators.get(name, self.default_indicator)

    def party(self, name: str) -> Party:
        """Return an outside supplier, with the default terms where it is unknown."""
        return self.parties.get(name, self.default_party)

    def node(self, name: str) -> Node:
        """Return a plan node by its name."""
        return self.nodes[name]

    def target(self, report: Report, indicator: str, severity: Severity) -> Target:
        """Return what is promised for one indicator of a report at a severity."""
        for override in self.overrides:
            if severity in override.targets and self._matches(override, report, indicator):
                return override.targets[severity]
        return self.tier(report.tier).targets[severity]

    def _matches(self, override: Override, report: Report, indicator: str) -> bool:
        return (
            override.tier in ("", self.tier_name(report.tier))
            and override.offering in ("", report.offering)
            and override.indicator in ("", indicator)
            and (not override.sla or override.sla == report.link(LinkKind.SLA))
        )

    def may(self, action: str, role: str) -> bool:
        """Tell whether a role may give a command; a command that is not listed is free."""
        allowed = self.roles.get(action)
        return allowed is None or role in allowed


def _before(nodes: Mapping[str, Node], name: str) -> frozenset[str]:
    before: set[str] = set()
    left = list(nodes[name].after)
    while left:
        one = left.pop()
        if one not in before:
            before.add(one)
            left += nodes[one].after if one in nodes else ()
    return frozenset(before)


class UnknownPolicyError(LookupError):
    """A report is pinned to a policy that is not at hand; the shell reads the policy topic and retries."""

    def __init__(self, policy_hash: str) -> None:
        super().__init__(policy_hash)
        self.policy_hash = policy_hash


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy for new reports, every policy that a held report may be pinned to, and the windows."""

    active: Policy
    known: Mapping[str, Policy]
    windows: tuple[Window, ...] = ()

    def of(self, report: Report) -> Policy:
        """Return the policy a report is pinned to. Raises UnknownPolicyError."""
        try:
            return self.known[report.policy]
        except KeyError:
            raise UnknownPolicyError(report.policy) from None
