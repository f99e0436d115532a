"""Every metric, in one place. Base units, no report or product id in labels."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from qosresolve.telemetry import business

# Known label values are there from the start, at 0: an alert on a counter's increase misses the first one
# where the series begins with it.
STAGES = ("decode", "validate", "step", "size", "crash")
INTAKE_STAGES = ("intake", "parked", "validate", "size", "step")
PARKED = ("unknownObject", "behindOthers", "fanningOut", "unknownRequest")
NOTIFY_STAGES = ("decode", "refused")
CAME = ("taken", "down", "settings", "refused")
PAUSED = ("down", "settings")
NOTIFY_STATES = ("beginning", "reading", "failing", "stopped")
OUTCOMES = ("committed", "aborted", "unknown", "fenced")
REBUILDS = ("aborted", "unknown", "ambiguous", "group")
FINDINGS = (
    "differs",
    "missing",
    "extra",
    "unreadable",
    "doubled",
    "order",
    "positions",
    "unarmed",
    "overdue",
)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LATENESS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 14_400)


class ReadingMetrics:
    """How far somebody is who reads a topic to its end before the work begins."""

    def __init__(self, registry: CollectorRegistry, prefix: str, what: str) -> None:
        self.remaining = Gauge(
            f"{prefix}_remaining_records", f"Records still to read: {what}", registry=registry
        )
        self.rate = Gauge(
            f"{prefix}_records_per_second", f"Records a second at present: {what}", registry=registry
        )
        # 0 when it is done, and while nothing moves.
        self.eta = Gauge(f"{prefix}_eta_seconds", f"Seconds left at this rate: {what}", registry=registry)


class TransactionMetrics:
    """What a transactional producer tells; the names begin with `prefix`."""

    def __init__(self, registry: CollectorRegistry, prefix: str) -> None:
        self.transactions = Counter(
            f"{prefix}_transactions_total",
            "Transactions ended, by outcome: committed, aborted, unknown, fenced",
            ["outcome"],
            registry=registry,
        )
        _begin(self.transactions, OUTCOMES)
        self.transaction_seconds = Histogram(
            f"{prefix}_transaction_duration_seconds",
            "Transactions, from begin to confirmed commit",
            buckets=_SECONDS,
            registry=registry,
        )
        self.rebuilds = Counter(
            f"{prefix}_producer_rebuilds_total",
            "Producers replaced, by reason: aborted, unknown, ambiguous, group (of an old generation)",
            ["reason"],
            registry=registry,
        )
        _begin(self.rebuilds, REBUILDS)
        self.last_commit = Gauge(
            f"{prefix}_last_commit_timestamp_seconds", "When a transaction last committed", registry=registry
        )
        self.slot = Gauge(
            f"{prefix}_slot",
            "1, by the slot: two targets with one slot fence each other for ever",
            ["slot"],
            registry=registry,
        )


class WorkerMetrics(TransactionMetrics):
    """What a worker tells."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry, "qosresolve")
        self.records = Counter(
            "qosresolve_records_total",
            "Inputs stepped, by topic and by what became of them",
            ["topic", "outcome"],
            registry=registry,
        )
        self.requests = Counter(
            "qosresolve_requests_total",
            "Requests and escalations sent, by topic",
            ["topic"],
            registry=registry,
        )
        self.facts = Counter(
            "qosresolve_facts_total",
            "Facts decided, by kind: ReportOpened, TargetBreached, EscalationRaised...",
            ["fact"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "qosresolve_dead_letters_total",
            "Records that could not be taken, by stage: decode, validate, step, size, crash",
            ["stage"],
            registry=registry,
        )
        _begin(self.dead_letters, STAGES)
        self.forwarded = Counter(
            "qosresolve_forwarded_total", "Records sent on to their own partition", registry=registry
        )
        self.skipped = Counter(
            "qosresolve_skipped_total",
            "Records skipped, as they lay below the positions: the group was rewound",
            registry=registry,
        )
        self.backlog_timeouts = Counter(
            "qosresolve_backlog_timeouts_total",
            "Deadlines stepped although their backlog was not read in time",
            registry=registry,
        )
        self.partitions = Gauge(
            "qosresolve_partitions",
            "Partitions held, by state: ready, restoring",
            ["state"],
            registry=registry,
        )
        self.restore = ReadingMetrics(registry, "qosresolve_restore", "restore of the state")
        self.restored = Counter("qosresolve_restored_records_total", "Records restored", registry=registry)
        self.lag = Gauge(
            "qosresolve_lag_records",
            "Records of the partitions held that wait to be taken, by topic, as of the last fetch",
            ["topic"],
            registry=registry,
        )
        self.promises = business.PromiseMetrics(registry)
        self.cases = Gauge(
            "qosresolve_cases",
            "Products with a report or a watch, counted every five seconds",
            registry=registry,
        )


class TimerMetrics:
    """What a timer tells."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.armed = Gauge("qosresolve_timer_armed", "Alarms armed", registry=registry)
        self.catch_up = ReadingMetrics(registry, "qosresolve_timer_catch_up", "the timer's alarms")
        self.fired = Counter(
            "qosresolve_timer_fired_total",
            "Deadlines sent, by whether again: true, false",
            ["again"],
            registry=registry,
        )
        _begin(self.fired, ("false", "true"))
        self.lateness = Histogram(
            "qosresolve_timer_lateness_seconds",
            "From due time to the deadline's broker time",
            buckets=_LATENESS,
            registry=registry,
        )
        self.oldest_overdue = Gauge(
            "qosresolve_timer_oldest_overdue_seconds", "Age of the oldest unsettled alarm", registry=registry
        )
        self.undelivered = Counter(
            "qosresolve_timer_undelivered_total",
            "Deadlines that could not be delivered; each is sent again",
            registry=registry,
        )
        self.malformed = Counter(
            "qosresolve_timer_malformed_total",
            "Records whose alarm headers make no sense: nobody will look at them in time",
            registry=registry,
        )
        self.skew = Gauge(
            "qosresolve_timer_clock_skew_seconds", "Broker clock less own clock", registry=registry
        )
        self.clock_steps = Counter(
            "qosresolve_timer_clock_steps_total", "Times the own clock was set", registry=registry
        )
        self.rebuilds = Counter(
            "qosresolve_timer_producer_rebuilds_total", "Producers of the timer replaced", registry=registry
        )


class AuditorMetrics:
    """What an auditor tells."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.reports = business.ReportMetrics(registry)
        self.restore = ReadingMetrics(registry, "qosresolve_audit_restore", "where the auditor begins")
        self.history = ReadingMetrics(registry, "qosresolve_audit_history", "the journal before that")
        self.partitions = Gauge(
            "qosresolve_audit_partitions",
            "Partitions audited, by state: live, restoring",
            ["state"],
            registry=registry,
        )
        self.entries = Counter("qosresolve_audit_entries_total", "Journal entries folded", registry=registry)
        self.records = Counter(
            "qosresolve_audit_records_total", "Reports and watches equal to their fold", registry=registry
        )
        # Findings by kind, see `replay.live.findings`.
        self.mismatches = Counter(
            "qosresolve_audit_mismatches_total",
            "Findings of the auditor, by kind: differs, missing, extra, unreadable, doubled, order...",
            ["kind"],
            registry=registry,
        )
        _begin(self.mismatches, FINDINGS)
        self.differing = Gauge(
            "qosresolve_audit_differing",
            "Reports, watches and positions that are not as the journal says, now",
            registry=registry,
        )
        self.unarmed = Gauge(
            "qosresolve_audit_open_without_deadline",
            "Records that need somebody to look at them at an instant, and whose alarm says another or none",
            registry=registry,
        )
        self.unproved = Gauge(
            "qosresolve_audit_unprovable",
            "Records of which the auditor cannot tell what they should be",
            registry=registry,
        )
        self.oldest_overdue = Gauge(
            "qosresolve_audit_oldest_overdue_seconds",
            "Age of the oldest deadline that fell due and was settled by nobody, by the brokers' time",
            registry=registry,
        )
        self.lag_seconds = Gauge(
            "qosresolve_audit_lag_seconds",
            "How long ago the ends were asked for that the auditor has not reached yet; 0 when all is read",
            registry=registry,
        )
        self.lag_records = Gauge(
            "qosresolve_audit_lag_records", "Records the auditor has still to read", registry=registry
        )


class IntakeMetrics(TransactionMetrics):
    """What an intake tells. No label holds what others wrote, but a few names of sources."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry, "qosresolve_intake")
        self.records = Counter(
            "qosresolve_intake_records_total",
            "Foreign records read, by format",
            ["format"],
            registry=registry,
        )
        self.events = Counter(
            "qosresolve_intake_events_total", "Degradation events written by intake", registry=registry
        )
        self.replies = Counter(
            "qosresolve_intake_replies_total",
            "Answers of neighbours written, by channel",
            ["channel"],
            registry=registry,
        )
        self.folded = Counter(
            "qosresolve_intake_folded_total", "Observations that said what was just said", registry=registry
        )
        self.ignored = Counter(
            "qosresolve_intake_ignored_total", "Parts passed over, by reason", ["reason"], registry=registry
        )
        self.parked = Counter(
            "qosresolve_intake_parked_total", "Observations parked, by reason", ["reason"], registry=registry
        )
        _begin(self.parked, PARKED)
        self.unparked = Counter(
            "qosresolve_intake_unparked_total", "Parked observations that went on", registry=registry
        )
        self.given_up = Counter(
            "qosresolve_intake_given_up_total", "Parked observations given up", registry=registry
        )
        self.retried = Counter(
            "qosresolve_intake_retried_total",
            "Parked observations read again, by result",
            ["result"],
            registry=registry,
        )
        self.waiting = Gauge("qosresolve_intake_waiting", "Observations parked now", registry=registry)
        self.oldest = Gauge(
            "qosresolve_intake_oldest_waiting_seconds", "Age of the oldest parked one", registry=registry
        )
        self.dead_letters = Counter(
            "qosresolve_intake_dead_letters_total",
            "Records not taken, by stage: intake, parked, validate, size, step",
            ["stage"],
            registry=registry,
        )
        _begin(self.dead_letters, INTAKE_STAGES)
        self.skipped = Counter(
            "qosresolve_intake_skipped_total", "Records skipped by position", registry=registry
        )
        # Record time less the source's time, of the sources that are off by too much; `other` is the worst
        # of those beyond the first few.
        self.skew = Gauge(
            "qosresolve_intake_source_skew_seconds",
            "Record time less the time of a source whose clock is off, of the worst ones; other: the rest",
            ["source"],
            registry=registry,
        )
        self.sources_off = Gauge(
            "qosresolve_intake_sources_off", "Sources whose clock is off", registry=registry
        )
        self.clock_off = Counter(
            "qosresolve_intake_clock_off_total", "Observations by a clock that is off", registry=registry
        )
        self.behind = Gauge(
            "qosresolve_intake_behind_seconds",
            "How far intake is behind: age of the newest record of the last batch",
            registry=registry,
        )
        self.partitions = Gauge(
            "qosresolve_intake_partitions", "Partitions held, by state", ["state"], registry=registry
        )
        self.inventory = Gauge(
            "qosresolve_intake_inventory_relations", "Relations of the inventory", registry=registry
        )
        self.restore = ReadingMetrics(registry, "qosresolve_intake_restore", "what intake keeps")
        self.inventory_restore = ReadingMetrics(registry, "qosresolve_inventory", "the inventory")


class NotifyMetrics:
    """What a role tells that tells people's systems of escalations."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Attempts by what came of them, see `notify.answers`.
        self.attempts = Counter(
            "qosresolve_notify_attempts_total", "Attempts to tell an escalation", ["came"], registry=registry
        )
        _begin(self.attempts, CAME)
        self.attempt_seconds = Histogram(
            "qosresolve_notify_attempt_duration_seconds",
            "From an attempt to the receiver's answer",
            buckets=_SECONDS,
            registry=registry,
        )
        self.told = Counter(
            "qosresolve_notify_told_total", "Escalations that were taken", ["action"], registry=registry
        )
        _begin(self.told, ("raise", "end"))
        self.lateness = Histogram(
            "qosresolve_notify_lateness_seconds",
            "From the decision to escalate until the receiver took it",
            buckets=_LATENESS,
            registry=registry,
        )
        self.dead_letters = Counter(
            "qosresolve_notify_dead_letters_total",
            "Escalations that nobody was told of",
            ["stage"],
            registry=registry,
        )
        _begin(self.dead_letters, NOTIFY_STAGES)
        self.waiting = Gauge(
            "qosresolve_notify_waiting", "Escalations read and not yet taken", registry=registry
        )
        self.oldest = Gauge(
            "qosresolve_notify_oldest_waiting_seconds", "Age of the oldest of them", registry=registry
        )
        # 1 while nothing is taken, by why: the receiver is down, or what we were told of it is wrong.
        self.paused = Gauge(
            "qosresolve_notify_paused", "The receiver takes nothing", ["why"], registry=registry
        )
        for why in PAUSED:
            self.paused.labels(why).set(0)
        # `failing`: the receiver fails for its first escalation alone.
        self.partitions = Gauge(
            "qosresolve_notify_partitions", "Partitions held, by state", ["state"], registry=registry
        )
        for state in NOTIFY_STATES:
            self.partitions.labels(state).set(0)


def _begin(counter: Counter, values: Iterable[str]) -> None:
    for value in values:
        counter.labels(value)
