"""The rows of the other roles: timer, intake, auditor."""

from tests.observability.dashboard.panel import JOB, Kind, Panel, Query, Row, by, quantile

TIMER = Row(
    "Timer",
    (
        Panel(
            "Oldest overdue",
            "Age of the oldest deadline that fell due and is not settled: as the timer has it, as the "
            "auditor has it.",
            "s",
            (
                Query(f"max(qosresolve_timer_oldest_overdue_seconds{{{JOB}}})", "timer"),
                Query(f"max(qosresolve_audit_oldest_overdue_seconds{{{JOB}}})", "auditor"),
            ),
        ),
        Panel(
            "Lateness",
            "From the due time until the deadline lay on its topic.",
            "s",
            (
                Query(quantile(0.5, "qosresolve_timer_lateness_seconds"), "median"),
                Query(quantile(0.99, "qosresolve_timer_lateness_seconds"), "99 of 100"),
            ),
        ),
        Panel(
            "Deadlines fired",
            "A second; again: nobody had settled it by then.",
            "cps",
            (Query(by("again", f"qosresolve_timer_fired_total{{{JOB}}}"), "again: {{again}}"),),
        ),
        Panel(
            "Alarms armed",
            "Reports and watches that somebody has to look at, at an instant.",
            "short",
            (Query(f"sum(qosresolve_timer_armed{{{JOB}}})", "armed"),),
        ),
        Panel(
            "Clock",
            "The brokers' clock less the machine's: deadlines are fired by the brokers'.",
            "s",
            (Query(f"qosresolve_timer_clock_skew_seconds{{{JOB}}}", "{{instance}}"),),
            signed=True,
        ),
        Panel(
            "Trouble",
            "Within ten minutes: deadlines that were not delivered, producers replaced, records whose alarm "
            "makes no sense, times that the machine's clock was set.",
            "short",
            (
                Query(f"sum(increase(qosresolve_timer_undelivered_total{{{JOB}}}[10m]))", "not delivered"),
                Query(
                    f"sum(increase(qosresolve_timer_producer_rebuilds_total{{{JOB}}}[10m]))",
                    "producers replaced",
                ),
                Query(f"sum(increase(qosresolve_timer_malformed_total{{{JOB}}}[10m]))", "malformed"),
                Query(f"sum(increase(qosresolve_timer_clock_steps_total{{{JOB}}}[10m]))", "clock set"),
            ),
        ),
    ),
)

INTAKE = Row(
    "Intake",
    (
        Panel(
            "Foreign records",
            "What others sent, a second, by format.",
            "cps",
            (Query(by("format", f"qosresolve_intake_records_total{{{JOB}}}"), "{{format}}"),),
            Kind.STACK,
        ),
        Panel(
            "What became of it",
            "A second: degradation events written, observations that said what was just said, observations "
            "parked, answers of neighbours.",
            "cps",
            (
                Query(f"sum(rate(qosresolve_intake_events_total{{{JOB}}}[$__rate_interval]))", "events"),
                Query(f"sum(rate(qosresolve_intake_folded_total{{{JOB}}}[$__rate_interval]))", "folded"),
                Query(f"sum(rate(qosresolve_intake_parked_total{{{JOB}}}[$__rate_interval]))", "parked"),
                Query(f"sum(rate(qosresolve_intake_unparked_total{{{JOB}}}[$__rate_interval]))", "unparked"),
            ),
        ),
        Panel(
            "How far it is behind",
            "Age of the newest record of the last batch.",
            "s",
            (Query(f"max by (instance) (qosresolve_intake_behind_seconds{{{JOB}}})", "{{instance}}"),),
        ),
        Panel(
            "Parked now",
            "Observations whose object the inventory does not know yet.",
            "short",
            (Query(f"sum(qosresolve_intake_waiting{{{JOB}}})", "parked"),),
            width=6,
        ),
        Panel(
            "Oldest parked",
            "Age of the observation that waits longest.",
            "s",
            (Query(f"max(qosresolve_intake_oldest_waiting_seconds{{{JOB}}})", "oldest"),),
            width=6,
        ),
        Panel(
            "Not taken, given up",
            "Within a quarter of an hour: foreign records that became dead letters, by stage, and parked "
            "observations that were given up.",
            "short",
            (
                Query(
                    f"sum by (stage) (increase(qosresolve_intake_dead_letters_total{{{JOB}}}[15m]))",
                    "{{stage}}",
                ),
                Query(f"sum(increase(qosresolve_intake_given_up_total{{{JOB}}}[15m]))", "given up"),
            ),
            width=6,
        ),
        Panel(
            "Sources whose clock is off",
            "Monitoring systems that tell times which are off by more than intake_skew_ms.",
            "short",
            (Query(f"max(qosresolve_intake_sources_off{{{JOB}}})", "sources"),),
            width=6,
        ),
        Panel(
            "Partitions",
            "Foreign and parked partitions that intakes hold, ready or being restored.",
            "short",
            (Query(f"sum by (state) (qosresolve_intake_partitions{{{JOB}}})", "{{state}}"),),
            Kind.STACK,
        ),
        Panel(
            "Transactions",
            "Transactions of intake a second, by outcome.",
            "ops",
            (Query(by("outcome", f"qosresolve_intake_transactions_total{{{JOB}}}"), "{{outcome}}"),),
        ),
        Panel(
            "Relations of the inventory",
            "Which service or resource carries whose product: how many relations are known.",
            "short",
            (Query(f"max(qosresolve_intake_inventory_relations{{{JOB}}})", "relations"),),
        ),
        Panel(
            "How long a transaction takes",
            "Transactions of intake, from begin to confirmed commit.",
            "s",
            (
                Query(quantile(0.5, "qosresolve_intake_transaction_duration_seconds"), "median"),
                Query(quantile(0.99, "qosresolve_intake_transaction_duration_seconds"), "99 of 100"),
            ),
        ),
        Panel(
            "Since the last commit",
            "For how long each intake has committed nothing. That is well where nothing comes.",
            "s",
            (
                Query(
                    "time() - max by (instance) "
                    f"(qosresolve_intake_last_commit_timestamp_seconds{{{JOB}}} > 0)",
                    "{{instance}}",
                ),
            ),
        ),
        Panel(
            "Passed over, and trouble",
            "Within ten minutes: parts that say nothing of a degradation, records below the positions, "
            "observations by a clock that is off, producers replaced.",
            "short",
            (
                Query(f"sum(increase(qosresolve_intake_ignored_total{{{JOB}}}[10m]))", "ignored"),
                Query(f"sum(increase(qosresolve_intake_skipped_total{{{JOB}}}[10m]))", "skipped"),
                Query(f"sum(increase(qosresolve_intake_clock_off_total{{{JOB}}}[10m]))", "clock off"),
                Query(
                    f"sum(increase(qosresolve_intake_producer_rebuilds_total{{{JOB}}}[10m]))",
                    "producers replaced",
                ),
            ),
        ),
    ),
)

