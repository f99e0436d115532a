"""The rows of what flows: inputs, decisions and requests; Kafka and the workers."""

from tests.observability.dashboard.panel import JOB, Kind, Panel, Query, Row, by, quantile

READINGS = {
    "worker": "qosresolve_restore",
    "timer": "qosresolve_timer_catch_up",
    "auditor": "qosresolve_audit_restore",
    "auditor, the past": "qosresolve_audit_history",
    "intake": "qosresolve_intake_restore",
    "intake, the inventory": "qosresolve_inventory",
}


def _readings(what: str) -> tuple[Query, ...]:
    """Return a query for everybody who reads a topic to its end before the work begins."""
    return tuple(Query(f"max({prefix}_{what}{{{JOB}}})", legend) for legend, prefix in READINGS.items())


FLOW = Row(
    "Flow",
    (
        Panel(
            "Records taken",
            "Inputs that workers decided on, a second, by topic.",
            "cps",
            (Query(by("topic", f"qosresolve_records_total{{{JOB}}}"), "{{topic}}"),),
            Kind.STACK,
        ),
        Panel(
            "What became of them",
            "Inputs by outcome, a second. Refused ones name their rule in the journal.",
            "cps",
            (Query(by("outcome", f"qosresolve_records_total{{{JOB}}}"), "{{outcome}}"),),
            Kind.STACK,
        ),
        Panel(
            "Records that wait",
            "Records on the inputs that are not taken yet, by topic, as of the last fetch. Only of "
            "partitions that a worker has.",
            "short",
            (Query(f"sum by (topic) (qosresolve_lag_records{{{JOB}}})", "{{topic}}"),),
            Kind.STACK,
        ),
        Panel(
            "Requests sent",
            "Requests to neighbours and escalations, a second, by topic.",
            "cps",
            (Query(by("topic", f"qosresolve_requests_total{{{JOB}}}"), "{{topic}}"),),
            Kind.STACK,
        ),
        Panel(
            "Facts decided",
            "The ten facts that are decided most often, a second.",
            "cps",
            (Query(f"topk(10, {by('fact', f'qosresolve_facts_total{{{JOB}}}')})", "{{fact}}"),),
        ),
        Panel(
            "Dead letters",
            "Records that could not be taken within a quarter of an hour, by stage. They lie in "
            "qos.dead-letter.v1.",
            "short",
            (
                Query(
                    f"sum by (stage) (increase(qosresolve_dead_letters_total{{{JOB}}}[15m]))",
                    "{{stage}}",
                ),
            ),
        ),
    ),
)

WORKER = Row(
    "Kafka and the workers",
    (
        Panel(
            "Partitions",
            "Partitions that workers hold, ready or being restored.",
            "short",
            (Query(f"sum by (state) (qosresolve_partitions{{{JOB}}})", "{{state}}"),),
            Kind.STACK,
        ),
        Panel(
            "Transactions",
            "Transactions a second, by outcome; all but committed are taken again.",
            "ops",
            (Query(by("outcome", f"qosresolve_transactions_total{{{JOB}}}"), "{{outcome}}"),),
        ),
        Panel(
            "How long a transaction takes",
            "From begin to confirmed commit.",
            "s",
            (
                Query(quantile(0.5, "qosresolve_transaction_duration_seconds"), "median"),
                Query(quantile(0.99, "qosresolve_transaction_duration_seconds"), "99 of 100"),
            ),
        ),
        Panel(
            "Since the last commit",
            "For how long each worker has committed nothing. That is well where nothing comes.",
            "s",
            (
                Query(
                    f"time() - max by (instance) (qosresolve_last_commit_timestamp_seconds{{{JOB}}} > 0)",
                    "{{instance}}",
                ),
            ),
        ),
        Panel(
            "Producers replaced",
            "Within ten minutes, by reason. A few after a broker's restart are well.",
            "short",
            (
                Query(
                    f"sum by (reason) (increase(qosresolve_producer_rebuilds_total{{{JOB}}}[10m]))",
                    "{{reason}}",
                ),
            ),
        ),
        Panel(
            "Passed over, sent on, not waited for",
            "A second: records below the positions after a rewind, records on a foreign partition, deadlines "
            "that were taken before their backlog.",
            "cps",
            (
                Query(f"sum(rate(qosresolve_skipped_total{{{JOB}}}[$__rate_interval]))", "skipped"),
                Query(f"sum(rate(qosresolve_forwarded_total{{{JOB}}}[$__rate_interval]))", "forwarded"),
                Query(
                    f"sum(rate(qosresolve_backlog_timeouts_total{{{JOB}}}[$__rate_interval]))",
                    "backlog timeouts",
                ),
            ),
        ),
        Panel(
            "Until ready: records left",
            "Records that a role has still to read before it begins: a worker its state, a timer its alarms, "
            "an auditor its base and then the past, intake what it keeps and the inventory.",
            "short",
            _readings("remaining_records"),
        ),
        Panel(
            "Until ready: time left",
            "At the present rate; 0 when it is done, and while nothing moves.",
            "s",
            _readings("eta_seconds"),
        ),
        Panel(
            "Until ready: records a second",
            "How fast each reads at present, and how many records of the state workers have restored.",
            "cps",
            (
                *_readings("records_per_second"),
                Query(f"sum(rate(qosresolve_restored_records_total{{{JOB}}}[$__rate_interval]))", "restored"),
            ),
        ),
        Panel(
            "Products held",
            "Products with a report or a watch, by worker.",
            "short",
            (Query(f"sum by (instance) (qosresolve_cases{{{JOB}}})", "{{instance}}"),),
            Kind.STACK,
        ),
        Panel(
            "Processor",
            "Processor time that each process uses, in processors.",
            "short",
            (
                Query(
                    f"sum by (instance) (rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval]))",
                    "{{instance}}",
                ),
            ),
        ),
        Panel(
            "Memory",
            "Resident memory of each process.",
            "bytes",
            (Query(f"sum by (instance) (process_resident_memory_bytes{{{JOB}}})", "{{instance}}"),),
        ),
    ),
)
