"""The customer QoS performance degradation report: one product's trouble, as the fold of its facts.

Holds what decisions need and no more; the full history lies in the journal. Modelled on TMF621 TroubleTicket
with TMF656 fields; the mapping of each field is in `schemas/report.avsc`. Instants are ms since the epoch.
"""

from qosresolve.core.clocks import Clock, Hold
from qosresolve.core.obligation import Obligation
from qosresolve.core.record import record
from qosresolve.core.vocabulary import (
    OPEN,
    RANK,
    Classification,
    IndicatorState,
    Jeopardy,
    LinkKind,
    ObjectKind,
    RootCauseKind,
    Severity,
    Status,
)

RING_SIZE = 32
FINDINGS_KEPT = 8
MAINTENANCE = "maintenance"  # id and reason of the hold inside a maintenance window


@record
class Indicator:
    """One row of the table of degraded indicators; key (name, object_id).

    `started_at` is the first bad sample, `rated_at` when the severity whose target counts began (`promised`
    where it fell from that one and its target goes on), `good_since` the first good sample, `clear_at` the
    end of the debounce, `sampled_at` and `sequence` the newest sample. Where the clock does not count from
    the first bad sample (too old, or in a maintenance window), `observed_from` is that sample. `falling_to`
    is a milder severity that is believed at `falls_at`; at `silent_at` somebody looks whether samples come.
    """

    name: str
    object_id: str
    object_kind: ObjectKind
    source: str
    state: IndicatorState
    severity: Severity
    started_at: int
    rated_at: int
    sampled_at: int
    sequence: int
    good_since: int | None = None
    clear_at: int | None = None
    value: str = ""
    unit: str = ""
    owner_party: str = ""
    observed_from: int | None = None
    falling_to: Severity | None = None
    falls_at: int | None = None
    silent_at: int | None = None
    promised: Severity | None = None

    @property
    def rated(self) -> Severity:
        """Return the severity whose target counts, from `rated_at` on."""
        return self.promised or self.severity

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells one row from another."""
        return (self.name, self.object_id)

    @property
    def bad(self) -> bool:
        """Neither good nor waiting to be believed good."""
        return self.state in _BAD


_GOOD = IndicatorState.GOOD  # looking a member up costs ten times a name
_BAD = (IndicatorState.DEGRADED, IndicatorState.STALE, IndicatorState.SUPPRESSED)


@record
class RootCause:
    """Why some indicators are bad, and whose it is to mend. `explains` empty means all indicators."""

    cause_id: str
    kind: RootCauseKind
    entity: str
    party: str
    explains: tuple[str, ...]
    source: str
    at: int
    expected_at: int | None = None


@record
class FindingKey:
    """Identity of a finding that was taken in: its text lives in the journal."""

    source: str
    sequence: int


@record
class Link:
    """One reference to something else that speaks of the same trouble (TMF621 relatedEntity)."""

    kind: LinkKind
    reference: str


@record
class Escalation:
    """How loudly the report calls. `level` 0-10 (TMF656 problemEscalation), 0 means nobody is called."""

    level: int = 0
    jeopardy: Jeopardy = Jeopardy.NONE
    escalation_id: str = ""
    target: str = ""
    raised_at: int | None = None
    next_at: int | None = None
    repeats: int = 0
    acknowledged_by: str = ""
    acknowledged_until: int | None = None


@record
class StatusChange:
    """One step of the status history (TMF621 statusChangeHistory)."""

    status: Status
    at: int
    reason: str
    actor: str


@record
class Report:
    """A report as it stands."""

    report_id: str
    product_id: str
    customer_id: str
    tier: str
    site: str
    offering: str
    policy: str
    status: Status
    severity: Severity
    opened_at: int
    updated_at: int
    started_at: int
    revision: int
    information_revision: int
    respond: Clock
    restore: Clock
    escalation: Escalation = Escalation()
    indicators: tuple[Indicator, ...] = ()
    root_causes: tuple[RootCause, ...] = ()
    findings: tuple[FindingKey, ...] = ()
    finding_count: int = 0
    obligations: tuple[Obligation, ...] = ()
    history: tuple[StatusChange, ...] = ()
    status_changes: int = 0
    restored_at: int | None = None
    clear_by: int | None = None
    cleared_at: int | None = None
    close_reminder_at: int | None = None
    forget_at: int | None = None
    resolution: str = ""
    reopened: int = 0
    repeat_count: int = 0
    predecessor: str = ""
    successor: str = ""
    cause_key: str = ""
    priority: int = 5
    assignee: str = ""
    description: str = ""
    customer_ticket: str = ""
    work_around: bool = False
    infeasible: bool = False
    pinned: Severity | None = None
    pinned_at: int | None = None
    holds: tuple[Hold, ...] = ()
    links: tuple[Link, ...] = ()
    classification: Classification = Classification.COUNTED
    alarm: int = 0
    seen: bytes = b""
    trace: str = ""  # W3C context of the input that opened it: for what goes out without one of its own

    @property
    def open(self) -> bool:
        """Acknowledged, in progress, pending or held."""
        return self.status in OPEN

    @property
    def degraded(self) -> tuple[Indicator, ...]:
        """Return the rows that keep the report from being restored, debouncing ones included."""
        return tuple([row for row in self.indicators if row.state is not _GOOD])

    @property
    def debouncing(self) -> bool:
        """True while good news waits to be believed: thresholds, breach and chain are withheld."""
        waits = False
        for row in self.indicators:
            if row.state in _BAD:
                return False
            waits = waits or row.state is not _GOOD
        return waits

    def indicator(self, key: tuple[str, str]) -> Indicator | None:
        """Return the row of that (name, object) or None."""
        name, object_id = key
        for row in self.indicators:
            if row.name == name and row.object_id == object_id:
                return row
        return None

    def obligation(self, obligation_id: str) -> Obligation | None:
        """Return the obligation of that id or None."""
        return next((item for item in self.obligations if item.obligation_id == obligation_id), None)

    def hold(self, hold_id: str) -> Hold | None:
        """Return the active hold of that id or None."""
        return next((item for item in self.holds if item.hold_id == hold_id and item.active), None)

    @property
    def maintained(self) -> bool:
        """True inside a maintenance window: the chain pauses."""
        return bool(self.holds) and self.hold(MAINTENANCE) is not None

    def link(self, kind: LinkKind) -> str:
        """Return the reference of a kind, empty where there is none."""
        return next((item.reference for item in self.links if item.kind is kind), "")

    def worst(self) -> Severity | None:
        """Return the severity that counts: set by hand, else the maximum of the rows that are not good."""
        return self.pinned or max((row.severity for row in self.degraded), key=RANK.__getitem__, default=None)

    def deadlines(self) -> list[int]:
        """Return every instant at which somebody must look at this report again."""
        found = [self.clear_by, self.close_reminder_at, self.forget_at]
        promised = self.restored_at is None and self.open
        told = promised and not self.debouncing  # good news to be believed: promises are not told of
        for obligation in self.obligations:
            if not obligation.ended:
                found += (obligation.alarm_at, obligation.next_due if told else None)
        if promised:
            found += [hold.until for hold in self.holds if hold.active]
            for row in self.indicators:
                found += (row.clear_at, row.falls_at, row.silent_at)
        if told:
            found += (self.respond.next_due, self.restore.next_due)
            if not self.maintained:
                found += (self.escalation.next_at, self.escalation.acknowledged_until)
        return [instant for instant in found if instant is not None]

    @property
    def due(self) -> int | None:
        """Return the alarm's instant: the earliest deadline, None when nothing is armed."""
        return min(self.deadlines(), default=None)
