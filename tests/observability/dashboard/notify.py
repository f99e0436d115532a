"""The row of who tells people's systems of escalations."""

from tests.observability.dashboard.panel import JOB, Kind, Panel, Query, Row, by, quantile

NOTIFY = Row(
    "Telling people",
    (
        Panel(
            "Escalations that wait",
            "Escalations read that the receiver has not taken yet.",
            "short",
            (Query(f"sum(qosresolve_notify_waiting{{{JOB}}})", "waiting"),),
            width=6,
        ),
        Panel(
            "Oldest of them",
            "Age of the escalation that waits longest: somebody should act and does not know it.",
            "s",
            (Query(f"max(qosresolve_notify_oldest_waiting_seconds{{{JOB}}})", "oldest"),),
            width=6,
        ),
        Panel(
            "Why nothing is taken",
            "1 while the receiver takes nothing: it is down, or what we were told of it is wrong.",
            "short",
            (Query(f"max by (why) (qosresolve_notify_paused{{{JOB}}})", "{{why}}"),),
            width=6,
        ),
        Panel(
            "Nobody was told",
            "Escalations that became dead letters within an hour, by stage.",
            "short",
            (
                Query(
                    f"sum by (stage) (increase(qosresolve_notify_dead_letters_total{{{JOB}}}[1h]))",
                    "{{stage}}",
                ),
            ),
            width=6,
        ),
        Panel(
            "Told",
            "Escalations that the receiver took, a second: raised and ended.",
            "cps",
            (Query(by("action", f"qosresolve_notify_told_total{{{JOB}}}"), "{{action}}"),),
            width=6,
        ),
        Panel(
            "Attempts",
            "Attempts a second, by what came of them.",
            "cps",
            (Query(by("came", f"qosresolve_notify_attempts_total{{{JOB}}}"), "{{came}}"),),
            width=6,
        ),
        Panel(
            "How long it takes",
            "From the decision to escalate until the receiver took it; to one attempt: 99 of 100.",
            "s",
            (
                Query(quantile(0.99, "qosresolve_notify_lateness_seconds"), "until taken"),
                Query(quantile(0.99, "qosresolve_notify_attempt_duration_seconds"), "an attempt"),
            ),
            width=6,
        ),
        Panel(
            "Partitions",
            "Partitions of the escalations that somebody tells, by state.",
            "short",
            (Query(f"sum by (state) (qosresolve_notify_partitions{{{JOB}}})", "{{state}}"),),
            Kind.STACK,
            6,
        ),
    ),
)
