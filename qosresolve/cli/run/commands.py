"""`run`: worker, timer, auditor, intake and notify, each alone or several in one process."""

from enum import StrEnum
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Sets, example
from qosresolve.cli.session import settings_of


class Role(StrEnum):
    """What a process may be."""

    WORKER = "worker"
    TIMER = "timer"
    AUDITOR = "auditor"
    INTAKE = "intake"
    NOTIFY = "notify"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve run worker timer --set bootstrap_servers=broker:9092 --set slot=0",
            "qosresolve run auditor --set http_port=9100",
            "qosresolve run intake --set slot=0 --set intake_topics=ves.alerts:ves,nms.alarms:auto",
            "qosresolve run notify --set notify_url=http://alertmanager:9093",
            "qosresolve run auditor --set audit_from_start=true --set audit_overdue_ms=30000",
        )
    )(run)


def run(
    roles: Annotated[
        list[Role],
        typer.Argument(metavar="ROLE...", help="worker, timer, auditor, intake, notify, or several."),
    ],
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Run one role or several until SIGTERM or SIGINT.

    worker: takes events, decides, writes reports and requests. timer: says when a deadline is due. auditor:
    compares every report with the fold of its journal, live; it writes nothing, and what it finds is told by
    metrics and log, not by its exit status. intake: reads what monitoring systems send in their own formats,
    finds the products in the inventory, and writes degradation events. notify: tells an Alertmanager or a
    webhook of escalations, and tries until it takes them.

    Exit status: 0 after a signal, 2 wrong settings or a right is missing, 70 stopped and needs a look, 75
    start it again.
    """
    settings = settings_of(config, sets)

    from qosresolve.cli.run.roles import run_roles

    raise typer.Exit(run_roles(settings, list(dict.fromkeys(map(str, roles)))))
