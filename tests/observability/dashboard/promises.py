"""The first rows: what was promised to customers, and how it is kept."""

from tests.observability.dashboard.panel import JOB, OPEN, TIER, Kind, Panel, Query, Row, quantile

_TOLD = "Told by the auditors: without one there is no figure."

NOW = Row(
    "Promises to customers, now",
    (
        Panel(
            "Breached",
            f"Open reports whose promise is broken and that are not restored. {_TOLD}",
            "short",
            (Query(f"sum(qosresolve_reports_breached{{{TIER}}})"),),
            Kind.STAT,
            4,
            red=1,
        ),
        Panel(
            "In jeopardy",
            f"Open reports whose promise is at risk and can still be kept. {_TOLD}",
            "short",
            (Query(f"sum(qosresolve_reports_in_jeopardy{{{TIER}}})"),),
            Kind.STAT,
            4,
            amber=1,
        ),
        Panel(
            "Nobody took the call",
            "Reports in jeopardy or breached for which somebody is called, and nobody has acknowledged.",
            "short",
            (Query(f"sum(qosresolve_reports_unanswered{{{TIER}}})"),),
            Kind.STAT,
            4,
            amber=1,
            red=5,
        ),
        Panel(
            "Oldest open",
            "Age of the oldest report that is still open.",
            "s",
            (Query(f"max(qosresolve_oldest_open_report_seconds{{{TIER}}})"),),
            Kind.STAT,
            4,
        ),
        Panel(
            "Open",
            "Reports that are acknowledged, in progress, pending or held.",
            "short",
            (Query(f"sum(qosresolve_reports{{{TIER}, {OPEN}}})"),),
            Kind.STAT,
            4,
        ),
        Panel(
            "Partitions without a figure",
            "Partitions that a worker has and no auditor follows: their reports are missing in this row.",
            "short",
            (
                Query(
                    f'clamp_min(sum(qosresolve_partitions{{{JOB}, state="ready"}})'
                    f' - sum(qosresolve_audit_partitions{{{JOB}, state="live"}}), 0)'
                ),
            ),
            Kind.STAT,
            4,
            amber=1,
        ),
        Panel(
            "Breached, by tier",
            "Open reports whose promise is broken, by the customers' tier.",
            "short",
            (Query(f"sum by (tier) (qosresolve_reports_breached{{{TIER}}})", "{{tier}}"),),
            Kind.STACK,
            6,
        ),
        Panel(
            "In jeopardy, by tier",
            "Open reports whose promise is at risk, by the customers' tier.",
            "short",
            (Query(f"sum by (tier) (qosresolve_reports_in_jeopardy{{{TIER}}})", "{{tier}}"),),
            Kind.STACK,
            6,
        ),
        Panel(
            "Oldest open, by tier",
            "Age of the oldest open report of each tier.",
            "s",
            (Query(f"max by (tier) (qosresolve_oldest_open_report_seconds{{{TIER}}})", "{{tier}}"),),
            width=6,
        ),
        Panel(
            "Open, by tier",
            "Open reports, by the customers' tier.",
            "short",
            (Query(f"sum by (tier) (qosresolve_reports{{{TIER}, {OPEN}}})", "{{tier}}"),),
            Kind.STACK,
            6,
        ),
    ),
)

KEPT = Row(
    "How promises are kept",
    (
        Panel(
            "Promises broken an hour",
            "Promises broken within an hour, by tier and clock: respond is until an owner takes the report, "
            "restore until every indicator is good.",
            "short",
            (
                Query(
                    f"sum by (tier, clock) (increase(qosresolve_breaches_total{{{TIER}}}[1h]))",
                    "{{tier}} {{clock}}",
                ),
            ),
        ),
        Panel(
            "Time to acknowledge",
            "From the opening until an owner took the report, of those taken within an hour. A point is a "
            "report: its id is on the exemplar.",
            "s",
            (
                Query(quantile(0.5, "qosresolve_time_to_acknowledge_seconds", TIER, "1h"), "median"),
                Query(quantile(0.9, "qosresolve_time_to_acknowledge_seconds", TIER, "1h"), "9 of 10"),
            ),
            exemplars=True,
        ),
        Panel(
            "Time to restore",
            "From the first bad sample until the first restoration, of those restored within an hour. A "
            "point is a report: its id is on the exemplar.",
            "s",
            (
                Query(quantile(0.5, "qosresolve_time_to_restore_seconds", TIER, "1h"), "median"),
                Query(quantile(0.9, "qosresolve_time_to_restore_seconds", TIER, "1h"), "9 of 10"),
            ),
            exemplars=True,
        ),
        Panel(
            "Calls raised an hour",
            "Escalations within an hour, by how near the promise is to breaking, and level.",
            "short",
            (
                Query(
                    f"sum by (jeopardy, level) (increase(qosresolve_escalations_total{{{JOB}}}[1h]))",
                    "{{jeopardy}}, level {{level}}",
                ),
            ),
        ),
        Panel(
            "Reports, by status",
            "All reports held, by status: those that ended are held until they are forgotten.",
            "short",
            (Query(f"sum by (status) (qosresolve_reports{{{TIER}}})", "{{status}}"),),
            Kind.STACK,
        ),
        Panel(
            "Reports opened an hour",
            "Reports opened within an hour, by tier.",
            "short",
            (Query(f"sum by (tier) (increase(qosresolve_reports_opened_total{{{TIER}}}[1h]))", "{{tier}}"),),
        ),
        Panel(
            "Engagements of suppliers, by state",
            "What suppliers were asked for, of the reports held, by state.",
            "short",
            (
                Query(
                    f'sum by (state) (qosresolve_engagements{{{JOB}, kind="supplier"}})',
                    "{{state}}",
                ),
            ),
            Kind.STACK,
            12,
        ),
        Panel(
            "Work that is not over, by kind",
            "What was asked of others or is planned, and is not over, by kind of work.",
            "short",
            (
                Query(
                    "sum by (kind) (qosresolve_engagements{"
                    f'{JOB}, state=~"planned|requested|accepted|inProgress|checking|withdrawing"}})',
                    "{{kind}}",
                ),
            ),
            Kind.STACK,
            12,
        ),
    ),
)
