"""Every metric, in one place. Base units, no report or product id in labels."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LATENESS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600)


class WorkerMetrics:
    """What a worker tells."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Inputs by topic and by what became of them.
        self.records = Counter(
            "qosresolve_records_total", "Inputs stepped", ["topic", "outcome"], registry=registry
        )
        # Requests and escalations sent, by topic.
        self.requests = Counter("qosresolve_requests_total", "Requests sent", ["topic"], registry=registry)
        # Facts by kind: reports opened, targets breached, escalations raised...
        self.facts = Counter("qosresolve_facts_total", "Facts decided", ["fact"], registry=registry)
        # Transactions by outcome: committed, aborted, unknown.
        self.transactions = Counter(
            "qosresolve_transactions_total", "Transactions ended", ["outcome"], registry=registry
        )
        self.transaction_seconds = Histogram(
            "qosresolve_transaction_duration_seconds",
            "From begin to confirmed commit",
            buckets=_SECONDS,
            registry=registry,
        )
        # Producers replaced, by reason: aborted, unknown, ambiguous.
        self.rebuilds = Counter(
            "qosresolve_producer_rebuilds_total", "Producers replaced", ["reason"], registry=registry
        )
        self.dead_letters = Counter(
            "qosresolve_dead_letters_total", "Records that could not be taken", ["stage"], registry=registry
        )
        self.forwarded = Counter(
            "qosresolve_forwarded_total", "Records sent on to their own partition", registry=registry
        )
        # Records below the positions: a rewind of the group, skipped.
        self.skipped = Counter("qosresolve_skipped_total", "Records skipped by position", registry=registry)
        # Deadlines that were stepped although their backlog was not read in time.
        self.backlog_timeouts = Counter(
            "qosresolve_backlog_timeouts_total", "Deadlines stepped without waiting on", registry=registry
        )
        self.partitions = Gauge(
            "qosresolve_partitions", "Partitions held, by state", ["state"], registry=registry
        )
        self.restore_remaining = Gauge(
            "qosresolve_restore_remaining_records", "Records still to restore", registry=registry
        )
        self.restored = Counter("qosresolve_restored_records_total", "Records restored", registry=registry)
        self.last_commit = Gauge(
            "qosresolve_last_commit_timestamp_seconds", "When a transaction last committed", registry=registry
        )
        self.cases = Gauge("qosresolve_cases", "Products with a report or a watch", registry=registry)


class TimerMetrics:
    """What a timer tells."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.armed = Gauge("qosresolve_timer_armed", "Alarms armed", registry=registry)
        self.fired = Counter(
            "qosresolve_timer_fired_total", "Deadlines sent, by whether again", ["again"], registry=registry
        )
        self.lateness = Histogram(
            "qosresolve_timer_lateness_seconds",
            "From due time to the deadline's broker time",
            buckets=_LATENESS,
            registry=registry,
        )
        self.oldest_overdue = Gauge(
            "qosresolve_timer_oldest_overdue_seconds", "Age of the oldest unsettled alarm", registry=registry
        )
        self.skew = Gauge(
            "qosresolve_timer_clock_skew_seconds", "Broker clock less own clock", registry=registry
        )