AUDITOR = Row(
    "Auditor",
    (
        Panel(
            "Records that differ",
            "Reports, watches and positions that are not as the journal says.",
            "short",
            (Query(f"sum(qosresolve_audit_differing{{{JOB}}})"),),
            Kind.STAT,
            6,
            red=1,
        ),
        Panel(
            "Without the alarm they need",
            "Records that nobody will look at in time.",
            "short",
            (Query(f"sum(qosresolve_audit_open_without_deadline{{{JOB}}})"),),
            Kind.STAT,
            6,
            red=1,
        ),
        Panel(
            "Not audited",
            "Records of which the auditor cannot tell what they should be.",
            "short",
            (Query(f"sum(qosresolve_audit_unprovable{{{JOB}}})"),),
            Kind.STAT,
            6,
            amber=1,
        ),
        Panel(
            "Reports not counted yet",
            "Reports that an auditor which just began has still to look at, before they count above.",
            "short",
            (Query(f"sum(qosresolve_reports_uncounted{{{JOB}}})"),),
            Kind.STAT,
            6,
        ),
        Panel(
            "Findings an hour",
            "What was found within an hour, by kind; each kind has a runbook.",
            "short",
            (Query(f"sum by (kind) (increase(qosresolve_audit_mismatches_total{{{JOB}}}[1h]))", "{{kind}}"),),
        ),
        Panel(
            "Behind",
            "How long ago the ends were asked for that are not reached yet; 0 when all is read.",
            "s",
            (Query(f"max by (instance) (qosresolve_audit_lag_seconds{{{JOB}}})", "{{instance}}"),),
        ),
        Panel(
            "Entries folded",
            "Journal entries a second, and records found equal to their fold.",
            "cps",
            (
                Query(f"sum(rate(qosresolve_audit_entries_total{{{JOB}}}[$__rate_interval]))", "entries"),
                Query(f"sum(rate(qosresolve_audit_records_total{{{JOB}}}[$__rate_interval]))", "equal"),
            ),
        ),
        Panel(
            "Partitions",
            "Partitions that auditors follow, live or being restored.",
            "short",
            (Query(f"sum by (state) (qosresolve_audit_partitions{{{JOB}}})", "{{state}}"),),
            Kind.STACK,
        ),
        Panel(
            "Records since then",
            "Records that came since and that an auditor has still to read.",
            "short",
            (Query(f"sum by (instance) (qosresolve_audit_lag_records{{{JOB}}})", "{{instance}}"),),
            width=16,
        ),
    ),
)
