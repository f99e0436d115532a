"""The operator's policy, as the core reads it: immutable, content-addressed, holidays already expanded.

How a policy file is read and checked is `qosresolve.contracts.policy`'s business. Durations in ms of open
time unless a field says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from qosresolve.core.calendar import Calendar
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import NodeKind, RootCauseKind, Severity


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
    """One node of the plan. Empty `when` lays it out at once, else for root causes of those kinds."""

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


@dataclass(frozen=True, slots=True)
class Party:
    """An outside supplier: whom to contact in which order, and its underpinning target in wall-clock ms."""

    name: str
    contacts: tuple[str, ...]
    resolve_within: int
    terms: Terms


@dataclass(frozen=True, slots=True)
class ChainLevel:
    """One level of the escalation chain; `delay` ms until the next level while nobody acknowledges."""

    level: int
    target: str
    delay: int
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    """First match wins; an empty field matches all."""

    assignee: str
    tier: str = ""
    site: str = ""
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorRule:
    """What one indicator needs: the debounce in ms, and the mildest severity that opens a report."""

    clear_after: int
    opens_at: Severity


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


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, whole. `hash` is the SHA-256 of its canonical form."""

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
    retarget_from_start: bool = False

    def tier(self, name: str) -> Tier:
        """Return the tier of that name, the default tier where it is unknown."""
        return self.tiers.get(name) or self.tiers[self.default_tier]

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
        return next(node for node in self.plan if node.name == name)

    def may(self, action: str, role: str) -> bool:
        """Tell whether a role may give a command; a command that is not listed is free."""
        allowed = self.roles.get(action)
        return allowed is None or role in allowed


class UnknownPolicyError(LookupError):
    """A report is pinned to a policy that is not at hand; the shell reads the policy topic and retries."""

    def __init__(self, policy_hash: str) -> None:
        super().__init__(policy_hash)
        self.policy_hash = policy_hash


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy for new reports and every policy that a held report may be pinned to."""

    active: Policy
    known: Mapping[str, Policy]

    def of(self, report: Report) -> Policy:
        """Return the policy a report is pinned to. Raises UnknownPolicyError."""
        try:
            return self.known[report.policy]
        except KeyError:
            raise UnknownPolicyError(report.policy) from None
